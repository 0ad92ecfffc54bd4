// Package record is the run record: a folder of two append-only NDJSON files, each with one writer.
//
// tool.ndjson is written by the tool's process (k6's output, Artillery's plugin), run.ndjson by ltlab. Both are readable
// while they grow and valid up to their last complete line. Each line is one JSON object with one key that names its kind.
// A record holds one mergeable sketch for each series and second, never samples.
package record

import "time"

// Format is the version of both files; a reader refuses a newer one.
const Format = 1

// Names of the two files in a run's folder.
const (
	ToolFile = "tool.ndjson"
	RunFile  = "run.ndjson"
)

// Other is the value that folded tag values get when a run has too many of them.
const Other = "(other)"

// Kind is the kind of a metric, as k6 names them.
type Kind string

// The four kinds of metrics.
const (
	Counter Kind = "counter"
	Gauge   Kind = "gauge"
	Rate    Kind = "rate"
	Trend   Kind = "trend"
)

// ToolLine is one line of tool.ndjson: exactly one field is set.
type ToolLine struct {
	Header *Header `json:"header,omitempty"`
	Metric *Metric `json:"metric,omitempty"`
	Series *Series `json:"series,omitempty"`
	Second *Second `json:"second,omitempty"`
	Load   *Load   `json:"load,omitempty"`
	Clock  *Clock  `json:"clock,omitempty"`
	Note   *Note   `json:"note,omitempty"`
	End    *End    `json:"end,omitempty"`
}

// Header is the first line of tool.ndjson.
type Header struct {
	Format      int       `json:"format"`
	Run         string    `json:"run"`
	Project     string    `json:"project,omitempty"`
	Tool        string    `json:"tool"`         // "k6" or "artillery"
	ToolVersion string    `json:"tool_version"` // as the tool prints it
	Mapping     Mapping   `json:"mapping"`
	Start       time.Time `json:"start"`  // wall clock; second 0 begins here
	Period      int       `json:"period"` // length of a bucket in seconds: 1, or Artillery's 10
}

// Metric declares a metric before its first series.
type Metric struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Unit string `json:"unit,omitempty"` // "ms", "bytes" or "" for plain numbers
}

// Series declares a metric with one set of tags before its first bucket.
type Series struct {
	ID     int               `json:"id"`
	Metric int               `json:"metric"`
	Tags   map[string]string `json:"tags,omitempty"`
}

// Second holds the buckets of one second (Artillery: of one period). A second may appear again when samples came late;
// its buckets then add to those before: counts and sketches merge, and a gauge's last value is replaced.
type Second struct {
	T        int64    `json:"t"`                  // start of the bucket, in seconds since the run's start
	Unplaced bool     `json:"unplaced,omitempty"` // the buckets are the run's, and of no second or period: T says nothing
	Buckets  []Bucket `json:"b"`
}

// Bucket is what one series did in one second. Which fields count depends on the metric's kind: a counter has N and
// Sum, a rate N and Sum (its passes), a gauge N, Last, Min and Max, a trend N, Sum, Min, Max and Sketch.
type Bucket struct {
	Series int
	Kind   Kind // not in the file: known from the series
	N      int64
	Sum    float64
	Min    float64
	Max    float64
	Last   float64
	Sketch *Sketch
}

// Load is what was asked for and delivered in one second. Asked values are nil where nothing was planned or the plan is
// not known; asked load counts from the end of the tool's set-up.
type Load struct {
	T          int64    `json:"t"`
	AskedVUs   *float64 `json:"asked_vus,omitempty"`  // virtual users planned by VU-based scenarios, the second's mean
	AskedPeak  *float64 `json:"asked_peak,omitempty"` // the most of them at any moment of the second
	AskedRate  *float64 `json:"asked_rate,omitempty"` // iterations a second planned by arrival-rate scenarios
	VUs        float64  `json:"vus"`
	Iterations int64    `json:"iterations"` // finished in this second
	Dropped    int64    `json:"dropped"`    // planned by an arrival rate and never started
}

// Clock says that the wall clock stepped against the monotonic one.
type Clock struct {
	T      int64   `json:"t"`
	StepMS float64 `json:"step_ms"`
}

// Note is a warning of the tool's side about the record itself, for example that tag values were folded.
type Note struct {
	T    int64  `json:"t"`
	ID   string `json:"id"` // "series-folded", "value-invalid", "samples-late", ...
	Text string `json:"text"`
}

// End is the closing line of tool.ndjson.
type End struct {
	T          float64     `json:"t"`              // seconds since the run's start
	Load       *Interval   `json:"load,omitempty"` // when load went on, where the tool knows that better than its periods
	Exit       *int        `json:"exit,omitempty"` // the exit code as the output saw it
	Error      string      `json:"error,omitempty"`
	Thresholds []Threshold `json:"thresholds,omitempty"`
	Ledger     Ledger      `json:"ledger"`
}

// Interval is a stretch of time in seconds since the run's start.
type Interval struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Threshold is one threshold's verdict.
type Threshold struct {
	Metric     string `json:"metric"` // with its tag filter, as in the script
	Expression string `json:"expression"`
	OK         bool   `json:"ok"`
	Evaluated  bool   `json:"evaluated"` // false: no sample ever matched, so OK says nothing
}

// Ledger accounts for samples: Emitted = Recorded + the sum of Lost.
type Ledger struct {
	Emitted  *int64           `json:"emitted"` // samples handed to the output; nil when the tool died and nobody knows
	Recorded int64            `json:"recorded"`
	Late     int64            `json:"late,omitempty"`     // recorded, but in a later second than their own
	Unplaced int64            `json:"unplaced,omitempty"` // recorded, but in no period
	Folded   int64            `json:"folded,omitempty"`   // recorded, but under "(other)"
	Lost     map[string]int64 `json:"lost,omitempty"`     // by cause
	Sinks    map[string]Sink  `json:"sinks,omitempty"`    // by the database's name
}

// Sink is what became of a run on its way into a database. Rows are read from the record, so none of them is ever lost:
// what is not there is sent again. Done says that all of them are there.
type Sink struct {
	Written int64    `json:"written"`           // lines that the database acknowledged
	Retried int64    `json:"retried,omitempty"` // of those, lines that took more than one try
	Refused int64    `json:"refused,omitempty"` // lines that the database never takes
	Through int64    `json:"through,omitempty"` // bytes of tool.ndjson whose rows are there
	Done    bool     `json:"done"`
	Error   string   `json:"error,omitempty"` // why it is not done, or what was refused
	Raw     *RawSink `json:"raw,omitempty"`   // nil where raw samples are off
}

// Whole says whether the database has every row.
func (s Sink) Whole() bool { return s.Done && s.Refused == 0 }

// RawSink accounts for raw samples, which are sent beside the rows and are in no record: Emitted = Written + Shed.
type RawSink struct {
	Written int64            `json:"written"`
	Shed    map[string]int64 `json:"shed,omitempty"` // by cause
}

// ShedTotal is the number of raw samples that were not written, from any cause.
func (s *RawSink) ShedTotal() int64 {
	var n int64
	for _, v := range s.Shed {
		n += v
	}
	return n
}

// LostTotal is the number of samples lost from any cause.
func (l Ledger) LostTotal() int64 {
	var n int64
	for _, v := range l.Lost {
		n += v
	}
	return n
}

// Balanced says whether every emitted sample is accounted for and none was lost.
func (l Ledger) Balanced() bool {
	return l.Emitted != nil && *l.Emitted == l.Recorded && l.LostTotal() == 0
}
