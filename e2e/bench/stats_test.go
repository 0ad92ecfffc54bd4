package main

import (
	"errors"
	"math"
	"reflect"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 100}, 3.5},
	} {
		before := append([]float64(nil), c.values...)
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
		if !reflect.DeepEqual(before, c.values) {
			t.Errorf("median changed %v to %v", before, c.values)
		}
	}
	if !math.IsNaN(median(nil)) {
		t.Error("the median of nothing is a number")
	}
}

func TestSidesTakeTurnsForwardsAndBackwards(t *testing.T) {
	var got [][2]int
	record := func(round, side int) error {
		got = append(got, [2]int{round, side})
		return nil
	}
	if err := alternate(3, 2, record); err != nil {
		t.Fatal(err)
	}
	if want := [][2]int{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {2, 0}, {2, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("two sides ran as %v, want %v", got, want)
	}
	got = nil
	if err := alternate(2, 3, record); err != nil {
		t.Fatal(err)
	}
	if want := [][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 2}, {1, 1}, {1, 0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("three sides ran as %v, want %v", got, want)
	}
}

func TestFirstErrorEndsTheRounds(t *testing.T) {
	broken, calls := errors.New("broken"), 0
	err := alternate(5, 2, func(int, int) error {
		if calls++; calls == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || calls != 3 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func TestPairsAreOfTheSameRound(t *testing.T) {
	if got := pairwise([]float64{2, 9}, []float64{4, 3}, over); !reflect.DeepEqual(got, []float64{0.5, 3}) {
		t.Errorf("ratios %v", got)
	}
	if got := pairwise([]float64{2, 9}, []float64{4, 3}, minus); !reflect.DeepEqual(got, []float64{-2, 6}) {
		t.Errorf("differences %v", got)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		goal  goal
		value float64
		want  string
	}{
		{atLeast(0.97), 0.97, "holds"},
		{atLeast(0.97), 1.2, "holds"},
		{atLeast(0.97), 0.873, "misses by 0.097 (10 %)"},
		{atLeast(0.97), 0.9699, "misses by 0.0001 (0.01 %)"},
		{atMost(32), 32, "holds"},
		{atMost(32), -4, "holds"},
		{noGoal(), 48, "-"},
		{atMost(32), 48, "misses by 16 (50 %)"},
	} {
		if got := c.goal.verdict(c.value); got != c.want {
			t.Errorf("%v with goal %v: %s, want %s", c.value, c.goal, got, c.want)
		}
	}
	if got := atLeast(3).verdict(math.NaN()); got == "holds" {
		t.Error("what is not a number holds")
	}
}
