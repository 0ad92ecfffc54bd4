package rows

import (
	"cmp"
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
)

// level is a gauge over a window.
type level struct {
	seen           bool
	n              int64
	last, min, max float64
}

// then adds the window that follows.
func (l *level) then(next level) {
	switch {
	case !next.seen:
	case !l.seen:
		*l = next
	default:
		l.n += next.n
		l.last, l.min, l.max = next.last, math.Min(l.min, next.min), math.Max(l.max, next.max)
	}
}

func (l *level) fill(r *Row) {
	r.Count, r.Last, r.Min, r.Max = l.n, l.last, l.min, l.max
}

// gauge adds a bucket of a gauge to the second: a later one replaces the last value.
func (h *held) gauge(k *record.Bucket) {
	i, ok := h.find(k.Series)
	if !ok {
		g := record.Bucket{Series: k.Series, N: k.N, Last: k.Last, Min: k.Min, Max: k.Max}
		h.gauges = slices.Insert(h.gauges, i, g)
		return
	}
	g := &h.gauges[i]
	g.N += k.N
	g.Last, g.Min, g.Max = k.Last, math.Min(g.Min, k.Min), math.Max(g.Max, k.Max)
}

func (h *held) find(series int) (int, bool) {
	return slices.BinarySearchFunc(h.gauges, series, func(g record.Bucket, id int) int { return cmp.Compare(g.Series, id) })
}

// levels sums the second's gauges by roll-up and returns the roll-ups.
func (b *Builder) levels(h *held) []*key {
	b.leveled = b.leveled[:0]
	for i := range h.gauges {
		g := &h.gauges[i]
		for _, k := range b.series[g.Series].keys {
			if !k.touched {
				k.touched = true
				b.leveled = append(b.leveled, k)
				k.level = level{seen: true, n: g.N, last: g.Last, min: g.Min, max: g.Max}
				continue
			}
			sum := add(k.level.last, g.Last)
			k.level = level{seen: true, n: k.level.n + g.N, last: sum, min: sum, max: sum}
		}
	}
	for _, k := range b.leveled {
		k.touched = false
	}
	return b.leveled
}

// spans sets the span of every gauge's roll-up to minute m.
func (b *Builder) spans(m int64) {
	for _, k := range b.keys {
		k.span = level{}
	}
	for _, h := range b.held {
		if len(h.gauges) > 0 && minuteOf(h.t) == m {
			for _, k := range b.levels(h) {
				k.span.then(k.level)
			}
		}
	}
}

// gaugeRows appends the rows of the line's gauges and of all roll-ups of gauges in its second.
func (b *Builder) gaugeRows(out []Row, buckets []record.Bucket, h *held) []Row {
	for i := range buckets {
		s := b.series[buckets[i].Series]
		if s.row.Kind != record.Gauge {
			continue
		}
		at, _ := h.find(buckets[i].Series)
		g := h.gauges[at]
		r := s.row
		r.Window, r.T = b.window, h.t
		r.Count, r.Last, r.Min, r.Max = g.N, g.Last, g.Min, g.Max
		out = append(out, r)
	}
	for _, k := range b.levels(h) {
		k.changed = true
		r := k.row(b.window, h.t)
		k.level.fill(&r)
		out = append(out, r)
	}
	return out
}
