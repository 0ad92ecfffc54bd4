package figure

import (
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// whole answers a query for the whole run: a value for each value of the tag key, or one under "" without a key. held
// says that its condition held back all of its values.
func (r *reader) whole(q *boards.Query, key string) (answer map[string]float64, held bool, err error) {
	switch {
	case q.Other && !r.second && r.other == nil:
		return nil, false, nil
	case q.Other && !r.second:
		return r.other.whole(q, key)
	case q.Metric == boards.Any:
		answer, err = r.any(q.Field)
	case q.Metric == boards.Ledger:
		answer = ledger(r.run.Ledger, q.Field)
	case q.Metric == boards.Load:
		answer, err = r.folded(q, func(a, b float64) float64 { return a + b })
	case q.Calc == boards.Largest:
		answer, err = r.folded(q, math.Max)
	case q.By != "":
		answer, err = r.tagged(q, key)
	default:
		answer, err = r.rows(q, key)
	}
	if err == nil && len(q.Plus)+len(q.Minus)+len(q.Over) > 0 {
		answer, err = r.computedWhole(q, key, answer)
	}
	if err != nil {
		return nil, false, err
	}
	if q.Calc == boards.PerSecond {
		if r.run.Span <= 0 {
			return nil, false, nil
		}
		for k, v := range answer {
			answer[k] = v / r.run.Span
		}
	}
	if q.If == nil {
		return answer, false, nil
	}
	allowed, _, err := r.whole(q.If, key)
	if err != nil {
		return nil, false, err
	}
	had := len(answer)
	for k := range answer {
		if !(allowed[k] > 0) {
			delete(answer, k)
		}
	}
	return answer, had > 0 && len(answer) == 0, nil
}

// rows reads the run's rows, one for each value of the key.
func (r *reader) rows(q *boards.Query, key string) (map[string]float64, error) {
	metric, c, err := r.narrowed(q)
	if err != nil {
		return nil, err
	}
	rollup := q.Rollup
	if c.rollup != "" {
		rollup = c.rollup
	}
	all, err := r.latest(metric, rollup)
	if err == nil && len(all) == 0 && q.Or != "" {
		return r.rows(or(q), key)
	}
	answer := map[string]float64{}
	for i := range all {
		if c.rollup != "" && all[i].Tags[string(c.rollup)] != c.value {
			continue
		}
		if v, ok := all[i].Field(q.Field); ok {
			answer[all[i].Tags[key]] = v
		}
	}
	return answer, err
}

// any reads a field of every metric that has it.
func (r *reader) any(field string) (map[string]float64, error) {
	all, err := r.totals()
	answer := map[string]float64{}
	for metric, of := range all {
		if v, ok := of[0].Field(field); ok {
			answer[metric] = v
		}
	}
	return answer, err
}

// folded brings a query over time down to one value.
func (r *reader) folded(q *boards.Query, fold func(a, b float64) float64) (map[string]float64, error) {
	over := *q
	over.Window, over.If, over.Calc = rows.Second, nil, boards.AsIs
	if q.Calc == boards.Largest && q.Counted() {
		over.Calc = boards.PerSecond
	}
	series, _, err := r.over(&over)
	answer := map[string]float64{}
	for _, s := range series {
		for i, p := range s.Points {
			if _, ok := answer[""]; i == 0 && !ok {
				answer[""] = p.V
				continue
			}
			answer[""] = fold(answer[""], p.V)
		}
	}
	return answer, err
}

// tagged answers a count summed by a tag over the whole run, for each value of the key (which may be that tag).
func (r *reader) tagged(q *boards.Query, key string) (map[string]float64, error) {
	sums, err := r.sums(q, key)
	answer := map[string]float64{}
	for k, values := range sums {
		if q.Only == "" {
			answer[k] = values[k]
			continue
		}
		var of, in float64
		for v, n := range values {
			of += n
			if q.Only.Has(v) {
				in += n
			}
		}
		switch {
		case q.Calc != boards.Share:
			answer[k] = in
		case of > 0:
			answer[k] = in / of
		}
	}
	return answer, err
}

// sums returns a count by value of the key and by value of the query's tag.
func (r *reader) sums(q *boards.Query, key string) (map[string]map[string]float64, error) {
	tags := []string{q.By}
	if key != "" && key != q.By {
		tags = []string{key, q.By}
	}
	all, err := r.sumBy(q, rows.Run, tags...) // which has what no period has, too
	sums := map[string]map[string]float64{}
	for _, s := range all {
		of := sums[s.Tags[key]]
		if of == nil {
			of = map[string]float64{}
			sums[s.Tags[key]] = of
		}
		for _, p := range s.Points {
			of[s.Tags[q.By]] += p.V
		}
	}
	return sums, err
}

func ledger(l *record.Ledger, field string) map[string]float64 {
	if l == nil {
		return nil
	}
	switch {
	case field == "lost" && (l.Emitted != nil || l.LostTotal() > 0): // else it is not known
		return map[string]float64{"": float64(l.LostTotal())}
	case field == "recorded":
		return map[string]float64{"": float64(l.Recorded)}
	case field == "emitted" && l.Emitted != nil:
		return map[string]float64{"": float64(*l.Emitted)}
	}
	return nil
}
