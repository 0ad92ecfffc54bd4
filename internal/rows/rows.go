// Package rows turns a record's buckets into rows, in one place, so that every board and database shows the same figures.
//
// A row is one metric at one roll-up over one window. Percentiles of a roll-up come from merged sketches; they are only
// ever read from rows, never computed from other rows. Counts may be summed over rows of roll-up BySeries. A gauge's
// roll-up is the sum over the series that reported in the same second; see Builder.
package rows

import "github.com/ltlab/ltlab/internal/record"

// Rollup says which series a row merges.
type Rollup string

// The roll-ups: everything of the metric, by tag scenario, by tag name, or each series as recorded. Counters have one by tag
// status, too: of StatusLimit values, and one for the rest. Whole is each series of a counter or a rate over the whole run, of
// window Run alone.
const (
	ByRun      Rollup = "run"
	ByScenario Rollup = "scenario"
	ByName     Rollup = "name"
	ByStatus   Rollup = "status"
	BySeries   Rollup = "series"
	Whole      Rollup = "whole"
)

// StatusLimit is how many values of tag status a metric's roll-up ByStatus keeps apart; what comes after them is record.Other.
const StatusLimit = 100

// Window says what span of time a row covers.
type Window string

// The windows. Rows of Minute and Run have no roll-up BySeries, but for what a record has of a series Unplaced: its row of
// window Run holds that alone, so that sums over a series' periods and its row of the run are whole.
const (
	Second Window = "second"
	Period Window = "period" // Artillery's 10 s, in place of Second
	Minute Window = "minute"
	Run    Window = "run"
)

// Row is one metric at one roll-up over one window. Which values count depends on Kind: counters have Count (samples)
// and Sum, rates Count and Passes, gauges Last, Min and Max (roll-ups sum Last over their series), trends Count, Sum,
// Min, Max and the percentiles, each within record.Accuracy of the value at rank ⌊q(n−1)⌋.
type Row struct {
	Metric string
	Kind   record.Kind
	Unit   string
	Rollup Rollup
	Window Window
	Key    int               // numbers metric, roll-up and tags: the same in all rows of one Builder that share them
	T      int64             // start of the window, in seconds since the run's start
	Tags   map[string]string // of the roll-up: none, scenario, name, status, or all of the series'; not to be changed

	Count  int64
	Sum    float64
	Min    float64
	Max    float64
	Last   float64
	Passes int64
	P50    float64
	P90    float64
	P95    float64
	P99    float64
	P999   float64

	Heat *Heat // of the main latency at roll-up ByRun and window Second or Period; nil elsewhere
}

// Field returns the row's value called as in every query: count, sum, min, max, last, passes, p50, p90, p95, p99, p999,
// or the derived ratio (passes/count of a rate) and mean (sum/count). ok is false where the kind has no such field or
// the window saw no value.
func (r *Row) Field(name string) (v float64, ok bool) {
	has := r.Count > 0
	switch name {
	case "count":
		return float64(r.Count), r.Kind != record.Gauge
	case "sum":
		return r.Sum, r.Kind == record.Counter || r.Kind == record.Trend
	case "passes":
		return float64(r.Passes), r.Kind == record.Rate
	case "ratio":
		return float64(r.Passes) / float64(r.Count), r.Kind == record.Rate && has
	case "last":
		return r.Last, r.Kind == record.Gauge
	case "mean":
		return r.Sum / float64(r.Count), r.Kind == record.Trend && has
	case "min":
		return r.Min, (r.Kind == record.Trend && has) || r.Kind == record.Gauge
	case "max":
		return r.Max, (r.Kind == record.Trend && has) || r.Kind == record.Gauge
	}
	if r.Kind != record.Trend || !has {
		return 0, false
	}
	switch name {
	case "p50":
		return r.P50, true
	case "p90":
		return r.P90, true
	case "p95":
		return r.P95, true
	case "p99":
		return r.P99, true
	case "p999":
		return r.P999, true
	}
	return 0, false
}
