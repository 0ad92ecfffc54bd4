// Package boards holds every board as data. A board is rows of panels; a panel is a title, a kind, a unit, thresholds, a
// description and small queries. Renderers read boards and know none of them: a new board is one new definition file.
//
// A panel reads rows of one window. Where it has more points than pixels it shows the largest of each bin, never a mean.
package boards

import (
	"regexp"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/rows"
)

// Board is one page of panels about one run, or about two.
type Board struct {
	ID          string // part of addresses and of Grafana's uid; never changes
	Title       string
	Tool        string // the tool whose runs it is made for; "": any
	Depth       Depth
	Description string
	Rows        []PanelRow
	Shades      []Shade
}

// Depth says how a board is read.
type Depth string

// The depths.
const (
	WarRoom Depth = "war-room" // few, large, live: on a wall while a test runs
	Elite   Depth = "elite"    // every day
	Pro     Depth = "pro"      // analysis: distributions and everything that was measured
	Compare Depth = "compare"  // two runs side by side
)

// Shade is a condition under which a run's figures say less: where the query's value is At or above it, charts have a gray
// ground. Several make one ground.
type Shade struct {
	Query Query
	At    float64
}

// PanelRow is a row of panels that share a height. Without a title it has no heading.
type PanelRow struct {
	Title  string
	Panels []Panel
}

// Kind says how a panel looks.
type Kind string

// The kinds of panels.
const (
	Stat       Kind = "stat"       // the first query's figure large, the others small below it
	Timeseries Kind = "timeseries" // a line for each series
	Bars       Kind = "bars"       // columns over time, the series stacked
	Table      Kind = "table"      // a line for each value of the panel's Key, a column for each query
	Heatmap    Kind = "heatmap"    // the only query's metric over time, in bins of rows.Heat
	Spectrum   Kind = "spectrum"   // a line for each query over rows.Quantiles, the tail drawn wide
)

// Panel is one figure of a board.
type Panel struct {
	ID          string // unique in its board; never changes
	Title       string // says the statistic and the window
	Kind        Kind
	Unit        Unit
	Width       int // columns of twelve; 0: an equal part of its row
	Thresholds  []Threshold
	Description string
	Queries     []Query
	Key         string // of a table: the tag that names a line
	KeyTitle    string // of a table: the heading of that column
	Limit       int    // of a table: lines shown, by the first column's value; the rest is counted
	Fill        bool   // of a time series with one line: tint what is below it
	Caveat      *Caveat
	Absent      string // why a run may have no such data; else the renderer says which metric is not there
	Withheld    string // why there is nothing when every query's If held back all values
	Shaded      string // what the board's shades mean, where this chart has some
}

// Caveat is something to know about a panel's values where Query, a figure of the whole run, is above zero.
type Caveat struct {
	Query Query
	Say   string // after the query's number
}

// Level is how good a value is.
type Level string

// The levels.
const (
	Good Level = "good"
	Warn Level = "warn"
	Bad  Level = "bad"
)

// Threshold gives values above At a level; of several that apply the last one counts.
type Threshold struct {
	At    float64
	Level Level
}

// Query is what one figure, line or column reads. Metrics in parentheses are not of the tool: see Load and Ledger.
type Query struct {
	Label  string // of the line, column or small figure
	Metric string
	Field  string // as rows.Row.Field names them
	Or     string // the metric of other tools that means the same: a run has only one of the two
	Named  string // the metric that has it by tag name, where that is another one
	Rollup rows.Rollup
	Window rows.Window       // rows.Second stands for the run's finest window
	Where  map[string]string // tags that must have these values
	By     string            // counts only: sum over all series, one answer for each value of this tag
	Only   Class             // with By: take the values of this class together as one answer
	Calc   Calc
	Each   string // a line for each row of the roll-up, named by this tag
	Plus   []Query
	Minus  []Query // taken from the value with Plus added, never below nought
	Over   []Query // whose sum divides all that; at nought there is no value
	Other  bool    // of the run that is compared with
	If     *Query  // values count only where this query, of the same roll-up and window, is above zero
	Unit   Unit    // unless empty, in place of the panel's
	Ink    Ink
	Dashed bool
}

// Calc is what becomes of a query's values.
type Calc string

// The calculations.
const (
	AsIs      Calc = ""
	PerSecond Calc = "per-second" // a count divided by its window's length
	AtOnce    Calc = "at-once"    // a sum of times in ms divided by its window's length: how many went on at once (Little's law)
	Share     Calc = "share"      // with By and Only: the class's part of the sum of all values
	Largest   Calc = "largest"    // of all windows; a count is divided by its window's length
)

// Metrics that do not come from rows.
const (
	Load   = "(load)"   // what was asked for and delivered: fields of record.Load, at window Second or, summed, Run
	Ledger = "(ledger)" // what became of the samples: emitted, recorded, lost
	Any    = "(any)"    // of a table with Key "metric": every metric that has the field
)

// MetricKey is the key of tables with a line for each metric.
const MetricKey = "metric"

// Unanswered is the status of a request without an answer, as k6 tags it.
const Unanswered = "0"

// Class is a set of values of a tag.
type Class string

// The classes of tag status. Failed is the design's failed_ratio: answers outside 200-399 and no answer.
const (
	Failed   Class = "failed"
	NoAnswer Class = "no-answer"
	Answered Class = "answered"
	Limited  Class = "limited" // 429
)

// Unreached is the class of tag error with codes of Node, such as ECONNREFUSED: a request without an answer. Artillery's
// other errors say what its scenario made of an answer.
const Unreached Class = "unreached"

var nodeCode = regexp.MustCompile(NodeCode)

// NodeCode is how codes of Node look.
const NodeCode = `^[A-Z][A-Z0-9_]+$`

// Has says whether the tag's value is of the class.
func (c Class) Has(value string) bool {
	none := value == "" || value == Unanswered
	switch c {
	case Limited:
		return value == "429"
	case Unreached:
		return nodeCode.MatchString(value)
	case NoAnswer:
		return none
	case Answered:
		return !none
	case Failed:
		return !analysis.OKCode(value)
	}
	return true
}

// Counted says whether the query's values are counts, so that a window without a row means none.
func (q *Query) Counted() bool {
	switch q.Field {
	case "count", "sum", "passes", "iterations", "dropped":
		return true
	}
	return false
}

// NoughtIn says whether a line of table p without a value of the query has none of what it counts: of the class of another
// tag than the table's.
func (q *Query) NoughtIn(p *Panel) bool {
	return p.Kind == Table && q.Only != "" && q.By != p.Key && q.Calc == AsIs && !q.Arithmetic() && q.If == nil
}

// UnitIn is the unit of the query's values in panel p.
func (q *Query) UnitIn(p *Panel) Unit {
	if q.Unit != "" {
		return q.Unit
	}
	return p.Unit
}

// LevelOf is the level of value v, Good without thresholds.
func (p *Panel) LevelOf(v float64) Level {
	level := Good
	for _, t := range p.Thresholds {
		if v > t.At {
			level = t.Level
		}
	}
	return level
}

// Panels calls f for each panel in order.
func (b *Board) Panels(f func(*Panel)) {
	for i := range b.Rows {
		for j := range b.Rows[i].Panels {
			f(&b.Rows[i].Panels[j])
		}
	}
}

// Over says whether the query is answered by a value for each window, not by one for the run.
func (k Kind) Over() bool { return k == Timeseries || k == Bars || k == Heatmap }

// Arithmetic says whether the query's values come from more than one row.
func (q *Query) Arithmetic() bool {
	return len(q.Plus) > 0 || len(q.Minus) > 0 || len(q.Over) > 0 || q.Calc == Share
}

// Narrows says which choices of a board's reader narrow what the query reads: those of a scenario, and of an endpoint. The
// query must be of roll-up ByRun.
func (q *Query) Narrows() (scenario, endpoint bool) {
	if q.Rollup != rows.ByRun || q.Metric == Load || q.Metric == Ledger || q.Metric == Any || q.Other {
		return false, false
	}
	m := q.Metric
	switch {
	case q.Named != "", strings.HasPrefix(m, "endpoint."):
		return false, true
	case strings.HasPrefix(m, "http_"):
		return true, true
	case strings.ContainsRune(m, '.'), m == "errors", m == "vus", m == "vus_max": // Artillery's, and k6's without a scenario
		return false, false
	}
	return true, false
}

// Narrows says which of a reader's choices a query of the board follows: Artillery's metrics, unlike k6's of the same
// names, have no scenario.
func (b *Board) Narrows(q *Query) (scenario, endpoint bool) {
	scenario, endpoint = q.Narrows()
	return scenario && b.Tool != "artillery", endpoint
}

// All calls f for the query and those that it is made of.
func (q *Query) All(f func(*Query)) {
	f(q)
	if q.If != nil {
		q.If.All(f)
	}
	for _, of := range [][]Query{q.Plus, q.Minus, q.Over} {
		for i := range of {
			of[i].All(f)
		}
	}
}
