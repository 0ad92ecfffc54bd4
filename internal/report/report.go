// Package report makes files of runs that can be sent: one HTML page, Markdown, JUnit's XML, annotations for GitHub.
//
// It lays out what it is given. Figures come formatted, from whoever shows a run; boards are drawn by internal/web from their
// definitions, so that a new board is in the next report.
package report

import (
	"time"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// Run is what a report says of one run. Names in it are somebody else's, and may hold anything.
type Run struct {
	ID       string
	Tool     string
	Version  string
	Project  string
	Scenario string
	Target   string
	State    analysis.State
	Start    time.Time
	Seconds  float64
	Verdict  Verdict
	Figures  []Figure // by name, the same names for every run that has them
	Lines    []Line   // as `ltlab runs show` has them
	Limits   []record.Threshold
	Checks   []analysis.Check
	Judged   bool     // a check that fails makes the run fail, as Artillery's expect does
	Warnings []string // what a reader of the figures must know
	Board    *store.Run
}

// Verdict is what a run comes to, in a few words.
type Verdict struct {
	Level    boards.Level
	Text     string
	ByLimits bool // thresholds decided, and nothing else is wrong
}

// What a verdict may be. Open is that of a run which goes on.
const (
	Passed = boards.Good
	Open   = boards.Warn
	Failed = boards.Bad
)

// Figure is a figure of a run as people read it.
type Figure struct{ Name, Text string }

// OfStatus begins the names of figures that a status has; the status is the tool's, and may hold anything.
const OfStatus = "status "

// Line is a line of `ltlab runs show`; without a name it belongs to the one before.
type Line struct{ Name, Text string }

// names are the names of all runs' figures, in order of appearance; a figure that only a later run has comes behind the one
// that it follows there.
func names(runs []Run) []string {
	var out []string
	at := func(name string) int {
		for i, n := range out {
			if n == name {
				return i
			}
		}
		return -1
	}
	for i := range runs {
		last := -1
		for _, f := range runs[i].Figures {
			if have := at(f.Name); have >= 0 {
				last = have
				continue
			}
			last++
			out = append(out[:last], append([]string{f.Name}, out[last:]...)...)
		}
	}
	return out
}

// none stands where a run has no such figure.
const none = "–"

func (r *Run) figure(name string) string {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Text
		}
	}
	return none
}

// verdictOf is a threshold's verdict: a sign, a word and a level.
func verdictOf(t *record.Threshold) (sign, word string, level boards.Level) {
	switch {
	case !t.Evaluated:
		return "?", "not evaluated", boards.Warn
	case t.OK:
		return "✓", "held", boards.Good
	}
	return "✗", "crossed", boards.Bad
}

func started(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
