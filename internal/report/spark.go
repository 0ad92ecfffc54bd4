package report

import (
	"context"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// cells is how wide a small chart may be, in characters.
const cells = 60

// spark is a panel's lines as small charts of text.
type spark struct {
	Title  string
	Lines  []sparkLine
	Step   int64 // seconds that a character stands for
	Thin   bool  // several values are in one character: the largest
	Folded int   // lines left out
}

type sparkLine struct{ Label, Least, Most, Text string }

// sparkLines is how many lines of a panel are drawn.
const sparkLines = 6

// sparks are the panels over time of the board of every day. A panel that shows nothing is left out.
func sparks(ctx context.Context, src figure.Source, run store.Run) ([]spark, error) {
	b := boards.For(run.Tool)
	figures, err := figure.Read(ctx, src, run, b, figure.View{Points: cells})
	if err != nil {
		return nil, err
	}
	var out []spark
	for i := range figures {
		f := &figures[i]
		if f.Grid == nil || len(f.Lines) == 0 {
			continue
		}
		s := spark{Title: f.Title, Step: f.Grid.Step, Thin: f.Grid.Step > f.Grid.Window, Folded: max(0, len(f.Lines)-sparkLines)}
		for _, l := range f.Lines[:min(len(f.Lines), sparkLines)] {
			text, least, most, ok := drawn(l.Values)
			if ok {
				s.Lines = append(s.Lines, sparkLine{l.Label, unit.Format(l.Unit, least), unit.Format(l.Unit, most), text})
			}
		}
		if len(s.Lines) > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

// heights are the characters of a small chart, from nought to its largest value.
var heights = []rune("▁▂▃▄▅▆▇█")

// gap stands where there is no value.
const gap = '·'

func drawn(values []figure.Number) (text string, least, most float64, ok bool) {
	for _, v := range values {
		if n := float64(v); v.Exists() {
			if !ok {
				least, most, ok = n, n, true
			}
			least, most = min(least, n), max(most, n)
		}
	}
	var b strings.Builder
	for _, v := range values {
		at := 0
		switch {
		case !v.Exists():
			b.WriteRune(gap)
			continue
		case most > 0:
			at = min(len(heights)-1, max(0, int(float64(v)/most*float64(len(heights)))))
		}
		b.WriteRune(heights[at])
	}
	return b.String(), least, most, ok
}
