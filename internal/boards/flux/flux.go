// Package flux turns a panel's queries into Flux, the language of InfluxDB 2. It only reads rows: no percentile is computed
// and none is averaged; points are thinned by keeping the largest.
//
// The text holds Grafana's variables. Grafana puts their values in; Vars.Bind does the same for everybody else.
package flux

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

// Target is one Flux query of a panel and the columns that it yields, in one table:
//
//	over time   _time, and a column for each label, or for each value of the tag that names lines
//	one figure  a column with the label, in one line
//	table       the panel's KeyTitle, and a column for each label
//	heat map    _time, and a column for each bin of rows.Heat, named by its upper bound in ms
//	spectrum    nines (-log10(1-q)), q, and a column for each label
type Target struct {
	Labels []string // of the fixed columns; none where a tag names them
	Text   string
}

// Targets are the queries of a board's panel. Lines that differ in nothing but their field are one query.
func Targets(b *boards.Board, p *boards.Panel) []Target {
	c := &compiler{board: b, panel: p, narrow: Narrowed(b)}
	var out []Target
	add := func(t Target) {
		t.Text = c.prelude(t.Text)
		out = append(out, t)
		c.reset()
	}
	switch p.Kind {
	case boards.Table:
		add(c.table())
	case boards.Spectrum:
		add(c.spectrum())
	case boards.Heatmap:
		add(c.heat(&p.Queries[0]))
	case boards.Stat:
		add(c.figures())
	default:
		for from := 0; from < len(p.Queries); {
			to := from + 1
			for to < len(p.Queries) && alike(&p.Queries[from], &p.Queries[to]) {
				to++
			}
			add(c.lines(p.Queries[from:to]))
			from = to
		}
	}
	return out
}

// Narrowed says whether a reader may narrow what the board shows: a comparison is of whole runs.
func Narrowed(b *boards.Board) bool {
	narrow := true
	b.Panels(func(p *boards.Panel) {
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) { narrow = narrow && !q.Other })
		}
	})
	return narrow
}

// Label is how a query's column is called in its panel.
func Label(p *boards.Panel, q *boards.Query) string {
	if q.Label != "" {
		return q.Label
	}
	name, _, _ := strings.Cut(p.Title, " (")
	return name
}

// alike says whether two queries read the same rows but for their field.
func alike(a, b *boards.Query) bool {
	plain := func(q *boards.Query) bool {
		return !q.Arithmetic() && q.By == "" && q.Each == "" && !filled(q) && q.Calc == boards.AsIs && q.Field != "ratio"
	}
	key := func(q *boards.Query) string {
		condition := ""
		if q.If != nil {
			condition = fmt.Sprintf("%+v", *q.If)
		}
		return fmt.Sprintln(q.Metric, q.Or, q.Named, q.Rollup, q.Window, q.Where, q.Other, condition)
	}
	return plain(a) && plain(b) && key(a) == key(b)
}

// compiler writes the queries of one panel.
type compiler struct {
	board  *boards.Board
	panel  *boards.Panel
	narrow bool

	needs  map[string]bool // names of the prelude
	consts []string        // lines of it that are the panel's own
}

func (c *compiler) reset() { c.needs, c.consts = nil, nil }

// need asks for a name of the prelude.
func (c *compiler) need(names ...string) {
	if c.needs == nil {
		c.needs = map[string]bool{}
	}
	for _, n := range names {
		c.needs[n] = true
	}
}

// expand writes what is not a field in the database with such as are.
func expand(q boards.Query) boards.Query {
	switch {
	case q.Field == "ratio":
		all := q
		q.Field, all.Field, all.If = "passes", "count", nil
		q.Over = []boards.Query{all}
	case q.Calc == boards.Share:
		all := q
		q.Calc, all.Calc, all.Only, all.If = boards.AsIs, boards.AsIs, "", nil
		q.Over = []boards.Query{all}
	}
	return q
}

// text is a Flux string.
func text(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `${`, `\${`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
}

// runOf is the variable that holds the run which a query reads.
func (c *compiler) runOf(q *boards.Query) string {
	if q.Other {
		c.need("compared")
		return "compared"
	}
	c.need("run")
	return "run"
}

// finest is the condition for a query's finest window in runs of the board's tool.
func (c *compiler) finest(q *boards.Query) string {
	switch {
	case rows.IsInfra(q.Metric), c.board.Tool == "k6":
		return `r.window == "second"`
	case c.board.Tool == "artillery":
		return `r.window == "period"`
	}
	return `(r.window == "second" or r.window == "period")`
}

// seconds is the length of a row's window.
func (c *compiler) seconds() string {
	switch c.board.Tool {
	case "k6":
		return "1.0"
	case "artillery":
		return "10.0"
	}
	return `(if r.window == "period" then 10.0 else 1.0)`
}
