package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

// show shows a run of a lab's home.
func show(t *testing.T, home string, args ...string) string {
	t.Helper()
	code, out, stderr := run(t, func(d *Deps) {
		d.Getenv = func(k string) string { return map[string]string{"LTLAB_HOME": home}[k] }
	}, append([]string{"runs", "show"}, args...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	return out
}

// artilleryRun is a finished run with what no period has.
func artilleryRun(t *testing.T, home string) *recordtest.Artillery {
	a := recordtest.NewArtillery(t, record.Runs(filepath.Join(home, "runs")), "art")
	a.Period()
	a.Period()
	a.Unplaced()
	a.End()
	a.Finish()
	return a
}

// k6Run is a run of k6 with checks and a threshold, as artilleryRun has them.
func k6Run(t *testing.T, home string) {
	t.Helper()
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder, err := record.Runs(filepath.Join(home, "runs")).Create("k6")
	try(err)
	w, err := record.CreateRun(folder.Run())
	try(err)
	try(w.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "k6", Tool: "k6", Project: "shop", Scenario: record.Scenario{Name: "spike.js"}, Time: time.Unix(1, 0)}}))
	try(w.Write(record.RunLine{End: &record.RunEnd{Recorded: 3}}))
	try(w.Close())
	tool, err := record.Create(folder.Tool())
	try(err)
	tool.Header(record.Header{Format: record.Format, Run: "k6", Tool: "k6", ToolVersion: "v2.1.0", Mapping: record.DefaultMapping(), Start: time.Unix(1, 0), Period: 1})
	index, err := record.DefaultMapping().Index()
	try(err)
	sketch := record.NewSketch(index)
	try(sketch.AddWithCount(20, 3))
	var all []record.Bucket
	for i, m := range []record.Metric{{Name: "http_reqs", Kind: record.Counter}, {Name: "http_req_duration", Kind: record.Trend, Unit: "ms"},
		{Name: "http_req_waiting", Kind: record.Trend, Unit: "ms"}, {Name: "checks", Kind: record.Rate}} {
		m.ID = i
		tool.Metric(m)
		tool.Series(record.Series{ID: i, Metric: i, Tags: map[string]string{"status": "200", "check": "is ok"}})
		k := record.Bucket{Series: i, Kind: m.Kind, N: 3, Sum: 3}
		if m.Kind == record.Trend {
			k.Sum, k.Min, k.Max, k.Sketch = 60, 20, 20, sketch
		}
		all = append(all, k)
	}
	tool.Second(0, all)
	rate := 3.0
	tool.Load(record.Load{AskedRate: &rate, VUs: 2, Iterations: 3})
	n := int64(12)
	tool.End(record.End{T: 1, Thresholds: []record.Threshold{{Metric: "http_req_duration", Expression: "p(95)<900", OK: true, Evaluated: true}}, Ledger: record.Ledger{Emitted: &n, Recorded: n}})
	try(tool.Close())
}

// names are those of the lines.
func names(text string) (out []string) {
	for _, m := range regexp.MustCompile(`(?m)^  (\S+) +\S`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestBothToolsRunsAreShownAlike(t *testing.T) {
	home := t.TempDir()
	artilleryRun(t, home)
	k6Run(t, home)
	a, k := show(t, home, "art"), show(t, home, "k6")
	lines := []string{"load", "requests", "codes", "latency", "ttfb", "checks", "thresholds", "ledger", "record"}
	if got := names(k); !slices.Equal(got, lines) {
		t.Errorf("k6's lines are %q, want %q:\n%s", got, lines, k)
	}
	got := names(a)
	if i := slices.Index(got, "errors"); i != 3 {
		t.Fatalf("errors are in line %d:\n%s", i, a)
	}
	got = slices.DeleteFunc(slices.Delete(got, 3, 4), func(name string) bool { return name == "✗" }) // a failing check's own line
	if !slices.Equal(got, lines) {
		t.Errorf("Artillery's lines are %q, want %q and errors:\n%s", got, lines, a)
	}
	for text, all := range map[string][]string{
		a: {
			"· artillery 2.0.34 ·",
			"up to 12 VUs at a period's end · 210 iterations asked, 300 finished, 15 never started · vusers: 300 created, 264 completed, 36 failed, 15 skipped",
			"300 · 17.6/s over 17.0 s · 90 failed (30.0 %) · 36 without an answer",
			"no answer: 36 · 200: 210 · 404: 30 · 500: 24",
			"ECONNREFUSED: 36", "latency     not known: Artillery measures up to the first byte", "   http.response_time\n", "240 of 264 passed",
			"✓ ensure: http.response_time.p95 < 900", "in no period",
		},
		k: {"3 iterations asked, 3 finished, 0 never started\n", "latency     p50 20.0 ms", "   http_req_duration\n", "ttfb        p50 20.0 ms", "   http_req_waiting\n"},
	} {
		for _, want := range all {
			if !strings.Contains(text, want) {
				t.Errorf("there is no %q in\n%s", want, text)
			}
		}
	}
	if strings.Contains(a, "http_req") || strings.Contains(k, "vusers") || strings.Contains(k, "in no period") {
		t.Errorf("names of one tool are shown of the other:\n%s%s", a, k)
	}
}

func TestADocumentSaysWhatWasMeasuredUnderItsOwnName(t *testing.T) {
	home := t.TempDir()
	truth := artilleryRun(t, home).Truth
	k6Run(t, home)
	type document struct {
		Tool    string
		Summary struct {
			Requests int64
			Errors   map[string]int64
			Duration *struct{ P95 float64 } `json:"http_req_duration"`
			TTFB     *struct {
				Metric string
				Count  int64
				P50    float64
				Max    float64
			}
			Trends map[string]any
		}
		Load   struct{ VUsers map[string]int64 }
		Ledger struct{ Emitted, Recorded, Unplaced int64 }
	}
	var a, k document
	for id, d := range map[string]*document{"art": &a, "k6": &k} {
		if err := json.Unmarshal([]byte(show(t, home, id, "--json")), d); err != nil {
			t.Fatal(err)
		}
	}
	if f := a.Summary.TTFB; a.Summary.Duration != nil || f == nil || f.Metric != "http.response_time" || f.Count != truth.Responses || f.Max != slices.Max(truth.Response) {
		t.Errorf("Artillery's latencies are %+v and %+v", a.Summary.Duration, f)
	}
	if f := k.Summary.TTFB; k.Summary.Duration == nil || f == nil || f.Metric != "http_req_waiting" || f.Count != 3 || k.Summary.Trends["http_req_waiting"] == nil {
		t.Errorf("k6's latencies are %+v and %+v", k.Summary.Duration, f)
	}
	if a.Summary.Requests != truth.Requests || a.Summary.Errors["ECONNREFUSED"] != truth.Errors || k.Summary.Errors != nil {
		t.Errorf("requests %d, errors %v; k6's errors %v", a.Summary.Requests, a.Summary.Errors, k.Summary.Errors)
	}
	if got := fmt.Sprint(a.Load.VUsers); got != "map[completed:264 created:300 failed:36 skipped:15]" || k.Load.VUsers != nil {
		t.Errorf("virtual users %s; k6's %v", got, k.Load.VUsers)
	}
	if l := a.Ledger; l.Unplaced != truth.Unplaced || l.Emitted != truth.Samples || l.Recorded != truth.Samples {
		t.Errorf("ledger %+v", l)
	}
}

func TestAScriptsOwnMetricIsNotTakenForK6s(t *testing.T) {
	own := &analysis.Latency{Count: 1, P95: 7}
	s := &analysis.Summary{Tool: analysis.Artillery, Requests: 1, Latency: map[string]*analysis.Latency{httpDuration: own}}
	if doc := newRunDoc("r", s, ""); doc.Summary.HTTPDuration != nil || doc.Summary.Trends[httpDuration] != own {
		t.Errorf("got %+v", doc.Summary)
	}
}

func TestTheMostFrequentErrorsAreNamed(t *testing.T) {
	errors := map[string]int64{"A\x1bB": 1500}
	for i := range 12 {
		errors[fmt.Sprintf("E%02d", i)] = int64(20 - i/2)
	}
	want := "A?B: 1,500 · E00: 20 · E01: 20 · E02: 19 · E03: 19 · E04: 18 · E05: 18 · E06: 17 · E07: 17 · E08: 16 · and 3 more"
	if got := errorsText(errors); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
