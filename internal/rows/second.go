package rows

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
)

// held is a second of an open minute, packed small.
type held struct {
	t      int64
	data   []byte          // its buckets, each as pack writes it, gauges apart
	gauges []record.Bucket // one a series, ascending
}

func minuteOf(t int64) int64 {
	m := t / 60
	if t%60 < 0 { // Artillery's first period begins before the run's start
		m--
	}
	return m
}

// apply adds one line of a second.
func (b *Builder) apply(s *record.Second) ([]Row, error) {
	if b.index == nil {
		return nil, errors.New("a second before the header")
	}
	var out []Row
	t, m := s.T, minuteOf(s.T)
	switch {
	case len(b.held) == 0:
		b.newest = m
	case m > b.newest:
		out = b.advance(m)
	case m < b.newest-1:
		t = b.held[0].t
	}
	h := b.hold(t)
	gauges, err := b.touch(s.Buckets, h)
	if err != nil {
		return nil, err
	}
	if err := b.accumulate(minuteOf(t)); err != nil {
		return nil, err
	}
	out = slices.Grow(out, len(s.Buckets)+len(b.touched))
	if out, err = b.seriesRows(out, s.Buckets, h); err != nil {
		return nil, err
	}
	for _, k := range b.touched {
		r := k.row(b.window, t)
		k.second.fill(&r)
		if k.Rollup == ByRun && k.Metric == b.main {
			r.Heat = heatOf(k.second.sketch)
		}
		out = append(out, r)
		k.second.reset()
		k.touched = false
	}
	if gauges {
		out = b.gaugeRows(out, s.Buckets, h)
	}
	return out, nil
}

// touch merges the line's buckets into their roll-ups' second cells and its gauges into the held second.
func (b *Builder) touch(buckets []record.Bucket, h *held) (gauges bool, err error) {
	b.touched = b.touched[:0]
	for i := range buckets {
		k := &buckets[i]
		s := b.series[k.Series]
		if s == nil {
			return false, fmt.Errorf("bucket of series %d, which was not declared", k.Series)
		}
		if s.row.Kind == record.Gauge {
			h.gauge(k)
			gauges = true
			continue
		}
		if s.whole != nil {
			b.count(s.whole, k)
		}
		if s.next != nil {
			return false, fmt.Errorf("series %d is twice in one line of second %d", k.Series, h.t)
		}
		s.next = k
		for _, key := range s.keys {
			if !key.touched {
				key.touched = true
				b.touched = append(b.touched, key)
			}
			key.second.add(k.N, k.Sum, k.Min, k.Max)
			if err := b.merge(&key.second, k.Sketch); err != nil {
				return false, err
			}
		}
	}
	return gauges, nil
}

// accumulate adds the second cells, which hold this line alone, to their minute and to the run.
func (b *Builder) accumulate(minute int64) error {
	for _, k := range b.touched {
		k.changed = true
		for _, c := range []*cell{&k.minutes[minute&1], &k.run} {
			c.add(k.second.n, k.second.sum, k.second.min, k.second.max)
			if err := b.merge(c, k.second.sketch); err != nil {
				return err
			}
		}
	}
	return nil
}

// seriesRows appends the rows of the line's series and packs them into the held second. What the second held before it
// also adds to the touched roll-ups.
func (b *Builder) seriesRows(out []Row, buckets []record.Bucket, h *held) ([]Row, error) {
	before := h.data
	if len(before) > 0 {
		h.data = make([]byte, 0, len(before)+len(before)/4)
	}
	for len(before) > 0 {
		p := b.unpack(before)
		s := b.series[p.series]
		for _, k := range s.keys {
			if k.touched {
				k.second.add(p.n, p.sum, p.min, p.max)
				if err := b.decode(&k.second, p.sketch); err != nil {
					return nil, err
				}
			}
		}
		if s.next == nil {
			h.data = append(h.data, before[:p.size]...)
		} else {
			c := &b.scratch
			c.reset()
			c.add(p.n, p.sum, p.min, p.max)
			c.add(s.next.N, s.next.Sum, s.next.Min, s.next.Max)
			if err := errors.Join(b.decode(c, p.sketch), b.merge(c, s.next.Sketch)); err != nil {
				return nil, err
			}
			out = append(out, b.seriesRow(s, p.series, c, h))
		}
		before = before[p.size:]
	}
	for i := range buckets {
		k := &buckets[i]
		if s := b.series[k.Series]; s.next != nil {
			c := cell{n: k.N, sum: k.Sum, min: k.Min, max: k.Max, sketch: k.Sketch}
			out = append(out, b.seriesRow(s, k.Series, &c, h))
		}
	}
	return out, nil
}

func (b *Builder) seriesRow(s *series, id int, c *cell, h *held) Row {
	h.data = b.pack(h.data, id, s.row.Kind, c)
	s.next = nil
	r := s.row
	r.Window, r.T = b.window, h.t
	c.fill(&r)
	return r
}

// packed is a bucket of a held second.
type packed struct {
	series        int
	n             int64
	sum, min, max float64
	sketch        []byte
	size          int // of all of it in the held data
}

// pack appends: series, n, sum; of a trend also min, max, the sketch's length and the sketch.
func (b *Builder) pack(to []byte, series int, kind record.Kind, c *cell) []byte {
	to = binary.AppendUvarint(to, uint64(series))
	to = binary.AppendVarint(to, c.n)
	to = binary.LittleEndian.AppendUint64(to, math.Float64bits(c.sum))
	if kind != record.Trend {
		return to
	}
	to = binary.LittleEndian.AppendUint64(to, math.Float64bits(c.min))
	to = binary.LittleEndian.AppendUint64(to, math.Float64bits(c.max))
	b.sketch = b.sketch[:0]
	if c.sketch != nil {
		c.sketch.Encode(&b.sketch, true)
	}
	to = binary.AppendUvarint(to, uint64(len(b.sketch)))
	return append(to, b.sketch...)
}

func (b *Builder) unpack(from []byte) packed {
	at := 0
	float := func() float64 {
		v := math.Float64frombits(binary.LittleEndian.Uint64(from[at:]))
		at += 8
		return v
	}
	id, w := binary.Uvarint(from)
	at += w
	p := packed{series: int(id)}
	p.n, w = binary.Varint(from[at:])
	at += w
	p.sum = float()
	if b.series[p.series].row.Kind == record.Trend {
		p.min, p.max = float(), float()
		n, w := binary.Uvarint(from[at:])
		at += w
		p.sketch = from[at : at+int(n)]
		at += int(n)
	}
	p.size = at
	return p
}

func (b *Builder) decode(c *cell, sketch []byte) error {
	if len(sketch) == 0 {
		return nil
	}
	return b.sketchOf(c).DecodeAndMergeWith(sketch)
}
