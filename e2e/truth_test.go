//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// samples is what k6 itself wrote of a run, sample by sample: values by metric and by endpoint.
type samples struct {
	values map[string][]float64            // by metric
	byName map[string]map[string][]float64 // by metric and tag name
	codes  map[string]int64                // requests by status
	all    int64                           // samples of every metric
}

// readSamples reads the output of k6's --out json.
func (b *Bench) readSamples(path string) *samples {
	b.t.Helper()
	f, err := os.Open(path)
	b.try(err)
	defer f.Close()
	out := &samples{values: map[string][]float64{}, byName: map[string]map[string][]float64{}, codes: map[string]int64{}}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l struct {
			Metric, Type string
			Data         struct {
				Value float64
				Tags  map[string]string
			}
		}
		b.try(json.Unmarshal(lines.Bytes(), &l))
		if l.Type != "Point" {
			continue
		}
		out.all++
		name, v := l.Data.Tags["name"], l.Data.Value
		if out.byName[l.Metric] == nil {
			out.byName[l.Metric] = map[string][]float64{}
		}
		out.values[l.Metric] = append(out.values[l.Metric], v)
		out.byName[l.Metric][name] = append(out.byName[l.Metric][name], v)
		if l.Metric == "http_reqs" {
			out.codes[l.Data.Tags["status"]] += int64(v)
		}
	}
	b.try(lines.Err())
	for _, v := range out.values {
		slices.Sort(v)
	}
	for _, names := range out.byName {
		for _, v := range names {
			slices.Sort(v)
		}
	}
	return out
}

// exact is the q-quantile of sorted values: the one at rank floor(q(n-1)).
func exact(sorted []float64, q float64) float64 {
	return sorted[int(math.Floor(q*float64(len(sorted)-1)))]
}

// near asserts that a quantile is within one percent of the exact one.
func near(t *testing.T, what string, got float64, sorted []float64, q float64) {
	t.Helper()
	want := exact(sorted, q)
	if off := math.Abs(got - want); !(off <= 0.01*math.Abs(want)) {
		t.Errorf("%s: p%g is %g, exact %g: off by %.2f %%", what, q*100, got, want, 100*off/math.Abs(want))
	}
}

// same asserts that a count is exact.
func same(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want exactly %v", what, got, want)
	}
}

// TestFiguresEqualEverySample compares a run's figures on the terminal and on the board with all of k6's own samples.
func TestFiguresEqualEverySample(t *testing.T) {
	b := newBench(t)
	b.Scenario("truth.js")
	b.OK("start")
	api := newTarget(t)
	var first runDoc
	b.document(b.OK("k6", "-s", "truth.js", "--id", "truth", "--json", "-e", "BASE_URL="+api.URL, "--", "--out", "json=samples.json"), &first)
	all := b.readSamples(filepath.Join(b.Dir, "samples.json"))
	durations, requests := all.values["http_req_duration"], int64(len(all.values["http_reqs"]))
	if requests < 1000 || requests != api.count() {
		t.Fatalf("k6's samples hold %d requests, the target counted %d", requests, api.count())
	}

	doc := b.Show("truth")
	if err := doc.whole(requests); err != nil {
		t.Error(err)
	}
	s := &doc.Summary
	if first.Summary.Requests != s.Requests || *first.Summary.Duration != *s.Duration {
		t.Errorf("`ltlab k6` and `runs show` differ: %+v, %+v", first.Summary, s)
	}
	same(t, "samples in the ledger", float64(doc.Ledger.Recorded), float64(all.all))
	file := b.toolFile("truth")
	for metric, values := range all.values {
		same(t, "samples of "+metric+" in the record", float64(file.Samples[metric]), float64(len(values)))
	}
	var failed int64
	for code, n := range all.codes {
		same(t, "status "+code, float64(s.Codes[code]), float64(n))
		if code[0] >= '4' || code == "0" {
			failed += n
		}
	}
	same(t, "failed ratio", *s.FailedRatio, float64(failed)/float64(requests))
	same(t, "longest request", s.Duration.Max, durations[len(durations)-1])
	same(t, "shortest request", s.Duration.Min, durations[0])
	for q, got := range map[float64]float64{0.5: s.Duration.P50, 0.9: s.Duration.P90, 0.95: s.Duration.P95, 0.99: s.Duration.P99} {
		near(t, "http_req_duration of runs show", got, durations, q)
	}
	for _, metric := range []string{"basket_value", "http_req_waiting", "iteration_duration"} {
		l, v := s.Trends[metric], all.values[metric]
		if l == nil || l.Count != int64(len(v)) || l.Min != v[0] || l.Max != v[len(v)-1] {
			t.Errorf("%s: %+v, want %d values from %g to %g", metric, l, len(v), v[0], v[len(v)-1])
			continue
		}
		for q, got := range map[float64]float64{0.5: l.P50, 0.9: l.P90, 0.95: l.P95, 0.99: l.P99} {
			near(t, metric, got, v, q)
		}
	}
	for _, c := range doc.Checks {
		passes := 0.0
		for _, v := range all.values["checks"] {
			passes += v
		}
		same(t, "passed "+c.Name, float64(c.Passes), passes)
		same(t, "made "+c.Name, float64(c.Passes+c.Fails), float64(len(all.values["checks"])))
	}
	b.boardEqualsSamples("truth", all)
	b.leftNothing()
}

// boardEqualsSamples compares the board's figures, each endpoint's too.
func (b *Bench) boardEqualsSamples(run string, all *samples) {
	b.t.Helper()
	board, durations := b.BoardOf(run), all.values["http_req_duration"]
	n, _ := board.panel("requests").stat("")
	same(b.t, "requests of the board", n, float64(len(all.values["http_reqs"])))
	for label, q := range map[string]float64{"": 0.95, "p50": 0.5, "p99": 0.99} {
		got, _ := board.panel("latency").stat(label)
		near(b.t, "latency of the board", got, durations, q)
	}
	endpoints := board.panel("endpoints")
	if endpoints.Table == nil || len(endpoints.Table.Rows) != len(all.byName["http_reqs"]) || len(endpoints.Table.Rows) != 4 {
		b.t.Fatalf("endpoints %+v, want %d", endpoints.Table, len(all.byName["http_reqs"]))
	}
	for name, values := range all.byName["http_req_duration"] {
		n, _ := endpoints.cell(name, "requests")
		same(b.t, "requests of "+name, n, float64(len(values)))
		for column, q := range map[string]float64{"p50": 0.5, "p95": 0.95, "p99": 0.99} {
			got, _ := endpoints.cell(name, column)
			near(b.t, name, got, values, q)
		}
	}
}
