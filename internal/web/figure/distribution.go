package figure

import (
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// Heat is a distribution over time: how many values fell into which bin, in each step of the grid.
type Heat struct {
	Bounds []float64 `json:"bounds"` // of the bins in ms, ascending: one more than there are bins
	Counts [][]int64 `json:"counts"` // by bin, and there by time
}

// Spectrum is a distribution over the whole run: the value at each quantile.
type Spectrum struct {
	Quantiles []float64 `json:"quantiles"`
	Curves    []Line    `json:"curves"` // a value for each quantile
}

// heat fills a heat map. Steps add up what their windows counted.
func (r *reader) heat(f *Figure) error {
	g := f.Grid
	from := max(0, g.From-g.Window+1) // with the window that the view begins in; 0 is also what begins before the run
	heats, err := r.src.Heat(r.ctx, r.run.ID, from, g.To)
	if err != nil {
		return err
	}
	h := &Heat{}
	bins := len(rows.Heat{})
	for i := range bins + 1 {
		h.Bounds = append(h.Bounds, rows.HeatBound(i))
	}
	for range bins {
		h.Counts = append(h.Counts, make([]int64, (g.To-g.Start+g.Step-1)/g.Step))
	}
	some := false
	for _, at := range heats {
		if at.T+g.Window <= g.From || at.T < g.Start || at.T >= g.To {
			continue
		}
		for bin, n := range at.Bins {
			h.Counts[bin][(at.T-g.Start)/g.Step] += n
			some = some || n > 0
		}
	}
	switch {
	case some:
		f.Heat = h
		if g.Step > g.Window {
			f.note("each column: the sum of " + unit.Seconds(g.Step))
		}
	case len(heats) > 0 || r.view.From > 0:
		f.Empty = "nothing was measured from " + unit.Clock(g.From) + " to " + unit.Clock(g.To)
	default:
		f.Empty = r.why(f.Panel, false)
	}
	return nil
}

// spectrum fills a panel over quantiles. Its values are computed once, from the merged sketch of the run.
func (r *reader) spectrum(f *Figure) error {
	s := &Spectrum{Quantiles: rows.Quantiles()}
	for i := range f.Panel.Queries {
		q := &f.Panel.Queries[i]
		if q.Other && r.other == nil {
			continue
		}
		values, err := r.of(q).quantiles(q)
		if err != nil {
			return err
		}
		if values == nil {
			continue
		}
		l := Line{Label: q.Label, Unit: q.UnitIn(f.Panel), Ink: string(q.Ink), Dashed: q.Dashed}
		for _, v := range values {
			l.Values = append(l.Values, Number(v))
		}
		s.Curves = append(s.Curves, l)
	}
	if len(s.Curves) == 0 {
		f.Empty = r.why(f.Panel, false)
		return nil
	}
	f.Spectrum = s
	return r.caveat(f)
}

func (r *reader) quantiles(q *boards.Query) ([]float64, error) {
	values, err := r.src.Spectrum(r.ctx, r.run.ID, q.Metric)
	if err == nil && values == nil && q.Or != "" {
		return r.quantiles(or(q))
	}
	return values, err
}

// Nines is where a quantile stands on a spectrum's axis: 0.9 at one, 0.999 at three. The maximum has no place.
func Nines(q float64) float64 { return -math.Log10(1 - q) }
