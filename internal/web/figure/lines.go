package figure

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// lines fills a panel over time.
func (r *reader) lines(f *Figure, shades []boards.Shade) error {
	g := *f.Grid
	r.thin = f.Grid
	defer func() { r.thin = nil }()
	some, withheld, finest := false, false, g.Step
	for i := range f.Panel.Queries {
		q := &f.Panel.Queries[i]
		series, held, err := r.over(q)
		if err != nil {
			return err
		}
		withheld = withheld || held
		finest = min(finest, r.resolution(q))
		var lines []Line
		for _, s := range series {
			some = some || len(s.Points) > 0
			values := Thin(s.Points, g)
			if q.Counted() && len(q.Over) == 0 && q.Calc != boards.Share {
				loads, err := r.of(q).loads()
				if err != nil {
					return err
				}
				zeroes(values, g, loads)
			}
			if slices.ContainsFunc(values, Number.Exists) {
				lines = append(lines, r.line(q, f.Panel, s, values))
			}
		}
		f.Lines = append(f.Lines, f.most(q, lines)...)
	}
	f.inks()
	switch {
	case len(f.Lines) > 0:
		if g.Step > finest {
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

// of is the reader of the query's run.
func (r *reader) of(q *boards.Query) *reader {
	if q.Other && r.other != nil {
		return r.other
	}
	return r
}

// mostLines is how many lines of a query that makes one for each value of a tag a chart can hold and a person tell apart.
const mostLines = 10

// most keeps the lines with the largest values, in their order. Counts of the others become one line on top of a stack; of
// lines that nobody can add up the number is said.
func (f *Figure) most(q *boards.Query, lines []Line) []Line {
	if len(lines) <= mostLines {
		return lines
	}
	weight := func(l Line) (w float64) {
		for _, v := range l.Values {
			if v.Exists() {
				w += math.Abs(float64(v))
			}
		}
		return w
	}
	byWeight := slices.Clone(lines)
	slices.SortStableFunc(byWeight, func(a, b Line) int { return cmp.Compare(weight(b), weight(a)) })
	least := weight(byWeight[mostLines-1])
	var kept []Line
	others := Line{Label: "(others)", Unit: lines[0].Unit, Values: make([]Number, len(lines[0].Values))}
	for _, l := range lines {
		if weight(l) >= least && len(kept) < mostLines {
			kept = append(kept, l)
			continue
		}
		for i, v := range l.Values {
			if v.Exists() {
				others.Values[i] += v
			}
		}
	}
	if f.Kind == boards.Bars {
		f.note(fmt.Sprintf("(others) are %d", len(lines)-len(kept)))
		return append(kept, others)
	}
	if q.Each != "" {
		f.note(fmt.Sprintf("%d more with smaller values", len(lines)-len(kept)))
	}
	return kept
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
		if p.T+max(1, g.Window) <= g.From || p.T < g.Start || p.T >= g.To {
			continue
		}
		if at := &out[(p.T-g.Start)/g.Step]; !at.Exists() || Number(p.V) > *at {
			*at = Number(p.V)
		}
	}
	return out
}

// zeroes fills the gaps of a count: where nothing was counted there was nothing, in windows that the tool reported; each has
// a load. Artillery reports no period in which nothing happened, and none once it hangs.
func zeroes(values []Number, g Grid, loads []record.Load) {
	for i := range loads {
		if t := loads[i].T; t >= g.Start && t < g.To {
			if v := &values[(t-g.Start)/g.Step]; !v.Exists() {
				*v = 0
			}
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

// inks gives stacked lines their shades, those of status codes by their class, and sorts them.
func (f *Figure) inks() {
	if f.Kind != boards.Bars {
		return
	}
	status := f.Panel.Queries[0].By == "status"
	slices.SortStableFunc(f.Lines, func(a, b Line) int { return cmp.Compare(a.Label, b.Label) })
	seen := map[byte]int{}
	for i := range f.Lines {
		l := &f.Lines[i]
		if !status {
			l.Ink = fmt.Sprintf("each%d", (i+1)%eachInks)
			continue
		}
		class := byte('0')
		if l.Label != "" && l.Label[0] >= '1' && l.Label[0] <= '5' {
			class = l.Label[0]
		}
		l.Ink = fmt.Sprintf("code%c%d", class, min(seen[class], 2))
		seen[class]++
	}
}
