package main

import (
	"strings"
	"testing"
	"time"
)

func tested(t *testing.T, values ...float64) *report {
	t.Helper()
	results, err := quietBench(0).run(t.Context(), []mark{fixed("weight", nil, values...)})
	if err != nil {
		t.Fatal(err)
	}
	return &report{
		machine: machine{cpu: "Abacus", cores: 2, memory: "1.0 GB", os: "Linux 9", golang: "go1.26"}, programs: []string{"ltlab 1", "k6 2"},
		date: time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC), results: results, target: "bench",
	}
}

func TestPageHoldsTheTable(t *testing.T) {
	got := tested(t, 0.5, 0.9, 0.7).markdown()
	const want = `- Machine: Abacus, 2 cores, 1.0 GB of memory, Linux 9
- Programs: ltlab 1, k6 2, go1.26
- Date: 2026-03-01

| mark | figure | median | range | rounds | goal | verdict |
| --- | --- | --- | --- | --- | --- | --- |
| weight | a / b | 0.70 | 0.50 to 0.90 | 3 | ≥ 1 | misses by 0.3 (30 %) |
| weight | size | - | - | 0 | ≤ 9 B | not measured |

## What misses its goal

- weight, a / b: 0.70 where ≥ 1 was the goal, misses by 0.3 (30 %)
- weight, size: not measured: no scale

## How each is measured

**weight**: a against b. With care.

- a was 5
`
	if !strings.HasSuffix(got, want) {
		t.Errorf("the page ends otherwise:\n%s\nwant\n%s", got, want)
	}
}

func TestFigureWithoutAGoalNeitherHoldsNorMisses(t *testing.T) {
	r := tested(t, 2)
	r.results[0].figures = r.results[0].figures[:1]
	r.results[0].figures[0].goal, r.results[0].figures[0].unit = noGoal(), "s"
	page := r.markdown()
	if want := "\n| weight | a / b | 2.00 s | 2.00 to 2.00 | 1 | none | - |\n"; !strings.Contains(page, want) || !strings.Contains(page, "\nNothing.\n") {
		t.Errorf("the page has no row %q, or something misses:\n%s", want, page)
	}
}

func TestTerminalShowsTheSame(t *testing.T) {
	r := tested(t, 2)
	r.results[0].others = 0.5
	var out strings.Builder
	if err := r.text(&out); err != nil {
		t.Fatal(err)
	}
	const want = `
mark    figure  median  range         rounds  goal   verdict
weight  a / b   2.00    2.00 to 2.00  1       ≥ 1    holds
weight  size    -       -             0       ≤ 9 B  not measured

weight: a was 5
weight, size: not measured: no scale
The machine was busy: other programs used its CPU just before weight (50 %). These figures are not to be trusted.
`
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
}

func TestNothingMissed(t *testing.T) {
	r := tested(t, 2)
	r.results[0].figures = r.results[0].figures[:1]
	if page := r.markdown(); !strings.Contains(page, "\n## What misses its goal\n\nNothing.\n") {
		t.Errorf("the page does not say that all holds:\n%s", page)
	}
	if page := r.markdown(); strings.Contains(page, "busy") {
		t.Errorf("a quiet machine is called busy:\n%s", page)
	}
}
