package record

import "testing"

func TestSpanIsFromTheFirstToTheLastSecondWithLoad(t *testing.T) {
	second := func(at int64, series ...int) ToolLine {
		s := &Second{T: at}
		for _, id := range series {
			s.Buckets = append(s.Buckets, Bucket{Series: id})
		}
		return ToolLine{Second: s}
	}
	head := []ToolLine{
		{Header: &Header{Period: 1}}, {Metric: &Metric{ID: 0, Name: "vus"}}, {Metric: &Metric{ID: 1, Name: "http_reqs"}},
		{Series: &Series{ID: 5, Metric: 0}}, {Series: &Series{ID: 6, Metric: 1}},
	}
	for _, c := range []struct {
		name  string
		lines []ToolLine
		want  float64
	}{
		{"no load", []ToolLine{second(3, 5)}, 0},
		{"one second", []ToolLine{second(3, 5, 6)}, 1},
		{"set-up and tear-down are no load", []ToolLine{second(0, 5), second(3, 6), second(5, 6), second(9, 5)}, 3},
		{"the last second is cut at the end", []ToolLine{second(3, 6), second(5, 6), {End: &End{T: 5.25}}}, 2.25},
		{"an end long after the load cuts nothing", []ToolLine{second(3, 6), second(5, 6), {End: &End{T: 30}}}, 3},
		{"late samples of an early second", []ToolLine{second(5, 6), second(3, 6)}, 3},
	} {
		var s Span
		for _, l := range append(append([]ToolLine{}, head...), c.lines...) {
			s.Add(l)
		}
		if got := s.Seconds(); got != c.want {
			t.Errorf("%s: %g s, want %g", c.name, got, c.want)
		}
	}
}

func TestSpanOfPeriodsIsNoLongerThanTheRun(t *testing.T) {
	period := func(at int64, unplaced bool) ToolLine {
		return ToolLine{Second: &Second{T: at, Unplaced: unplaced, Buckets: []Bucket{{Series: 5}}}}
	}
	end := func(at float64, load *Interval) ToolLine { return ToolLine{End: &End{T: at, Load: load}} }
	head := []ToolLine{{Header: &Header{Period: 10}}, {Metric: &Metric{ID: 0, Name: "http.requests"}}, {Series: &Series{ID: 5, Metric: 0}}}
	for _, c := range []struct {
		name  string
		lines []ToolLine
		want  float64
	}{
		{"whole periods while it runs", []ToolLine{period(0, false), period(10, false)}, 20},
		{"the first begins before the run", []ToolLine{period(-7, false), period(3, false)}, 13},
		{"all of it before the end", []ToolLine{period(-7, false), period(3, false), end(9.5, nil)}, 9.5},
		{"one period, cut at both sides", []ToolLine{period(-7, false), end(2.25, nil)}, 2.25},
		{"what no period has", []ToolLine{period(0, false), period(90, true), end(100, nil)}, 10},
		{"nothing else", []ToolLine{period(0, true)}, 0},
		{"as the tool says it", []ToolLine{period(-7, false), period(3, false), end(9.5, &Interval{From: 0.5, To: 6})}, 5.5},
		{"as the tool says it, of no period at all", []ToolLine{period(0, true), end(9, &Interval{From: 1, To: 2})}, 1},
		{"the tool says nothing of use", []ToolLine{period(3, false), end(9, &Interval{From: 4, To: 4})}, 6},
	} {
		var s Span
		for _, l := range append(append([]ToolLine{}, head...), c.lines...) {
			s.Add(l)
		}
		if got := s.Seconds(); got != c.want {
			t.Errorf("%s: %g s, want %g", c.name, got, c.want)
		}
	}
}

func TestSpanIgnoresWhatComesBeforeTheHeader(t *testing.T) {
	var s Span
	for _, l := range []ToolLine{
		{Metric: &Metric{Name: "http_reqs"}}, {Series: &Series{}}, {Second: &Second{Buckets: []Bucket{{}}}}, {End: &End{T: 5}},
	} {
		s.Add(l)
	}
	if got := s.Seconds(); got != 0 {
		t.Errorf("%g s without a header", got)
	}
}
