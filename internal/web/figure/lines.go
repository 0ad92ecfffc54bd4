package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// lines fills a panel over time.
func (r *reader) lines(f *Figure, g Grid, shades []boards.Shade) error {
	f.Grid = &g
	some, withheld := false, false
	for i := range f.Panel.Queries {
		q := &f.Panel.Queries[i]
		series, held, err := r.over(q)
		if err != nil {
			return err
		}
		withheld = withheld || held
		for _, s := range series {
			some = some || len(s.Points) > 0
			values := Thin(s.Points, g)
			if q.Counted() && q.Calc != boards.Share {
				zeroes(values, g, r.run.Seconds)
			}
			if slices.ContainsFunc(values, Number.Exists) {
				f.Lines = append(f.Lines, r.line(q, f.Panel, s, values))
			}
		}
	}
	f.inks()
	switch {
	case len(f.Lines) > 0:
		if g.Step > r.resolution(&f.Panel.Queries[0]) {
			f.note(fmt.Sprintf("each point: largest of %s", unit.Seconds(g.Step)))
		}
		if err := r.shade(f, g, shades); err != nil {
			return err
		}
		return r.caveat(f)
	case some:
		f.Empty = fmt.Sprintf("nothing was measured from %s to %s", unit.Clock(g.From), unit.Clock(g.To))
	default:
		f.Empty = r.why(f.Panel, withheld)
	}
	return nil
}

func (r *reader) line(q *boards.Query, p *boards.Panel, s store.Series, values []Number) Line {
	l := Line{Label: q.Label, Unit: q.UnitIn(p), Ink: string(q.Ink), Dashed: q.Dashed, Values: values}
	if q.By != "" && q.Only == "" {
		l.Label = label(q.By, s.Tags[q.By])
	}
	if q.Each != "" {
		name := s.Tags[q.Each]
		l.Label = strings.TrimSpace(label(q.Each, name) + " " + q.Label)
		l.Ink = fmt.Sprintf("each%d", r.number(q.Each, name)%eachInks)
	}
	return l
}

// eachInks is how many inks there are for lines that are not known beforehand.
const eachInks = 8

// number gives the values of a tag numbers in order of appearance, the same on all panels.
func (r *reader) number(tag, value string) int {
	at := slices.Index(r.values[tag], value)
	if at < 0 {
		at = len(r.values[tag])
		r.values[tag] = append(r.values[tag], value)
	}
	return at
}

// Thin brings points onto a grid. Of several in one step the largest stays, so no peak is lost; a step without any is NaN.
func Thin(points []store.Point, g Grid) []Number {
	n := max(0, (g.To-g.Start+g.Step-1)/g.Step)
	out := make([]Number, n)
	for i := range out {
		out[i] = Number(math.NaN())
	}
	for _, p := range points {
		if p.T < g.From || p.T >= g.To {
			continue
		}
		if at := &out[(p.T-g.Start)/g.Step]; !at.Exists() || Number(p.V) > *at {
			*at = Number(p.V)
		}
	}
	return out
}

// zeroes fills the gaps of a count: where nothing was counted there was nothing, as far as the run goes.
func zeroes(values []Number, g Grid, seconds int64) {
	for i := range values {
		if !values[i].Exists() && g.Start+int64(i)*g.Step < seconds {
			values[i] = 0
		}
	}
}

// label is how a tag's value is written.
func label(tag, value string) string {
	switch {
	case tag == "status" && boards.NoAnswer.Has(value):
		return "no answer"
	case value == "":
		return "(no " + tag + ")"
	}
	return value
}

// inks gives lines without one, those of status codes, the shades of their class, and sorts them by code.
func (f *Figure) inks() {
	if f.Panel.Kind != boards.Bars {
		return
	}
	slices.SortStableFunc(f.Lines, func(a, b Line) int { return cmp.Compare(a.Label, b.Label) })
	seen := map[byte]int{}
	for i := range f.Lines {
		l := &f.Lines[i]
		class := byte('0')
		if l.Label != "" && l.Label[0] >= '1' && l.Label[0] <= '5' {
			class = l.Label[0]
		}
		l.Ink = fmt.Sprintf("code%c%d", class, min(seen[class], 2))
		seen[class]++
	}
}
