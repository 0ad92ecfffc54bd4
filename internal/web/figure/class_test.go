package figure

import (
	"context"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// statuses is a source of requests by status.
type statuses struct{ Source }

func (statuses) Sums(context.Context, string, store.Query, []store.Grouping) ([][]store.Series, error) {
	of := func(status string, counts ...float64) store.Series {
		s := store.Series{Tags: map[string]string{"status": status}}
		for i, n := range counts {
			s.Points = append(s.Points, store.Point{T: int64(i), V: n})
		}
		return s
	}
	return [][]store.Series{{of("200", 6, 7), of("500", 1, 2), of("429", 3, 1)}}, nil
}

func TestAClassIsAddedUpOnceForAllLinesThatAskForIt(t *testing.T) {
	r := newReader(t.Context(), statuses{}, store.Run{ID: "r", Period: 1}, View{})
	ask := func(only boards.Class, calc boards.Calc) []store.Point {
		q := boards.Query{Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: rows.Second, By: "status", Only: only, Calc: calc}
		got, _, err := r.over(&q)
		if err != nil || len(got) != 1 || len(got[0].Points) != 2 {
			t.Fatalf("%s %s: %v, %v", only, calc, got, err)
		}
		return got[0].Points
	}
	answered := ask(boards.Answered, boards.AsIs)
	for _, c := range []struct {
		only          boards.Class
		calc          boards.Calc
		first, second float64
	}{{boards.Failed, boards.AsIs, 4, 3}, {boards.Failed, boards.Share, 0.4, 0.3}, {boards.Limited, boards.Share, 0.3, 0.1}, {boards.Answered, boards.AsIs, 10, 10}} {
		if got := ask(c.only, c.calc); got[0].V != c.first || got[1].V != c.second {
			t.Errorf("%s %s is %v, want %g and %g", c.only, c.calc, got, c.first, c.second)
		}
	}
	if again := ask(boards.Answered, boards.AsIs); &again[0] != &answered[0] {
		t.Error("the same class is added up again")
	}
}
