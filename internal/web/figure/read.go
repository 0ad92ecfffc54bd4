package figure

import (
	"context"
	"fmt"
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// reader answers the queries of one board; what several of them ask for is read once.
type reader struct {
	ctx    context.Context
	src    Source
	run    store.Run
	period int64 // length of the run's finest window in seconds
	memo   map[string]any
	values map[string][]string // of tags, in order of appearance
}

func newReader(ctx context.Context, src Source, run store.Run) *reader {
	return &reader{ctx: ctx, src: src, run: run, period: max(1, run.Period), memo: map[string]any{}, values: map[string][]string{}}
}

// once reads what name stands for, or returns what was read before.
func once[T any](r *reader, name string, read func() (T, error)) (T, error) {
	if v, ok := r.memo[name]; ok {
		return v.(T), nil
	}
	v, err := read()
	if err == nil {
		r.memo[name] = v
	}
	return v, err
}

// finest is the window that stands for rows.Second in this run.
func (r *reader) finest(w rows.Window) rows.Window {
	if w == rows.Second && r.period > 1 {
		return rows.Period
	}
	return w
}

// over answers a query over time; held says that its condition held back all of its values.
func (r *reader) over(q *boards.Query) (answer []store.Series, held bool, err error) {
	switch {
	case q.Metric == boards.Load:
		answer, err = r.load(q.Field)
	case q.By != "":
		answer, err = r.classes(q)
	default:
		answer, err = r.series(q)
	}
	if err != nil {
		return nil, false, err
	}
	if q.Calc == boards.PerSecond {
		answer = each(answer, func(v float64) float64 { return v / float64(r.period) })
	}
	if q.If == nil {
		return answer, false, nil
	}
	allowed, _, err := r.over(q.If)
	if err != nil {
		return nil, false, err
	}
	kept := r.only(answer, allowed)
	return kept, len(answer) > 0 && len(kept) == 0, nil
}

func (r *reader) series(q *boards.Query) ([]store.Series, error) {
	name := fmt.Sprintf("select %s %s %s %s %v", q.Metric, q.Field, q.Rollup, q.Window, q.Where)
	return once(r, name, func() ([]store.Series, error) {
		return r.src.Select(r.ctx, r.run.ID, store.Query{Metric: q.Metric, Field: q.Field, Rollup: q.Rollup,
			Window: r.window(q), Where: q.Where})
	})
}

// window is the query's, in this run; what sources used is by the second in every run.
func (r *reader) window(q *boards.Query) rows.Window {
	if rows.IsInfra(q.Metric) {
		return q.Window
	}
	return r.finest(q.Window)
}

// resolution is the length of a query's windows in seconds.
func (r *reader) resolution(q *boards.Query) int64 {
	if rows.IsInfra(q.Metric) {
		return 1
	}
	return r.period
}

// classes answers a count summed by a tag: a series for each of its values, one for a class of them, or a class's share.
func (r *reader) classes(q *boards.Query) ([]store.Series, error) {
	all, err := r.sumBy(q, rows.Second, q.By)
	if err != nil || q.Only == "" || len(all) == 0 {
		return all, err
	}
	of, in := newTimes(all, r.period), newTimes(all, r.period)
	for _, s := range all {
		counts := q.Only.Has(s.Tags[q.By])
		for _, p := range s.Points {
			of.add(p)
			if counts {
				in.add(p)
			}
		}
	}
	out := store.Series{}
	for i, n := range of.values {
		switch {
		case !of.seen[i], q.Calc == boards.Share && n == 0:
		case q.Calc == boards.Share:
			out.Points = append(out.Points, store.Point{T: of.time(i), V: in.values[i] / n})
		default:
			out.Points = append(out.Points, store.Point{T: of.time(i), V: in.values[i]})
		}
	}
	return []store.Series{out}, nil
}

// sumBy reads the sums of a query's count over all series, apart by tags.
func (r *reader) sumBy(q *boards.Query, w rows.Window, tags ...string) ([]store.Series, error) {
	return once(r, fmt.Sprintf("sum %s %s %v %s %v", q.Metric, q.Field, q.Where, w, tags), func() ([]store.Series, error) {
		return r.src.SumBy(r.ctx, r.run.ID, store.Query{Metric: q.Metric, Field: q.Field, Window: r.finest(w), Where: q.Where}, tags...)
	})
}

// load answers a query of what was asked for and delivered.
func (r *reader) load(field string) ([]store.Series, error) {
	loads, err := once(r, "load", func() ([]record.Load, error) { return r.src.Load(r.ctx, r.run.ID) })
	if err != nil {
		return nil, err
	}
	s := store.Series{}
	for i := range loads {
		if v := loadField(&loads[i], field); !math.IsNaN(v) {
			s.Points = append(s.Points, store.Point{T: loads[i].T, V: v})
		}
	}
	if len(s.Points) == 0 {
		return nil, nil
	}
	return []store.Series{s}, nil
}

// loadField is NaN where nothing was planned.
func loadField(l *record.Load, field string) float64 {
	asked := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	switch field {
	case "asked_vus":
		return asked(l.AskedVUs)
	case "asked_rate":
		return asked(l.AskedRate)
	case "vus":
		return l.VUs
	case "iterations":
		return float64(l.Iterations)
	case "dropped":
		return float64(l.Dropped)
	}
	return math.NaN()
}

// each applies f to every value.
func each(series []store.Series, f func(float64) float64) []store.Series {
	out := make([]store.Series, len(series))
	for i, s := range series {
		out[i] = store.Series{Tags: s.Tags, Points: make([]store.Point, len(s.Points))}
		for j, p := range s.Points {
			out[i].Points[j] = store.Point{T: p.T, V: f(p.V)}
		}
	}
	return out
}

// only keeps the points at times when the sum of allowed is above zero.
func (r *reader) only(series, allowed []store.Series) []store.Series {
	open := newTimes(allowed, r.period)
	for _, s := range allowed {
		for _, p := range s.Points {
			open.add(p)
		}
	}
	var out []store.Series
	for _, s := range series {
		kept := store.Series{Tags: s.Tags}
		for _, p := range s.Points {
			if i, ok := open.index(p.T); ok && open.values[i] > 0 {
				kept.Points = append(kept.Points, p)
			}
		}
		if len(kept.Points) > 0 {
			out = append(out, kept)
		}
	}
	return out
}
