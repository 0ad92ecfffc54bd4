package web

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/store"
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

func BenchmarkListOfAnHour(b *testing.B) {
	r, _ := hour(b)
	h := New(Config{Store: r, Port: port})
	for b.Loop() {
		if got := ask(h, "GET", "127.0.0.1:3081", "/"); got.Code != 200 {
			b.Fatal(got.Body)
		}
	}
}
