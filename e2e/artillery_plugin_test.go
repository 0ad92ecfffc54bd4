//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

const pluginScript = `
config:
  target: %s
  processor: ./processor.js
  phases:
    - { duration: 12, arrivalRate: 6 }
    - { duration: "12 s", arrivalRate: 4, rampTo: 12 }
  plugins:
    metrics-by-endpoint: {}
    expect: { outputFormat: silent }
    apdex: { threshold: 1000 }
    ensure:
      thresholds: [{ "http.response_time.p99": 60000 }]
      conditions:
        - { expression: "http.codes.500 < 1" }
        - { expression: "http.codes.404 < 1", strict: false }
scenarios:
  - name: "a | b: c.d 🚀"
    flow:
      - get: { url: "/200", name: "first.codes.x: a|b 🚀", expect: [{ statusCode: 200 }] }
      - get: { url: "/404", expect: [{ statusCode: 200 }, { contentType: text }] }
      - function: custom
  - name: second
    flow:
      - get: { url: "/500" }
      - get: { url: "/200" }
      - get: { url: "/reset" }
`

const pluginProcessor = `
const fs = require('fs');
let n = 0;
exports.custom = (context, events, done) => {
  const v = 1 + (++n * 7919 % 9973) / 3;
  fs.appendFileSync(process.env.RAW, v + '\n');
  events.emit('histogram', 'my values', v);
  events.emit('histogram', 'my.debts', -v);
  events.emit('counter', 'my.count', 2);
  events.emit('counter', 'my.half', 0.5);
  events.emit('counter', 'my.debt', -3);
  events.emit('counter', 'my.nothing', NaN);
  events.emit('counter', 'vusers.active', 1);
  events.emit('counter', 'constructor', 1);
  events.emit('counter', '__proto__', 1);
  events.emit('counter', 'errors.one\n"two" :|,= 🚀', 1);
  done();
};
`

// One run of the real Artillery is compared with what its target counted, with its own report, and with what it sent.
func TestThePluginRecordsWhatArtilleryMeasured(t *testing.T) {
	r := newPluginRig(t)
	target := newPluginTarget(t)
	r.write("processor.js", pluginProcessor)
	statsd := listenStatsD(t)
	raw := filepath.Join(r.dir, "raw")
	// Artillery starts a thread for each processor but one: three here, on any machine.
	cpus := r.write("cpus.cjs", "require('os').cpus = () => new Array(4).fill({});\n")
	preload := "--require=" + filepath.Join(r.plugin, "preload.cjs") + " --require=" + cpus
	out := r.artillery(map[string]string{"RAW": raw, "LTLAB_STATSD": statsd.address, "NODE_OPTIONS": preload}, fmt.Sprintf(pluginScript, target.URL), "-o", "report.json")
	if out.exit == 0 || strings.Contains(out.stderr, "ltlab:") {
		t.Fatalf("exit %d, want that of the failed checks; stderr: %s\n%s", out.exit, out.stderr, out.stdout)
	}
	rec := r.read()
	if rec.end == nil {
		t.Fatal("the record has no end")
	}
	var report artilleryReport
	text, err := os.ReadFile(filepath.Join(r.dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	whole := rec.merged(t, rec.seconds...)

	t.Run("the header says which run it is and where it begins", func(t *testing.T) {
		h := rec.header
		if h.Run != "r1" || h.Project != "shop" || h.Tool != "artillery" || h.ToolVersion != "2.0.34" || h.Period != 10 || h.Start.Nanosecond() != 0 {
			t.Errorf("got %+v", h)
		}
	})
	t.Run("its counts are the target's", func(t *testing.T) {
		for _, status := range []string{"200", "404", "500"} {
			same(t, "http.codes "+status, whole["http.codes{"+status+"}"].Sum, target.count(status))
		}
		same(t, "resets", whole["errors{ECONNRESET}"].Sum, target.count("reset"))
		same(t, "requests", whole["http.requests"].Sum, target.count("200")+target.count("404")+target.count("500")+target.count("reset"))
		if target.count("reset") == 0 || target.count("404") == 0 {
			t.Error("a scenario never ran")
		}
	})
	t.Run("endpoints, scenarios, checks and errors are told apart by tags, whatever their names hold", func(t *testing.T) {
		first, second := whole["vusers.created_by_name{a | b: c.d 🚀}"].Sum, whole["vusers.created_by_name{second}"].Sum
		same(t, "users", first+second, whole["vusers.created"].Sum)
		same(t, "endpoint 200", whole["endpoint.codes{/200 (first.codes.x: a|b 🚀)}{200}"].Sum, first)
		same(t, "endpoint 404", whole["endpoint.codes{/404}{404}"].Sum, target.count("404"))
		same(t, "endpoint reset", whole["endpoint.errors{ECONNRESET}{/reset}"].Sum, target.count("reset"))
		same(t, "endpoint times", float64(whole["endpoint.response_time{/200 (first.codes.x: a|b 🚀)}"].N), first)
		same(t, "class 4xx", float64(whole["http.response_time.class{4xx}"].N), target.count("404"))
		check := whole["checks{expect statusCode}"]
		same(t, "checks", float64(check.N), 2*first)
		same(t, "passes", check.Sum, first)
		same(t, "satisfied", whole["apdex.satisfied"].Sum, whole["http.responses"].Sum)
		if b, ok := whole["apdex.frustrated"]; !ok || b.Sum != 0 {
			t.Errorf("apdex.frustrated: %+v, %v", b, ok)
		}
		same(t, "custom", whole["my.count"].Sum, 2*first)
		same(t, "fraction", whole["my.half"].Sum, first/2)
		same(t, "negative", whole["my.debt"].Sum, -3*first)
		same(t, "name of another kind", whole["vusers.active.counter"].Sum, first)
		same(t, "odd error", whole["errors{one\n\"two\" :|,= 🚀}"].Sum, first)
	})
	t.Run("each period equals Artillery's own", func(t *testing.T) {
		if len(report.Intermediate) < 3 {
			t.Fatalf("%d periods", len(report.Intermediate))
		}
		for _, p := range report.Intermediate {
			ms, err := strconv.ParseInt(strings.Trim(string(p.Period), `"`), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			at := ms/1000 - rec.header.Start.Unix()
			var mine []record.Second
			for _, s := range rec.seconds {
				if s.T == at && !s.Unplaced {
					mine = append(mine, s)
				}
			}
			samePeriod(t, fmt.Sprintf("period %d", at), rec.merged(t, mine...), p)
		}
	})
	t.Run("the whole run equals Artillery's own report", func(t *testing.T) { samePeriod(t, "run", whole, report.Aggregate) })
	t.Run("quantiles are within one percent of every sample", func(t *testing.T) {
		var values []float64
		f, err := os.Open(raw)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			v, err := strconv.ParseFloat(lines.Text(), 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		slices.Sort(values)
		b := whole["my values"]
		same(t, "samples", float64(b.N), float64(len(values)))
		same(t, "least", b.Min, values[0])
		same(t, "most", b.Max, values[len(values)-1])
		for _, q := range []float64{0.01, 0.5, 0.9, 0.95, 0.99} {
			near(t, "my values", record.Quantile(b.Sketch, q, b.Min, b.Max), values, q)
		}
	})
	t.Run("the load asked for is the phases', and what was delivered is counted", func(t *testing.T) {
		var asked, ended float64
		seen := map[int64]bool{}
		for _, l := range rec.loads {
			if seen[l.T] {
				t.Errorf("two lines of period %d", l.T)
			}
			seen[l.T] = true
			if l.AskedRate != nil {
				asked += 10 * *l.AskedRate
			}
			ended += float64(l.Iterations)
		}
		ramp := 0.0
		for i := range 12 {
			ramp += math.Round(4 + 8.0/11*float64(i))
		}
		if want := 12*6 + ramp; math.Abs(asked-want) > 1e-6 {
			t.Errorf("asked for %v users, want %v", asked, want)
		}
		same(t, "ended", ended, whole["vusers.completed"].Sum+whole["vusers.failed"].Sum)
		same(t, "active at the end", whole["vusers.active"].Last, 0)
	})
	t.Run("the end tells the exit code, the checks and a ledger that adds up", func(t *testing.T) {
		want := []record.Threshold{
			{Metric: "ensure", Expression: "http.codes.404 < 1", OK: true, Evaluated: true},
			{Metric: "ensure", Expression: "http.codes.500 < 1", OK: false, Evaluated: true},
			{Metric: "ensure", Expression: "http.response_time.p99 < 60000", OK: true, Evaluated: true},
		}
		slices.SortFunc(rec.end.Thresholds, func(a, b record.Threshold) int { return strings.Compare(a.Expression, b.Expression) })
		if rec.end.Exit == nil || *rec.end.Exit != out.exit || !slices.Equal(rec.end.Thresholds, want) {
			t.Errorf("exit %d, got %+v", out.exit, rec.end)
		}
		if !rec.end.Ledger.Balanced() || rec.end.Ledger.Recorded == 0 {
			t.Errorf("the ledger does not add up: %+v", rec.end.Ledger)
		}
		if got := strings.Join(rec.notes["ensure-optional-failed"], ""); !strings.Contains(got, "http.codes.404 < 1") {
			t.Errorf("notes: %q", rec.notes)
		}
		delete(rec.notes, "ensure-optional-failed")
		notes := rec.notes["artillery-inconsistent"]
		delete(rec.notes, "value-invalid")          // the counter named constructor
		delete(rec.notes, "artillery-inconsistent") // it forgets negative values: no other reason is allowed
		for _, text := range notes {
			if !strings.Contains(text, "negative values") {
				t.Error(text)
			}
		}
		if len(rec.notes) > 0 {
			t.Errorf("notes: %q", rec.notes)
		}
	})
	t.Run("StatsD carries the same", func(t *testing.T) {
		sums := statsd.sums(t)
		for name, want := range map[string]float64{
			"artillery,metric=http.codes,status=404,run=r1,project=shop,window=period":                                                                 target.count("404"),
			"artillery,metric=endpoint.codes,name=%2F200%20%28first.codes.x%3A%20a%7Cb%20%F0%9F%9A%80%29,status=200,run=r1,project=shop,window=period": whole["vusers.created_by_name{a | b: c.d 🚀}"].Sum,
			"artillery,metric=my.half,run=r1,project=shop,window=period":                                                                               whole["my.half"].Sum,
			"artillery,metric=my.debt,run=r1,project=shop,window=period":                                                                               whole["my.debt"].Sum,
			"artillery,metric=checks,check=expect%20statusCode,run=r1,project=shop,stat=passes,window=period":                                          whole["checks{expect statusCode}"].Sum,
			"artillery,metric=my%20values,run=r1,project=shop,stat=max,window=run":                                                                     whole["my values"].Max,
			"artillery,metric=my%20values,run=r1,project=shop,stat=count,window=run":                                                                   float64(whole["my values"].N),
		} {
			same(t, name, sums[name], want)
		}
		last := rec.merged(t, rec.seconds[len(rec.seconds)-1])
		same(t, "a negative gauge", sums["artillery,metric=my.debts,run=r1,project=shop,stat=min,window=period"], last["my.debts"].Min)
		b := whole["my values"]
		p95 := sums["artillery,metric=my%20values,run=r1,project=shop,stat=p95,window=run"]
		if want := record.Quantile(b.Sketch, 0.95, b.Min, b.Max); math.Abs(p95-want) > 1e-9*want {
			t.Errorf("p95 %v, want %v", p95, want)
		}
	})
}

// samePeriod compares what Artillery says of a period, or a run, with the record: counts exactly, percentiles within one
// percent and the one digit that Artillery rounds to.
func samePeriod(t *testing.T, what string, mine map[string]record.Bucket, p artilleryPeriod) {
	t.Helper()
	for name, metric := range map[string]string{
		"http.requests": "http.requests", "http.responses": "http.responses", "http.downloaded_bytes": "http.downloaded_bytes", "vusers.created": "vusers.created",
		"vusers.completed": "vusers.completed", "vusers.failed": "vusers.failed", "errors.ECONNRESET": "errors{ECONNRESET}", "http.codes.200": "http.codes{200}",
		"http.codes.404": "http.codes{404}", "http.codes.500": "http.codes{500}", "my.count": "my.count", "my.half": "my.half", "my.debt": "my.debt",
	} {
		theirs, _ := p.Counters[name].(float64) // 0 where there is none
		same(t, what+": "+name, mine[metric].Sum, theirs)
	}
	for name, metric := range map[string]string{
		"http.response_time": "http.response_time", "vusers.session_length": "vusers.session_length", "my values": "my values",
		"plugins.metrics-by-endpoint.response_time./404": "endpoint.response_time{/404}",
	} {
		b, theirs := mine[metric], p.Summaries[name]
		same(t, what+": samples of "+name, float64(b.N), theirs["count"])
		for field, q := range map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99} {
			got := record.Quantile(b.Sketch, q, b.Min, b.Max)
			if math.Abs(got-theirs[field]) > 0.01*theirs[field]+0.05 && b.N > 0 {
				t.Errorf("%s: %s of %s is %v, Artillery's %v", what, field, name, got, theirs[field])
			}
		}
	}
}
