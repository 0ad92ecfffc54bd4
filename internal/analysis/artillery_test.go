package analysis

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

func artilleryRun(t *testing.T) *recordtest.Artillery {
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "a1")
	for range 3 {
		a.Period()
	}
	return a
}

func summaryOf(t *testing.T, folder record.Folder) *Summary {
	t.Helper()
	s, err := Summarize(folder, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSummaryOfAnArtilleryRunEqualsTheTruth(t *testing.T) {
	a := artilleryRun(t)
	a.Unplaced()
	a.End()
	a.Finish()
	s, want := summaryOf(t, a.Folder), a.Truth
	codes := maps.Clone(want.Codes)
	codes["0"] = want.Requests - want.Responses
	if s.Requests != want.Requests || !maps.Equal(s.Codes, codes) {
		t.Errorf("requests %d, codes %v; want %d, %v", s.Requests, s.Codes, want.Requests, codes)
	}
	failed := codes["0"] + codes["404"] + codes["500"]
	if *s.Failed != failed || *s.FailedRatio != float64(failed)/float64(want.Requests) || *s.Unanswered != codes["0"] {
		t.Errorf("failed %d (%g), unanswered %d", *s.Failed, *s.FailedRatio, *s.Unanswered)
	}
	if !maps.Equal(s.Errors, map[string]int64{"ECONNREFUSED": want.Errors}) {
		t.Errorf("errors %v", s.Errors)
	}
	// Three periods from 3 s before the run: 27 s of it.
	if s.Seconds != 27 || *s.RPS != 400.0/27 {
		t.Errorf("%g requests a second over %g s", *s.RPS, s.Seconds)
	}
	if got := *s.Load.VUsers; got != (VUsers{Created: 400, Completed: 352, Failed: 48, Skipped: 20}) {
		t.Errorf("virtual users %+v", got)
	}
	if s.Load.Iterations != 400 || s.Load.Dropped != 20 || s.Load.VUsMax != 12 || *s.Load.AskedIterations != 315 {
		t.Errorf("load %+v, asked iterations %g", s.Load, *s.Load.AskedIterations)
	}
	if !slices.Equal(s.Checks, []Check{{Name: "expect statusCode", Passes: 320, Fails: 32}}) {
		t.Errorf("checks %+v", s.Checks)
	}
	if len(s.Thresholds) != 1 || s.Thresholds[0].Metric != "ensure" {
		t.Errorf("thresholds %+v", s.Thresholds)
	}
	metric, l := s.FirstByte()
	slices.Sort(want.Response)
	if metric != "http.response_time" || l.Count != int64(len(want.Response)) || l.Min != want.Response[0] || l.Max != want.Response[len(want.Response)-1] {
		t.Errorf("%s %+v", metric, l)
	}
	for q, got := range map[float64]float64{0.5: l.P50, 0.9: l.P90, 0.95: l.P95, 0.99: l.P99} {
		if v := want.Response[int(q*float64(len(want.Response)-1))]; math.Abs(got-v) > record.Accuracy*v {
			t.Errorf("q%g = %g, want %g within 1 %%", q, got, v)
		}
	}
}

func TestWhatNoPeriodHasIsSaidAndIsNotMissing(t *testing.T) {
	a := artilleryRun(t)
	a.Unplaced()
	a.End()
	s := summaryOf(t, a.Folder)
	if s.Ledger.Recorded != a.Truth.Samples || s.Ledger.Unplaced != a.Truth.Unplaced || !s.Ledger.Balanced() {
		t.Errorf("ledger %+v, want %d samples, %d of them unplaced", s.Ledger, a.Truth.Samples, a.Truth.Unplaced)
	}
	requests := a.Truth.Requests
	if why := Incomplete(s, &requests); why != "" {
		t.Errorf("incomplete: %s", why)
	}
	if text := Unplaced(s); !strings.Contains(text, "samples are in the run's figures and in no period") {
		t.Errorf("got %q", text)
	}
	whole := artilleryRun(t)
	whole.End()
	if text := Unplaced(summaryOf(t, whole.Folder)); text != "" {
		t.Errorf("a run with periods alone: %q", text)
	}
}

func TestAnArtilleryRunWithoutAnEndSaysWhatIsNotKnown(t *testing.T) {
	s := summaryOf(t, artilleryRun(t).Folder)
	if why := Incomplete(s, nil); s.State != Interrupted || s.Ledger.Emitted != nil || s.Requests != 300 || !strings.Contains(why, "without closing its record") {
		t.Errorf("state %s, ledger %+v, %d requests, %q", s.State, s.Ledger, s.Requests, why)
	}
	s.ToolEnd = &record.End{} // Ctrl-C: the record has an end, and there was no final report
	if why := Incomplete(s, nil); !strings.Contains(why, "before its final report") {
		t.Errorf("%q", why)
	}
}

func TestAnArtilleryRunIsAnsweredByAResponseOrAUserThatGotToItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		requests, responses, completed, failed int64
		want                                   bool
	}{
		"one response":              {3, 1, 0, 3, true},
		"refused":                   {3, 0, 0, 3, false},
		"refused, users go on":      {3, 0, 3, 0, false},
		"no HTTP, users complete":   {0, 0, 3, 0, true},
		"no HTTP, every user fails": {0, 0, 0, 3, false},
		"nothing at all":            {0, 0, 0, 0, false},
		"more answers than asked":   {3, 4, 3, 0, true},
	} {
		s := &Summary{Tool: Artillery, Codes: map[string]int64{}}
		a := &artillery{}
		for metric, n := range map[string]int64{"http.requests": c.requests, "http.responses": c.responses, "vusers.completed": c.completed, "vusers.failed": c.failed} {
			a.count(s, metric, nil, n)
		}
		(&reader{s: s, artillery: a, codesKnown: true}).finish()
		if got := s.Answered(); got != c.want {
			t.Errorf("%s: answered is %v", name, got)
		}
		if none := max(0, c.requests-c.responses); s.Codes["0"] != none {
			t.Errorf("%s: %d without an answer, want %d", name, s.Codes["0"], none)
		}
	}
}

func TestNamesThatMeanSomethingToOneToolMeanNothingToTheOther(t *testing.T) {
	for tool, metrics := range map[string][]string{"k6": {"errors", "http.requests", "vusers.created"}, Artillery: {"http_reqs"}} {
		folder, err := record.Runs(t.TempDir()).Create("r")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(string(folder), record.RunFile), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := record.Create(folder.Tool())
		if err != nil {
			t.Fatal(err)
		}
		w.Header(record.Header{Format: record.Format, Tool: tool, Mapping: record.DefaultMapping(), Period: 1})
		for i, name := range metrics {
			w.Metric(record.Metric{ID: i, Name: name, Kind: record.Counter})
			w.Series(record.Series{ID: i, Metric: i})
			w.Second(0, []record.Bucket{{Series: i, Kind: record.Counter, N: 1, Sum: 1}})
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		s := summaryOf(t, folder)
		if s.Tool != tool || s.Requests != 0 || len(s.Codes)+len(s.Errors) != 0 || s.Ledger.Recorded != int64(len(metrics)) {
			t.Errorf("%s: %d requests, codes %v, errors %v", s.Tool, s.Requests, s.Codes, s.Errors)
		}
	}
}

func TestARunThatEndedIsDamagedWhenItsRecordIsNotWholeAnyMore(t *testing.T) {
	end := func(e record.RunEnd) *record.Run { return &record.Run{End: &e} }
	said := []record.Warning{{ID: "data-incomplete"}}
	for name, c := range map[string]struct {
		run          *record.Run
		alive, whole bool
		want         State
	}{
		"it goes on":                   {&record.Run{}, true, false, Running},
		"nobody wrote its end":         {&record.Run{}, false, true, Interrupted},
		"interrupted":                  {end(record.RunEnd{Interrupted: true}), false, false, Interrupted},
		"whole":                        {end(record.RunEnd{}), false, true, Finished},
		"cut since":                    {end(record.RunEnd{}), false, false, Damaged},
		"cut since, thresholds failed": {end(record.RunEnd{Exit: 99}), false, false, Damaged},
		"said at its end":              {end(record.RunEnd{Exit: 18}), false, false, Finished},
		"said beside another problem":  {end(record.RunEnd{Exit: 99, Warnings: said}), false, false, Finished},
	} {
		if got := StateOf(c.run, c.alive, c.whole); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
