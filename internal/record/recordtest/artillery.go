// Package recordtest makes up run records for tests, with the truth behind them.
package recordtest

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Artillery is a record as Artillery's plugin writes it: periods of 10 s, the first of which begins 3 s before the run,
// and a line of what no period has.
type Artillery struct {
	Folder record.Folder
	Start  time.Time
	Truth  Truth

	t       testing.TB
	tool    *record.Writer
	rng     *rand.Rand
	series  map[string]int
	metrics map[string]int // by name
	kinds   []record.Kind
	sketch  func() *record.Sketch
	t0      int64 // of the next period
}

// Truth is what a run of it is to show.
type Truth struct {
	Requests, Responses int64
	Codes               map[string]int64 // of answers
	Errors              int64
	Users               int64 // completed
	Samples, Unplaced   int64
	Response            []float64           // ms, to the first byte, of the whole run
	Periods             map[int64][]float64 // the same by period, without what none has
}

const (
	seriesRequests  = "http.requests"
	seriesResponses = "http.responses"
	seriesErrors    = "errors"
	seriesTime      = "http.response_time"
	seriesEndpoint  = "endpoint.response_time"
	seriesBytes     = "http.downloaded_bytes"
	seriesChecks    = "checks"
	seriesActive    = "vusers.active"
	seriesCreated   = "vusers.created"
	seriesCompleted = "vusers.completed"
	seriesFailed    = "vusers.failed"
	seriesSkipped   = "vusers.skipped"
	seriesScenario  = "vusers.created_by_name"
)

// NewArtillery begins a record of run id in that folder.
func NewArtillery(t testing.TB, runs record.Runs, id string) *Artillery {
	t.Helper()
	folder, err := runs.Create(id)
	fatal(t, err)
	a := &Artillery{
		Folder: folder, Start: time.Unix(1_700_000_003, 0).UTC(), Truth: Truth{Codes: map[string]int64{}, Periods: map[int64][]float64{}},
		t: t, rng: rand.New(rand.NewPCG(2, 34)), series: map[string]int{}, metrics: map[string]int{}, t0: -3,
	}
	run, err := record.CreateRun(folder.Run())
	fatal(t, err)
	fatal(t, run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: id, Tool: "artillery", Engine: "embedded",
		Project: "shop", Scenario: record.Scenario{Name: "spike.yml"}, Target: "http://127.0.0.1:5081", Time: a.Start.Add(-time.Second)}}))
	fatal(t, run.Close())
	a.tool, err = record.Create(folder.Tool())
	fatal(t, err)
	mapping := record.Mapping{Kind: "log", Gamma: (1 + record.Accuracy) / (1 - record.Accuracy)}
	index, err := mapping.Index()
	fatal(t, err)
	a.sketch = func() *record.Sketch { return record.NewSketch(index) }
	a.tool.Header(record.Header{Format: record.Format, Run: id, Project: "shop", Tool: "artillery", ToolVersion: "2.0.34",
		Mapping: mapping, Start: a.Start, Period: 10})
	for _, name := range []string{seriesRequests, seriesResponses, seriesCreated, seriesCompleted, seriesFailed, seriesSkipped} {
		a.declare(name, name, record.Counter, "", nil)
	}
	for _, code := range []string{"200", "404", "500"} {
		a.declare(code, "http.codes", record.Counter, "", map[string]string{"status": code})
	}
	a.declare(seriesErrors, seriesErrors, record.Counter, "", map[string]string{"error": "ECONNREFUSED"})
	a.declare(seriesScenario, seriesScenario, record.Counter, "", map[string]string{"scenario": "browse, buy"})
	a.declare(seriesBytes, seriesBytes, record.Counter, "bytes", nil)
	a.declare(seriesTime, seriesTime, record.Trend, "ms", nil)
	a.declare(seriesEndpoint, seriesEndpoint, record.Trend, "ms", map[string]string{"name": "GET /a b:c|d.🚀"})
	a.declare(seriesChecks, seriesChecks, record.Rate, "", map[string]string{"check": "expect statusCode"})
	a.declare(seriesActive, seriesActive, record.Gauge, "", nil)
	fatal(t, a.tool.Flush())
	return a
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (a *Artillery) declare(key, metric string, kind record.Kind, unit string, tags map[string]string) {
	id := len(a.kinds)
	of, known := a.metrics[metric]
	if !known {
		of = id
		a.metrics[metric] = of
		a.tool.Metric(record.Metric{ID: of, Name: metric, Kind: kind, Unit: unit})
	}
	a.tool.Series(record.Series{ID: id, Metric: of, Tags: tags})
	a.series[key], a.kinds = id, append(a.kinds, kind)
}

// Period writes the next period: 100 requests, of which 88 were answered.
func (a *Artillery) Period() {
	a.t.Helper()
	buckets, times := a.buckets()
	buckets = append(buckets, record.Bucket{Series: a.series[seriesActive], Kind: record.Gauge, N: 1, Last: 12, Min: 12, Max: 12})
	a.tool.Second(a.t0, buckets)
	a.Truth.Periods[a.t0] = times
	rate := 10.5
	a.tool.Load(record.Load{T: a.t0, AskedRate: &rate, VUs: 12, Iterations: 100, Dropped: 5})
	a.t0 += 10
	fatal(a.t, a.tool.Flush())
}

// Unplaced writes as much as a period has, of no period.
func (a *Artillery) Unplaced() {
	a.t.Helper()
	before := a.Truth.Samples
	buckets, _ := a.buckets()
	a.tool.Unplaced(a.t0, buckets)
	a.Truth.Unplaced += a.Truth.Samples - before
	fatal(a.t, a.tool.Flush())
}

// End writes the tool's closing line: the plugin saw Artillery's final `done` and all of it is in the record.
func (a *Artillery) End() {
	a.t.Helper()
	code, emitted := 0, a.Truth.Samples
	a.tool.End(record.End{T: float64(a.t0), Exit: &code,
		Thresholds: []record.Threshold{{Metric: "ensure", Expression: "http.response_time.p95 < 900", OK: true, Evaluated: true}},
		Ledger:     record.Ledger{Emitted: &emitted, Recorded: emitted, Unplaced: a.Truth.Unplaced}})
	fatal(a.t, a.tool.Close())
}

// Finish writes ltlab's closing line.
func (a *Artillery) Finish() {
	a.t.Helper()
	w, err := record.AppendRun(a.Folder.Run())
	fatal(a.t, err)
	fatal(a.t, w.Write(record.RunLine{End: &record.RunEnd{Time: a.Start.Add(time.Minute), Recorded: a.Truth.Requests}}))
	fatal(a.t, w.Close())
}

// buckets are 100 requests of as many virtual users.
func (a *Artillery) buckets() (out []record.Bucket, times []float64) {
	count := func(key string, n, sum int64) {
		out = append(out, record.Bucket{Series: a.series[key], Kind: a.kinds[a.series[key]], N: n, Sum: float64(sum)})
		a.Truth.Samples += n
	}
	for key, n := range map[string]int64{seriesRequests: 100, seriesResponses: 88, seriesErrors: 12, "200": 70, "404": 10, "500": 8,
		seriesCreated: 100, seriesScenario: 100, seriesCompleted: 88, seriesFailed: 12, seriesSkipped: 5} {
		count(key, n, n)
	}
	count(seriesBytes, 1, 123_456)
	count(seriesChecks, 88, 80)
	k, times := a.trend(seriesTime)
	endpoint, _ := a.trend(seriesEndpoint)
	out = append(out, k, endpoint)
	a.Truth.Response = append(a.Truth.Response, times...)
	a.Truth.Requests += 100
	a.Truth.Responses += 88
	a.Truth.Errors += 12
	a.Truth.Users += 88
	for code, n := range map[string]int64{"200": 70, "404": 10, "500": 8} {
		a.Truth.Codes[code] += n
	}
	return out, times
}

// trend is a bucket of 88 times, in whole milliseconds as Artillery measures them.
func (a *Artillery) trend(key string) (k record.Bucket, times []float64) {
	k = record.Bucket{Series: a.series[key], Kind: record.Trend, Min: math.Inf(1), Max: math.Inf(-1), Sketch: a.sketch()}
	for range 88 {
		v := math.Round(math.Exp(a.rng.NormFloat64()+4)) + 1
		k.N, k.Sum, k.Min, k.Max = k.N+1, k.Sum+v, min(k.Min, v), max(k.Max, v)
		fatal(a.t, k.Sketch.Add(v))
		times = append(times, v)
	}
	a.Truth.Samples += k.N
	return k, times
}
