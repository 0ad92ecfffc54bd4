// Package analysis is pure functions over run records. It needs no lab and no database.
package analysis

import (
	"errors"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// State is where a run stands, as its record says.
type State string

// The states of a run. A run without an end line is Running as long as its ltlab lives, which only its caller knows.
const (
	Running     State = "running"
	Finished    State = "finished"
	Interrupted State = "interrupted"
	Damaged     State = "damaged" // it ended, and its record is not whole any more
)

// StateOf is where a run stands. whole says whether the tool's side of its record is all there; a run that did not end with
// that said is one whose record came to harm since.
func StateOf(run *record.Run, alive, whole bool) State {
	switch end := run.End; {
	case end == nil && alive:
		return Running
	case end == nil, end.Interrupted:
		return Interrupted
	case !whole && !slices.ContainsFunc(end.Warnings, func(w record.Warning) bool { return w.ID == incompleteID }) && end.Exit != incompleteExit:
		return Damaged
	}
	return Finished
}

// What the end of a run says whose data was not whole then: as a warning beside another problem, or as its exit code.
const (
	incompleteID   = "data-incomplete"
	incompleteExit = 18
)

// Latency is one trend's distribution over the whole run, from its merged sketch; min and max are exact. The unit is the
// metric's, milliseconds for k6.
type Latency struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

// Check is one of k6's checks, or of what Artillery's expect plugin looked at.
type Check struct {
	Name   string `json:"name"`
	Passes int64  `json:"passes"`
	Fails  int64  `json:"fails"`
}

// Load is what was asked for and delivered over the run.
type Load struct {
	AskedVUsMax     *float64 `json:"asked_vus_max,omitempty"`    // highest number of virtual users planned
	VUsMax          float64  `json:"vus_max"`                    // highest number seen
	AskedIterations *float64 `json:"asked_iterations,omitempty"` // planned by arrival rates
	Iterations      int64    `json:"iterations"`
	Dropped         int64    `json:"dropped"`          // planned by an arrival rate and never started
	VUsers          *VUsers  `json:"vusers,omitempty"` // Artillery's
}

// Summary is what a run's record says, over the whole run.
type Summary struct {
	Run         record.Run
	Tool        string
	ToolVersion string
	State       State
	Start       time.Time
	Seconds     float64 // what rates are divided by: see record.Span
	Requests    int64
	RPS         *float64 // nil when no time passed
	Failed      *int64   // answers outside 200-399 plus requests without an answer; nil when codes are not known
	FailedRatio *float64 // Failed / Requests; nil without requests
	Unanswered  *int64
	Codes       map[string]int64    // requests by status; "0" is no answer
	Errors      map[string]int64    // by name; Artillery's
	Latency     map[string]*Latency // by metric; all trends
	Checks      []Check             // by name
	Thresholds  []record.Threshold  // verdicts at the end
	Notes       []record.Note       // of the tool's side
	Load        Load
	Ledger      record.Ledger
	Infra       []Usage // in order of their first value
	Saturation  Saturation
	ToolEnd     *record.End // nil when the tool did not get to it
	Damage      error       // where tool.ndjson stops making sense
	Missing     string      // of a run that ended: why its data is not all there; "" when it is
}

type trend struct {
	sketch *record.Sketch
	n      int64
	min    float64
	max    float64
}

// Summarize reads a run's record as far as it goes. alive says whether the ltlab that writes it still runs.
func Summarize(folder record.Folder, alive bool) (*Summary, error) {
	run, used, err := readRun(folder)
	if err != nil {
		return nil, err
	}
	s := &Summary{Run: *run, Infra: used.usage(), Saturation: used.sat, Codes: map[string]int64{}, Latency: map[string]*Latency{}}
	if run.Start != nil {
		s.Tool, s.Start = run.Start.Tool, run.Start.Time
	}
	r := &reader{s: s, metrics: map[int]*record.Metric{}, series: map[int]*record.Series{}, trends: map[string]*trend{},
		checks: map[string]*Check{}, codesKnown: true}
	tail, err := record.OpenTail(folder.Tool())
	switch {
	case errors.Is(err, fs.ErrNotExist): // the tool never started its output
	case err != nil:
		return nil, err
	default:
		defer tail.Close()
		err := tail.Each(r.line)
		var damage *record.CorruptError
		if errors.As(err, &damage) {
			s.Damage = err
		} else if err != nil {
			return nil, err
		}
	}
	r.finish()
	if run.End != nil && !run.End.Interrupted {
		s.Missing = Incomplete(s, run.End.Requests)
	}
	s.State = StateOf(run, alive, s.Missing == "")
	return s, nil
}

// readRun reads ltlab's side of the record.
func readRun(folder record.Folder) (*record.Run, *usages, error) {
	tail, err := record.OpenRunTail(folder.Run())
	if err != nil {
		return nil, nil, err
	}
	defer tail.Close()
	run, used := &record.Run{}, &usages{}
	err = tail.Each(func(l record.RunLine) {
		run.Take(l)
		used.take(l)
	})
	return run, used, err
}

type reader struct {
	s          *Summary
	index      record.Mapping
	metrics    map[int]*record.Metric
	series     map[int]*record.Series
	trends     map[string]*trend
	checks     map[string]*Check
	codesKnown bool
	period     float64 // in seconds
	artillery  *artillery
	recorded   int64
	unplaced   int64 // of those, in no period
	span       record.Span
}

func (r *reader) line(l record.ToolLine) error {
	r.span.Add(l)
	switch {
	case l.Header != nil:
		r.header(l.Header)
	case l.Metric != nil:
		r.metrics[l.Metric.ID] = l.Metric
	case l.Series != nil:
		r.series[l.Series.ID] = l.Series
	case l.Second != nil:
		before := r.recorded
		for i := range l.Second.Buckets {
			if err := r.bucket(&l.Second.Buckets[i]); err != nil {
				return err
			}
		}
		if l.Second.Unplaced {
			r.unplaced += r.recorded - before
		}
	case l.Load != nil:
		r.load(l.Load)
	case l.Note != nil:
		r.s.Notes = append(r.s.Notes, *l.Note)
	case l.End != nil:
		r.s.ToolEnd = l.End
	}
	return nil
}

func (r *reader) header(h *record.Header) {
	r.index, r.period = h.Mapping, float64(max(1, h.Period))
	r.s.ToolVersion, r.s.Start = h.ToolVersion, h.Start
	if r.s.Tool == "" {
		r.s.Tool = h.Tool
	}
	if h.Tool == Artillery {
		r.artillery = &artillery{}
	}
}

func (r *reader) bucket(b *record.Bucket) error {
	series := r.series[b.Series]
	metric := r.metrics[series.Metric]
	if r.artillery == nil || metric.Kind != record.Gauge { // Artillery has none: the plugin derives them
		r.recorded += b.N
	}
	switch {
	case r.artillery != nil && r.artillery.count(r.s, metric.Name, series.Tags, int64(b.Sum)):
	case r.artillery == nil && metric.Name == "http_reqs":
		r.s.Requests += int64(b.Sum)
		code, ok := series.Tags["status"]
		if !ok {
			r.codesKnown = false
		} else {
			r.s.Codes[code] += int64(b.Sum)
		}
	case metric.Name == "checks":
		name := series.Tags["check"]
		c := r.checks[name]
		if c == nil {
			c = &Check{Name: name}
			r.checks[name] = c
		}
		c.Passes += int64(b.Sum)
		c.Fails += b.N - int64(b.Sum)
	}
	if metric.Kind != record.Trend || b.N == 0 {
		return nil
	}
	d := r.trends[metric.Name]
	if d == nil {
		index, err := r.index.Index()
		if err != nil {
			return err
		}
		d = &trend{sketch: record.NewSketch(index), min: b.Min, max: b.Max}
		r.trends[metric.Name] = d
	}
	d.n += b.N
	d.min, d.max = math.Min(d.min, b.Min), math.Max(d.max, b.Max)
	return d.sketch.MergeWith(b.Sketch)
}

func (r *reader) load(l *record.Load) {
	to := &r.s.Load
	to.VUsMax = math.Max(to.VUsMax, l.VUs)
	to.Iterations += l.Iterations
	to.Dropped += l.Dropped
	if l.AskedPeak != nil {
		v := *l.AskedPeak
		if to.AskedVUsMax != nil {
			v = math.Max(v, *to.AskedVUsMax)
		}
		to.AskedVUsMax = &v
	}
	if l.AskedRate != nil {
		v := *l.AskedRate * r.period
		if to.AskedIterations != nil {
			v += *to.AskedIterations
		}
		to.AskedIterations = &v
	}
}

func (r *reader) finish() {
	s := r.s
	if r.artillery != nil {
		r.artillery.finish(s)
	}
	if s.Seconds = r.span.Seconds(); s.Seconds > 0 {
		v := float64(s.Requests) / s.Seconds
		s.RPS = &v
	}
	if r.codesKnown && s.Requests > 0 {
		var failed int64
		none := s.Codes["0"]
		for code, n := range s.Codes {
			if !OKCode(code) {
				failed += n
			}
		}
		ratio := float64(failed) / float64(s.Requests)
		s.Failed, s.FailedRatio, s.Unanswered = &failed, &ratio, &none
	}
	for name, d := range r.trends {
		q := func(p float64) float64 { return record.Quantile(d.sketch, p, d.min, d.max) }
		s.Latency[name] = &Latency{Count: d.n, Min: d.min, P50: q(0.5), P90: q(0.9), P95: q(0.95), P99: q(0.99), P999: q(0.999), Max: d.max}
	}
	for _, c := range r.checks {
		s.Checks = append(s.Checks, *c)
	}
	slices.SortFunc(s.Checks, func(a, b Check) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	r.ledger()
}
