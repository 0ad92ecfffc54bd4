package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
)

// wellFormed reads the drawing as XML and returns its elements' attributes.
func wellFormed(t *testing.T, svg []byte) []xml.StartElement {
	t.Helper()
	var out []xml.StartElement
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			out = append(out, e.Copy())
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// paths returns the data of the paths of a class.
func paths(t *testing.T, svg []byte, class string) []string {
	var out []string
	for _, e := range wellFormed(t, svg) {
		if e.Name.Local == "path" && attribute(e, "class") == class {
			out = append(out, attribute(e, "d"))
		}
	}
	return out
}

func TestValuesLieWhereTheAreaSays(t *testing.T) {
	c := Chart{Width: 400, Height: 200, From: 100, To: 120, Start: 100, Step: 5, Unit: boards.Milliseconds,
		Lines: []Line{{Ink: "plain1", Values: []float64{10, 40, 20, 0}}}}
	svg, area := Draw(c)
	want := ""
	for i, v := range c.Lines[0].Values {
		x := float64(area.Left) + float64(i)*5/20*float64(area.Right-area.Left)
		y := float64(area.Bottom) - v/area.Max*float64(area.Bottom-area.Top)
		want += fmt.Sprintf("%s%v %v", map[bool]string{true: "M", false: "L"}[i == 0], math.Round(x*10)/10, math.Round(y*10)/10)
	}
	if got := paths(t, svg, "stroke plain1"); len(got) != 1 || got[0] != want {
		t.Errorf("line is %q, want %q", got, want)
	}
}

func TestGapsStayGapsAndLoneValuesAreDots(t *testing.T) {
	nan := math.NaN()
	svg, _ := Draw(Chart{Width: 400, Height: 200, To: 6, Step: 1, Unit: boards.Count, Fill: true,
		Lines: []Line{{Ink: "plain1", Values: []float64{1, 2, nan, 3, nan, 4}}}})
	got := paths(t, svg, "stroke plain1")
	if len(got) != 3 || strings.Count(got[1], "M")+strings.Count(got[1], "L") != 2 {
		t.Errorf("lines are %q, want one of two points and two dots", got)
	}
}

func TestColumnsStackAndTheAxisHoldsTheirSum(t *testing.T) {
	c := Chart{Width: 400, Height: 200, To: 2, Step: 1, Unit: boards.Count, Stacked: true,
		Lines: []Line{{Ink: "code20", Values: []float64{30, 60}}, {Ink: "code50", Values: []float64{0, 30}}}}
	svg, area := Draw(c)
	if area.Max < 90 {
		t.Errorf("axis ends at %g, below the stack of 90", area.Max)
	}
	y := func(v float64) float64 {
		return math.Round((float64(area.Bottom)-v/area.Max*float64(area.Bottom-area.Top))*10) / 10
	}
	got := paths(t, svg, "fill code50")
	if len(got) != 1 || strings.Count(got[0], "Z") != 1 {
		t.Fatalf("columns of the second line are %q, want one", got)
	}
	if !strings.Contains(got[0], fmt.Sprintf(" %vL", y(60))) || !strings.Contains(got[0], fmt.Sprintf(" %vL", y(90))) {
		t.Errorf("column %q does not reach from 60 (y %v) to 90 (y %v)", got[0], y(60), y(90))
	}
}

func TestAnyValueMakesADrawingOfFiniteNumbersInsideTheArea(t *testing.T) {
	nan := math.NaN()
	for name, values := range map[string][]float64{
		"nothing": {}, "no value": {nan, nan}, "zeros": {0, 0}, "negative": {-5, -1}, "tiny": {1e-300, 5e-324}, "huge": {math.MaxFloat64, 1},
	} {
		for _, u := range boards.Units() {
			for _, stacked := range []bool{false, true} {
				svg, area := Draw(Chart{Width: 300, Height: 150, To: 1, Step: 1, Unit: u, Stacked: stacked, Fill: true,
					Lines: []Line{{Ink: "plain1", Values: values}, {Ink: "plain2", Values: values}}})
				if math.IsInf(area.Max, 0) || math.IsNaN(area.Max) || area.Max <= 0 {
					t.Errorf("%s in %s: axis ends at %g", name, u, area.Max)
				}
				for _, e := range wellFormed(t, svg) {
					for _, a := range e.Attr {
						if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") || len(a.Value) > 200 {
							t.Errorf("%s in %s: %s of %s is %q", name, u, a.Name.Local, e.Name.Local, a.Value)
						}
						if a.Name.Local == "style" {
							t.Errorf("a style attribute, which the page's policy refuses: %q", a.Value)
						}
					}
				}
			}
		}
	}
}

func TestZoomedLinesStayInsideTheArea(t *testing.T) {
	values := make([]float64, 10)
	for i := range values {
		values[i] = float64(i)
	}
	svg, area := Draw(Chart{Width: 400, Height: 200, From: 13, To: 20, Start: 10, Step: 1, Unit: boards.Count, Fill: true,
		Lines: []Line{{Ink: "plain1", Values: values}}})
	for _, class := range []string{"stroke plain1", "fill plain1 below"} {
		got := paths(t, svg, class)
		if len(got) != 1 {
			t.Fatalf("%s: %d paths, want 1", class, len(got))
		}
		var x, y float64
		for _, p := range strings.FieldsFunc(strings.TrimSuffix(got[0], "Z"), func(r rune) bool { return r == 'M' || r == 'L' }) {
			if _, err := fmt.Sscan(p, &x, &y); err != nil || x < float64(area.Left) || x > float64(area.Right) {
				t.Errorf("%s: point %q outside %d to %d (%v)", class, p, area.Left, area.Right, err)
			}
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	c := Chart{Width: 574, Height: 190, To: 300, Step: 1, Unit: boards.Milliseconds}
	for range 5 {
		l := Line{Ink: "ramp1", Values: make([]float64, 300)}
		for i := range l.Values {
			l.Values[i] = 100 * math.Sin(float64(i)) * math.Sin(float64(i))
		}
		c.Lines = append(c.Lines, l)
	}
	for b.Loop() {
		Draw(c)
	}
}

func TestStepsHoldForTheirStepAndEndWithTheData(t *testing.T) {
	c := Chart{Width: 200 + left + right, Height: 100 + top + bottom, From: 0, To: 100, Step: 10, Unit: boards.Count, Steps: true,
		Lines: []Line{{Ink: "plain1", Values: []float64{1, 2, math.NaN(), 2}}}}
	svg, _ := Draw(c)
	var paths []string
	for _, part := range strings.Split(string(svg), `<path class="stroke plain1`)[1:] {
		_, d, _ := strings.Cut(part, ` d="`)
		d, _, _ = strings.Cut(d, `"`)
		paths = append(paths, d)
	}
	want := []string{"M58 58L78 58L78 8L98 8", "M118 8L138 8"}
	if !slices.Equal(paths, want) {
		t.Errorf("steps are drawn as %q, want %q", paths, want)
	}
}

func TestAHeatMapShowsItsBinsAndNoOthers(t *testing.T) {
	bounds := make([]float64, 25)
	for i := range bounds {
		bounds[i] = math.Pow(10, float64(i)/4-1)
	}
	counts := make([][]int64, 24)
	for i := range counts {
		counts[i] = make([]int64, 4)
	}
	counts[8], counts[14][1] = []int64{5, 5, 0, 1000}, 1
	c := Chart{Width: 400, Height: 200, From: 0, To: 4, Step: 1, Unit: boards.Milliseconds}
	svg, _, low, high := Heat(c, bounds, counts)
	if low != 8 || high != 15 {
		t.Errorf("bins %d to %d are shown, want those that count something: 8 to 15", low, high)
	}
	cells := strings.Count(string(svg), "Z") // each closes its rectangle
	if cells != 3 {                          // two equal neighbors are one
		t.Errorf("%d rectangles, want 3: %s", cells, svg)
	}
	for n, want := range map[int64]int{0: -1, 1: 0, 1000: HeatShades - 1} {
		if got := Shade(n, 1000); got != want {
			t.Errorf("%d of 1000 has shade %d, want %d", n, got, want)
		}
	}
	for shade := range HeatShades {
		if n := Least(shade, 1000); Shade(n, 1000) != shade || n > 1 && Shade(n-1, 1000) == shade {
			t.Errorf("shade %d is said to begin at %d", shade, n)
		}
	}
	if svg, _, _, _ := Heat(c, bounds, make([][]int64, 24)); strings.Contains(string(svg), "NaN") {
		t.Error("an empty heat map has numbers that are none")
	}
}

func TestASpectrumGivesEachNineTheSameRoom(t *testing.T) {
	places := []float64{0, 1, 2, 3, 4}
	c := Chart{Width: 400 + left + right, Height: 100 + top + bottom, To: 5, Step: 1, Unit: boards.Milliseconds,
		Lines: []Line{{Ink: "plain1", Values: []float64{0, 1, 2, 3, 4}}}}
	svg, area := Spectrum(c, places)
	if !strings.Contains(string(svg), fmt.Sprintf("M58 %d", area.Bottom)) {
		t.Errorf("the line does not begin at the bottom left: %s", svg)
	}
	for _, x := range []string{"L158 ", "L258 ", "L358 ", "L458 "} {
		if !strings.Contains(string(svg), x) {
			t.Errorf("no point at %s: %s", x, svg)
		}
	}
	for _, label := range []string{"0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"} {
		if !strings.Contains(string(svg), ">"+label+"<") {
			t.Errorf("the axis does not say %s", label)
		}
	}
}
