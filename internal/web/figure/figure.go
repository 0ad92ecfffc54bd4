package figure

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// Figure is what one panel shows. Which of Stats, Lines and Table is set depends on the panel's kind.
type Figure struct {
	Panel *boards.Panel `json:"-"`
	ID    string        `json:"id"`
	Title string        `json:"title"`
	Kind  boards.Kind   `json:"kind"`
	Stats []Stat        `json:"stats,omitempty"`
	Grid  *Grid         `json:"grid,omitempty"`
	Lines []Line        `json:"lines,omitempty"`
	Shade []Span        `json:"shade,omitempty"` // times with a gray ground, of the board's shades
	Table *Lines        `json:"table,omitempty"`
	Empty string        `json:"empty,omitempty"` // why there is nothing to show
	Foot  string        `json:"foot,omitempty"`  // what a reader must know of the values
}

// Stat is one number over the whole run.
type Stat struct {
	Label string      `json:"label"`
	Unit  boards.Unit `json:"unit"`
	Value Number      `json:"value"`
}

// Grid is the time of a line's values: value i covers Step seconds from Start + i·Step on, in seconds since the run's
// start. Above the run's own resolution each value is the largest of its span.
type Grid struct {
	Start int64 `json:"start"`
	Step  int64 `json:"step"`
	From  int64 `json:"from"` // the span of time asked for
	To    int64 `json:"to"`
}

// Span is a part of the run, in seconds since its start; To is exclusive.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Line is one series over time.
type Line struct {
	Label  string      `json:"label"`
	Unit   boards.Unit `json:"unit"`
	Ink    string      `json:"-"`
	Dashed bool        `json:"-"`
	Values []Number    `json:"values"`
}

// Lines are the lines of a table: the most of the first column first.
type Lines struct {
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	More    int      `json:"more,omitempty"` // lines left out
}

// Column is the heading of a table's column.
type Column struct {
	Label string      `json:"label"`
	Unit  boards.Unit `json:"unit"`
}

// Row is one line of a table.
type Row struct {
	Key    string   `json:"key"`
	Values []Number `json:"values"`
}

// Number is a value, or NaN where there is none; JSON has null for that.
type Number float64

// Exists says whether there is a value.
func (n Number) Exists() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON writes a value in full, and null for none.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Exists() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// String writes a value as JSON does, and nothing for none.
func (n Number) String() string {
	b, err := n.MarshalJSON()
	if err != nil || !n.Exists() {
		return ""
	}
	return string(b)
}

// View is what part of a run to show, and how finely.
type View struct {
	From, To int64 // seconds since the run's start; To 0: to the end
	Points   int   // at most that many values on the time axis
}

// Read returns the figures of a board for a run.
func Read(ctx context.Context, src Source, run store.Run, b *boards.Board, v View) ([]Figure, error) {
	r := newReader(ctx, src, run)
	grid := r.grid(v)
	var out []Figure
	var failed error
	b.Panels(func(p *boards.Panel) {
		if failed != nil {
			return
		}
		f := Figure{Panel: p, ID: p.ID, Title: p.Title, Kind: p.Kind}
		switch p.Kind {
		case boards.Stat:
			failed = r.stats(&f)
		case boards.Table:
			failed = r.table(&f)
		default:
			failed = r.lines(&f, grid, b.Shades)
		}
		if failed != nil {
			failed = fmt.Errorf("panel %s: %w", p.ID, failed)
		}
		out = append(out, f)
	})
	return out, failed
}

// grid is the time axis for a view: the run's own resolution, or the shortest round step with few enough values.
func (r *reader) grid(v View) Grid {
	end := max(r.run.Seconds, r.period)
	g := Grid{From: max(0, v.From), To: end}
	if v.To > g.From {
		g.To = min(v.To, end)
	}
	if g.To <= g.From {
		g.From, g.To = 0, end
	}
	g.Step = r.period
	if points := int64(max(1, v.Points)); (g.To-g.From)/g.Step > points {
		g.Step = unit.Step((g.To - g.From + points - 1) / points)
	}
	g.Start = g.From / g.Step * g.Step
	return g
}

// why says why a panel shows nothing.
func (r *reader) why(p *boards.Panel, withheld bool) string {
	switch {
	case r.run.Seconds == 0 && r.run.State == store.Running:
		return "the run has just begun"
	case r.run.Seconds == 0:
		return "the record of this run holds no data"
	case withheld && p.Withheld != "":
		return p.Withheld
	case p.Absent != "":
		return p.Absent
	}
	return "this run has no metric " + p.Queries[0].Metric
}

func (r *reader) stats(f *Figure) error {
	withheld := false
	for i := range f.Panel.Queries {
		q := &f.Panel.Queries[i]
		values, held, err := r.whole(q, "")
		if err != nil {
			return err
		}
		v, ok := values[""]
		withheld = withheld || held
		if !ok && i == 0 {
			f.Empty = r.why(f.Panel, withheld)
			return nil
		}
		if ok {
			f.Stats = append(f.Stats, Stat{q.Label, q.UnitIn(f.Panel), Number(v)})
		}
	}
	return r.caveat(f)
}

// caveat notes at the panel's foot what its condition counts.
func (r *reader) caveat(f *Figure) error {
	if f.Panel.Caveat == nil {
		return nil
	}
	n, _, err := r.whole(&f.Panel.Caveat.Query, "")
	if err == nil && n[""] > 0 {
		f.note(unit.Number(n[""]) + " " + f.Panel.Caveat.Say)
	}
	return err
}

func (f *Figure) note(s string) {
	if f.Foot != "" {
		f.Foot += "; "
	}
	f.Foot += s
}
