package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// program is the ltlab-k6 that the tests run: the one LTLAB_K6 names, else one built for them.
var program string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if program = os.Getenv("LTLAB_K6"); program != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "ltlab-k6-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "ltlab-k6")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// k6 is one run of the program with the output on.
type k6 struct {
	t       *testing.T
	cmd     *exec.Cmd
	dir     string
	printed strings.Builder
}

func prepare(t *testing.T, script string, flags ...string) *k6 {
	t.Helper()
	k := &k6{t: t, dir: t.TempDir()}
	if err := os.WriteFile(k.path("script.js"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	args := append([]string{"run", "--quiet", "--no-color", "--address=", "-o", "ltlab"}, flags...)
	k.cmd = exec.CommandContext(ctx, program, append(args, k.path("script.js"))...)
	k.cmd.Env = append(os.Environ(), "LTLAB_RECORD="+k.path(record.ToolFile), "LTLAB_RUN=the-run",
		"K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
	k.cmd.Stdout, k.cmd.Stderr = &k.printed, &k.printed
	return k
}

func (k *k6) path(name string) string { return filepath.Join(k.dir, name) }

// run returns the exit code.
func (k *k6) run() int {
	k.t.Helper()
	return k.code(k.cmd.Run())
}

func (k *k6) code(err error) int {
	k.t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		k.t.Fatalf("%v\n%s", err, k.printed.String())
	}
	return k.cmd.ProcessState.ExitCode()
}

// contents is the record, added up.
type contents struct {
	header  record.Header
	metrics map[int]record.Metric
	series  map[int]record.Series
	total   map[string]*record.Bucket // by metric's name
	seconds []int64
	loads   []record.Load
	notes   []record.Note
	end     *record.End
}

func (k *k6) record() *contents {
	k.t.Helper()
	tail, err := record.OpenTail(k.path(record.ToolFile))
	if err != nil {
		k.t.Fatalf("%v\n%s", err, k.printed.String())
	}
	defer tail.Close()
	c := &contents{metrics: map[int]record.Metric{}, series: map[int]record.Series{}, total: map[string]*record.Bucket{}}
	if err := tail.Each(func(l record.ToolLine) error { return c.add(l) }); err != nil {
		k.t.Fatal(err)
	}
	return c
}

func (c *contents) add(l record.ToolLine) error {
	switch {
	case l.Header != nil:
		c.header = *l.Header
	case l.Metric != nil:
		c.metrics[l.Metric.ID] = *l.Metric
	case l.Series != nil:
		c.series[l.Series.ID] = *l.Series
	case l.Load != nil:
		c.loads = append(c.loads, *l.Load)
	case l.Note != nil:
		c.notes = append(c.notes, *l.Note)
	case l.End != nil:
		c.end = l.End
	case l.Second != nil:
		c.seconds = append(c.seconds, l.Second.T)
		for _, b := range l.Second.Buckets {
			name := c.metrics[c.series[b.Series].Metric].Name
			sum := c.total[name]
			if sum == nil {
				c.total[name] = &b
				continue
			}
			sum.N, sum.Sum = sum.N+b.N, sum.Sum+b.Sum
			sum.Min, sum.Max = min(sum.Min, b.Min), max(sum.Max, b.Max)
			if b.Sketch != nil {
				if err := sum.Sketch.MergeWith(b.Sketch); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// target answers after 0 to 20 ms.
func target(t *testing.T) (url string, answered *atomic.Int64) {
	answered = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := answered.Add(1)
		<-time.After(time.Duration(n*7919%20_000) * time.Microsecond)
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	return server.URL, answered
}

func TestTheRecordSaysWhatK6Says(t *testing.T) {
	t.Parallel()
	url, answered := target(t)
	k := prepare(t, `
import http from 'k6/http';
import { sleep } from 'k6';
export const options = {
  scenarios: { s: { executor: 'constant-vus', vus: 5, duration: '3s' } },
  thresholds: { 'http_req_duration{name:a}': ['p(95)<5000'], 'http_reqs{name:c}': ['count<1'] },
};
export function setup() { http.get('`+url+`/setup'); sleep(0.8); }
export default function () {
  http.get('`+url+`/'+Math.random(), { tags: { name: Math.random() < 0.5 ? 'a' : 'b' } });
}`)
	k.cmd.Args = slices.Insert(k.cmd.Args, 2, "--summary-export", k.path("summary.json"), "-o", "json="+k.path("all.json"))
	if code := k.run(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, k.printed.String())
	}
	got := k.record()

	if h := got.header; h.Run != "the-run" || h.Tool != "k6" || !strings.HasPrefix(h.ToolVersion, "v2.") {
		t.Errorf("header %+v", h)
	}
	var summary struct {
		Metrics map[string]struct{ Count float64 }
	}
	data, err := os.ReadFile(k.path("summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &summary); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"http_reqs", "iterations", "data_sent", "data_received"} {
		if want := summary.Metrics[name].Count; got.total[name].Sum != want || want == 0 {
			t.Errorf("%s: %v, k6 says %v", name, got.total[name].Sum, want)
		}
	}
	if n := got.total["http_reqs"].N; n != answered.Load() {
		t.Errorf("%d requests, %d were answered", n, answered.Load())
	}

	all, values := points(t, k.path("all.json"))
	if l := got.end.Ledger; !l.Balanced() || *l.Emitted != all || l.Late != 0 || l.Folded != 0 {
		t.Errorf("ledger %+v, k6's JSON output has %d samples", l, all)
	}
	for _, name := range []string{"http_req_duration", "http_req_waiting", "http_req_sending", "iteration_duration"} {
		sorted, b := slices.Sorted(slices.Values(values[name])), got.total[name]
		if int(b.N) != len(sorted) || b.Min != sorted[0] || b.Max != sorted[len(sorted)-1] {
			t.Errorf("%s: %d values from %v to %v, want %d from %v", name, b.N, b.Min, b.Max, len(sorted), sorted[0])
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
			want := sorted[int(q*float64(len(sorted)-1))]
			if v := record.Quantile(b.Sketch, q, b.Min, b.Max); math.Abs(v-want) > 1.001*record.Accuracy*want {
				t.Errorf("%s at %v: %v, want %v within 1 %%", name, q, v, want)
			}
		}
	}

	var asked, iterations float64
	for i, l := range got.loads {
		if l.T != int64(i) || l.AskedVUs == nil || l.AskedRate != nil {
			t.Errorf("load %+v", l)
			continue
		}
		asked += *l.AskedVUs
		iterations += float64(l.Iterations)
	}
	if math.Abs(asked-15) > 1e-6 || iterations != summary.Metrics["iterations"].Count {
		t.Errorf("asked for %v seconds of virtual users, want 15; %v iterations", asked, iterations)
	}
	if first := *got.loads[0].AskedVUs; first > 1 {
		t.Errorf("asked for %v users in the first second, of which setup took 0.8", first)
	}
	want := []record.Threshold{
		{Metric: "http_req_duration{name:a}", Expression: "p(95)<5000", OK: true, Evaluated: true},
		{Metric: "http_reqs{name:c}", Expression: "count<1", OK: true, Evaluated: false},
	}
	if !slices.Equal(got.end.Thresholds, want) {
		t.Errorf("thresholds %+v", got.end.Thresholds)
	}
	for _, s := range got.series {
		for _, key := range []string{"url", "vu", "iter"} {
			if _, ok := s.Tags[key]; ok {
				t.Errorf("series %+v has tag %s", s, key)
			}
		}
	}
}

// points counts the samples in a file of k6's JSON output and collects their values by metric.
func points(t *testing.T, path string) (n int64, values map[string][]float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	values = map[string][]float64{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var p struct {
			Type, Metric string
			Data         struct{ Value float64 }
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if p.Type == "Point" {
			n++
			values[p.Metric] = append(values[p.Metric], p.Data.Value)
		}
	}
	return n, values
}

func TestAKilledRunLeavesAReadableRecord(t *testing.T) {
	t.Parallel()
	url, answered := target(t)
	k := prepare(t, `
import http from 'k6/http';
export const options = { vus: 3, duration: '50s' };
export default function () { http.get('`+url+`/'); }`)
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.await(func(c *contents) bool { return len(c.seconds) >= 2 })
	if err := k.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = k.cmd.Wait()
	got := k.record()
	if got.end != nil {
		t.Errorf("a killed run has an end: %+v", got.end)
	}
	if n := got.total["http_reqs"].N; n == 0 || n > answered.Load() {
		t.Errorf("%d requests recorded of %d", n, answered.Load())
	}
	if !slices.IsSorted(got.seconds) || got.seconds[0] != 0 {
		t.Errorf("seconds %v", got.seconds)
	}
}

func TestAnInterruptedRunHasAnEnd(t *testing.T) {
	t.Parallel()
	url, answered := target(t)
	k := prepare(t, `
import http from 'k6/http';
export const options = { vus: 3, duration: '50s', gracefulStop: '1s' };
export default function () { http.get('`+url+`/'); }`)
	if err := k.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	k.await(func(c *contents) bool { return len(c.seconds) >= 1 })
	if err := k.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	code, got := k.code(k.cmd.Wait()), k.record()
	if code != 105 || got.end == nil || *got.end.Exit != 105 || !got.end.Ledger.Balanced() {
		t.Errorf("exit code %d, end %+v", code, got.end)
	}
	if n := got.total["http_reqs"].N; n == 0 || n > answered.Load() {
		t.Errorf("%d requests recorded of %d", n, answered.Load())
	}
}

// await reads the growing record until it satisfies a condition.
func (k *k6) await(satisfied func(*contents) bool) {
	k.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(k.path(record.ToolFile)); err == nil && satisfied(k.record()) {
				return
			}
		case <-deadline:
			_ = k.cmd.Process.Kill()
			_ = k.cmd.Wait()
			k.t.Fatalf("the record did not grow\n%s", k.printed.String())
		}
	}
}

func TestTheEndHasK6sExitCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		code   int
		text   string
	}{
		"threshold": {`
export const options = { thresholds: { iterations: ['count>5'], 'checks{check:none}': ['rate>0.9'] } };
export default function () {}`, 99, "thresholds on metrics 'iterations' have been crossed"},
		"exception in setup": {`
export function setup() { throw new Error('no target'); }
export default function () {}`, 107, "no target"},
		"aborted": {`
import exec from 'k6/execution';
export default function () { exec.test.abort('enough'); }`, 108, "enough"},
		"marked as failed": {`
import exec from 'k6/execution';
export default function () { exec.test.fail('bad'); }`, 110, "marked as failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := prepare(t, c.script)
			code, got := k.run(), k.record()
			if code != c.code || got.end == nil || got.end.Exit == nil || *got.end.Exit != c.code {
				t.Fatalf("exit code %d, end %+v\n%s", code, got.end, k.printed.String())
			}
			if !strings.Contains(got.end.Error, c.text) || !got.end.Ledger.Balanced() {
				t.Errorf("end %+v", got.end)
			}
			if name == "threshold" {
				want := []record.Threshold{
					{Metric: "checks{check:none}", Expression: "rate>0.9", OK: true, Evaluated: false},
					{Metric: "iterations", Expression: "count>5", OK: false, Evaluated: true},
				}
				if !slices.Equal(got.end.Thresholds, want) {
					t.Errorf("thresholds %+v", got.end.Thresholds)
				}
			}
		})
	}
}

// k6 itself refuses NaN with a warning; infinity and negative values it hands over.
func TestValuesThatAreNoNumbers(t *testing.T) {
	t.Parallel()
	k := prepare(t, `
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const all = [new Counter('counter'), new Gauge('gauge'), new Rate('rate'), new Trend('trend')];
export default function () {
  for (const m of all) {
    for (const v of [NaN, undefined, 'text', Infinity, -Infinity, -2, true, '3']) {
      m.add(v, { name: 'a "tag"\n\u{1F600}' + 'x'.repeat(64 << 10) });
    }
  }
}`)
	if code := k.run(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, k.printed.String())
	}
	got := k.record()
	if l := got.end.Ledger; l.Lost["invalid value"] != 8 || l.LostTotal() != 8 || *l.Emitted != l.Recorded+8 {
		t.Errorf("ledger %+v", l)
	}
	for name, want := range map[string]record.Bucket{
		"counter": {N: 3, Sum: 2},
		"gauge":   {N: 3, Min: -2, Max: 3, Last: 3},
		"rate":    {N: 3, Sum: 3},
		"trend":   {N: 3, Sum: 2, Min: -2, Max: 3},
	} {
		b := *got.total[name]
		b.Series, b.Kind, b.Sketch = 0, "", nil
		if b != want {
			t.Errorf("%s: %+v, want %+v", name, b, want)
		}
	}
	if len(got.notes) != 1 || got.notes[0].ID != "value-invalid" {
		t.Errorf("notes %+v", got.notes)
	}
	if n := strings.Count(k.printed.String(), "is an invalid value"); n != 12 {
		t.Errorf("k6 refused %d values, want 12\n%s", n, k.printed.String())
	}
}
