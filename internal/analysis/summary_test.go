package analysis

import (
	"math"
	"math/rand"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// recording writes a record of a k6 run by hand and keeps the raw values beside it.
type recording struct {
	t      *testing.T
	folder record.Folder
	tool   *record.Writer
	raw    []float64
}

func record3Seconds(t *testing.T) *recording {
	t.Helper()
	folder, err := record.Runs(t.TempDir()).Create("r1")
	if err != nil {
		t.Fatal(err)
	}
	run, err := record.CreateRun(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "r1", Tool: "k6", Project: "shop"}}); err != nil {
		t.Fatal(err)
	}
	tool, err := record.Create(folder.Tool())
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{t: t, folder: folder, tool: tool}
	tool.Header(record.Header{Format: record.Format, Run: "r1", Tool: "k6", ToolVersion: "v2", Mapping: record.DefaultMapping(), Start: time.Unix(1, 0), Period: 1})
	tool.Metric(record.Metric{ID: 1, Name: "http_reqs", Kind: record.Counter})
	tool.Metric(record.Metric{ID: 2, Name: "http_req_duration", Kind: record.Trend, Unit: "ms"})
	tool.Metric(record.Metric{ID: 3, Name: "checks", Kind: record.Rate})
	for i, status := range []string{"200", "404", "0"} {
		tool.Series(record.Series{ID: 10 + i, Metric: 1, Tags: map[string]string{"status": status}})
		tool.Series(record.Series{ID: 20 + i, Metric: 2, Tags: map[string]string{"status": status}})
	}
	tool.Series(record.Series{ID: 30, Metric: 3, Tags: map[string]string{"check": "is ok"}})
	index, err := record.DefaultMapping().Index()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewSource(7))
	for second := int64(1); second <= 3; second++ {
		var buckets []record.Bucket
		for i := range 3 {
			n := []int{800, 150, 50}[i]
			k := record.Bucket{Series: 20 + i, Kind: record.Trend, N: int64(n), Min: math.Inf(1), Max: math.Inf(-1), Sketch: record.NewSketch(index)}
			for range n {
				v := math.Exp(rng.NormFloat64()) * 10
				if i == 2 {
					v = 0 // as k6 counts a refused connection
				}
				r.raw = append(r.raw, v)
				k.Sum += v
				k.Min, k.Max = math.Min(k.Min, v), math.Max(k.Max, v)
				if err := k.Sketch.Add(v); err != nil {
					t.Fatal(err)
				}
			}
			buckets = append(buckets, k, record.Bucket{Series: 10 + i, Kind: record.Counter, N: int64(n), Sum: float64(n)})
		}
		buckets = append(buckets, record.Bucket{Series: 30, Kind: record.Rate, N: 100, Sum: 97})
		tool.Second(second, buckets)
		asked := 5.0
		tool.Load(record.Load{T: second, AskedVUs: &asked, AskedPeak: &asked, VUs: 4, Iterations: 100})
	}
	return r
}

func (r *recording) end(l record.Ledger, thresholds ...record.Threshold) *Summary {
	r.t.Helper()
	zero := 0
	r.tool.End(record.End{T: 4, Exit: &zero, Ledger: l, Thresholds: thresholds})
	return r.summary(false)
}

func (r *recording) summary(alive bool) *Summary {
	r.t.Helper()
	if err := r.tool.Close(); err != nil {
		r.t.Fatal(err)
	}
	s, err := Summarize(r.folder, alive)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func ptr[T any](v T) *T { return &v }

func TestSummaryEqualsTheTruth(t *testing.T) {
	r := record3Seconds(t)
	s := r.end(record.Ledger{Emitted: ptr(int64(6300)), Recorded: 6300})
	if s.Requests != 3000 || s.Codes["200"] != 2400 || s.Codes["404"] != 450 || s.Codes["0"] != 150 {
		t.Errorf("requests %d, codes %v", s.Requests, s.Codes)
	}
	if *s.Failed != 600 || *s.FailedRatio != 0.2 || *s.Unanswered != 150 {
		t.Errorf("failed %d (%g), unanswered %d; want 600, 0.2, 150", *s.Failed, *s.FailedRatio, *s.Unanswered)
	}
	if s.Seconds != 3 || *s.RPS != 1000 {
		t.Errorf("%g requests a second over %g s, want 1000 over 3", *s.RPS, s.Seconds)
	}
	slices.Sort(r.raw)
	l := s.Latency["http_req_duration"]
	for q, got := range map[float64]float64{0.5: l.P50, 0.9: l.P90, 0.95: l.P95, 0.99: l.P99, 0.999: l.P999} {
		want := r.raw[int(q*float64(len(r.raw)-1))]
		if math.Abs(got-want) > record.Accuracy*want {
			t.Errorf("q%g = %g, want %g within 1 %%", q, got, want)
		}
	}
	if l.Min != 0 || l.Max != r.raw[len(r.raw)-1] || l.Count != 3000 {
		t.Errorf("min %g, max %g, count %d", l.Min, l.Max, l.Count)
	}
	if len(s.Checks) != 1 || s.Checks[0] != (Check{Name: "is ok", Passes: 291, Fails: 9}) {
		t.Errorf("checks %+v", s.Checks)
	}
	if *s.Load.AskedVUsMax != 5 || s.Load.VUsMax != 4 || s.Load.Iterations != 300 {
		t.Errorf("load %+v", s.Load)
	}
	if why := Incomplete(s, ptr(int64(3000))); why != "" {
		t.Errorf("incomplete: %s", why)
	}
}

func TestIncompleteNamesEveryReason(t *testing.T) {
	for name, c := range map[string]struct {
		ledger   record.Ledger
		requests *int64
		want     string
	}{
		"lost":           {record.Ledger{Emitted: ptr(int64(6302)), Recorded: 6300, Lost: map[string]int64{"disk": 2}}, nil, "2 samples lost: disk"},
		"unaccounted":    {record.Ledger{Emitted: ptr(int64(6302)), Recorded: 6300, Lost: map[string]int64{"disk": 1}}, nil, "1 samples lost: disk\n1 of 6302 samples are unaccounted for"},
		"a false ledger": {record.Ledger{Emitted: ptr(int64(6310)), Recorded: 6310}, nil, "10 of 6310 samples are unaccounted for"},
		"disagreement":   {record.Ledger{Emitted: ptr(int64(6300)), Recorded: 6300}, ptr(int64(3001)), "the tool counts 3001 requests, the record 3000"},
	} {
		t.Run(name, func(t *testing.T) {
			if why := Incomplete(record3Seconds(t).end(c.ledger), c.requests); why != c.want {
				t.Errorf("got %q, want %q", why, c.want)
			}
		})
	}
}

func TestRecordWithoutEndSaysWhatIsNotKnown(t *testing.T) {
	s := record3Seconds(t).summary(false)
	if s.State != Interrupted || s.Ledger.Emitted != nil || s.Ledger.Recorded != 6300 {
		t.Errorf("state %s, ledger %+v", s.State, s.Ledger)
	}
	if Incomplete(s, nil) == "" {
		t.Error("a record without an end counts as complete")
	}
	if s := record3Seconds(t).summary(true); s.State != Running {
		t.Errorf("state %s while its writer lives", s.State)
	}
}

func TestDamagedRecordIsReadUpToTheDamage(t *testing.T) {
	r := record3Seconds(t)
	if err := r.tool.Flush(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(r.folder.Tool(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("{\"second\":{\"t\":9,\"b\":[[99,1,1]]}}\n"); err != nil {
		t.Fatal(err)
	}
	if s := r.summary(false); s.Damage == nil || s.Requests != 3000 {
		t.Errorf("damage %v, requests %d", s.Damage, s.Requests)
	}
}

func TestVerdictsOfThresholds(t *testing.T) {
	s := record3Seconds(t).end(record.Ledger{Emitted: ptr(int64(0))},
		record.Threshold{Metric: "a", Expression: "p(95)<1", OK: true, Evaluated: true},
		record.Threshold{Metric: "b", Expression: "p(95)<1", OK: false, Evaluated: true},
		record.Threshold{Metric: "c{x:y}", Expression: "count>0", OK: true, Evaluated: false})
	if got := Failed(s); !slices.Equal(got, []string{"b: p(95)<1"}) {
		t.Errorf("failed %v", got)
	}
	if got := Unevaluated(s); !slices.Equal(got, []string{"c{x:y}: count>0"}) {
		t.Errorf("unevaluated %v", got)
	}
}

func TestNothingAnswered(t *testing.T) {
	three, none := int64(3), int64(0)
	for _, c := range []struct {
		s    Summary
		want bool
	}{
		{Summary{Requests: 3, Unanswered: &three}, false},
		{Summary{Requests: 3, Unanswered: &none}, true},
		{Summary{Requests: 3}, true},
		{Summary{}, true},
	} {
		if got := c.s.Answered(); got != c.want {
			t.Errorf("%+v answered: %v", c.s, got)
		}
	}
}
