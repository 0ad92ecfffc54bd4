package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

func TestScriptsForArtilleryAskAsManyEndpointsAsIsCounted(t *testing.T) {
	for _, name := range []string{"artillery-saturate.yml", "artillery-steady.yml"} {
		text, err := scripts.ReadFile("scripts/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "- get: "); n != artilleryEndpoints {
			t.Errorf("%s asks %d endpoints, want %d", name, n, artilleryEndpoints)
		}
	}
	text, err := scripts.ReadFile("scripts/artillery-steady.yml")
	if err != nil || !strings.Contains(string(text), "arrivalRate: 20 ") || steadyRate != 20 {
		t.Errorf("the arrival rate is not the one that is counted with, error %v", err)
	}
}

func TestLoadsSayHowManyRequestsTheyMake(t *testing.T) {
	for _, c := range []struct {
		load     artilleryLoad
		variable string
		requests int64
	}{
		{saturating(2000, 30*time.Second), "LOOPS=150", 60_000},
		{saturating(1, time.Second), "LOOPS=1", 400},
		{steady(10 * time.Minute), "SECONDS=600", 240_000},
		{steady(100 * time.Millisecond), "SECONDS=1", 400},
	} {
		if c.load.requests != c.requests || len(c.load.vars) != 1 || c.load.vars[0] != c.variable {
			t.Errorf("%v makes %d requests, want %s and %d", c.load.vars, c.load.requests, c.variable, c.requests)
		}
	}
}

func TestLengthStandsInTheTable(t *testing.T) {
	for length, want := range map[time.Duration]string{
		10 * time.Minute: " in 10 min, ", 25 * time.Second: " in 25 s, ", 90 * time.Second: " in 90 s, ",
	} {
		if got := memoryFigure(length); !strings.Contains(got, want) {
			t.Errorf("%s is named %q", length, got)
		}
	}
	if got := artilleryMemory().figures[0].name; got != memoryFigure(10*time.Minute) {
		t.Errorf("the mark is %q before it is measured", got)
	}
}

func TestGrowthBeginsWhenARunIsSettled(t *testing.T) {
	long := make([]int64, 80)
	long[30], long[79] = 100, 160
	for _, c := range []struct {
		memory []int64
		want   int64
	}{{nil, 0}, {[]int64{7}, 0}, {[]int64{1, 2, 5, 9}, 4}, {long, 60}} {
		if got := grew(c.memory); got != c.want {
			t.Errorf("%v grew by %d, want %d", c.memory, got, c.want)
		}
	}
}

func TestTargetCountsWhatItIsAsked(t *testing.T) {
	to, err := newTarget()
	if err != nil {
		t.Fatal(err)
	}
	defer to.server.Close()
	for _, path := range []string{"/fast/1", "/slow/0", "/fast/2"} {
		res, err := http.Get(to.url() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	seen := to.take()
	if seen.n != 3 || !seen.last.After(seen.first) {
		t.Errorf("it saw %+v", seen)
	}
	if again := to.take(); again.n != 0 {
		t.Errorf("it still has %+v", again)
	}
	began := time.Now()
	if rate := (asked{5, began, began.Add(2 * time.Second)}).rate(); rate != 2 {
		t.Errorf("four intervals in two seconds are %v a second", rate)
	}
}

func TestPacketsAreCountedUpToTheLast(t *testing.T) {
	s, err := newPacketSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	out, err := net.Dial("udp4", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for range 2 { // it settles more than once
		for range 10 {
			if _, err := out.Write([]byte("a:1|c")); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.settle(); err != nil {
			t.Fatal(err)
		}
		if n, bytes := s.take(); n != 10 || bytes != 50 {
			t.Errorf("%d packets, %d bytes", n, bytes)
		}
	}
}

func TestRunOfArtilleryThatIsNotComparableIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), record.ToolFile)
	w, err := record.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w.Header(record.Header{Format: record.Format, Run: "r", Tool: "artillery", Mapping: record.DefaultMapping(), Period: 10})
	w.Metric(record.Metric{ID: 0, Name: "http.requests", Kind: record.Counter})
	w.Series(record.Series{ID: 0, Metric: 0})
	w.Second(0, []record.Bucket{{Series: 0, Kind: record.Counter, N: 40, Sum: 40}})
	emitted := int64(40)
	w.End(record.End{T: 2, Ledger: record.Ledger{Emitted: &emitted, Recorded: 40}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run := func(n, packets int64) *artilleryRun { return &artilleryRun{asked: asked{n: n}, packets: packets} }
	plain, plugin := artilleryLoad{requests: 40}, artilleryLoad{requests: 40, plugin: true}
	for _, c := range []struct {
		what string
		run  *artilleryRun
		load artilleryLoad
		ok   bool
	}{
		{"a plain run", run(40, 0), plain, true},
		{"a run with the plugin", run(40, 3), plugin, true},
		{"a request that is missing", run(39, 0), plain, false},
		{"a plain run with StatsD", run(40, 1), plain, false},
		{"a plugin without StatsD", run(40, 0), plugin, false},
		{"a record that has less", run(41, 3), artilleryLoad{requests: 41, plugin: true}, false},
	} {
		if err := c.run.check(c.load, path); (err == nil) != c.ok {
			t.Errorf("%s: error %v", c.what, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := run(40, 3).check(plugin, path); err == nil {
		t.Error("a run without a record is taken")
	}
}

func TestPageIsWrittenByAllMarksOfATarget(t *testing.T) {
	for only, want := range map[string][2]string{
		"":                 {"docs/benchmarks.md", "bench"},
		ids(ofArtillery()): {"docs/benchmarks-artillery.md", "bench-artillery"},
		"artillery-rps,artillery-start,artillery-memory": {"docs/benchmarks-artillery.md", "bench-artillery"},
		ids(way()):      {"docs/benchmarks-k6.md", "bench-k6"},
		"soak":          {"docs/benchmarks-soak.md", "soak"},
		"artillery-rps": {"", ""},
	} {
		if to, target := pageOf(only); to != want[0] || target != want[1] {
			t.Errorf("-only %q writes %q by make %s, want %q", only, to, target, want)
		}
	}
	script, err := os.ReadFile("../run")
	if err != nil {
		t.Fatal(err)
	}
	for _, all := range []string{ids(way()), ids(ofArtillery())} {
		if !strings.Contains(string(script), "-only "+all+"\n") {
			t.Errorf("e2e/run does not measure %s", all)
		}
	}
}
