package figure

import (
	"cmp"
	"math"
	"slices"
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
	for key := range columns[0] {
		row := Row{Key: key, Values: make([]Number, len(columns))}
		for i, c := range columns {
			row.Values[i] = Number(math.NaN())
			if v, ok := c[key]; ok {
				row.Values[i] = Number(v)
			}
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
