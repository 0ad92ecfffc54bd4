package figure

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

func TestThinKeepsTheLargestOfEachStepAndLeavesGaps(t *testing.T) {
	points := []store.Point{{T: 0, V: 9}, {T: 3, V: 1}, {T: 4, V: 7}, {T: 5, V: 2}, {T: 12, V: -1}, {T: 13, V: -3}, {T: 15, V: 4}}
	for _, c := range []struct {
		grid Grid
		want string
	}{
		{Grid{Start: 0, Step: 5, From: 0, To: 16}, "[9,2,-1,4]"},
		{Grid{Start: 0, Step: 5, From: 1, To: 15}, "[7,2,-1]"},
		{Grid{Start: 10, Step: 1, From: 10, To: 14}, "[null,null,-1,-3]"},
		{Grid{Start: 20, Step: 5, From: 20, To: 30}, "[null,null]"},
	} {
		got, err := json.Marshal(Thin(points, c.grid))
		if err != nil || string(got) != c.want {
			t.Errorf("Thin on %+v = %s, want %s (%v)", c.grid, got, c.want, err)
		}
	}
}

func TestNumbersAreWrittenInFull(t *testing.T) {
	for n, want := range map[Number][2]string{0.1: {"0.1", "0.1"}, 1.0 / 3: {"0.3333333333333333", "0.3333333333333333"},
		Number(math.Inf(1)): {"", "null"}, Number(math.NaN()): {"", "null"}, -2: {"-2", "-2"}, 1610950: {"1610950", "1610950"}} {
		b, err := json.Marshal(n)
		if err != nil || n.String() != want[0] || string(b) != want[1] {
			t.Errorf("%v is written %q and %q, want %q (%v)", float64(n), n, b, want, err)
		}
	}
}

func TestTheGridIsTheFinestThatFits(t *testing.T) {
	r := newReader(t.Context(), nil, store.Run{Seconds: 3600, Period: 1}, View{})
	p := &boards.Panel{Queries: []boards.Query{{Metric: "m"}}}
	for _, c := range []struct {
		view View
		want Grid
	}{
		{View{Points: 300}, Grid{Start: 0, Step: 15, From: 0, To: 3600, Window: 1}},
		{View{Points: 4000}, Grid{Start: 0, Step: 1, From: 0, To: 3600, Window: 1}},
		{View{From: 100, To: 130, Points: 300}, Grid{Start: 100, Step: 1, From: 100, To: 130, Window: 1}},
		{View{From: 101, To: 3000, Points: 300}, Grid{Start: 100, Step: 10, From: 101, To: 3000, Window: 1}},
		{View{From: 5000, To: 6000, Points: 300}, Grid{Start: 0, Step: 15, From: 0, To: 3600, Window: 1}},
		{View{From: 30, To: 20, Points: 4000}, Grid{Start: 30, Step: 1, From: 30, To: 3600, Window: 1}},
	} {
		if got, err := r.grid(c.view, p); got != c.want || err != nil {
			t.Errorf("grid of %+v is %+v, want %+v (%v)", c.view, got, c.want, err)
		}
	}
}

// begun is a source of nothing but loads.
type begun struct {
	Source
	loads []record.Load
}

func (b begun) Load(context.Context, string) ([]record.Load, error) { return b.loads, nil }

func TestTheGridFollowsPeriodsThatBeginBeforeTheRun(t *testing.T) {
	src := begun{loads: []record.Load{{T: -3}, {T: 7}, {T: 17}}}
	r := newReader(t.Context(), src, store.Run{Seconds: 57, Period: 10}, View{})
	own, infra := &boards.Panel{Queries: []boards.Query{{Metric: "m"}}}, &boards.Panel{Queries: []boards.Query{{Metric: rows.InfraCPU}}}
	for _, c := range []struct {
		view  View
		panel *boards.Panel
		want  Grid
	}{
		{View{Points: 300}, own, Grid{Start: -3, Step: 10, From: -3, To: 57, Window: 10}},
		{View{Points: 300}, infra, Grid{Start: -3, Step: 1, From: -3, To: 57, Window: 1}},
		{View{From: 20, To: 40, Points: 300}, own, Grid{Start: 17, Step: 10, From: 20, To: 40, Window: 10}},
		{View{Points: 4}, own, Grid{Start: -3, Step: 20, From: -3, To: 57, Window: 10}},
	} {
		if got, err := r.grid(c.view, c.panel); got != c.want || err != nil {
			t.Errorf("grid of %+v is %+v, want %+v (%v)", c.view, got, c.want, err)
		}
	}
	late := newReader(t.Context(), begun{loads: []record.Load{{T: 7}}}, store.Run{Seconds: 57, Period: 10}, View{})
	if got, err := late.begin(); got != -3 || err != nil {
		t.Errorf("without a first period the run begins at %d, want -3 (%v)", got, err)
	}
	values := Thin([]store.Point{{T: -3, V: 1}, {T: 7, V: 2}, {T: 17, V: 3}, {T: 27, V: 4}, {T: 37, V: 5}}, Grid{Start: 17, Step: 10, From: 20, To: 40, Window: 10})
	if b, err := json.Marshal(values); err != nil || string(b) != "[3,4,5]" {
		t.Errorf("from 0:20 to 0:40 the periods are %s, want those of 0:17, 0:27 and 0:37 (%v)", b, err)
	}
}
