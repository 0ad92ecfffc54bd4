//go:build e2e

package e2e

import (
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
)

// statsdDriver sends what the plugin sends for two periods, a rest and the whole run.
const statsdDriver = `
const [plugin, modules, address] = process.argv.slice(2);
const { DDSketch } = require(modules + '/@artilleryio/sketches-js');
const { Series } = require(plugin + '/series.js');
const { Buckets } = require(plugin + '/buckets.js');
const { StatsD } = require(plugin + '/statsd.js');
const series = new Series({ declare() {}, warn() {} });
const statsd = new StatsD({ address, run: 'a:b|c', project: 'shop, "x"', failed(err) { throw err; } });
const sketch = (values) => { const s = new DDSketch({ relativeAccuracy: 0.01 }); for (const v of values) s.accept(v); return s; };
const of = (counters, histograms = {}) => Buckets.of({ counters, histograms: Object.fromEntries(Object.entries(histograms).map(([k, v]) => [k, sketch(v)])) }, series);
const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);
const counts = (a, b, c) => ({ 'http.codes.200': a, 'http.codes.404': b, 'http.codes.500': c, half: a / 2, 'errors.E:1|c': b,
  'plugins.metrics-by-endpoint.GET /a.b: c|d,e=f 🚀.codes.200': a, 'plugins.metrics-by-endpoint.GET /a.codes.codes.200': b });
statsd.period(of(counts(101, 10, 1), { 'http.response_time': upTo(100), 'my.value': [-5, -2.5, -1] }));
statsd.period(of(counts(202, 20, 2), { 'http.response_time': upTo(50) }));
statsd.end(of({ 'http.codes.200': 7 }), of(counts(310, 30, 3), { 'http.response_time': upTo(200) }));
statsd.close(() => {});
`

func TestWhatThePluginSendsArrivesApartInInfluxDB(t *testing.T) {
	l := newLabTelegraf(t, "lab", "http://127.0.0.1:9")
	r := newPluginRig(t)
	r.runNode(statsdDriver, l.statsd)
	const run = `r._measurement == "artillery" and r._field == "value" and r.run == "a%3Ab%7Cc" and r.project == "shop%2C%20%22x%22" and not exists r.host and `
	for filter, want := range map[string]float64{
		`r.metric == "http.codes" and r.status == "200"`: 310, `r.metric == "http.codes" and r.status == "404"`: 30, `r.metric == "http.codes" and r.status == "500"`: 3,
		`r.metric == "half"`: 151.5, `r.metric == "errors" and r.error == "E%3A1%7Cc"`: 30,
		`r.metric == "endpoint.codes" and r.name == "GET%20%2Fa.b%3A%20c%7Cd%2Ce%3Df%20%F0%9F%9A%80"`: 303, `r.metric == "endpoint.codes" and r.name == "GET%20%2Fa.codes"`: 30,
	} {
		l.equals(run+filter+` and r.window == "period"`, `group() |> sum() |> keep(columns: ["_value"])`, want)
	}
	for filter, want := range map[string]float64{
		`r.window == "run" and r.stat == "p50"`: 100, `r.window == "run" and r.stat == "p95"`: 190, `r.window == "run" and r.stat == "p99"`: 198, `r.window == "run" and r.stat == "max"`: 200,
		`r.window == "run" and r.stat == "mean"`: 100.5, `r.window == "run" and r.stat == "count"`: 200,
	} {
		l.equals(run+`r.metric == "http.response_time" and `+filter, `last() |> keep(columns: ["_value"])`, want)
	}
	// Two periods that Artillery reports at once do not fall into one of Telegraf's intervals, where the last would win.
	l.equals(run+`r.metric == "http.response_time" and r.window == "period" and r.stat == "p50"`, `max() |> keep(columns: ["_value"])`, 50)
	l.equals(run+`r.metric == "http.response_time" and r.window == "period" and r.stat == "p50"`, `min() |> keep(columns: ["_value"])`, 25)
	l.equals(run+`r.metric == "my.value" and r.stat == "p50"`, `last() |> keep(columns: ["_value"])`, -2.5)
	l.equals(run+`r.metric == "my.value" and r.stat == "min"`, `last() |> keep(columns: ["_value"])`, -5)
}

// equals waits for one value, within one percent: gauges are read from sketches.
func (l *labTelegraf) equals(filter, then string, want float64) {
	l.Helper()
	var saw string
	if !eventually(soon, func() bool {
		saw = l.ask(filter, then)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimSpace(saw))).ReadAll()
		if err != nil || len(rows) != 2 {
			return false
		}
		v, err := strconv.ParseFloat(rows[1][len(rows[1])-1], 64)
		return err == nil && math.Abs(v-want) <= 0.01*math.Abs(want)
	}) {
		l.Errorf("%s: InfluxDB has %q, want %v\n%s", filter, saw, want, l.log())
	}
}

func TestTelegrafOutlivesAFloodAndLinesThatAreNone(t *testing.T) {
	l := newLabTelegraf(t, "lab", "http://127.0.0.1:9")
	c := l.dial()
	malformed := []string{"", "\n", ":", "|", "artillery", "artillery,metric=x:|c", "artillery,metric=x:1|", "artillery,metric=x:one|c", "artillery,metric=x:1|zz",
		"artillery,,,=:1|c", strings.Repeat("a", 9000) + ":1|g", "\xff\xfe\x00:1|c", "artillery,metric=x,=y:1|c|@z"}
	for i := range 100_000 {
		line := fmt.Sprintf("artillery,metric=flood,run=r%d:1|c", i%500)
		if i%50 == 0 {
			line = malformed[i/50%len(malformed)]
		}
		if _, err := c.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if !eventually(soon, func() bool {
		if _, err := c.Write([]byte("artillery,metric=after,run=r:42|g")); err != nil {
			t.Fatal(err)
		}
		return strings.HasSuffix(l.ask(`r._measurement == "artillery" and r.metric == "after"`, `last() |> keep(columns: ["_value"])`), ",42\n")
	}) {
		t.Errorf("nothing arrives after the flood:\n%.2000s", l.log())
	}
	l.healthy()
	for _, field := range []string{"udp_packets_received", "udp_packets_dropped"} {
		if saw := l.ask(`r._measurement == "internal_statsd" and r._field == "`+field+`"`, `last() |> keep(columns: ["_value"])`); saw == "" {
			t.Errorf("Telegraf does not tell its %s", field)
		}
	}
}
