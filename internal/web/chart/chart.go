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
	Steps         bool // a value holds for all of its step: it was measured over it
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

// Draw returns the chart as an SVG element and where its values are. Values begin at zero, so that heights compare.
func Draw(c Chart) ([]byte, Area) {
	values := unit.Ticks(c.Unit, c.max(), c.rows())
	f := newFrame(c.Width, c.Height, c.times(), axis{0, values[len(values)-1].Value, values})
	f.Add(grounds{&c}, grid{f.Y.Tick.Marker})
	if c.Stacked {
		f.Add(columns{&c})
	} else {
		for i := range c.Lines {
			f.Add(line{&c, &c.Lines[i]})
		}
	}
	return f.draw()
}

// rows is how many ticks of values there is room for.
func (c *Chart) rows() int { return max(2, (c.Height-top-bottom)/38) }

// times is the axis of time.
func (c *Chart) times() axis {
	to := max(c.To, c.From+1)
	return axis{float64(c.From), float64(to), unit.TimeTicks(c.From, to, max(2, (c.Width-left-right)/80))}
}

// axis is where an axis begins and ends, and its labels.
type axis struct {
	min, max float64
	ticks    []unit.Tick
}

// frame is a plot with its axes, which have neither frame, lines nor tick marks: they would take room away from the area.
type frame struct {
	*plot.Plot
	svg           *canvas
	width, height int
}

func newFrame(width, height int, x, y axis) *frame {
	f := &frame{plot.New(), newCanvas(float64(height)), width, height}
	hand := lettering{f.svg}
	f.BackgroundColor, f.TextHandler = nil, hand
	for of, a := range map[*plot.Axis]axis{&f.X: x, &f.Y: y} {
		of.Min, of.Max, of.Tick.Marker = a.min, a.max, marks(a.ticks)
		of.Padding, of.Tick.Length, of.Width = 0, 0, 0
		of.Tick.Label.Handler, of.Label.TextStyle.Handler = hand, hand
	}
	return f
}

func (f *frame) draw() ([]byte, Area) {
	width, height := strconv.Itoa(f.width), strconv.Itoa(f.height)
	f.svg.out = append(f.svg.out, `<svg viewBox="0 0 `+width+` `+height+`" width="`+width+`" height="`+height+`" aria-hidden="true">`...)
	whole := draw.NewCanvas(f.svg, vg.Length(f.width), vg.Length(f.height))
	f.Draw(draw.Crop(whole, left, -right, bottom, -top))
	f.svg.out = append(f.svg.out, `</svg>`...)
	return f.svg.out, Area{Left: left, Top: top, Right: f.width - right, Bottom: f.height - bottom, Max: f.Y.Max}
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
