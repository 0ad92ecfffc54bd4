package main

import (
	"fmt"
	"math"
	"slices"
)

// alternate measures n sides once a round, in turn forwards and backwards (A B B A), so that a drift of the machine
// meets all sides alike.
func alternate(rounds, n int, measure func(round, side int) error) error {
	for round := range rounds {
		for i := range n {
			side := i
			if round%2 == 1 {
				side = n - 1 - i
			}
			if err := measure(round, side); err != nil {
				return err
			}
		}
	}
	return nil
}

// median of values; of an even number the mean of the middle two, of none NaN.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// pairwise is f(a, b) of each round: both sides of a round ran next to each other.
func pairwise(a, b []float64, f func(a, b float64) float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = f(a[i], b[i])
	}
	return out
}

func over(a, b float64) float64  { return a / b }
func minus(a, b float64) float64 { return a - b }

// goal is a bound on a figure's median.
type goal struct {
	none  bool // the figure is for information
	least bool // at least; else at most
	bound float64
}

func atLeast(bound float64) goal { return goal{least: true, bound: bound} }
func atMost(bound float64) goal  { return goal{bound: bound} }
func noGoal() goal               { return goal{none: true} }

func (g goal) String() string {
	if g.none {
		return "none"
	}
	if g.least {
		return fmt.Sprintf("≥ %g", g.bound)
	}
	return fmt.Sprintf("≤ %g", g.bound)
}

// gap is by how much v misses the goal, 0 when it holds. What is not a number misses it by that.
func (g goal) gap(v float64) float64 {
	if g.none {
		return 0
	}
	if g.least {
		v, g.bound = g.bound, v
	}
	if v <= g.bound {
		return 0
	}
	return v - g.bound
}

// verdict of a median: "holds", "-" where there is no goal, or by how much it misses, in the figure's unit and as a share of the goal.
func (g goal) verdict(v float64) string {
	if g.none {
		return "-"
	}
	gap := g.gap(v)
	if gap == 0 {
		return "holds"
	}
	return fmt.Sprintf("misses by %.2g (%.2g %%)", gap, 100*gap/g.bound)
}
