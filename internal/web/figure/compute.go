package figure

import (
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
)

// or is the query of the metric that other tools have instead.
func or(q *boards.Query) *boards.Query {
	o := *q
	o.Metric, o.Or = q.Or, ""
	return &o
}

// compute is what a query says of its own value and those that it is computed with; ok is false where that is nothing.
func compute(q *boards.Query, value, plus, minus, over float64) (v float64, ok bool) {
	if len(q.Plus) > 0 {
		value += max(0, plus-minus)
	} else {
		value = max(0, value-minus)
	}
	switch {
	case len(q.Over) == 0:
		return value, true
	case over == 0:
		return 0, false
	}
	return value / over, true
}

// computed answers a query over time from its own answer and those that it is computed with.
func (r *reader) computed(q *boards.Query, answer []store.Series) ([]store.Series, error) {
	parts := [4][]store.Series{answer}
	for i, of := range [][]boards.Query{q.Plus, q.Minus, q.Over} {
		for j := range of {
			series, _, err := r.over(&of[j])
			if err != nil {
				return nil, err
			}
			parts[i+1] = append(parts[i+1], series...)
		}
	}
	var all []store.Series
	for _, p := range parts {
		all = append(all, p...)
	}
	out := store.Series{}
	var sums [4]*times
	for i, p := range parts {
		sums[i] = newTimes(all, r.period)
		for _, s := range p {
			for _, point := range s.Points {
				sums[i].add(point)
			}
		}
	}
	out.Points = make([]store.Point, 0, len(sums[0].values))
	for i := range sums[0].values {
		if !sums[0].seen[i] && !sums[1].seen[i] && !sums[2].seen[i] && !sums[3].seen[i] {
			continue
		}
		if v, ok := compute(q, sums[0].values[i], sums[1].values[i], sums[2].values[i], sums[3].values[i]); ok {
			out.Points = append(out.Points, store.Point{T: sums[0].time(i), V: v})
		}
	}
	if len(out.Points) == 0 {
		return nil, nil
	}
	return []store.Series{out}, nil
}

// computedWhole does so for the whole run.
func (r *reader) computedWhole(q *boards.Query, key string, answer map[string]float64) (map[string]float64, error) {
	var sums [3]map[string]float64
	keys := map[string]bool{}
	for k := range answer {
		keys[k] = true
	}
	for i, of := range [][]boards.Query{q.Plus, q.Minus, q.Over} {
		sums[i] = map[string]float64{}
		for j := range of {
			values, _, err := r.whole(&of[j], key)
			if err != nil {
				return nil, err
			}
			for k, v := range values {
				if sums[i][k] += v; v != 0 {
					keys[k] = true
				}
			}
		}
	}
	out := map[string]float64{}
	for k := range keys {
		if v, ok := compute(q, answer[k], sums[0][k], sums[1][k], sums[2][k]); ok {
			out[k] = v
		}
	}
	return out, nil
}
