package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/ltlab/ltlab/internal/web/unit"
)

// HeatShades is how many shades of heat there are; elements of shade i have the classes "heat" and "heatI".
const HeatShades = 6

// Heat draws counts over time by bins of ascending bounds, in a chart whose lines are not used. Only bins between the lowest
// and the highest that count something are shown; low and high say which, high not among them.
func Heat(c Chart, bounds []float64, counts [][]int64) (svg []byte, area Area, low, high int) {
	most := int64(0)
	low, high = len(counts), 0
	for bin, of := range counts {
		for _, n := range of {
			if n > 0 {
				low, high, most = min(low, bin), max(high, bin+1), max(most, n)
			}
		}
	}
	for high-low < 6 && (low > 0 || high < len(counts)) { // a few values make no band of the chart's height
		low, high = max(0, low-1), min(len(counts), high+1)
	}
	var ticks []unit.Tick
	every := max(1, (high-low)/c.rows())
	for bin := low; bin <= high; bin += every {
		ticks = append(ticks, unit.Tick{Value: float64(bin), Label: unit.Format(c.Unit, bounds[bin])})
	}
	f := newFrame(c.Width, c.Height, c.times(), axis{float64(low), float64(max(high, low+1)), ticks})
	f.Add(cells{&c, counts, low, high, most})
	svg, area = f.draw()
	return svg, area, low, high
}

// Shade is the shade of a count where most is the largest, -1 of none: each is twice as many or more.
func Shade(n, most int64) int {
	if n <= 0 {
		return -1
	}
	if most <= 1 {
		return HeatShades - 1
	}
	share := math.Log(float64(n)) / math.Log(float64(most)) // counts span orders of magnitude
	return min(HeatShades-1, int(share*HeatShades))
}

// cells draws the bins' counts: one path for each shade, and in it neighbors as one.
type cells struct {
	chart     *Chart
	counts    [][]int64
	low, high int
	most      int64
}

func (h cells) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var paths [HeatShades]vg.Path
	for bin := h.low; bin < h.high; bin++ {
		low, high := y(float64(bin)), y(float64(bin+1))
		of := h.counts[bin]
		for i := 0; i < len(of); {
			shade, n := Shade(of[i], h.most), 1
			for i+n < len(of) && Shade(of[i+n], h.most) == shade {
				n++
			}
			from, to := max(x(float64(h.chart.time(i))), c.Min.X), min(x(float64(h.chart.time(i+n))), c.Max.X)
			if i += n; shade < 0 || from >= to {
				continue
			}
			path := &paths[shade]
			path.Move(vg.Point{X: from, Y: low})
			path.Line(vg.Point{X: from, Y: high})
			path.Line(vg.Point{X: to, Y: high})
			path.Line(vg.Point{X: to, Y: low})
			path.Close()
		}
	}
	for shade, path := range paths {
		c.SetColor(ink("heat heat" + string(rune('0'+shade))))
		c.Fill(path)
	}
}

// Spectrum draws lines over quantiles, whose tail has as much room for each further nine. Value i of a line belongs to
// quantile i; places are where on the axis, in nines, up to 0.9999.
func Spectrum(c Chart, places []float64) ([]byte, Area) {
	values := unit.Ticks(c.Unit, c.max(), c.rows())
	nines := []unit.Tick{{Value: 0, Label: "0 %"}, {Value: -math.Log10(0.5), Label: "50 %"}, {Value: 1, Label: "90 %"},
		{Value: 2, Label: "99 %"}, {Value: 3, Label: "99.9 %"}, {Value: 4, Label: "99.99 %"}}
	f := newFrame(c.Width, c.Height, axis{0, 4, nines}, axis{0, values[len(values)-1].Value, values})
	f.Add(grid{f.Y.Tick.Marker})
	for i := range c.Lines {
		f.Add(curve{&c.Lines[i], places})
	}
	return f.draw()
}

type curve struct {
	line   *Line
	places []float64
}

func (k curve) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := draw.LineStyle{Color: ink(k.line.Ink), Width: 1.6}
	if k.line.Dashed {
		style.Dashes = []vg.Length{5, 4}
	}
	var points []vg.Point
	for i, at := range k.places {
		if v := k.line.Values[i]; !math.IsNaN(v) {
			points = append(points, vg.Point{X: x(at), Y: y(min(max(v, 0), p.Y.Max))})
		}
	}
	if len(points) > 0 {
		c.StrokeLines(style, points)
	}
}

// Least is the smallest count of a shade, 0 where the shade is not used.
func Least(shade int, most int64) int64 {
	if most <= 1 {
		if shade == HeatShades-1 {
			return most
		}
		return 0
	}
	n := int64(math.Exp(float64(shade) / HeatShades * math.Log(float64(most))))
	for n = max(1, n-1); n <= most && Shade(n, most) < shade; {
		n++
	}
	if Shade(n, most) != shade {
		return 0
	}
	return n
}
