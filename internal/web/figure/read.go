package figure

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// reader answers the queries of one board; what several of them ask for is read once.
type reader struct {
	ctx    context.Context
	src    Source
	run    store.Run
	view   View
	period int64   // length of the run's finest window in seconds
	other  *reader // of the run that is compared with; nil without one
	second bool    // this is that reader
	narrow string  // what the panel at hand is narrowed to: endpoint or scenario
	thin   *Grid   // of the panel at hand, where it shows lines
	memo   map[string]any
	values map[string][]string // of tags, in order of appearance
	fields map[string][]string // that the board reads together, by planned

	groupings map[string][]store.Grouping // that it reads together, by metric and field
}

func newReader(ctx context.Context, src Source, run store.Run, v View) *reader {
	r := &reader{ctx: ctx, src: src, run: run, view: v, period: max(1, run.Period), memo: map[string]any{}, values: map[string][]string{},
		fields: map[string][]string{}, groupings: map[string][]store.Grouping{}}
	if v.Other != nil {
		r.other = newReader(ctx, src, *v.Other, View{})
		r.other.second = true
	}
	return r
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
	case q.Other && !r.second && r.other == nil:
		return nil, false, nil
	case q.Other && !r.second:
		return r.other.over(q)
	case q.Metric == boards.Load:
		answer, err = r.load(q.Field)
	case q.By != "":
		answer, err = r.classes(q)
	default:
		answer, err = r.series(q)
	}
	if err == nil && len(q.Plus)+len(q.Minus)+len(q.Over) > 0 {
		answer, err = r.computed(q, answer)
	}
	if err != nil {
		return nil, false, err
	}
	switch q.Calc {
	case boards.PerSecond:
		answer = each(answer, func(v float64) float64 { return v / float64(r.period) })
	case boards.AtOnce:
		answer = each(answer, func(v float64) float64 { return v / 1000 / float64(r.period) })
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
	metric, c, err := r.narrowed(q)
	if err != nil {
		return nil, err
	}
	read := store.Query{Metric: metric, Rollup: q.Rollup, Window: r.window(q), Where: q.Where}
	if c.rollup != "" {
		read.Rollup, read.Where = c.rollup, with(q.Where, c)
	}
	if q.Each != "" && r.thin != nil && r.thin.Step > r.thin.Window { // so many lines that their points would take most of the time
		read.Start, read.Step = r.thin.Start, r.thin.Step
	}
	answer, err := r.together(read, r.fields[planned(metric, q.Rollup, read.Window)], q.Field)
	if err == nil && len(answer) == 0 && q.Or != "" {
		return r.series(or(q))
	}
	return answer, err
}

// together reads a field, and with it all others that the board asks for of the same rows.
func (r *reader) together(q store.Query, fields []string, field string) ([]store.Series, error) {
	name := fmt.Sprintf("%s %s %s %v %d %d", q.Metric, q.Rollup, q.Window, q.Where, q.Start, q.Step)
	if !slices.Contains(fields, field) {
		fields = []string{field}
		name += " " + field
	}
	all, err := once(r, "select "+name, func() ([][]store.Series, error) {
		return r.src.SelectFields(r.ctx, r.run.ID, q, fields)
	})
	if err != nil {
		return nil, err
	}
	return all[slices.Index(fields, field)], nil
}

// with adds a choice to a query's conditions.
func with(where map[string]string, c choice) map[string]string {
	if c.rollup == "" {
		return where
	}
	out := map[string]string{string(c.rollup): c.value}
	maps.Copy(out, where)
	return out
}

// window is the query's, in this run; what sources used is by the second in every run.
func (r *reader) window(q *boards.Query) rows.Window {
	if rows.IsInfra(q.Metric) {
		return q.Window
	}
	return r.finest(q.Window)
}

// classes answers a count summed by a tag: a series for each of its values, one for a class of them, or a class's share.
func (r *reader) classes(q *boards.Query) ([]store.Series, error) {
	all, err := r.sumBy(q, rows.Second, q.By)
	if err != nil || q.Only == "" || len(all) == 0 {
		return all, err
	}
	// The lines of a panel often have the same condition.
	name := fmt.Sprintf("class %s %s %s %s %s %v %s %s %s", q.Metric, q.Or, q.Named, q.Field, q.Rollup, q.Where, q.By, q.Only, q.Calc)
	return once(r, name, func() ([]store.Series, error) { return []store.Series{r.class(q, all)}, nil })
}

// class is the sum of the series that are of the query's class, or their share in all.
func (r *reader) class(q *boards.Query, all []store.Series) store.Series {
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
	out := store.Series{Points: make([]store.Point, 0, len(of.values))}
	for i, n := range of.values {
		switch {
		case !of.seen[i], q.Calc == boards.Share && n == 0:
		case q.Calc == boards.Share:
			out.Points = append(out.Points, store.Point{T: of.time(i), V: in.values[i] / n})
		default:
			out.Points = append(out.Points, store.Point{T: of.time(i), V: in.values[i]})
		}
	}
	return out
}

// sumBy reads the sums of a query's count over all series, apart by tags, and with them all others that the board asks for
// of the same rows.
func (r *reader) sumBy(q *boards.Query, w rows.Window, tags ...string) ([]store.Series, error) {
	metric, c, err := r.narrowed(q)
	if err != nil {
		return nil, err
	}
	where := with(q.Where, c)
	by := store.Grouping{Window: r.finest(w), Tags: tags}
	name := fmt.Sprintf("sum %s %s %v", metric, q.Field, where)
	all := r.groupings[metric+" "+q.Field]
	at := slices.IndexFunc(all, func(g store.Grouping) bool { return g.Window == by.Window && slices.Equal(g.Tags, by.Tags) })
	if at < 0 {
		all, at, name = []store.Grouping{by}, 0, name+fmt.Sprint(by)
	}
	answers, err := once(r, name, func() ([][]store.Series, error) {
		return r.src.Sums(r.ctx, r.run.ID, store.Query{Metric: metric, Field: q.Field, Where: where}, all)
	})
	if err != nil {
		return nil, err
	}
	if len(answers[at]) == 0 && q.Or != "" {
		return r.sumBy(or(q), w, tags...)
	}
	return answers[at], nil
}

// latest reads the rows of the whole run so far.
func (r *reader) latest(metric string, rollup rows.Rollup) ([]rows.Row, error) {
	if rollup == rows.ByRun {
		all, err := r.totals()
		return all[metric], err
	}
	return once(r, fmt.Sprintf("latest %s %s", metric, rollup), func() ([]rows.Row, error) {
		return r.src.Latest(r.ctx, r.run.ID, metric, rollup, rows.Run)
	})
}

// totals reads the run's rows of roll-up ByRun, by metric.
func (r *reader) totals() (map[string][]rows.Row, error) {
	return once(r, "totals", func() (map[string][]rows.Row, error) {
		all, err := r.src.Totals(r.ctx, r.run.ID)
		by := make(map[string][]rows.Row, len(all))
		for i := range all {
			by[all[i].Metric] = all[i : i+1]
		}
		return by, err
	})
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
		kept := store.Series{Tags: s.Tags, Points: make([]store.Point, 0, len(s.Points))}
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
