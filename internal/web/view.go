package web

import (
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web/chart"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// Measures of the page in pixels; the style sheet has the same. The width is that of the board at 1280 px.
const (
	boardWidth  = 1232
	gap         = 16
	padding     = 16
	chartHeight = 190
)

// halfWidth is the width of a chart in a panel of six columns.
func halfWidth(board int) int { return chartWidth(board, 6) }

func chartWidth(board, columns int) int {
	return (board+gap)*columns/12 - gap - 2*padding - 2
}

type rowView struct {
	Title  string
	Stats  bool
	Panels []panelView
}

type panelView struct {
	*figure.Figure
	Name  string // the title without what is in its parentheses
	Basis string // what is in them: statistic and window
	Stat  statView
	Chart *chartView
	Table *tableView
}

// statView is a stat's large figure and the small ones.
type statView struct {
	Level boards.Level
	Text  string // "–" with Empty
	Value string // exact
	Empty string
	Small []smallView
}

type smallView struct{ Label, Text, Value string }

type chartView struct {
	SVG    template.HTML
	Width  int
	Height int
	Area   chart.Area
	Unit   boards.Unit
	Grid   figure.Grid
	Lines  []lineView
}

type lineView struct {
	Label  string
	Unit   boards.Unit
	Ink    string
	Dashed bool
	Values string // six digits each, for the script to show beside the cross-hair
}

type tableView struct {
	Key     string
	Columns []figure.Column
	Rows    []tableRow
	More    int
}

type tableRow struct {
	Key   string
	Cells []cellView
}

type cellView struct{ Text, Value string }

// layOut puts figures into the board's rows.
func layOut(b *boards.Board, figures []figure.Figure, width int) []rowView {
	var out []rowView
	for _, row := range b.Rows {
		v := rowView{Title: row.Title, Stats: row.Panels[0].Kind == boards.Stat}
		for range row.Panels {
			v.Panels = append(v.Panels, panelOf(&figures[0], width))
			figures = figures[1:]
		}
		out = append(out, v)
	}
	return out
}

func panelOf(f *figure.Figure, width int) panelView {
	v := panelView{Figure: f}
	v.Name, v.Basis = f.Title, ""
	if at := strings.LastIndex(f.Title, " ("); at > 0 {
		v.Name, v.Basis = f.Title[:at], strings.TrimSuffix(f.Title[at+2:], ")")
	}
	switch {
	case f.Panel.Kind == boards.Stat:
		v.Stat = statOf(f)
	case f.Empty != "":
	case f.Table != nil:
		v.Table = tableOf(f)
	case len(f.Lines) > 0:
		v.Chart = chartOf(f, chartWidth(width, f.Panel.Width))
	}
	return v
}

func statOf(f *figure.Figure) statView {
	v := statView{Text: unit.None, Empty: f.Empty}
	for i, s := range f.Stats {
		text := unit.Format(s.Unit, float64(s.Value))
		if i == 0 {
			v.Text, v.Value, v.Level = text, s.Value.String(), f.Panel.LevelOf(float64(s.Value))
			continue
		}
		v.Small = append(v.Small, smallView{s.Label, text, s.Value.String()})
	}
	return v
}

func tableOf(f *figure.Figure) *tableView {
	v := &tableView{Key: f.Panel.KeyTitle, Columns: f.Table.Columns, More: f.Table.More}
	for _, r := range f.Table.Rows {
		row := tableRow{Key: r.Key}
		for i, n := range r.Values {
			row.Cells = append(row.Cells, cellView{unit.Format(f.Table.Columns[i].Unit, float64(n)), n.String()})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func chartOf(f *figure.Figure, width int) *chartView {
	c := chart.Chart{Width: width, Height: chartHeight, From: f.Grid.From, To: f.Grid.To, Start: f.Grid.Start, Step: f.Grid.Step,
		Unit: f.Panel.Unit, Stacked: f.Panel.Kind == boards.Bars, Fill: f.Panel.Fill}
	v := &chartView{Width: width, Height: chartHeight, Unit: f.Panel.Unit, Grid: *f.Grid}
	for _, s := range f.Shade {
		c.Shade = append(c.Shade, chart.Span(s))
	}
	for i := range f.Lines {
		l := &f.Lines[i]
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
		c.Lines = append(c.Lines, line)
		v.Lines = append(v.Lines, lineView{cut(l.Label, 60), l.Unit, l.Ink, l.Dashed, string(text)})
	}
	svg, area := chart.Draw(c)
	v.SVG, v.Area = template.HTML(svg), area // our own drawing; its labels are escaped
	return v
}
