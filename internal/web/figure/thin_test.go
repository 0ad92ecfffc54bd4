package figure

import (
	"encoding/json"
	"math"
	"testing"

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
	r := newReader(t.Context(), nil, store.Run{Seconds: 3600, Period: 1})
	for _, c := range []struct {
		view View
		want Grid
	}{
		{View{Points: 300}, Grid{Start: 0, Step: 15, From: 0, To: 3600}},
		{View{Points: 4000}, Grid{Start: 0, Step: 1, From: 0, To: 3600}},
		{View{From: 100, To: 130, Points: 300}, Grid{Start: 100, Step: 1, From: 100, To: 130}},
		{View{From: 101, To: 3000, Points: 300}, Grid{Start: 100, Step: 10, From: 101, To: 3000}},
		{View{From: 5000, To: 6000, Points: 300}, Grid{Start: 0, Step: 15, From: 0, To: 3600}},
		{View{From: 30, To: 20, Points: 4000}, Grid{Start: 30, Step: 1, From: 30, To: 3600}},
	} {
		if got := r.grid(c.view); got != c.want {
			t.Errorf("grid of %+v is %+v, want %+v", c.view, got, c.want)
		}
	}
	r = newReader(t.Context(), nil, store.Run{Seconds: 60, Period: 10})
	if got := r.grid(View{Points: 300}); got.Step != 10 {
		t.Errorf("a run of periods of 10 s has a grid of %d s", got.Step)
	}
}
