package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web"
)

// boardsBrowser measures how long pages of an hour's run take.
func boardsBrowser() mark {
	return mark{
		id:     "boards-browser",
		versus: "pages of a run of an hour, at 1,000 requests a second and at 10",
		how: "Two k6 records of an hour are made up and taken into a run store: 20 endpoints, answers of three kinds, all metrics of k6, at 1,000 and " +
			"at 10 requests a second. The boards' own handler is asked for the whole war room, and for each panel of k6's three boards on a page " +
			"by itself, three times, of which the median counts. A first look is by a server that has read nothing of the run yet; another by one that has, as each second while a page is open.",
		rounds: 5,
		figures: []figure{
			{name: "slowest panel, first look", unit: "ms", digits: 1, goal: atMost(5)},
			{name: "slowest panel, another look", unit: "ms", digits: 1, goal: atMost(5)},
			{name: "war room, first look", unit: "ms", digits: 1, goal: atMost(50)},
			{name: "war room, another look", unit: "ms", digits: 1, goal: atMost(50)},
			{name: "war room, first look, at 1,000 requests a second as many times as long as at 10", digits: 2, goal: atMost(1.5)},
		},
		measure: measureBoardsBrowser,
	}
}

func measureBoardsBrowser(ctx context.Context, b *bench, rounds int, figures []figure) error {
	seconds := int(b.length(time.Hour, 5*time.Minute).Seconds())
	many, closer, err := storedHour(ctx, filepath.Join(b.scratch, "many"), seconds, 1000)
	if err != nil {
		return err
	}
	defer closer.Close()
	few, closer, err := storedHour(ctx, filepath.Join(b.scratch, "few"), seconds, 10)
	if err != nil {
		return err
	}
	defer closer.Close()
	for round := range rounds {
		slowest, again := map[string]time.Duration{}, map[string]time.Duration{}
		for id, only := range panelBoards() {
			var firsts, others []float64
			for range 3 { // of one page alone whatever else happens on the machine would count
				h := web.New(web.Config{Store: many, Port: boardsPort, Boards: func(string) []boards.Board { return []boards.Board{only} }})
				first, err := visit(ctx, h, only.ID)
				if err != nil {
					return err
				}
				other, err := visit(ctx, h, only.ID)
				if err != nil {
					return err
				}
				firsts, others = append(firsts, float64(first)), append(others, float64(other))
			}
			slowest[id], again[id] = time.Duration(median(firsts)), time.Duration(median(others))
		}
		first, second := longest(slowest), longest(again)
		h := web.New(web.Config{Store: many, Port: boardsPort})
		room, err := visit(ctx, h, "k6-war-room")
		if err != nil {
			return err
		}
		roomAgain, err := visit(ctx, h, "k6-war-room")
		if err != nil {
			return err
		}
		small, err := visit(ctx, web.New(web.Config{Store: few, Port: boardsPort}), "k6-war-room")
		if err != nil {
			return err
		}
		b.say("  round %d: slowest panels %s %s, then %s %s; war room %s, then %s, of few requests %s", round+1,
			first, slowest[first], second, again[second], room, roomAgain, small)
		for i, v := range []float64{ms(slowest[first]), ms(again[second]), ms(room), ms(roomAgain), ms(room) / ms(small)} {
			figures[i].values = append(figures[i].values, v)
		}
		if round == rounds-1 {
			figures[0].note("the slowest: %s", first)
			figures[1].note("the slowest: %s", second)
		}
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func longest(of map[string]time.Duration) (id string) {
	for k, v := range of {
		if id == "" || v > of[id] {
			id = k
		}
	}
	return id
}

const (
	boardsPort = 3081
	hourRun    = "hour"
)

// panelBoards are boards of one panel each, by the name of their first board and panel.
func panelBoards() map[string]boards.Board {
	out := map[string]boards.Board{}
	for _, b := range boards.Of("k6") {
		b.Panels(func(p *boards.Panel) {
			if b.Tool == "k6" {
				out[b.ID+"/"+p.ID] = boards.Board{ID: "one", Title: p.Title, Tool: "k6", Shades: b.Shades, Rows: []boards.PanelRow{{Panels: []boards.Panel{*p}}}}
			}
		})
	}
	return out
}

// visit asks for a board's page.
func visit(ctx context.Context, h http.Handler, board string) (time.Duration, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/runs/%s/%s", boardsPort, hourRun, board), nil)
	w := httptest.NewRecorder()
	began := time.Now()
	h.ServeHTTP(w, r)
	took := time.Since(began)
	if w.Code != http.StatusOK {
		return 0, fmt.Errorf("%s: %d %.300s", r.URL, w.Code, w.Body)
	}
	return took, nil
}
