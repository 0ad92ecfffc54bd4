package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// boardsFlux measures how long InfluxDB takes for the queries of Grafana's dashboards.
func boardsFlux() mark {
	return mark{
		id:     "boards-flux",
		versus: "the queries of k6's dashboards over a run of an hour, at 1,000 requests a second and at 10",
		how: "The records of boards-browser are sent to an InfluxDB 2.7.12 with ltlab's own code. A panel is asked for as Grafana does it: its queries one after the other, " +
			"the hour in points of 5 s. The war room is all of its panels, six at a time as a browser asks. Before the first round everything is asked for once.",
		rounds: 5,
		figures: []figure{
			{name: "slowest panel", unit: "ms", digits: 0, goal: atMost(50)},
			{name: "slowest panel of the war room", unit: "ms", digits: 0, goal: atMost(50)},
			{name: "war room", unit: "ms", digits: 0, goal: atMost(300)},
			{name: "war room, at 1,000 requests a second as many times as long as at 10", digits: 2, goal: atMost(1.5)},
		},
		measure: measureBoardsFlux,
	}
}

// panelQuestion are the queries of one panel.
type panelQuestion struct {
	id      string // board/panel
	queries []string
}

// atOnce is how many requests a browser has under way to one host.
const atOnce = 6

func measureBoardsFlux(ctx context.Context, b *bench, rounds int, figures []figure) error {
	length := b.length(time.Hour, 5*time.Minute)
	many, err := b.sentHour(ctx, "many", length, 1000)
	if err != nil {
		return err
	}
	defer many.stop()
	few, err := b.sentHour(ctx, "few", length, 10)
	if err != nil {
		return err
	}
	defer few.stop()
	all, room := panelQuestions(length)
	took := map[string][]float64{}
	for round := -1; round < rounds; round++ {
		for _, p := range all {
			began := time.Now()
			if err := many.panel(ctx, p); err != nil {
				return err
			}
			if round >= 0 {
				took[p.id] = append(took[p.id], ms(time.Since(began)))
			}
		}
		large, err := many.board(ctx, room)
		if err != nil {
			return err
		}
		small, err := few.board(ctx, room)
		if err != nil {
			return err
		}
		if round >= 0 {
			b.say("  round %d: war room %s, of few requests %s", round+1, large.Round(time.Millisecond), small.Round(time.Millisecond))
			figures[2].values = append(figures[2].values, ms(large))
			figures[3].values = append(figures[3].values, ms(large)/ms(small))
		}
	}
	slowest := slices.SortedFunc(slices.Values(all), func(p, q panelQuestion) int { return int(median(took[q.id]) - median(took[p.id])) })
	inRoom := slices.DeleteFunc(slices.Clone(slowest), func(p panelQuestion) bool { return !strings.HasPrefix(p.id, "k6-war-room/") })
	for i, of := range [][]panelQuestion{slowest, inRoom} {
		f := &figures[i]
		f.values = took[of[0].id]
		var over []string
		for _, p := range of {
			if m := median(took[p.id]); m > f.goal.bound {
				over = append(over, fmt.Sprintf("%s %.0f ms", p.id, m))
			}
		}
		f.note("%s is the slowest of %d; above %g ms: %s", of[0].id, len(of), f.goal.bound, orNone(over))
	}
	return nil
}

func orNone(of []string) string {
	if len(of) == 0 {
		return "none"
	}
	return strings.Join(of, ", ")
}

// panelQuestions are those of k6's boards, and those of the war room alone.
func panelQuestions(length time.Duration) (all, room []panelQuestion) {
	v := flux.Vars{Bucket: "bench", Run: hourRun, From: hourStart.Add(-10 * time.Second), To: hourStart.Add(length), Every: 5 * time.Second}
	for _, b := range boards.Of("k6") {
		b.Panels(func(p *boards.Panel) {
			if b.Tool != "k6" {
				return
			}
			q := panelQuestion{id: b.ID + "/" + p.ID}
			for _, t := range flux.Targets(&b, p) {
				q.queries = append(q.queries, v.Bind(t.Text))
			}
			all = append(all, q)
			if b.Depth == boards.WarRoom {
				room = append(room, q)
			}
		})
	}
	return all, room
}

// fluxServer is an InfluxDB with a run of an hour in it.
type fluxServer struct {
	*server
	http *http.Client
}

func (b *bench) sentHour(ctx context.Context, name string, length time.Duration, rate int) (*fluxServer, error) {
	dir := filepath.Join(b.scratch, "flux-"+name)
	folder, err := hourRecord(record.Runs(filepath.Join(dir, "runs")), int(length.Seconds()), rate)
	if err != nil {
		return nil, err
	}
	db, err := b.influxd(ctx, dir)
	if err != nil {
		return nil, err
	}
	sink, err := influx.Send(ctx, folder, influx.Target{URL: db.url(), Org: "bench", Token: influxToken, Bucket: "bench", Bucket1M: "bench"}, 0, nil)
	if err == nil && !sink.Whole() {
		err = fmt.Errorf("InfluxDB did not take the run: %s", sink.Error)
	}
	if err == nil { // what it compacts would be measured, too
		_, err = settledSize(ctx, filepath.Join(dir, "engine"))
	}
	if err != nil {
		db.stop()
		return nil, err
	}
	b.say("  %d requests a second: %d rows", rate, sink.Written)
	return &fluxServer{db, &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}}, nil
}

// panel asks for a panel.
func (d *fluxServer) panel(ctx context.Context, p panelQuestion) error {
	for _, q := range p.queries {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url()+"/api/v2/query?"+url.Values{"org": {"bench"}}.Encode(), strings.NewReader(q))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Token "+influxToken)
		r.Header.Set("Content-Type", "application/vnd.flux")
		res, err := d.http.Do(r)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err != nil:
			return err
		case res.StatusCode != http.StatusOK, strings.HasPrefix(string(text), "error,"), strings.HasPrefix(string(text), "\r\nerror,"):
			return fmt.Errorf("panel %s: %s: %.500s", p.id, res.Status, text)
		}
	}
	return nil
}

// board asks for panels, some at a time.
func (d *fluxServer) board(ctx context.Context, panels []panelQuestion) (time.Duration, error) {
	began := time.Now()
	free := make(chan bool, atOnce)
	errs := make([]error, len(panels))
	var all sync.WaitGroup
	for i, p := range panels {
		free <- true
		all.Go(func() {
			errs[i] = d.panel(ctx, p)
			<-free
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
