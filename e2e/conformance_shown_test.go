//go:build e2e

package e2e

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// seen is what a renderer shows of a panel. Over time value t is of the step that begins there.
type seen struct {
	cells map[spot]float64
	step  int64                    // of the time axis
	start func(label string) int64 // where a line's first step begins
	page  bool                     // it is the browser's, which itself says why there is nothing
	empty string                   // what it says
}

// own are columns that InfluxDB adds.
var own = []string{"", "result", "table", "_time", "_start", "_stop", "nines", "q"}

// inGrafana asks InfluxDB what the panel's queries ask, every seconds a point.
func (d *influxd) inGrafana(t *testing.T, b *boards.Board, p *boards.Panel, e *eyes, every int64) seen {
	t.Helper()
	v := flux.Vars{Bucket: shortBucket, Run: e.run.id, Scenario: e.scenario, Endpoint: e.endpoint, From: e.run.start.Add(-time.Minute),
		To: e.run.start.Add(time.Hour / 2), Every: time.Duration(every) * time.Second}
	if e.other != nil {
		v.Compare = e.other.id
	}
	// Steps begin at whole multiples of the clock on the wall; what is of the other run is moved when it is thinned.
	out := seen{cells: map[spot]float64{}, step: every, start: func(label string) int64 {
		r := e.run
		if label == "compared" {
			r = e.other
		}
		return -((r.start.Unix() + r.first) % every) + r.first
	}}
	labels := map[string]string{}
	for i := range p.Queries {
		labels[flux.Label(p, &p.Queries[i])] = p.Queries[i].Label
	}
	for _, target := range flux.Targets(b, p) {
		previous := math.Inf(1)
		for _, line := range d.shows(v, target.Text) {
			c := spot{}
			if at := line["_time"]; at != "" {
				when, err := time.Parse(time.RFC3339Nano, at)
				if err != nil {
					t.Fatal(err)
				}
				c.t = when.Unix() - e.run.start.Unix()
			}
			key := p.KeyTitle
			if p.Kind == boards.Spectrum {
				key = "q"
			}
			c.key = line[key]
			for name, text := range line {
				if text == "" || slices.Contains(own, name) || name == key && key != "" {
					continue
				}
				value, err := strconv.ParseFloat(text, 64)
				if err != nil {
					t.Fatalf("%s of %s is %q: %v", name, p.ID, text, err)
				}
				of := c
				if of.label = name; len(target.Labels) > 0 {
					label, ok := labels[name]
					if !ok {
						t.Fatalf("%s has a column %q", p.ID, name)
					}
					of.label = label
				}
				if p.Kind == boards.Heatmap {
					of.label, of.key = "", name
				}
				if _, twice := out.cells[of]; twice {
					t.Fatalf("%s has %+v twice", p.ID, of)
				}
				out.cells[of] = value
				if p.Kind == boards.Table && of.label == p.Queries[0].Label {
					if value > previous {
						t.Errorf("table %s/%s is not in order: %g after %g", b.ID, p.ID, value, previous)
					}
					previous = value
				}
			}
		}
	}
	return out
}

// inBrowser reads what the browser's page draws, on about that many points.
func inBrowser(t *testing.T, s *store.Reader, b *boards.Board, e *eyes, points int) map[string]seen {
	t.Helper()
	run, err := s.Run(t.Context(), e.run.id)
	if err != nil {
		t.Fatal(err)
	}
	v := figure.View{Points: points, Scenario: e.scenario, Endpoint: e.endpoint}
	if e.other != nil {
		other, err := s.Run(t.Context(), e.other.id)
		if err != nil {
			t.Fatal(err)
		}
		v.Other = &other
	}
	figures, err := figure.Read(t.Context(), s, run, b, v)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]seen{}
	for _, f := range figures {
		all[f.ID] = drawn(&f)
	}
	return all
}

func drawn(f *figure.Figure) seen {
	out := seen{cells: map[spot]float64{}, page: true, empty: f.Empty}
	put := func(c spot, v figure.Number) {
		if v.Exists() {
			out.cells[c] = float64(v)
		}
	}
	if f.Grid != nil {
		out.step, out.start = f.Grid.Step, func(string) int64 { return f.Grid.Start }
	}
	for _, s := range f.Stats {
		put(spot{label: s.Label}, s.Value)
	}
	for _, l := range f.Lines {
		for i, v := range l.Values {
			put(spot{label: l.Label, t: f.Grid.Start + int64(i)*f.Grid.Step}, v)
		}
	}
	if f.Table != nil {
		for _, row := range f.Table.Rows {
			for i, v := range row.Values {
				put(spot{label: f.Table.Columns[i].Label, key: row.Key}, v)
			}
		}
	}
	if f.Heat != nil {
		for bin, counts := range f.Heat.Counts {
			for i, n := range counts {
				put(spot{key: strconv.FormatFloat(f.Heat.Bounds[bin+1], 'g', 3, 64), t: f.Grid.Start + int64(i)*f.Grid.Step}, figure.Number(n))
			}
		}
	}
	if f.Spectrum != nil {
		for _, curve := range f.Spectrum.Curves {
			for i, q := range f.Spectrum.Quantiles {
				if q < 1 {
					put(spot{label: curve.Label, key: strconv.FormatFloat(q, 'g', -1, 64)}, curve.Values[i])
				}
			}
		}
	}
	return out
}

// thinned are figures on a coarser time axis: of lines the largest of each step, of a heat map the sum.
func thinned(cells map[spot]truth, kind boards.Kind, s seen) map[spot]truth {
	if !kind.Over() || s.start == nil {
		return cells
	}
	out := map[spot]truth{}
	for c, v := range cells {
		start := s.start(c.label)
		c.t = start + floorDiv(c.t-start, s.step)*s.step
		had, ok := out[c]
		switch {
		case !ok:
		case kind == boards.Heatmap:
			v.v += had.v
		case had.v > v.v:
			v = had
		}
		out[c] = v
	}
	return out
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// verdict is how a panel compares with the truth.
type verdict struct {
	points int
	worst  float64  // the largest relative deviation
	wrong  []string // what is not as it must be
}

func (v *verdict) add(o verdict) {
	v.points += o.points
	v.worst = math.Max(v.worst, o.worst)
	v.wrong = append(v.wrong, o.wrong...)
}

// judge compares what is shown of a panel with the truth, both ways: nothing missing, nothing made up.
func judge(p *boards.Panel, a *answer, s seen) verdict {
	var v verdict
	say := func(format string, args ...any) { v.wrong = append(v.wrong, fmt.Sprintf(format, args...)) }
	want, also := thinned(a.cells, p.Kind, s), map[spot]truth{}
	if !s.page && s.step > 1 {
		also = thinned(a.held, p.Kind, s)
	}
	shows := map[string]bool{}
	for i := range p.Queries {
		q := &p.Queries[i]
		shows[q.Label] = true
		if _, ok := a.cells[spot{label: q.Label}]; !ok && i == 0 && p.Kind == boards.Stat {
			if s.empty != "" { // the browser then says why in place of all of its figures
				return v
			}
		}
	}
	spread := p.Queries[0].Each != "" || p.Kind == boards.Bars || p.Kind == boards.Heatmap
	for c, w := range want {
		if !shows[c.label] && !spread {
			continue // a figure of another board's panel of that name
		}
		got, ok := s.cells[c]
		switch {
		case !ok && a.sparse && w.v == 0:
		case !ok:
			say("%s: nothing, want %g", c, w.v)
		case w.v == 0:
			if v.points++; got != 0 {
				say("%s: %g, want 0", c, got)
			}
		default:
			v.points++
			if h := also[c]; h.v > w.v && math.Abs(got-h.v) < math.Abs(got-w.v) {
				w = h
			}
			off := math.Abs(got-w.v) / math.Abs(w.v)
			v.worst = math.Max(v.worst, off)
			if !(off <= w.within) || w.within == extreme && !s.page && off > 0 {
				say("%s: %.10g, want %.10g", c, got, w.v)
			}
		}
	}
	for c, got := range s.cells {
		if _, ok := want[c]; !ok && !(got == 0 && a.sparse) {
			say("%s: %g, want nothing", c, got)
		}
	}
	if s.page && len(s.cells) == 0 && s.empty == "" {
		say("it shows nothing and does not say why")
	}
	slices.Sort(v.wrong)
	return v
}

func (c spot) String() string {
	parts := []string{}
	if c.label != "" {
		parts = append(parts, fmt.Sprintf("%q", c.label))
	}
	if c.key != "" {
		parts = append(parts, fmt.Sprintf("of %q", c.key))
	}
	if c.t != 0 {
		parts = append(parts, fmt.Sprintf("at %d s", c.t))
	}
	return strings.Join(parts, " ")
}
