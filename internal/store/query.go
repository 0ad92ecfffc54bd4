package store

import (
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// Run is what the store knows of a run: enough for the list of runs and a board's head.
type Run struct {
	ID       string
	Tool     string
	Project  string
	Scenario string
	Engine   string
	Target   string
	Start    time.Time // second 0 of the record; the start of the tool while the record has none yet
	Seconds  int64     // length of what is stored so far
	Span     float64   // seconds under load, which every rate of the whole run is divided by; see record.Span
	Period   int64     // length of its finest window in seconds: 1 is rows.Second, more is rows.Period; 0 before the first
	State    State
	Exit     int // ltlab's exit code; of use when State is Finished
	Notes    []record.Note
	Warnings []record.Warning
	Ledger   *record.Ledger // of the end; nil while it runs
	Limits   []record.Threshold
}

// State is where a run stands.
type State string

// The states of a run.
const (
	Running     State = "running"
	Finished    State = "finished"
	Interrupted State = "interrupted"
)

// Query chooses one field of one metric at one roll-up and window.
type Query struct {
	Metric string
	Field  string // as rows.Row.Field names them
	Rollup rows.Rollup
	Window rows.Window
	Where  map[string]string // tags that must have these values
	From   int64             // seconds since the run's start, inclusive; 0: from the beginning, were it before the start
	To     int64             // exclusive; 0: to the end
	Step   int64             // of every so many seconds, counted from Start, only the largest value; 0: all
	Start  int64
}

// Series is one line of an answer: a tag set and its points in order of time.
type Series struct {
	Tags   map[string]string
	Points []Point
}

// Point is a window's start and the field's value there.
type Point struct {
	T int64
	V float64
}
