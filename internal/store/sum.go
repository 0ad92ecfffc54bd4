package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ltlab/ltlab/internal/rows"
)

// SumBy returns sums of a count (field count, sum or passes) over the metric's series, one answer for each set of values
// of the tags, in order of appearance; a series without a tag counts under its empty value. The query's roll-up is not
// used. Windows Minute and Run are summed from seconds or periods; Run, without From and To, has also what no period has.
func (r *Reader) SumBy(ctx context.Context, runID string, q Query, tags ...string) ([]Series, error) {
	switch q.Field {
	case "count", "sum", "passes":
	default:
		return nil, fmt.Errorf("field %s of metric %s cannot be summed over series", q.Field, q.Metric)
	}
	g, err := r.group(ctx, runID, q.Metric, rows.BySeries, q.Where)
	if err != nil {
		return nil, err
	}
	finest := rows.Second
	if g.run.Period > 1 {
		finest = rows.Period
	}
	if q.Window == rows.Second || q.Window == rows.Period {
		finest = q.Window
	}
	var out []*sum
	of := make([]*sum, len(g.keys)) // by key
	byValues := map[string]*sum{}
	for i, k := range g.keys {
		values := map[string]string{}
		for _, t := range tags {
			values[t] = k.tags[t]
		}
		id := string(encodeTags(values))
		if byValues[id] == nil {
			byValues[id] = &sum{window: q.Window, tags: values, at: map[int64]int{}}
			out = append(out, byValues[id])
		}
		of[i] = byValues[id]
	}
	add := func(i int, row *rows.Row) {
		if v, ok := row.Field(q.Field); ok {
			of[i].add(row.T, v)
		}
	}
	err = r.scan(ctx, g, finest, q.From, q.To, add)
	if err == nil && q.Window == rows.Run && q.From <= 0 && q.To <= 0 {
		err = r.scan(ctx, g, rows.Run, 0, 0, add)
	}
	var answer []Series
	for _, s := range out {
		if len(s.points) > 0 {
			slices.SortFunc(s.points, func(a, b Point) int { return cmp.Compare(a.T, b.T) })
			answer = append(answer, Series{Tags: s.tags, Points: s.points})
		}
	}
	return answer, err
}

// sum adds up one answer of SumBy.
type sum struct {
	window rows.Window
	tags   map[string]string
	points []Point
	at     map[int64]int // index into points by time
}

func (s *sum) add(t int64, v float64) {
	switch s.window {
	case rows.Minute:
		block, _ := place(rows.Second, t)
		t = block * 60
	case rows.Run:
		t = 0
	}
	i, ok := s.at[t]
	if !ok {
		i = len(s.points)
		s.at[t] = i
		s.points = append(s.points, Point{T: t})
	}
	s.points[i].V += v
}
