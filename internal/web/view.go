package web

import (
	"html/template"
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
	wideHeight  = 230 // of distributions
)

// wallLines is how many lines of a table a wall shows.
const wallLines = 5

// room is what there is for a board's panels.
type room struct {
	width  int // of the board, in pixels
	height int // of a chart
	lines  int // of a table
}

// wallHeight is how high charts are on a wall of that height: all rows of the board fit, as far as one can read them, and
// below the head as many warnings.
func wallHeight(b *boards.Board, figures []figure.Figure, height, warnings int) int {
	const head, warning, stats, table, line, around = 150, 36, 230, 115, 36, 104 // around: what a panel has above and below its chart
	room, charts := height-head-warning*warnings, 0
	for _, row := range b.Rows {
		switch t := figures[0].Table; row.Panels[0].Kind {
		case boards.Stat:
			room -= stats
		case boards.Table:
			room -= table
			if t != nil {
				room -= line * min(len(t.Rows), wallLines)
			}
		default:
			charts++
		}
		figures = figures[len(row.Panels):]
	}
	return min(max(room/max(charts, 1)-around, 90), 400)
}

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
	Text  string // "–" with Empty; without its unit, where that is a word
	Unit  string
	Value string // exact
	Empty string
	Small []smallView
}

type smallView struct{ Label, Text, Value string }

type chartView struct {
	SVG    template.HTML
	Fixed  bool   // there is no server to zoom
	Kind   string // lines, bars, heat or spectrum
	Half   string // where in its step a value stands, in seconds
	Places string // of a spectrum's values on its axis, and their names
	Names  string
	Scale  []scaleView // of a heat map
	Width  int
	Height int
	Area   chart.Area
	Unit   boards.Unit
	Grid   figure.Grid
	Lines  []lineView
}

// scaleView is a shade of a heat map and the counts that have it.
type scaleView struct {
	Ink  string
	Text string
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
func layOut(b *boards.Board, figures []figure.Figure, in room) []rowView {
	var out []rowView
	for _, row := range b.Rows {
		v := rowView{Title: row.Title, Stats: row.Panels[0].Kind == boards.Stat}
		for range row.Panels {
			v.Panels = append(v.Panels, panelOf(&figures[0], in))
			figures = figures[1:]
		}
		out = append(out, v)
	}
	return out
}

func panelOf(f *figure.Figure, in room) panelView {
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
		v.Table = tableOf(f, in.lines)
	case len(f.Lines) > 0:
		v.Chart = chartOf(f, chartWidth(in.width, f.Panel.Width), in.height)
	case f.Heat != nil:
		v.Chart = heatOf(f, chartWidth(in.width, f.Panel.Width), max(in.height, wideHeight))
	case f.Spectrum != nil:
		v.Chart = spectrumOf(f, chartWidth(in.width, f.Panel.Width), max(in.height, wideHeight))
	}
	return v
}

func statOf(f *figure.Figure) statView {
	v := statView{Text: unit.None, Empty: f.Empty}
	for i, s := range f.Stats {
		text := unit.Format(s.Unit, float64(s.Value))
		if i == 0 {
			v.Text, v.Value, v.Level = text, s.Value.String(), f.Panel.LevelOf(float64(s.Value))
			if at := strings.LastIndexByte(text, ' '); at > 0 {
				v.Text, v.Unit = text[:at], text[at+1:]
			}
			continue
		}
		v.Small = append(v.Small, smallView{s.Label, text, s.Value.String()})
	}
	return v
}

func tableOf(f *figure.Figure, lines int) *tableView {
	rows := f.Table.Rows[:min(len(f.Table.Rows), lines)]
	v := &tableView{Key: f.Panel.KeyTitle, Columns: f.Table.Columns, More: f.Table.More + len(f.Table.Rows) - len(rows)}
	for _, r := range rows {
		row := tableRow{Key: r.Key}
		if f.Panel.Key == "status" && r.Key == boards.Unanswered {
			row.Key = "no answer"
		}
		for i, n := range r.Values {
			of := f.Table.Columns[i].Unit
			if of == boards.Plain && r.Unit != "" {
				of = boards.Unit(r.Unit)
			}
			row.Cells = append(row.Cells, cellView{unit.Format(of, float64(n)), n.String()})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}
