package rows

import (
	"errors"
	"fmt"

	"github.com/ltlab/ltlab/internal/record"
)

// unplaced adds buckets to the run that are of no second. A gauge has no value outside of time.
func (b *Builder) unplaced(buckets []record.Bucket) ([]Row, error) {
	if b.index == nil {
		return nil, errors.New("a second before the header")
	}
	var out []Row
	for i := range buckets {
		k := &buckets[i]
		s := b.series[k.Series]
		if s == nil {
			return nil, fmt.Errorf("bucket of series %d, which was not declared", k.Series)
		}
		if s.row.Kind == record.Gauge {
			continue
		}
		if s.unplaced == nil {
			s.unplaced = &cell{}
		}
		if err := b.take(s.unplaced, k); err != nil {
			return nil, err
		}
		if s.whole != nil {
			b.count(s.whole, k)
		}
		for _, key := range s.keys {
			key.changed = true
			if err := b.take(&key.run, k); err != nil {
				return nil, err
			}
		}
		r := s.row
		r.Window = Run
		s.unplaced.fill(&r)
		out = append(out, r)
	}
	return out, nil
}

// take adds a whole bucket.
func (b *Builder) take(c *cell, k *record.Bucket) error {
	c.add(k.N, k.Sum, k.Min, k.Max)
	return b.merge(c, k.Sketch)
}
