package record

import "math"

// loadMetrics are those whose samples show that load was going on, by k6 and by Artillery.
var loadMetrics = map[string]bool{"http_reqs": true, "iterations": true, "http.requests": true, "vusers.created": true}

// Span is how long load went on: what every rate of a run is divided by, wherever it is shown. It begins with the first
// second that has a request or an iteration and ends with the last one, or with the tool's end when that came within it.
// Of a
// period that begins before the run's start only the rest counts, of what no period has nothing; where the tool's end says
// when load went on, that is the span. Feed it the record's lines in order; those before the header are ignored. The zero Span is ready for use.
type Span struct {
	period int64
	metric map[int]bool // metrics that count; nil before the header
	series map[int]bool
	seen   bool
	first  int64
	last   int64
	end    float64 // 0 while the tool runs
	load   float64 // length as the tool's end says it; 0: not said
}

// Add takes the record's next line.
func (s *Span) Add(l ToolLine) {
	switch {
	case l.Header != nil:
		s.period = int64(max(1, l.Header.Period))
		s.metric, s.series = map[int]bool{}, map[int]bool{}
	case s.metric == nil:
	case l.Metric != nil:
		s.metric[l.Metric.ID] = loadMetrics[l.Metric.Name]
	case l.Series != nil:
		s.series[l.Series.ID] = s.metric[l.Series.Metric]
	case l.Second != nil && !l.Second.Unplaced:
		for i := range l.Second.Buckets {
			if s.series[l.Second.Buckets[i].Series] {
				s.extend(l.Second.T)
				return
			}
		}
	case l.End != nil:
		s.end = l.End.T
		if l.End.Load != nil {
			s.load = l.End.Load.To - l.End.Load.From
		}
	}
}

func (s *Span) extend(t int64) {
	if !s.seen {
		s.first, s.last, s.seen = t, t, true
	}
	s.first, s.last = min(s.first, t), max(s.last, t)
}

// Seconds is the length; 0 when there was no load.
func (s *Span) Seconds() float64 {
	if s.load > 0 {
		return s.load
	}
	if !s.seen {
		return 0
	}
	first := max(s.first, 0)
	length := float64(s.last + s.period - first)
	if s.end > float64(first) { // the last second is rarely a whole one
		length = math.Min(length, s.end-float64(first))
	}
	return length
}
