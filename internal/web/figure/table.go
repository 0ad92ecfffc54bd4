package figure

import (
	"cmp"
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/boards"
)

// table fills a panel with a line for each value of its key, the most of the first column first.
func (r *reader) table(f *Figure) error {
	p := f.Panel
	t := &Lines{}
	columns := make([]map[string]float64, len(p.Queries))
	withheld := false
	for i := range p.Queries {
		q := &p.Queries[i]
		values, held, err := r.whole(q, p.Key)
		if err != nil {
			return err
		}
		withheld = withheld || held
		columns[i] = values
		t.Columns = append(t.Columns, Column{q.Label, q.UnitIn(p)})
	}
	units, err := r.units(p)
	if err != nil {
		return err
	}
	for key := range columns[0] {
		row := Row{Key: key, Unit: units[key], Values: make([]Number, len(columns))}
		for i, c := range columns {
			row.Values[i] = Number(math.NaN())
			if v, ok := c[key]; ok || p.Queries[i].NoughtIn(p) {
				row.Values[i] = Number(v)
			}
		}
		if key == "" {
			row.Key = "(no " + p.Key + ")"
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		f.Empty = r.why(p, withheld)
		return nil
	}
	slices.SortFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Values[0], a.Values[0]), cmp.Compare(a.Key, b.Key))
	})
	if len(t.Rows) > p.Limit {
		t.More = len(t.Rows) - p.Limit
		t.Rows = t.Rows[:p.Limit]
	}
	f.Table = t
	return r.caveat(f)
}

// units are those of metrics, of a table with a line for each.
func (r *reader) units(p *boards.Panel) (map[string]string, error) {
	if p.Key != boards.MetricKey {
		return nil, nil
	}
	all, err := r.totals()
	units := map[string]string{}
	for metric, of := range all {
		units[metric] = of[0].Unit
	}
	return units, err
}
