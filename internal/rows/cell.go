package rows

import (
	"math"

	"github.com/ltlab/ltlab/internal/record"
)

// cell adds up the buckets of one key over one window: counters, rates and trends.
type cell struct {
	seen     bool
	n        int64
	sum      float64
	min, max float64
	sketch   *record.Sketch // trends; made at first use and kept
}

// add adds a bucket, or a part of one, apart from its sketch.
func (c *cell) add(n int64, sum, min, max float64) {
	if !c.seen {
		c.seen, c.min, c.max = true, min, max
	}
	c.n += n
	c.sum = add(c.sum, sum)
	c.min, c.max = math.Min(c.min, min), math.Max(c.max, max)
}

// add sums, short of infinity, which fits neither a record nor a database.
func add(a, b float64) float64 {
	return math.Max(math.Min(a+b, math.MaxFloat64), -math.MaxFloat64)
}

// merge adds a sketch; nil and empty ones are fine.
func (b *Builder) merge(c *cell, s *record.Sketch) error {
	if s == nil {
		return nil
	}
	return b.sketchOf(c).MergeWith(s)
}

func (b *Builder) sketchOf(c *cell) *record.Sketch {
	if c.sketch == nil {
		c.sketch = record.NewSketch(b.index)
	}
	return c.sketch
}

// reset empties the cell; its sketch keeps its memory.
func (c *cell) reset() {
	if !c.seen {
		return
	}
	sketch := c.sketch
	if sketch != nil {
		sketch.Clear()
	}
	*c = cell{sketch: sketch}
}

// quantile is the value at rank ⌊q(n−1)⌋. Values beyond the sketch's range leave it empty: then the maximum is all
// that is known.
func (c *cell) quantile(q float64) float64 {
	v := record.Quantile(c.sketch, q, c.min, c.max)
	if math.IsNaN(v) {
		return c.max
	}
	return v
}

// fill sets the row's values from the cell.
func (c *cell) fill(r *Row) {
	r.Count = c.n
	switch r.Kind {
	case record.Counter:
		r.Sum = c.sum
	case record.Rate:
		r.Passes = int64(c.sum)
	case record.Trend:
		r.Sum, r.Min, r.Max = c.sum, c.min, c.max
		r.P50, r.P90, r.P95 = c.quantile(0.5), c.quantile(0.9), c.quantile(0.95)
		r.P99, r.P999 = c.quantile(0.99), c.quantile(0.999)
	}
}
