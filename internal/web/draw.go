package web

import (
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web/chart"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// What a chart is: the script reads values of each kind in its own way.
const (
	linesChart    = "lines"
	barsChart     = "bars"
	heatChart     = "heat"
	spectrumChart = "spectrum"
)

// chartOf draws a figure's lines over time.
func chartOf(f *figure.Figure, width, height int) *chartView {
	c := timeChart(f, width, height)
	c.Stacked, c.Fill, c.Steps = f.Kind == boards.Bars, f.Panel.Fill, f.Grid.Window > 1
	v := &chartView{Kind: linesChart, Width: width, Height: height, Unit: f.Panel.Unit, Grid: *f.Grid}
	if c.Stacked {
		v.Kind = barsChart
	}
	if c.Stacked || c.Steps {
		v.Half = half(f.Grid)
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		line, text := lineOf(l)
		c.Lines = append(c.Lines, line)
		v.Lines = append(v.Lines, lineView{cut(l.Label, 60), l.Unit, l.Ink, l.Dashed, text})
	}
	svg, area := chart.Draw(c)
	v.SVG, v.Area = template.HTML(svg), area // our own drawing; its labels are escaped
	return v
}

func timeChart(f *figure.Figure, width, height int) chart.Chart {
	c := chart.Chart{Width: width, Height: height, From: f.Grid.From, To: f.Grid.To, Start: f.Grid.Start, Step: f.Grid.Step, Unit: f.Panel.Unit}
	for _, s := range f.Shade {
		c.Shade = append(c.Shade, chart.Span(s))
	}
	return c
}

// half is where a value stands that was measured over its step.
func half(g *figure.Grid) string { return strconv.FormatFloat(float64(g.Step)/2, 'f', -1, 64) }

// lineOf is a line to draw, and its values for the script: six digits each.
func lineOf(l *figure.Line) (chart.Line, string) {
	line := chart.Line{Ink: l.Ink, Dashed: l.Dashed, Values: make([]float64, len(l.Values))}
	var text []byte
	for j, n := range l.Values {
		if j > 0 {
			text = append(text, ',')
		}
		line.Values[j] = math.NaN()
		if n.Exists() {
			line.Values[j] = float64(n)
			text = strconv.AppendFloat(text, float64(n), 'g', 6, 64)
		}
	}
	return line, string(text)
}

// heatOf draws a distribution over time. Its lines, which only the script sees, are the bins, the slowest first.
func heatOf(f *figure.Figure, width, height int) *chartView {
	h := f.Heat
	svg, area, low, high := chart.Heat(timeChart(f, width, height), h.Bounds, h.Counts)
	v := &chartView{SVG: template.HTML(svg), Kind: heatChart, Width: width, Height: height, Area: area, Unit: f.Panel.Unit, Grid: *f.Grid, Half: half(f.Grid)}
	most := int64(0)
	for bin := high - 1; bin >= low; bin-- {
		var text []byte
		for j, n := range h.Counts[bin] {
			if j > 0 {
				text = append(text, ',')
			}
			if n > 0 {
				text = strconv.AppendInt(text, n, 10)
			}
		}
		most = max(most, slices.Max(h.Counts[bin]))
		name := unit.Format(f.Panel.Unit, h.Bounds[bin]) + " to " + unit.Format(f.Panel.Unit, h.Bounds[bin+1])
		v.Lines = append(v.Lines, lineView{Label: name, Unit: boards.Count, Values: string(text)})
	}
	for shade := range chart.HeatShades {
		if n := chart.Least(shade, most); n > 0 {
			v.Scale = append(v.Scale, scaleView{"heat" + strconv.Itoa(shade), unit.Number(float64(n))})
		}
	}
	return v
}

// spectrumOf draws a distribution over quantiles. The maximum has no place on its axis, nor has what is beyond 0.9999.
func spectrumOf(f *figure.Figure, width, height int) *chartView {
	s := f.Spectrum
	var places []float64
	var at, names []string
	for _, q := range s.Quantiles {
		nines := figure.Nines(q)
		if q >= 1 || nines > 4.0001 {
			break
		}
		places = append(places, nines)
		at = append(at, strconv.FormatFloat(nines, 'f', 4, 64))
		names = append(names, strconv.FormatFloat(math.Round(q*1e6)/1e4, 'f', -1, 64)+" % are within")
	}
	c := chart.Chart{Width: width, Height: height, To: int64(len(places)), Step: 1, Unit: f.Panel.Unit}
	v := &chartView{Kind: spectrumChart, Width: width, Height: height, Unit: f.Panel.Unit,
		Grid: figure.Grid{To: 4, Step: 1}, Places: strings.Join(at, ","), Names: strings.Join(names, ",")}
	for i := range s.Curves {
		l := s.Curves[i]
		l.Values = l.Values[:len(places)]
		line, text := lineOf(&l)
		c.Lines = append(c.Lines, line)
		v.Lines = append(v.Lines, lineView{cut(l.Label, 60), l.Unit, l.Ink, l.Dashed, text})
	}
	svg, area := chart.Spectrum(c, places)
	v.SVG, v.Area = template.HTML(svg), area
	return v
}
