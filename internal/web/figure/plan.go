package figure

import (
	"slices"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// planned names the rows that are read together.
func planned(metric string, of rows.Rollup, w rows.Window) string {
	return metric + " " + string(of) + " " + string(w)
}

// plan notes what the board's queries ask for together, so that rows are looked at once.
func (r *reader) plan(b *boards.Board) {
	add := func(p *boards.Panel, q *boards.Query) {
		if q.Metric == boards.Load || q.Metric == boards.Ledger || q.Metric == boards.Any {
			return
		}
		for _, m := range []string{q.Metric, q.Or, q.Named} {
			switch {
			case m == "":
			case q.By != "":
				by := store.Grouping{Window: r.finest(rows.Second), Tags: []string{q.By}}
				if q.Window == rows.Run && q.Calc != boards.Largest {
					by.Window = rows.Run
					if p.Key != "" && p.Key != q.By {
						by.Tags = []string{p.Key, q.By}
					}
				}
				key := m + " " + q.Field
				if !slices.ContainsFunc(r.groupings[key], func(g store.Grouping) bool { return g.Window == by.Window && slices.Equal(g.Tags, by.Tags) }) {
					r.groupings[key] = append(r.groupings[key], by)
				}
			case q.Window != rows.Run || q.Calc == boards.Largest:
				key := planned(m, q.Rollup, r.window(&boards.Query{Metric: m, Window: rows.Second}))
				if !slices.Contains(r.fields[key], q.Field) {
					r.fields[key] = append(r.fields[key], q.Field)
				}
			}
		}
	}
	b.Panels(func(p *boards.Panel) {
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) { add(p, q) })
		}
		if p.Caveat != nil {
			p.Caveat.Query.All(func(q *boards.Query) { add(&boards.Panel{}, q) })
		}
	})
	if r.other != nil {
		r.other.plan(b)
	}
}
