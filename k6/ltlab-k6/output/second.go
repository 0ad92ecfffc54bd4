package output

import (
	"slices"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

const (
	// grace is how long a second stays open after its end, for samples that are on their way through k6: it hands them on every
	// 50 ms. What comes later is added to the record as a further line of that second.
	grace = 250 * time.Millisecond
	// minute is what late samples' seconds may be opened again within, and hold how much longer.
	minute = time.Minute
	hold   = 5 * time.Second
)

// bucket is what one series did in one second, as record.Bucket.
type bucket struct {
	series *series
	n      int64
	sum    float64
	min    float64
	max    float64
	last   float64
	sketch *record.Sketch // of trends
}

func (b *bucket) add(v float64) {
	b.n++
	if b.n == 1 {
		b.min, b.max = v, v
	} else if v < b.min {
		b.min = v
	} else if v > b.max {
		b.max = v
	}
	switch b.series.kind {
	case metrics.Trend:
		b.sum += v
		_ = b.sketch.Add(v) // fails only above series.limit
	case metrics.Rate:
		if v != 0 {
			b.sum++
		}
	case metrics.Gauge:
		b.last = v
	default:
		b.sum += v
	}
}

// second is a second that samples are added to.
type second struct {
	t       int64
	buckets []*bucket // in the order of their first samples
	of      map[*series]*bucket
}

// seconds are the seconds being added to. Those from next on are open, one after another; earlier ones were opened again.
type seconds struct {
	all     []*second
	next    int64 // the first second that was never closed
	current int64 // the second of the last flush

	newSketch  func() *record.Sketch
	freeTrends []*bucket // emptied, with their sketches
	freePlain  []*bucket
	free       []*second
}

// at returns the second to add a sample of second t to. It is a later one, and late is true, when t's minute is over.
func (s *seconds) at(t int64, now time.Duration) (sec *second, late bool) {
	if t < s.next && now >= time.Duration(t/60+1)*minute+hold {
		t, late = s.next, true
	}
	t = min(t, s.current) // only a wall clock's times can be in the future
	for _, sec := range s.all {
		if sec.t == t {
			return sec, late
		}
	}
	if n := len(s.free); n > 0 {
		sec, s.free = s.free[n-1], s.free[:n-1]
	} else {
		sec = &second{of: map[*series]*bucket{}}
	}
	sec.t = t
	s.all = append(s.all, sec)
	return sec, late
}

// bucket returns the series' bucket in a second.
func (s *seconds) bucket(sec *second, of *series) *bucket {
	b, ok := sec.of[of]
	if !ok {
		b = s.empty(of.kind)
		b.series = of
		sec.of[of] = b
		sec.buckets = append(sec.buckets, b)
	}
	of.in, of.bucket = sec, b
	return b
}

func (s *seconds) empty(kind metrics.MetricType) *bucket {
	free := &s.freePlain
	if kind == metrics.Trend {
		free = &s.freeTrends
	}
	if n := len(*free); n > 0 {
		b := (*free)[n-1]
		*free = (*free)[:n-1]
		return b
	}
	b := &bucket{}
	if kind == metrics.Trend {
		b.sketch = s.newSketch()
	}
	return b
}

// take removes second t and returns it, nil when nothing was added to it. The caller gives it back to release.
func (s *seconds) take(t int64) *second {
	i := slices.IndexFunc(s.all, func(sec *second) bool { return sec.t == t })
	if i < 0 {
		return nil
	}
	sec := s.all[i]
	s.all = slices.Delete(s.all, i, i+1)
	return sec
}

// release empties a second and keeps its memory for later ones.
func (s *seconds) release(sec *second) {
	for _, b := range sec.buckets {
		if b.series.in == sec {
			b.series.in, b.series.bucket = nil, nil
		}
		if b.sketch != nil {
			b.sketch.Clear()
			*b = bucket{sketch: b.sketch}
			s.freeTrends = append(s.freeTrends, b)
			continue
		}
		*b = bucket{}
		s.freePlain = append(s.freePlain, b)
	}
	sec.buckets = sec.buckets[:0]
	clear(sec.of)
	s.free = append(s.free, sec)
}
