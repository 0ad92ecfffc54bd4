//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// artillery gives the bench the Artillery and the Node of the tests.
func (b *Bench) artillery() {
	b.t.Helper()
	b.vars = append(b.vars, "LTLAB_ARTILLERY="+filepath.Dir(newPluginRig(b.t).modules()))
}

// toolDoc is what the document of a run has besides runDoc for Artillery.
type toolDoc struct {
	Tool    string
	Summary struct {
		Errors map[string]int64
		TTFB   *struct {
			Metric string
			latency
		}
	}
	Thresholds []struct {
		Metric, Expression string
		OK, Evaluated      bool
	}
}

func (b *Bench) showTool(run string) (doc toolDoc) {
	b.t.Helper()
	b.document(b.OK("runs", "show", run, "--json"), &doc)
	return doc
}

// point is a value of a row.
type point struct {
	at     int64 // seconds since 1970
	status string
	value  float64
}

// mixed is a finished run of mix.yml against a toy API, with what others than ltlab counted of it.
type mixed struct {
	id     string
	served map[string]int64 // by status, by the toy API
	all    int64
	report artilleryReport // Artillery's own
	points func(metric, field string, rollup rows.Rollup, w rows.Window) []point
}

// mix runs mix.yml against the lab's toy API, of which nobody else asks anything.
func (b *Bench) mix(args ...string) *mixed {
	b.t.Helper()
	b.Write("mix.yml", string(b.read("testdata/artillery/mix.yml")))
	m := &mixed{id: "mix", served: map[string]int64{}}
	api := b.service("toy-api")
	b.OK(append([]string{"artillery", "-s", "mix.yml", "--id", m.id, "-e", "BASE_URL=" + api, "--", "-o", "report.json"}, args...)...)
	b.try(json.Unmarshal(b.read(filepath.Join(b.Dir, "report.json")), &m.report))
	_, page := b.get(api+"/metrics", "")
	for route, status := range map[string]string{"/slow": "200", "/users/{id}": "404", "/error": "500"} {
		line := regexp.MustCompile(fmt.Sprintf(`(?m)^toyapi_http_requests_total\{code="%s",route="%s"\} (\d+)$`, status, regexp.QuoteMeta(route))).FindStringSubmatch(page)
		if line == nil {
			b.t.Fatalf("the toy API gave no %s:\n%s", status, page)
		}
		n, err := strconv.ParseInt(line[1], 10, 64)
		b.try(err)
		m.served[status] = n
		m.all += n
	}
	if users := int64(22 * 8); m.served["200"] != 7*users || m.served["404"] != 2*users || m.served["500"] != users {
		b.t.Fatalf("the toy API served %v, want those of %d users", m.served, users)
	}
	return m
}

// inStore reads rows as the boards do.
func (b *Bench) inStore(run string) func(string, string, rows.Rollup, rows.Window) []point {
	b.t.Helper()
	r, err := store.OpenReader(filepath.Join(b.Home, "store.db"))
	b.try(err)
	b.t.Cleanup(func() { _ = r.Close() })
	start := b.toolFile(run).Start.Unix()
	return func(metric, field string, rollup rows.Rollup, w rows.Window) (out []point) {
		b.t.Helper()
		all, err := r.Select(b.t.Context(), run, store.Query{Metric: metric, Field: field, Rollup: rollup, Window: w})
		b.try(err)
		for _, s := range all {
			for _, p := range s.Points {
				out = append(out, point{start + p.T, s.Tags["status"], p.V})
			}
		}
		return out
	}
}

// TestArtillerysFiguresAreItsTargetsAndItsOwn is on the engine without Docker.
func TestArtillerysFiguresAreItsTargetsAndItsOwn(t *testing.T) {
	b := newBench(t)
	b.artillery()
	b.OK("start")
	m := b.mix()
	m.points = b.inStore(m.id)
	b.mixEquals(m)
	b.leftNothing()
}

// mixEquals compares record and rows with what others counted, in subtests.
func (b *Bench) mixEquals(m *mixed) {
	t := b.t
	defer func() { b.t = t }()
	t.Run("the record counts what the target served", func(t *testing.T) {
		b.t = t
		doc := b.Show(m.id)
		if err := doc.whole(m.all); err != nil {
			t.Error(err)
		}
		if !maps.Equal(doc.Summary.Codes, m.served) {
			t.Errorf("codes %v, want %v", doc.Summary.Codes, m.served)
		}
		same(t, "failed ratio", *doc.Summary.FailedRatio, 0.3)
	})
	t.Run("the whole run's latencies are those of Artillery's report", func(t *testing.T) {
		b.t = t
		l := b.showTool(m.id).Summary.TTFB
		if l == nil || l.Metric != "http.response_time" || l.Count != m.all {
			t.Fatalf("%+v", l)
		}
		of := m.report.Aggregate.Summaries["http.response_time"]
		for name, v := range map[string]float64{"p50": l.P50, "p95": l.P95, "p99": l.P99, "max": l.Max, "min": l.Min} {
			reported(t, "the run's "+name, v, of[name])
		}
		if d := b.Show(m.id).Summary.Duration; d != nil {
			t.Errorf("a time to first byte is shown as http_req_duration: %+v", d)
		}
	})
	t.Run("the rows count what the target served", func(t *testing.T) {
		b.t = t
		codes := map[string]int64{}
		for _, w := range []rows.Window{rows.Period, rows.Run} { // of the run what no period had
			for _, p := range m.points("http.codes", "sum", rows.BySeries, w) {
				codes[p.status] += int64(p.value)
			}
		}
		if !maps.Equal(codes, m.served) {
			t.Errorf("codes %v, want %v", codes, m.served)
		}
		for _, metric := range []string{"http.codes", "http.requests", "http.responses", "http.response_time"} {
			if whole := m.points(metric, "count", rows.ByRun, rows.Run); len(whole) != 1 || int64(whole[0].value) != m.all {
				t.Errorf("the row of the run has %+v of %s, want %d", whole, metric, m.all)
			}
		}
	})
	t.Run("the rows' latencies are those of Artillery's periods and of its report", func(t *testing.T) {
		b.t = t
		if len(m.report.Intermediate) < 3 {
			t.Fatalf("Artillery reported %d periods", len(m.report.Intermediate))
		}
		for _, field := range []string{"count", "p50", "p95", "p99", "max"} {
			got := map[int64]float64{}
			for _, p := range m.points("http.response_time", field, rows.ByRun, rows.Period) {
				got[p.at] = p.value
			}
			if len(got) != len(m.report.Intermediate) {
				t.Errorf("%d rows of periods, Artillery reported %d", len(got), len(m.report.Intermediate))
			}
			for _, p := range m.report.Intermediate {
				reported(t, "a period's "+field, got[p.began(t)], p.Summaries["http.response_time"][field])
			}
			whole := m.points("http.response_time", field, rows.ByRun, rows.Run)
			if len(whole) != 1 {
				t.Fatalf("rows of the run: %+v", whole)
			}
			reported(t, "the run's "+field, whole[0].value, m.report.Aggregate.Summaries["http.response_time"][field])
		}
	})
}

// began is when a period began, in seconds since 1970.
func (p *artilleryPeriod) began(t *testing.T) int64 {
	t.Helper()
	ms, err := strconv.ParseInt(strings.Trim(string(p.Period), `"`), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return ms / 1000
}

// reported asserts that a value is within one percent of one that Artillery wrote, to the tenth of a millisecond.
func reported(t *testing.T, what string, got, want float64) {
	t.Helper()
	if off := math.Abs(got - want); !(off <= 0.01*want+0.05) {
		t.Errorf("%s is %g, Artillery's own %g", what, got, want)
	}
}
