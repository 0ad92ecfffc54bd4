package web

import (
	"context"
	"maps"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// memory is a run store of a few records, held in memory. It answers by looking at every row.
type memory struct {
	runs []store.Run // newest first
	rows map[string][]rows.Row
	load map[string][]record.Load

	spectra map[string]map[string][]float64 // by run and metric
	err     error                           // of every answer
}

// take reads a record; done rows of the whole run replace those before.
func (m *memory) take(f record.Folder) error {
	tail, err := record.OpenTail(f.Tool())
	if err != nil {
		return err
	}
	defer tail.Close()
	meta, err := record.ReadRun(f.Run())
	if err != nil {
		return err
	}
	run := store.Run{ID: f.ID(), Tool: meta.Start.Tool, Project: meta.Start.Project, Scenario: meta.Start.Scenario.Name,
		Target: meta.Start.Target, Start: meta.Start.Time, State: store.Running, Period: 1}
	if meta.End != nil {
		run.State, run.Exit, run.Ledger, run.Warnings = store.Finished, meta.End.Exit, &meta.End.Ledger, meta.End.Warnings
	}
	b := rows.NewBuilder()
	var span record.Span
	err = tail.Each(func(l record.ToolLine) error {
		made, err := b.Apply(l)
		span.Add(l)
		m.rows[run.ID] = append(m.rows[run.ID], made...)
		switch {
		case l.Second != nil:
			run.Seconds = l.Second.T + 1
		case l.Load != nil:
			m.load[run.ID] = append(m.load[run.ID], *l.Load)
		case l.Note != nil:
			run.Notes = append(run.Notes, *l.Note)
		case l.End != nil:
			run.Limits = l.End.Thresholds
		}
		return err
	})
	if err := m.used(f, run.ID, b); err != nil {
		return err
	}
	run.Span = span.Seconds()
	m.rows[run.ID] = append(m.rows[run.ID], b.Finish()...)
	m.spectra[run.ID] = map[string][]float64{}
	for _, s := range b.Spectra() {
		m.spectra[run.ID][s.Metric] = s.Values
	}
	m.runs = slices.Insert(m.runs, 0, run)
	return err
}

// used reads what sources used, in a run whose two clocks began at once.
func (m *memory) used(f record.Folder, run string, b *rows.Builder) error {
	log, err := record.OpenRunTail(f.Run())
	if err != nil {
		return err
	}
	defer log.Close()
	infra := rows.NewInfra(b)
	return log.Each(func(l record.RunLine) {
		if l.Source != nil {
			infra.Declare(*l.Source)
		}
		if l.Infra != nil {
			m.rows[run] = append(m.rows[run], infra.Second(l.Infra.T-1, l.Infra)...)
		}
	})
}

func (m *memory) Runs(_ context.Context, limit int) ([]store.Run, error) {
	return m.runs[:min(limit, len(m.runs))], m.err
}

func (m *memory) Run(_ context.Context, id string) (store.Run, error) {
	for _, r := range m.runs {
		if r.ID == id {
			return r, m.err
		}
	}
	return store.Run{}, store.ErrNotFound
}

func (m *memory) pick(run, metric string, r rows.Rollup, w rows.Window) (out []rows.Row) {
	for _, row := range m.rows[run] {
		if row.Metric == metric && row.Rollup == r && row.Window == w {
			out = append(out, row)
		}
	}
	return out
}

func (m *memory) SelectFields(_ context.Context, run string, q store.Query, fields []string) (out [][]store.Series, err error) {
	picked := slices.DeleteFunc(m.pick(run, q.Metric, q.Rollup, q.Window), func(r rows.Row) bool { return !has(r.Tags, q.Where) })
	for _, field := range fields {
		out = append(out, seriesOf(picked, field, func(tags map[string]string) map[string]string { return tags }))
	}
	return out, m.err
}

// has says whether tags have all values that are wanted.
func has(tags, want map[string]string) bool {
	for tag, v := range want {
		if tags[tag] != v {
			return false
		}
	}
	return true
}

func (m *memory) Totals(_ context.Context, run string) (out []rows.Row, err error) {
	for _, r := range m.rows[run] {
		if r.Rollup == rows.ByRun && r.Window == rows.Run {
			out = append(out, r)
		}
	}
	return out, m.err
}

func (m *memory) Values(_ context.Context, run string, rollup rows.Rollup) (out []string, err error) {
	for _, r := range m.rows[run] {
		if v := r.Tags[string(rollup)]; r.Rollup == rollup && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out, m.err
}

func (m *memory) Heat(_ context.Context, run string, from, to int64) (out []store.Heat, err error) {
	for _, r := range m.rows[run] {
		if r.Heat != nil && r.T >= from && (to == 0 || r.T < to) {
			out = append(out, store.Heat{T: r.T, Bins: *r.Heat})
		}
	}
	return out, m.err
}

func (m *memory) Spectrum(_ context.Context, run, metric string) ([]float64, error) {
	return m.spectra[run][metric], m.err
}

func (m *memory) Sums(_ context.Context, run string, q store.Query, groupings []store.Grouping) (out [][]store.Series, err error) {
	for _, by := range groupings {
		of := slices.DeleteFunc(m.pick(run, q.Metric, rows.BySeries, rows.Second), func(r rows.Row) bool { return !has(r.Tags, q.Where) })
		if by.Window == rows.Run {
			for i := range of {
				of[i].T = 0
			}
		}
		out = append(out, seriesOf(of, q.Field, func(all map[string]string) map[string]string {
			some := map[string]string{}
			for _, t := range by.Tags {
				some[t] = all[t]
			}
			return some
		}))
	}
	return out, m.err
}

// seriesOf sums a field of rows whose tags come out the same.
func seriesOf(from []rows.Row, field string, tags func(map[string]string) map[string]string) []store.Series {
	type at struct {
		series int
		t      int64
	}
	var out []store.Series
	points := map[at]int{}
	for i := range from {
		v, ok := from[i].Field(field)
		if !ok {
			continue
		}
		of := tags(from[i].Tags)
		n := slices.IndexFunc(out, func(s store.Series) bool { return maps.Equal(s.Tags, of) })
		if n < 0 {
			n = len(out)
			out = append(out, store.Series{Tags: of})
		}
		k := at{n, from[i].T}
		if p, ok := points[k]; ok {
			out[n].Points[p].V += v
			continue
		}
		points[k] = len(out[n].Points)
		out[n].Points = append(out[n].Points, store.Point{T: from[i].T, V: v})
	}
	return out
}

func (m *memory) Latest(_ context.Context, run, metric string, r rows.Rollup, w rows.Window) ([]rows.Row, error) {
	return m.pick(run, metric, r, w), m.err
}

func (m *memory) Load(_ context.Context, run string) ([]record.Load, error) {
	return m.load[run], m.err
}
