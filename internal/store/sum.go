package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ltlab/ltlab/internal/rows"
)

// Grouping is one way to add up a count: over which window, and apart by which tags.
type Grouping struct {
	Window rows.Window
	Tags   []string
}

// SumBy returns sums of a count (field count, sum or passes) over the metric's series, one answer for each set of values
// of the tags, in order of appearance; a series without a tag counts under its empty value. The query's roll-up is not
// used. Windows Minute and Run are summed from seconds or periods; Run, without From and To, has also what no period has.
func (r *Reader) SumBy(ctx context.Context, runID string, q Query, tags ...string) ([]Series, error) {
	all, err := r.Sums(ctx, runID, q, []Grouping{{q.Window, tags}})
	return all[0], err
}

// Sums is SumBy for several groupings of the same rows, which it looks at once; the query's own window is not used. The
// answer has their order.
func (r *Reader) Sums(ctx context.Context, runID string, q Query, groupings []Grouping) ([][]Series, error) {
	answer := make([][]Series, len(groupings))
	switch q.Field {
	case "count", "sum", "passes":
	default:
		return answer, fmt.Errorf("field %s of metric %s cannot be summed over series", q.Field, q.Metric)
	}
	all := q.From <= 0 && q.To <= 0
	for _, rollup := range []rows.Rollup{rows.Whole, rows.ByStatus, rows.BySeries} {
		g, err := r.group(ctx, runID, q.Metric, rollup, q.Where)
		if err != nil {
			return answer, err
		}
		s := summing{group: g, of: make([][]*sum, len(g.keys)), period: rows.Second}
		if g.period > 1 {
			s.period = rows.Period
		}
		for j, by := range groupings {
			var can bool
			switch rollup {
			case rows.Whole: // which are there when a run is over
				can = by.Window == rows.Run && all && g.state != Running
			case rows.ByStatus:
				can = byStatus(q.Metric) && len(by.Tags) == 1 && by.Tags[0] == string(rows.ByStatus) && len(q.Where) == 0 && (by.Window != rows.Run || !all)
			default:
				can = true
			}
			if can && answer[j] == nil && len(g.keys) > 0 {
				s.add(j, by)
			}
		}
		if err := r.sum(ctx, &s, q, all, answer); err != nil {
			return answer, err
		}
	}
	return answer, nil
}

// byStatus says whether roll-up ByStatus has every sample of the metric, those of series without the tag too.
func byStatus(metric string) bool { return metric == "http_reqs" || metric == "http.codes" }

// summing adds up rows of one roll-up for some of the groupings.
type summing struct {
	*group
	of     [][]*sum // by key
	sums   []*sum   // in order of appearance
	number []int    // of the grouping that a sum is of
	period rows.Window
	over   bool // a sum is over time
	run    bool // one is of the whole run
}

func (s *summing) add(number int, by Grouping) {
	if by.Window == rows.Second || by.Window == rows.Period {
		s.period = by.Window
	}
	s.run = s.run || by.Window == rows.Run
	s.over = s.over || by.Window != rows.Run || s.rollup != rows.Whole
	for i, k := range sums(s.keys, by) {
		if k.first {
			s.sums, s.number = append(s.sums, k.sum), append(s.number, number)
		}
		s.of[i] = append(s.of[i], k.sum)
	}
}

// sum answers the groupings of s.
func (r *Reader) sum(ctx context.Context, s *summing, q Query, all bool, answer [][]Series) error {
	add := func(whole bool) func(int, *rows.Row) {
		return func(i int, row *rows.Row) {
			if v, ok := row.Field(q.Field); ok {
				for _, to := range s.of[i] {
					if !whole || to.window == rows.Run {
						to.add(row.T, v)
					}
				}
			}
		}
	}
	if s.over {
		if err := r.scan(ctx, s.group, s.period, q.From, q.To, valuesOf(q.Field, s.metric.Kind), add(false)); err != nil {
			return err
		}
	}
	if s.run && all { // of series: what no period has
		if err := r.scan(ctx, s.group, rows.Run, 0, 0, valuesOf(q.Field, s.metric.Kind), add(true)); err != nil {
			return err
		}
	}
	for i, of := range s.sums {
		if points := of.points(); len(points) > 0 {
			answer[s.number[i]] = append(answer[s.number[i]], Series{Tags: of.tags, Points: points})
		}
	}
	return nil
}

// keySum is the sum that a key counts for; first says that no key before did.
type keySum struct {
	sum   *sum
	first bool
}

func sums(keys []key, by Grouping) []keySum {
	out := make([]keySum, len(keys))
	byValues := map[string]*sum{}
	for i, k := range keys {
		values := make(map[string]string, len(by.Tags))
		for _, t := range by.Tags {
			values[t] = k.tags[t]
		}
		id := string(encodeTags(values))
		s := byValues[id]
		if s == nil {
			s = &sum{window: by.Window, tags: values}
			byValues[id] = s
			out[i].first = true
		}
		out[i].sum = s
	}
	return out
}

// sum adds up one answer of SumBy, in one slice from its first time to its last.
type sum struct {
	window rows.Window
	tags   map[string]string
	first  int64
	values []float64
	seen   []bool
	far    map[int64]float64 // what is further than a leap from those
}

// leap is the longest gap, in windows, that a sum has room for: a clock that leaps, or a damaged record, may say anything.
const leap = 100_000

func (s *sum) add(t int64, v float64) {
	switch s.window {
	case rows.Minute:
		t, _ = place(rows.Second, t)
	case rows.Run:
		t = 0
	}
	switch {
	case len(s.values) == 0:
		s.first = t
	case t < s.first-leap || t > s.first+int64(len(s.values))+leap:
		if s.far == nil {
			s.far = map[int64]float64{}
		}
		s.far[t] += v
		return
	case t < s.first: // a later series may begin earlier
		s.values = slices.Insert(s.values, 0, make([]float64, s.first-t)...)
		s.seen = slices.Insert(s.seen, 0, make([]bool, s.first-t)...)
		s.first = t
	}
	i := int(t - s.first)
	if i >= len(s.values) {
		s.values = append(s.values, make([]float64, i+1-len(s.values))...)
		s.seen = append(s.seen, make([]bool, i+1-len(s.seen))...)
	}
	s.values[i] += v
	s.seen[i] = true
}

func (s *sum) points() []Point {
	n := 0
	for _, seen := range s.seen {
		if seen {
			n++
		}
	}
	points := make([]Point, 0, n)
	for i, seen := range s.seen {
		if seen {
			points = append(points, Point{s.first + int64(i), s.values[i]})
		}
	}
	if len(s.far) > 0 {
		points = s.whole(points)
	}
	if s.window == rows.Minute {
		for i := range points {
			points[i].T *= 60
		}
	}
	return points
}

// whole puts what is far among the other points, in order of time.
func (s *sum) whole(points []Point) []Point {
	for i := range points { // what was far when it came may no longer be
		points[i].V += s.far[points[i].T]
		delete(s.far, points[i].T)
	}
	for t, v := range s.far {
		points = append(points, Point{t, v})
	}
	slices.SortFunc(points, func(a, b Point) int { return cmp.Compare(a.T, b.T) })
	return points
}
