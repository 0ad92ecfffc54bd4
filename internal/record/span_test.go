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
