// Package chart draws one figure over time as SVG, by gonum.org/v1/plot. Colors and fonts are the page's: elements carry
// classes only. The margins are fixed, so the geometry that comes back maps pixels to values exactly.
package chart

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// Chart is what to draw. All lines share one grid: value i of a line belongs to the time Start + i·Step.
type Chart struct {
	Width, Height int   // pixels
	From, To      int64 // the time axis, in seconds since the run's start
	Start, Step   int64
	Unit          boards.Unit
	Lines         []Line
	Stacked       bool // columns on each other instead of lines
	Fill          bool // tint the area below the lines
	Shade         []Span
}

// Span is a part of the time axis with a gray ground, in seconds since the run's start.
type Span struct{ From, To int64 }

// Line is one series; NaN where it has no value, never infinite.
type Line struct {
	Ink    string
	Dashed bool
	Values []float64
}

// Area is where values are drawn, in pixels from the top left corner, and the value at its top; at its bottom is 0.
type Area struct {
	Left, Top, Right, Bottom int
	Max                      float64
}

// Margins around the area, for the labels.
const (
	left   = 58
	right  = 14
	top    = 8
	bottom = 26
)

// Draw returns the chart as an SVG element and where its values are.
func Draw(c Chart) ([]byte, Area) {
	svg := newCanvas(float64(c.Height))
	width, height := strconv.Itoa(c.Width), strconv.Itoa(c.Height)
	svg.out = append(svg.out, `<svg viewBox="0 0 `+width+` `+height+`" width="`+width+`" height="`+height+`" aria-hidden="true">`...)

	p := plot.New()
	p.BackgroundColor = nil
	p.TextHandler = lettering{svg}
	axes(p, &c, lettering{svg})
	p.Add(grounds{&c}, grid{p.Y.Tick.Marker})
	if c.Stacked {
		p.Add(columns{&c})
	} else {
		for i := range c.Lines {
			p.Add(line{&c, &c.Lines[i]})
		}
	}
	whole := draw.NewCanvas(svg, vg.Length(c.Width), vg.Length(c.Height))
	p.Draw(draw.Crop(whole, left, -right, bottom, -top))

	svg.out = append(svg.out, `</svg>`...)
	return svg.out, Area{Left: left, Top: top, Right: c.Width - right, Bottom: c.Height - bottom, Max: p.Y.Max}
}

// axes sets up the two axes: values from zero, so that heights compare, and neither frame, lines nor tick marks, which
// would take room away from the area.
func axes(p *plot.Plot, c *Chart, hand lettering) {
	values := unit.Ticks(c.Unit, c.max(), max(2, (c.Height-top-bottom)/38))
	p.X.Min, p.X.Max = float64(c.From), float64(max(c.To, c.From+1))
	p.Y.Min, p.Y.Max = 0, values[len(values)-1].Value
	p.X.Tick.Marker = marks(unit.TimeTicks(c.From, max(c.To, c.From+1), max(2, (c.Width-left-right)/80)))
	p.Y.Tick.Marker = marks(values)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding, a.Tick.Length, a.Width = 0, 0, 0
		a.Tick.Label.Handler, a.Label.TextStyle.Handler = hand, hand
	}
}

func marks(ticks []unit.Tick) plot.ConstantTicks {
	out := make(plot.ConstantTicks, len(ticks))
	for i, t := range ticks {
		out[i] = plot.Tick{Value: t.Value, Label: t.Label}
	}
	return out
}

// max is the highest value drawn: of a line, or of a stack.
func (c *Chart) max() float64 {
	var top float64
	sums := make([]float64, c.longest())
	for _, l := range c.Lines {
		for i, v := range l.Values {
			if math.IsNaN(v) || !c.shows(i) {
				continue
			}
			if c.Stacked && v > 0 {
				sums[i] += v
				v = sums[i]
			}
			top = math.Max(top, v)
		}
	}
	return top
}

func (c *Chart) longest() int {
	n := 0
	for _, l := range c.Lines {
		n = max(n, len(l.Values))
	}
	return n
}

// time is when value i begins.
func (c *Chart) time(i int) int64 { return c.Start + int64(i)*c.Step }

// shows says whether value i lies on the time axis.
func (c *Chart) shows(i int) bool { return c.time(i)+c.Step > c.From && c.time(i) <= c.To }
