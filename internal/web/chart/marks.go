package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// grounds draws the gray grounds.
type grounds struct{ chart *Chart }

func (g grounds) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	var path vg.Path
	for _, s := range g.chart.Shade {
		from, to := max(x(float64(s.From)), c.Min.X), min(x(float64(s.To)), c.Max.X)
		if from >= to {
			continue
		}
		path.Move(vg.Point{X: from, Y: c.Min.Y})
		path.Line(vg.Point{X: from, Y: c.Max.Y})
		path.Line(vg.Point{X: to, Y: c.Max.Y})
		path.Line(vg.Point{X: to, Y: c.Min.Y})
		path.Close()
	}
	c.SetColor(ink("shade"))
	c.Fill(path)
}

// grid draws a hairline at each value tick, darker at zero.
type grid struct{ ticks plot.Ticker }

func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range g.ticks.Ticks(p.Y.Min, p.Y.Max) {
		style := draw.LineStyle{Color: ink("grid"), Width: 1}
		if t.Value == 0 {
			style.Color = ink("axis")
		}
		at := pixel(y(t.Value))
		c.StrokeLine2(style, c.Min.X, at, c.Max.X, at)
	}
}

// pixel puts a hairline on the middle of a pixel, where it is sharp.
func pixel(v vg.Length) vg.Length { return vg.Length(math.Floor(float64(v))) + 0.5 }

// line draws a series as lines between neighbors, with gaps where there is no value. What would leave the area, as a
// negative duration, runs along its edge.
type line struct {
	chart *Chart
	line  *Line
}

func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: ink(l.line.Ink), Width: 1.6}
	if l.line.Dashed {
		style.Dashes = []vg.Length{5, 4}
	}
	var run []vg.Point
	flush := func() {
		if len(run) == 0 {
			return
		}
		if l.chart.Fill {
			below := append(run[:len(run):len(run)], vg.Point{X: run[len(run)-1].X, Y: c.Min.Y}, vg.Point{X: run[0].X, Y: c.Min.Y})
			c.FillPolygon(ink(l.line.Ink+" below"), c.ClipPolygonX(below))
		}
		if len(run) == 1 {
			run = append(run, run[0]) // a value without neighbors is a dot
			style.Width = 3.2
		}
		c.StrokeLines(style, c.ClipLinesX(run)...)
		style.Width = 1.6
		run = run[:0]
	}
	for i, v := range l.line.Values {
		if math.IsNaN(v) {
			flush()
			continue
		}
		at := vg.Point{X: x(float64(l.chart.time(i))), Y: y(min(max(v, 0), p.Y.Max))}
		if run = append(run, at); l.chart.Steps {
			run = append(run, vg.Point{X: x(float64(min(l.chart.time(i+1), l.chart.To))), Y: at.Y})
		}
	}
	flush()
}

// columns draws the series stacked, the first at the bottom, each as one path.
type columns struct{ chart *Chart }

func (k columns) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	base := make([]float64, k.chart.longest())
	for _, l := range k.chart.Lines {
		var path vg.Path
		for i, v := range l.Values {
			if math.IsNaN(v) || v <= 0 || !k.chart.shows(i) {
				continue
			}
			from, to := x(float64(k.chart.time(i))), x(float64(k.chart.time(i)+k.chart.Step))
			if to-from >= 4 {
				to-- // columns wide enough stand apart
			}
			from, to = max(from, c.Min.X), min(to, c.Max.X)
			low, high := y(math.Min(base[i], p.Y.Max)), y(math.Min(base[i]+v, p.Y.Max))
			base[i] += v
			path.Move(vg.Point{X: from, Y: low})
			path.Line(vg.Point{X: from, Y: high})
			path.Line(vg.Point{X: to, Y: high})
			path.Line(vg.Point{X: to, Y: low})
			path.Close()
		}
		c.SetColor(ink(l.Ink))
		c.Fill(path)
	}
}
