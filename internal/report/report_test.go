package report

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

const evil = "</template><script>alert(1)</script> \u2028|`\n::error::\x01\xff@all"

// sample is a run by k6 whose names hold what they should not.
func sample() Run {
	return Run{ID: "one", Tool: "k6", Version: "v2", Project: evil, Scenario: "a.js " + evil, Target: evil, State: analysis.Finished,
		Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 12.5, Verdict: Verdict{Level: Failed, Text: "failed, exit 99", ByLimits: true},
		Figures: []Figure{{"requests", "3"}, {"status " + evil, "3"}}, Lines: []Line{{"requests", "3 " + evil}},
		Limits: []record.Threshold{{Metric: "m" + evil, Expression: "p(95)<1", Evaluated: true}, {Metric: "n", Expression: "rate<1"},
			{Metric: "held", Expression: "rate<2", OK: true, Evaluated: true}},
		Checks: []analysis.Check{{Name: evil, Passes: 1, Fails: 2}, {Name: "fine", Passes: 3}}, Warnings: []string{evil}}
}

// busy records ten minutes by k6 of so many endpoints whose figures have no pattern that would be easy to compress.
func busy(t *testing.T, endpoints int) (*store.Store, store.Run) {
	t.Helper()
	dir := t.TempDir()
	folder, err := record.Runs(dir).Create("ten")
	must(t, err)
	run, err := record.CreateRun(folder.Run())
	must(t, err)
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "ten", Tool: "k6", Engine: "embedded", Project: "shop",
		Scenario: record.Scenario{Name: "main.js"}, Time: start}}))
	tool, err := record.Create(folder.Tool())
	must(t, err)
	tool.Header(record.Header{Format: record.Format, Run: "ten", Tool: "k6", Mapping: record.DefaultMapping(), Start: start, Period: 1})
	index, err := record.DefaultMapping().Index()
	must(t, err)
	metrics := []string{"http_reqs", "http_req_duration", "http_req_waiting", "http_req_receiving", "iteration_duration"}
	for i, name := range metrics {
		kind := record.Trend
		if i == 0 {
			kind = record.Counter
		}
		tool.Metric(record.Metric{ID: i, Name: name, Kind: kind, Unit: "ms"})
		for e := range endpoints {
			tool.Series(record.Series{ID: i*endpoints + e, Metric: i, Tags: map[string]string{
				"name": fmt.Sprintf("GET /item/%d", e), "scenario": "default", "status": []string{"200", "500"}[e%2]}})
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for second := range int64(600) {
		var all []record.Bucket
		for id := range len(metrics) * endpoints {
			k := record.Bucket{Series: id, Kind: record.Trend, N: 1 + rng.Int64N(20)}
			if id < endpoints {
				k.Kind, k.Sum = record.Counter, float64(k.N)
				all = append(all, k)
				continue
			}
			k.Sketch, k.Min, k.Max = record.NewSketch(index), math.Inf(1), math.Inf(-1)
			for range k.N {
				v := math.Exp(2*rng.NormFloat64() + 3)
				k.Sum, k.Min, k.Max = k.Sum+v, min(k.Min, v), max(k.Max, v)
				must(t, k.Sketch.Add(v))
			}
			all = append(all, k)
		}
		tool.Second(second, all)
		asked := rng.Float64() * 100
		tool.Load(record.Load{T: second, AskedVUs: &asked, VUs: rng.Float64() * 100, Iterations: rng.Int64N(1000)})
	}
	tool.End(record.End{T: 600})
	must(t, tool.Close())
	must(t, run.Write(record.RunLine{End: &record.RunEnd{Time: start.Add(10 * time.Minute)}}))
	must(t, run.Close())
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	must(t, err)
	t.Cleanup(func() { s.Close() })
	must(t, s.Take(context.Background(), folder, false))
	stored, err := s.Run(context.Background(), "ten")
	must(t, err)
	return s, stored
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAReportOfTenMinutesHasEveryBoardInOneMegabyte(t *testing.T) {
	s, stored := busy(t, 30)
	r := sample()
	r.Board = &stored
	page, err := HTML(context.Background(), []Run{r}, s)
	must(t, err)
	t.Logf("%d kB", len(page)>>10)
	if len(page) > 1<<20 {
		t.Errorf("the report has %d bytes", len(page))
	}
	var want, got []string
	for _, b := range boards.Of("k6") {
		if !figure.Compares(&b) {
			want = append(want, "ten/"+b.ID)
		}
	}
	for _, m := range regexp.MustCompile(`<template data-sheet="([^"]+)">`).FindAllSubmatch(page, -1) {
		got = append(got, string(m[1]))
	}
	if !slices.Equal(got, want) || len(want) < 3 {
		t.Errorf("the report has the boards %v, want %v", got, want)
	}
	if strings.Count(string(page), "<script") != 1 || strings.Contains(string(page), "alert(1)<") {
		t.Error("a name has become a script")
	}
	if foreign := regexp.MustCompile(`(src|href)="[^#d]|url\(|@import`).Find(page); foreign != nil {
		t.Errorf("the page asks for something outside of it: %s", foreign)
	}
	small, err := Markdown(context.Background(), []Run{r}, s)
	must(t, err)
	if n := utf8.RuneCount(small); n > 65_536 || !strings.Contains(string(small), "▁") || strings.Contains(string(small), "\n::error") {
		t.Errorf("the Markdown has %d characters:\n%s", n, small[:min(len(small), 2000)])
	}
	many := make([]Run, 24)
	for i := range many {
		many[i] = r
	}
	if small, err = Markdown(context.Background(), many, s); err != nil || size(string(small)) > 65_536 || !strings.Contains(string(small), "the charts of ") {
		t.Errorf("of many runs: %v, %d characters, or it does not say that charts are left out", err, size(string(small)))
	}
}

// element is what the usual schemas of JUnit's XML say of an element: attributes it must have, and others that it may, and the
// elements in it, in order; a star behind a name stands for any number, a question mark for at most one.
type element struct {
	must, may []string
	in        []string
}

// usual is the common ground of the schema of Ant's task junit, which is the strictest, and of Jenkins' plugin.
var usual = map[string]element{
	"testsuites": {in: []string{"testsuite*"}},
	"testsuite": {must: []string{"package", "id", "name", "timestamp", "hostname", "tests", "failures", "errors", "time"}, may: []string{"skipped"},
		in: []string{"properties", "testcase*", "system-out", "system-err"}},
	"properties": {in: []string{"property*"}},
	"property":   {must: []string{"name", "value"}},
	"testcase":   {must: []string{"name", "classname", "time"}, in: []string{"skipped?", "error?", "failure?"}},
	"skipped":    {may: []string{"message"}},
	"error":      {must: []string{"type"}, may: []string{"message"}},
	"failure":    {must: []string{"type"}, may: []string{"message"}},
	"system-out": {}, "system-err": {},
}

// values are the forms of attributes.
var values = map[string]string{"timestamp": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$`, "time": `^\d+\.\d+$`, "tests": `^\d+$`, "failures": `^\d+$`, "errors": `^\d+$`,
	"skipped": `^\d+$`, "id": `^\d+$`, "hostname": `.`, "name": `.`, "type": `.`}

func TestJUnitIsAsTheUsualSchemasWantIt(t *testing.T) {
	r := sample()
	killed, strict := sample(), sample()
	killed.State, killed.Verdict = analysis.Interrupted, Verdict{Level: Failed, Text: "interrupted"}
	strict.Judged, strict.Verdict = true, Verdict{Level: Failed, Text: "failed, exit 17"}
	text, err := JUnit([]Run{r, killed, strict, {Tool: "k6", State: analysis.Running}})
	must(t, err)
	check(t, text)
	for i, want := range []string{`tests="6" failures="1" errors="1" skipped="1"`, `tests="6" failures="1" errors="2" skipped="1"`,
		`tests="6" failures="3" errors="1" skipped="0"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("suite %d has not %s:\n%s", i, want, text)
		}
	}
}

// check reads XML and holds each element to its description.
func check(t *testing.T, text []byte) {
	t.Helper()
	type open struct {
		name string
		in   []string
	}
	var stack []open
	for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			is, ok := usual[name]
			if !ok {
				t.Fatalf("there is no element %s", name)
			}
			if len(stack) > 0 {
				stack[len(stack)-1].in = append(stack[len(stack)-1].in, name)
			}
			stack = append(stack, open{name: name})
			left := slices.Clone(is.must)
			for _, a := range e.Attr {
				at := a.Name.Local
				if form := values[at]; form != "" && !regexp.MustCompile(form).MatchString(a.Value) {
					t.Errorf("%s has %s=%q", name, at, a.Value)
				}
				if i := slices.Index(left, at); i >= 0 {
					left = slices.Delete(left, i, i+1)
				} else if !slices.Contains(is.may, at) {
					t.Errorf("%s has an attribute %s", name, at)
				}
			}
			if len(left) > 0 {
				t.Errorf("%s lacks %v", name, left)
			}
		case xml.EndElement:
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			form := "^"
			for _, in := range usual[last.name].in {
				name, many := strings.TrimRight(in, "*?"), in[len(in)-1:]
				if many != "*" && many != "?" {
					many = ""
				}
				form += "(" + name + ",)" + many
			}
			if got := strings.Join(append(last.in, ""), ","); !regexp.MustCompile(form + "$").MatchString(got) {
				t.Errorf("%s holds %s want %s", last.name, got, form)
			}
		}
	}
}

func TestAnAnnotationStaysInItsLine(t *testing.T) {
	text := string(GitHub([]Run{sample()}))
	for line := range strings.Lines(text) {
		if !regexp.MustCompile(`^::(error|warning|notice) title=[^:,\n]+::[^\n]+\n$`).MatchString(line) {
			t.Errorf("no annotation: %q", line)
		}
	}
	if n := strings.Count(text, "\n"); n != 5 {
		t.Errorf("%d annotations, want 5: the run, two thresholds, a check and a warning\n%s", n, text)
	}
}

func TestFiguresOfRunsThatDifferStandInOneOrder(t *testing.T) {
	a, b := Run{Figures: []Figure{{"requests", "1"}, {"p50", "2"}, {"lost", "3"}}}, Run{Figures: []Figure{{"requests", "4"}, {"ttfb", "5"}, {"lost", "6"}}}
	if got := names([]Run{a, b}); !slices.Equal(got, []string{"requests", "ttfb", "p50", "lost"}) {
		t.Errorf("got %v", got)
	}
	if a.figure("ttfb") != none || b.figure("ttfb") != "5" {
		t.Error("a figure that a run has not, or one that it has")
	}
}

func TestASmallChartGoesFromNoughtToItsLargestValue(t *testing.T) {
	nan := figure.Number(math.NaN())
	for want, values := range map[string][]figure.Number{"▁▄█·▂": {0, 4, 10, nan, 2}, "▁▁": {0, 0}, "█": {5}} {
		if got, _, _, ok := drawn(values); got != want || !ok {
			t.Errorf("%v: %s, want %s", values, got, want)
		}
	}
	if _, _, _, ok := drawn([]figure.Number{nan}); ok {
		t.Error("a line without a value is drawn")
	}
}
