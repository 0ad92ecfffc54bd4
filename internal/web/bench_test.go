package web

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// hour is a run of an hour over 20 endpoints, in a real store.
func hour(b *testing.B) (*store.Reader, *world) {
	b.Helper()
	w := &world{id: "20260301-120000-aaaaaa", seconds: 3600, rate: 60, failing: 0.05, checks: true, scenario: "hour.js"}
	for i := range 20 {
		w.endpoints = append(w.endpoints, fmt.Sprintf("/endpoint/%d", i))
	}
	dir := b.TempDir()
	f, err := w.write(dir)
	if err != nil {
		b.Fatal(err)
	}
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for done := false; !done; {
		if done, err = s.NewFollow(f).Step(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	return s.Reader, w
}

func BenchmarkPageOfAnHour(b *testing.B) {
	r, w := hour(b)
	h := New(Config{Store: r, Port: port})
	for b.Loop() {
		if got := ask(h, "GET", "127.0.0.1:3081", "/runs/"+w.id); got.Code != 200 {
			b.Fatal(got.Body)
		}
	}
}

func BenchmarkBoardsOfAnHour(b *testing.B) {
	r, w := hour(b)
	h := New(Config{Store: r, Port: port})
	for _, board := range boards.Of("k6") {
		b.Run(board.ID, func(b *testing.B) {
			for b.Loop() {
				if got := ask(h, "GET", "127.0.0.1:3081", "/runs/"+w.id+"/"+board.ID); got.Code != 200 {
					b.Fatal(got.Body)
				}
			}
		})
	}
}

// BenchmarkPanelsOfAnHour is a board of one panel each.
func BenchmarkPanelsOfAnHour(b *testing.B) {
	r, w := hour(b)
	run, err := r.Run(b.Context(), w.id)
	if err != nil {
		b.Fatal(err)
	}
	for _, board := range boards.Of("k6") {
		board.Panels(func(p *boards.Panel) {
			one := &boards.Board{Shades: board.Shades, Rows: []boards.PanelRow{{Panels: []boards.Panel{*p}}}}
			b.Run(board.ID+"/"+p.ID, func(b *testing.B) {
				for b.Loop() {
					figures, err := figure.Read(b.Context(), r, run, one, figure.View{Points: 280})
					if err != nil {
						b.Fatal(err)
					}
					layOut(one, figures, room{boardWidth, chartHeight, 100})
				}
			})
		})
	}
}

func BenchmarkListOfAnHour(b *testing.B) {
	r, _ := hour(b)
	h := New(Config{Store: r, Port: port})
	for b.Loop() {
		if got := ask(h, "GET", "127.0.0.1:3081", "/"); got.Code != 200 {
			b.Fatal(got.Body)
		}
	}
}
