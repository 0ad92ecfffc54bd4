package chart

import (
	"html"
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// ink is a color by name: the page's style sheet knows its shade in light and dark, so one drawing serves both.
type ink string

// RGBA makes an ink a color.Color for the plot library; nothing reads the value.
func (ink) RGBA() (r, g, b, a uint32) { return 0, 0, 0, math.MaxUint16 }

// canvas draws SVG elements without any style attribute, which the page's Content-Security-Policy would refuse: vgsvg,
// the library's own, writes one on every element and names the fonts itself. A length of one is a pixel.
type canvas struct {
	out    []byte
	height float64
	state  state
	stack  []state
}

type state struct {
	matrix [6]float64 // x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5
	class  string
	width  vg.Length
	dashes []vg.Length
}

var _ vg.Canvas = (*canvas)(nil)

func newCanvas(height float64) *canvas {
	return &canvas{height: height, state: state{matrix: [6]float64{1, 0, 0, 1, 0, 0}, width: 1}}
}

func (c *canvas) SetLineWidth(w vg.Length)                     { c.state.width = w }
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length) { c.state.dashes = pattern }
func (c *canvas) Push()                                        { c.stack = append(c.stack, c.state) }

func (c *canvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *canvas) SetColor(k color.Color) {
	c.state.class = ""
	if i, ok := k.(ink); ok {
		c.state.class = string(i)
	}
}

func (c *canvas) Translate(p vg.Point) { c.apply([6]float64{1, 0, 0, 1, float64(p.X), float64(p.Y)}) }
func (c *canvas) Scale(x, y float64)   { c.apply([6]float64{x, 0, 0, y, 0, 0}) }

func (c *canvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.apply([6]float64{cos, sin, -sin, cos, 0, 0})
}

func (c *canvas) apply(n [6]float64) {
	m := c.state.matrix
	c.state.matrix = [6]float64{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

// Stroke draws a path's outline, with round caps so that a path of no length is a dot.
func (c *canvas) Stroke(p vg.Path) {
	if c.state.width <= 0 || len(p) == 0 {
		return
	}
	c.out = append(c.out, `<path class="stroke `...)
	c.out = append(c.out, c.state.class...)
	c.attribute("stroke-width", float64(c.state.width))
	if len(c.state.dashes) > 0 {
		c.out = append(c.out, `" stroke-dasharray="`...)
		for i, d := range c.state.dashes {
			if i > 0 {
				c.out = append(c.out, ' ')
			}
			c.number(float64(d))
		}
	}
	c.path(p)
}

// Fill fills a path.
func (c *canvas) Fill(p vg.Path) {
	if len(p) == 0 {
		return
	}
	c.out = append(c.out, `<path class="fill `...)
	c.out = append(c.out, c.state.class...)
	c.path(p)
}

func (c *canvas) path(p vg.Path) {
	c.out = append(c.out, `" d="`...)
	for i := range p {
		switch k := &p[i]; k.Type {
		case vg.MoveComp:
			c.step('M', k.Pos)
		case vg.LineComp:
			c.step('L', k.Pos)
		case vg.CurveComp:
			c.step("_QC"[len(k.Control)], append(k.Control[:len(k.Control):len(k.Control)], k.Pos)...)
		case vg.ArcComp:
			c.arc(k)
		case vg.CloseComp:
			c.out = append(c.out, 'Z')
		}
	}
	c.out = append(c.out, `"/>`...)
}

// arc draws a polygon: no chart has arcs, and at this size nobody could tell.
func (c *canvas) arc(k *vg.PathComp) {
	const corners = 24
	for i := 0; i <= corners; i++ {
		sin, cos := math.Sincos(k.Start + k.Angle*float64(i)/corners)
		c.step('L', vg.Point{X: k.Pos.X + k.Radius*vg.Length(cos), Y: k.Pos.Y + k.Radius*vg.Length(sin)})
	}
}

func (c *canvas) step(command byte, points ...vg.Point) {
	c.out = append(c.out, command)
	for i, p := range points {
		if i > 0 {
			c.out = append(c.out, ' ')
		}
		x, y := c.place(p)
		c.number(x)
		c.out = append(c.out, ' ')
		c.number(y)
	}
}

// place returns a point in SVG's coordinates, whose y grows downward.
func (c *canvas) place(p vg.Point) (x, y float64) {
	m := &c.state.matrix
	px, py := float64(p.X), float64(p.Y)
	return m[0]*px + m[2]*py + m[4], c.height - (m[1]*px + m[3]*py + m[5])
}

// number writes a coordinate to a tenth of a pixel.
func (c *canvas) number(v float64) {
	c.out = strconv.AppendFloat(c.out, math.Round(v*10)/10, 'f', -1, 64)
}

func (c *canvas) attribute(name string, v float64) {
	c.out = append(append(append(c.out, `" `...), name...), `="`...)
	c.number(v)
}

// FillString is for texts that come without a style; the plot's own go through lettering.
func (c *canvas) FillString(_ font.Face, p vg.Point, s string) { c.label("start", p, s) }

// DrawImage draws nothing: charts hold no images.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) {}

func (c *canvas) label(anchor string, p vg.Point, s string) {
	x, y := c.place(p)
	c.out = append(c.out, `<text text-anchor="`...)
	c.out = append(c.out, anchor...)
	c.attribute("x", x)
	c.attribute("y", y)
	c.out = append(c.out, `">`...)
	c.out = append(c.out, html.EscapeString(s)...)
	c.out = append(c.out, `</text>`...)
}

// lettering is the plot's text handler. It leaves fonts to the page, so it cannot measure: texts take no room, and the
// chart keeps fixed margins for them instead, which also lines up the time axes of all panels.
type lettering struct{ canvas *canvas }

var _ text.Handler = lettering{}

func (lettering) Cache() *font.Cache                                     { return font.DefaultCache }
func (lettering) Extents(font.Font) font.Extents                         { return font.Extents{} }
func (lettering) Lines(s string) []string                                { return []string{s} }
func (lettering) Box(string, font.Font) (width, height, depth vg.Length) { return 0, 0, 0 }

// Draw writes one label beside its axis: below the horizontal one, left of the vertical one.
func (l lettering) Draw(_ vg.Canvas, s string, sty text.Style, p vg.Point) {
	const gap, below, middle = 8, 18, 4 // pixels; middle centers capitals of the page's 11 px on the line
	if sty.XAlign == text.XRight {
		l.canvas.label("end", vg.Point{X: p.X - gap, Y: p.Y - middle}, s)
		return
	}
	l.canvas.label("middle", vg.Point{X: p.X, Y: p.Y - below}, s)
}
