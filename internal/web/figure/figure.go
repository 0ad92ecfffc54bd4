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

// Figure is what one panel shows. Which of Stats, Lines, Table, Heat and Spectrum is set depends on the panel's kind.
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
	Heat  *Heat         `json:"heat,omitempty"`

	Spectrum *Spectrum `json:"spectrum,omitempty"`
	Empty    string    `json:"empty,omitempty"` // why there is nothing to show
	Foot     string    `json:"foot,omitempty"`  // what a reader must know of the values
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

	Window int64 `json:"window"` // seconds that one value was measured over; Step is one or several of them
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
	Unit   string   `json:"unit,omitempty"` // of a metric, where the columns have none
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

// Read returns the figures of a board for a run.
func Read(ctx context.Context, src Source, run store.Run, b *boards.Board, v View) ([]Figure, error) {
	if Compares(b) {
		v.Scenario, v.Endpoint = "", ""
	}
	r := newReader(ctx, src, run, v)
	r.plan(b)
	var out []Figure
	var failed error
	b.Panels(func(p *boards.Panel) {
		if failed != nil {
			return
		}
		f := Figure{Panel: p, ID: p.ID, Title: p.Title, Kind: p.Kind}
		if failed = r.figure(&f, b.Shades); failed != nil {
			failed = fmt.Errorf("panel %s: %w", p.ID, failed)
		}
		out = append(out, f)
	})
	return out, failed
}

// figure fills in what the panel's kind shows.
func (r *reader) figure(f *Figure, shades []boards.Shade) error {
	wide, err := r.wide(f.Panel)
	if err != nil {
		return err
	}
	if r.narrow = ""; wide != "" {
		f.note(wide)
	} else if r.view.Endpoint != "" {
		r.narrow = "endpoint"
	} else if r.view.Scenario != "" {
		r.narrow = "scenario"
	}
	switch f.Kind {
	case boards.Stat:
		return r.stats(f)
	case boards.Table:
		return r.table(f)
	case boards.Spectrum:
		return r.spectrum(f)
	}
	g, err := r.grid(r.view, f.Panel)
	if err != nil {
		return err
	}
	f.Grid = &g
	if f.Kind == boards.Heatmap {
		return r.heat(f)
	}
	return r.lines(f, shades)
}

// why says why a panel shows nothing.
func (r *reader) why(p *boards.Panel, withheld bool) string {
	switch {
	case r.run.Seconds == 0 && r.run.State == store.Running && r.run.Period > 1:
		return "the run has just begun: its figures come every " + unit.Seconds(r.run.Period)
	case r.run.Seconds == 0 && r.run.State == store.Running:
		return "the run has just begun"
	case r.run.Seconds == 0:
		return "the record of this run holds no data"
	case p.Queries[0].Metric == boards.Ledger && r.run.State != store.Running:
		return "it is not known how many there were: the tool was killed"
	case r.narrow != "":
		return "nothing here is of that " + r.narrow
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
