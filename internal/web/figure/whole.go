package figure

import (
	"fmt"
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// whole answers a query for the whole run: a value for each value of the tag key, or one under "" without a key. held
// says that its condition held back all of its values.
func (r *reader) whole(q *boards.Query, key string) (answer map[string]float64, held bool, err error) {
	switch {
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
	all, err := once(r, fmt.Sprintf("latest %s %s", q.Metric, q.Rollup), func() ([]rows.Row, error) {
		return r.src.Latest(r.ctx, r.run.ID, q.Metric, q.Rollup, rows.Run)
	})
	answer := map[string]float64{}
	for i := range all {
		if v, ok := all[i].Field(q.Field); ok {
			answer[all[i].Tags[key]] = v
		}
	}
	return answer, err
}

// folded brings a query over time down to one value.
func (r *reader) folded(q *boards.Query, fold func(a, b float64) float64) (map[string]float64, error) {
	over := *q
	over.Window, over.If, over.Calc = rows.Second, nil, boards.AsIs
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
	var all []store.Series
	var err error
	if key == "" || key == q.By {
		all, err = r.sumBy(q, rows.Second, q.By) // which the panels over time read too
	} else {
		all, err = r.sumBy(q, rows.Run, key, q.By)
	}
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
