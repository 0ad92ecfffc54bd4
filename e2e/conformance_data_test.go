//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// reading is one sample as a tool made it.
type reading struct {
	t        int64 // where its window begins, in seconds since the run's start
	metric   string
	v        float64 // a counter's amount; of a rate 1 for passed, else 0
	tags     map[string]string
	unplaced bool // it is of no window
}

// known is a run of which every sample is known.
type known struct {
	id, tool string
	start    time.Time
	period   int64 // length of a window in seconds
	first    int64 // where the first window begins
	seconds  int64 // where the last one ends
	span     float64
	end      record.End
	samples  []reading
	byMetric map[string]set // the same; made when it is first asked for
	loads    []record.Load
	sources  []record.Source
	uses     map[int64][]record.Use // by second

	dice  *rand.Rand
	scale float64 // what is measured is that many times as much, so that no two runs look alike
}

func (r *known) add(t int64, metric string, v float64, tags ...string) {
	s := reading{t: t, metric: metric, v: v, tags: map[string]string{}}
	for i := 0; i < len(tags); i += 2 {
		if tags[i+1] != "" {
			s.tags[tags[i]] = tags[i+1]
		}
	}
	r.samples = append(r.samples, s)
}

// chance is true that often.
func (r *known) chance(p float64) bool { return r.dice.Float64() < p }

// time is one in ms about middle, clear of the bounds of a heat map's bins: there a sketch may count it on either side.
func (r *known) time(middle float64) float64 {
	for {
		v := math.Exp(0.8*r.dice.NormFloat64()) * middle * r.scale
		if at := 4 * (math.Log10(v) + 1); v > 0.1 && math.Abs(at-math.Round(at)) > 0.05 {
			return v
		}
	}
}

// whole is a time as Artillery measures it.
func (r *known) whole(middle float64) float64 {
	for {
		v := math.Round(r.time(middle)) + 1
		if at := 4 * (math.Log10(v) + 1); math.Abs(at-math.Round(at)) > 0.05 {
			return v
		}
	}
}

// used makes up what the machine, the tool and a service used.
func (r *known) used() {
	r.sources = []record.Source{{ID: 1, Name: "host", Kind: record.HostSource, CPUs: 4}, {ID: 2, Name: r.tool, Kind: record.ProcessSource, CPUs: 4, Generator: true},
		{ID: 3, Name: "shop", Kind: record.ContainerSource, CPUs: 1}, {ID: 4, Name: "loopback", Kind: record.LoopbackSource}}
	r.uses = map[int64][]record.Use{}
	thousandth := func(v float64) float64 { return math.Round(1000*v) / 1000 }
	for t := range r.seconds {
		if t%37 == 5 {
			continue // a second may be missing
		}
		bytes := func(n float64) float64 { return math.Round(n * r.scale * (1 + r.dice.Float64())) }
		r.uses[t] = []record.Use{
			{Source: 1, CPU: thousandth(1 + 2.9*r.dice.Float64()), Memory: bytes(4e9), RX: bytes(1e5), TX: bytes(2e5)},
			{Source: 2, CPU: thousandth(3.6 * r.dice.Float64()), Memory: bytes(2e8), RX: math.NaN(), TX: math.NaN()},
			{Source: 3, CPU: thousandth(r.dice.Float64()), Memory: bytes(5e7), RX: bytes(3e4), TX: bytes(7e4)},
			{Source: 4, CPU: math.NaN(), Memory: math.NaN(), RX: bytes(9e5), TX: bytes(9e5)},
		}
	}
}

// kinds are those of the metrics of made-up runs that are no counters, with their units.
var kinds = map[string]struct {
	kind record.Kind
	unit string
}{
	"http_req_failed": {record.Rate, ""}, "checks": {record.Rate, ""}, "cache_hit": {record.Rate, ""}, "vus": {record.Gauge, ""}, "vus_max": {record.Gauge, ""},
	"queue_depth": {record.Gauge, ""}, "vusers.active": {record.Gauge, ""}, "data_sent": {record.Counter, "bytes"}, "data_received": {record.Counter, "bytes"},
	"http.downloaded_bytes": {record.Counter, "bytes"}, "basket": {record.Trend, ""}, "render": {record.Trend, ""}, "iteration_duration": {record.Trend, "ms"},
	"http_req_duration": {record.Trend, "ms"}, "http_req_blocked": {record.Trend, "ms"}, "http_req_connecting": {record.Trend, "ms"}, "http_req_tls_handshaking": {record.Trend, "ms"},
	"http_req_sending": {record.Trend, "ms"}, "http_req_waiting": {record.Trend, "ms"}, "http_req_receiving": {record.Trend, "ms"},
	"http.response_time": {record.Trend, "ms"}, "http.response_time.class": {record.Trend, "ms"}, "endpoint.response_time": {record.Trend, "ms"},
	"vusers.session_length": {record.Trend, "ms"}, "http.dns": {record.Trend, "ms"}, "http.tcp": {record.Trend, "ms"}, "http.tls": {record.Trend, "ms"}, "http.total": {record.Trend, "ms"},
}

func kindOf(metric string) record.Kind {
	if k, ok := kinds[metric]; ok {
		return k.kind
	}
	return record.Counter
}

// write makes the run's record.
func (r *known) write(t *testing.T, runs record.Runs) record.Folder {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := runs.Create(r.id)
	must(err)
	run, err := record.CreateRun(folder.Run())
	must(err)
	began := r.start.Add(-1400 * time.Millisecond)
	must(run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: r.id, Tool: r.tool, Engine: "embedded", Project: "shop",
		Scenario: record.Scenario{Name: "main"}, Time: began}}))
	for i := range r.sources {
		must(run.Write(record.RunLine{Source: &r.sources[i]}))
	}
	for _, at := range slices.Sorted(maps.Keys(r.uses)) { // 0.1 s before that second of the tool, which is the nearest
		must(run.Write(record.RunLine{Infra: &record.Infra{T: at + 2, Uses: r.uses[at]}}))
	}
	mapping := record.DefaultMapping()
	if r.tool == "artillery" {
		mapping = record.Mapping{Kind: "log", Gamma: (1 + record.Accuracy) / (1 - record.Accuracy)}
	}
	tool, err := record.Create(folder.Tool())
	must(err)
	tool.Header(record.Header{Format: record.Format, Run: r.id, Project: "shop", Tool: r.tool, ToolVersion: "of the test", Mapping: mapping, Start: r.start, Period: int(r.period)})
	w := &bucketing{t: t, tool: tool, mapping: mapping, metrics: map[string]int{}, series: map[string]int{}}
	byWindow := map[int64][]reading{}
	var unplaced []reading
	for _, s := range r.samples {
		if s.unplaced {
			unplaced = append(unplaced, s)
			continue
		}
		byWindow[s.t] = append(byWindow[s.t], s)
	}
	loads := r.loads
	for _, at := range slices.Sorted(maps.Keys(byWindow)) {
		samples := byWindow[at]
		if at%50 == 0 && r.period == 1 { // some came late: the second is there again
			half := len(samples) / 2
			tool.Second(at, w.buckets(samples[:half]))
			samples = samples[half:]
		}
		tool.Second(at, w.buckets(samples))
		for len(loads) > 0 && loads[0].T <= at {
			tool.Load(loads[0])
			loads = loads[1:]
		}
	}
	if len(unplaced) > 0 {
		tool.Unplaced(r.seconds-r.period, w.buckets(unplaced))
	}
	tool.End(r.end)
	must(tool.Close())
	must(run.Write(record.RunLine{End: &record.RunEnd{Time: r.start.Add(time.Duration(r.seconds) * time.Second), Ledger: r.end.Ledger}}))
	must(run.Close())
	return folder
}

// bucketing makes buckets of samples, as tools do.
type bucketing struct {
	t       *testing.T
	tool    *record.Writer
	mapping record.Mapping
	metrics map[string]int
	series  map[string]int
}

func (w *bucketing) buckets(samples []reading) []record.Bucket {
	index, err := w.mapping.Index()
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[int]*record.Bucket{}
	for _, s := range samples {
		id := w.id(s)
		k := all[id]
		if k == nil {
			k = &record.Bucket{Series: id, Kind: kindOf(s.metric), Min: s.v, Max: s.v}
			if k.Kind == record.Trend {
				k.Sketch = record.NewSketch(index)
			}
			all[id] = k
		}
		k.N, k.Sum, k.Min, k.Max, k.Last = k.N+1, k.Sum+s.v, min(k.Min, s.v), max(k.Max, s.v), s.v
		if k.Sketch != nil {
			if err := k.Sketch.Add(s.v); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	var out []record.Bucket
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[id])
	}
	return out
}

// id declares the sample's series where it is new.
func (w *bucketing) id(s reading) int {
	metric, ok := w.metrics[s.metric]
	if !ok {
		metric = len(w.metrics)
		w.metrics[s.metric] = metric
		w.tool.Metric(record.Metric{ID: metric, Name: s.metric, Kind: kindOf(s.metric), Unit: kinds[s.metric].unit})
	}
	var name strings.Builder
	fmt.Fprint(&name, metric)
	for _, k := range slices.Sorted(maps.Keys(s.tags)) {
		fmt.Fprintf(&name, "\x00%s\x00%s", k, s.tags[k])
	}
	id, ok := w.series[name.String()]
	if !ok {
		id = len(w.series)
		w.series[name.String()] = id
		w.tool.Series(record.Series{ID: id, Metric: metric, Tags: s.tags})
	}
	return id
}
