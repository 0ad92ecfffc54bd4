package lint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/grafana"
	"github.com/ltlab/ltlab/internal/dashboards/model"
)

var world = World{Short: "loadtests", Long: "loadtests_1m"}

// board is a dashboard with one panel of one query, or with what else is given for it.
func board(t *testing.T, query, panel string) model.Object {
	t.Helper()
	q, err := json.Marshal(query)
	if err != nil {
		t.Fatal(err)
	}
	if panel == "" {
		panel = `"type": "timeseries"`
	}
	text := fmt.Sprintf(`{"title": "t", "panels": [{"id": 7, "title": "p", %s, "targets": [{"refId": "A", "query": %s}]}]}`, panel, q)
	f, err := model.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f.Board
}

func rules(findings []Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Rule)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

const head = "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n  |> filter(fn: (r) => "

const good = `r._measurement == "http_req_duration" and r._field == "p95" and r.rollup == "run" and r.window == "second")`

func TestEachFaultOfAQueryIsFoundAndNothingElse(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"in order", head + good + " |> aggregateWindow(every: v.windowPeriod, fn: max)", ""},
		{"raw samples", head + `r["_measurement"] == "http_req_duration" and r["_field"] == "value") |> aggregateWindow(every: v.windowPeriod, fn: mean)`, ""},
		{"raw samples' percentile", head + `r._measurement == "http_req_duration" and r._field == "value") |> quantile(q: 0.95)`, ""},
		{"a rate", head + `r._measurement == "http_reqs" and r._field == "value") |> aggregateWindow(every: v.windowPeriod, fn: sum) |> map(fn: (r) => ({r with _value: r._value / 10.0}))`, ""},
		{"a count's slope", head + `r._measurement == "http_reqs" and r._field == "value") |> aggregateWindow(every: v.windowPeriod, fn: count) |> derivative(unit: 1s)`, ""},
		{"variables", `from(bucket: "${bucket}") |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == "${m}" and r._field =~ /^${f:regex}$/)`, ""},
		{"a regex", head + `r._measurement =~ /^http_req_/ and r._field == "p99" and r.rollup == "run" and r.window == "second")`, ""},
		{"a tag of a scenario's own", head + `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "series" and r.tenant == "a" and r.window == "second")`, ""},
		{"either of two", head + `(r._measurement == "http_reqs" or r._measurement == "nope") and r._field == "count" and r.rollup == "run" and r.window == "second")`, ""},
		{"a read that goes on twice", `data = ` + head + `r._measurement == "http_req_duration" and r.rollup == "run" and r.window == "second")
a = data |> filter(fn: (r) => r._field == "p50")
b = data |> filter(fn: (r) => r._field == "p99")
union(tables: [a, b])`, ""},
		{"a comment", "// r._field == \"nope\"\n" + head + good, ""},
		{"a filter behind a pivot", head + `r._measurement == "http_req_failed" and r.rollup == "run" and r.window == "second") |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> filter(fn: (r) => r.passes > 0 and r.made_up == "x")`, ""},
		{"Telegraf's", head + `r._measurement == "artillery" and r._field == "value" and r.metric == "http.codes" and r.status == "200")`, ""},
		{"the toy API's", head + `r._measurement == "prometheus" and r._field == "process_cpu_seconds_total")`, ""},
		{"rows of minutes", `from(bucket: "loadtests_1m") |> range(start: -30d) |> filter(fn: (r) => r._measurement == "http_req_duration" and r._field == "p95" and r.window == "minute" and r.rollup == "run")`, ""},

		{"another bucket", `from(bucket: "k6") |> range(start: -1h) |> filter(fn: (r) => ` + good, "bucket"},
		{"rows of minutes in the short one", `from(bucket: "loadtests") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "http_req_duration" and r._field == "p95" and r.window == "minute")`, "tag"},
		{"load in the long one", `from(bucket: "loadtests_1m") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "run_load" and r._field == "vus")`, "bucket"},
		{"another measurement", head + `r._measurement == "artillery_response_time" and r._field == "p95")`, "measurement"},
		{"another field", head + `r._measurement == "http_req_duration" and r._field == "p97")`, "field"},
		{"another kind's field", head + `r._measurement == "vus" and r._field == "count")`, "field"},
		{"a roll-up that there is not", head + `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "endpoint")`, "tag"},
		{"a tag that the roll-up has not", head + `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "run" and r.name == "/cart")`, "tag"},
		{"neither of two", head + `r._measurement == "http_req_duration" and (r._field == "p97" or r._field == "p98"))`, "field"},
		{"fixed time", `from(bucket: v.defaultBucket) |> range(start: 2024-05-01T00:00:00Z, stop: 2024-05-02T00:00:00Z) |> filter(fn: (r) => ` + good, "fixed-time"},
		{"InfluxQL", `SELECT mean("value") FROM "http_req_duration" WHERE $timeFilter`, "influxql"},
		{"InfluxQL about tags", `show tag values with key = "name"`, "influxql"},
		{"nothing", " ", "no-query"},
		{"a bracket that is not closed", `from(bucket: "loadtests" |> range(`, "syntax"},
		{"a bracket too many", head + good + ")", "syntax"},
		{"another bracket than the one that is open", head + `r["_field") == "p95")`, "syntax"},
		{"a quote that is not closed", `from(bucket: "loadtests) |> range(start: -1h)`, "syntax"},
		{"a quote that is not closed but written", `from(bucket: "loadtests\") |> range(start: -1h)`, "syntax"},
		{"a pipe into nothing", head + good + " |> ", "syntax"},
		{"variables with other signs", `from(bucket: "${b}") |> range(start: ${__from:date:YYYY-MM}, stop: ${__to:date:iso}) |> filter(fn: (r) => r.day == "${__from:date:YYYY-MM-DD}" and r.a =~ /^(${x:regex})$/ and [[cond]])`, ""},

		{"a mean of percentiles", head + good + " |> aggregateWindow(every: v.windowPeriod, fn: mean)", "percentile-of-percentiles"},
		{"a percentile of percentiles", head + good + " |> quantile(q: 0.95)", "percentile-of-percentiles"},
		{"a percentile of windows", head + good + " |> aggregateWindow(every: 1m, fn: (column, tables=<-) => tables |> quantile(q: 0.99, column: column))", "percentile-of-percentiles"},
		{"a mean of Telegraf's percentiles", head + `r._measurement == "artillery" and r._field == "value" and r.stat == "p95") |> mean()`, "percentile-of-percentiles"},
		{"a count of the zoom", head + `r._measurement == "http_reqs" and r._field == "value") |> aggregateWindow(every: v.windowPeriod, fn: count)`, "zoom"},
		{"a sum of the zoom", head + `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "run" and r.window == "second") |> aggregateWindow(every: $__interval, fn: sum)`, "zoom"},
		{"all roll-ups", head + `r._measurement == "http_reqs" and r._field == "count") |> sum()`, "rows-mixed"},
		{"all windows", head + `r._measurement == "http_reqs" and r._field == "count" and r.rollup == "run") |> sum()`, "rows-mixed"},
		{"a constant", head + good + ` |> map(fn: (r) => ({_time: r._time, _value: 99.5}))`, "constant"},
		{"a table of its own", `import "array"` + "\n" + `array.from(rows: [{_time: now(), _value: 98.0}])`, "constant"},
	} {
		if got := Check(board(t, c.query, ""), world, false); rules(got) != c.want {
			t.Errorf("%s: found %q, want %q: %+v", c.name, rules(got), c.want, got)
		}
	}
}

func TestAFixedTimeIsCalledWhatItIs(t *testing.T) {
	for args, want := range map[string]string{
		"start: 2024-05-01T00:00:00Z":                             "its query reads from the fixed time 2024-05-01T00:00:00Z, whatever",
		"start: v.timeRangeStart, stop: 2024-05-02T00:00:00Z":     "its query reads up to the fixed time 2024-05-02T00:00:00Z, whatever",
		"start: 2024-05-01T00:00:00Z, stop: 2024-05-02T00:00:00Z": "from the fixed time 2024-05-01T00:00:00Z up to the fixed time 2024-05-02T00:00:00Z, whatever",
	} {
		got := Check(board(t, "from(bucket: v.defaultBucket) |> range("+args+") |> filter(fn: (r) => "+good, ""), world, false)
		if rules(got) != "fixed-time" || !strings.Contains(got[0].Why, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestEachFaultOfAPanelIsFound(t *testing.T) {
	q := head + good
	for panel, want := range map[string]string{
		`"type": "timeseries"`:           "",
		`"type": "graph"`:                "",
		`"type": "acme-waterfall-panel"`: "plugin",
		`"type": "text"`:                 "",
		`"type": "stat", "options": {"reduceOptions": {"calcs": ["mean"]}}`:            "percentile-of-percentiles",
		`"type": "timeseries", "options": {"legend": {"calcs": ["max", "mean"]}}`:      "percentile-of-percentiles",
		`"type": "stat", "options": {"reduceOptions": {"calcs": ["lastNotNull"]}}`:     "",
		`"type": "timeseries", "datasource": {"type": "prometheus", "uid": "P1"}`:      "datasource",
		`"type": "timeseries", "datasource": {"type": "influxdb", "uid": "influxdb"}`:  "",
		`"type": "timeseries", "libraryPanel": {"uid": "x", "name": "of the library"}`: "library-panel",
	} {
		if got := Check(board(t, q, panel), world, false); rules(got) != want {
			t.Errorf("%s: found %q, want %q: %+v", panel, rules(got), want, got)
		}
	}
}

func TestWhatIsNotAPanelIsLookedAtToo(t *testing.T) {
	f, err := model.Parse([]byte(`{"title": "t", "panels": [{"type": "row", "title": "r", "panels": [{"type": "nope", "title": "inner"}]}], "rows": [{"panels": [{"type": "nope", "title": "old"}]}],
		"time": {"from": "2024-01-01T00:00:00Z", "to": "now"},
		"templating": {"list": [{"name": "endpoint", "type": "query", "query": "SHOW TAG VALUES WITH KEY = name"}, {"name": "other", "type": "query", "query": {"query": "from(bucket: \"x\") |> range(start: -1d)"}}, {"name": "c", "type": "custom", "query": "SELECT"}]},
		"annotations": {"list": [{"name": "deploys", "enable": true, "target": {"query": "from(bucket: \"deploys\") |> range(start: -1h)"}}, {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "name": "Annotations & Alerts"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range Check(f.Board, world, false) {
		got = append(got, f.Part+" "+f.Panel+" "+f.Rule)
	}
	slices.Sort(got)
	want := []string{"annotation deploys bucket", "dashboard  fixed-time", "panel inner plugin", "panel old plugin", "variable endpoint influxql", "variable other bucket"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
}

func TestRawSamplesAreMissedWhereTheyAreOff(t *testing.T) {
	off := world
	off.NoRaw = true
	q := head + `r._measurement == "http_req_duration" and r._field == "value") |> mean()`
	if got := Check(board(t, q, ""), off, false); rules(got) != "raw-off" {
		t.Errorf("found %+v", got)
	}
	if got := Check(board(t, head+good, ""), off, false); len(got) != 0 {
		t.Errorf("rows do not need them: %+v", got)
	}
}

func TestWhatIsRepairedIsInOrderAfterwards(t *testing.T) {
	for _, q := range []string{
		`from(bucket: "k6") |> range(start: v.timeRangeStart) |> filter(fn: (r) => ` + good + " |> aggregateWindow(every: v.windowPeriod, fn: mean)",
		head + `r._measurement == "http_reqs" and r._field == "value") |> aggregateWindow(every: v.windowPeriod, fn: count)`,
		head + `r._measurement == "http_reqs" and r._field == "value") |> aggregateWindow(every: $__interval, fn: sum) |> yield(name: "x")`,
		"data = from(bucket: \"a b\") |> range(start: -1h)\na = data |> filter(fn: (r) => " + good + "\nb = data |> filter(fn: (r) => " + good + "\nunion(tables: [a, b])",
	} {
		b := board(t, q, `"type": "stat", "options": {"reduceOptions": {"calcs": ["lastNotNull"]}}`)
		b["time"] = model.Object{"from": "2024-01-01", "to": "2024-01-02"}
		found := Check(b, world, true)
		for _, f := range found {
			if !f.Fixed || f.Repair == "" {
				t.Errorf("%s: not repaired: %+v", q, f)
			}
		}
		if again := Check(b, world, false); len(found) == 0 || len(again) > 0 {
			t.Errorf("%s: %d findings, and afterwards %+v in\n%v", q, len(found), again, b)
		}
	}
}

func TestNothingIsChangedWithoutRepair(t *testing.T) {
	b := board(t, `from(bucket: "k6") |> range(start: v.timeRangeStart) |> filter(fn: (r) => `+good+" |> aggregateWindow(every: v.windowPeriod, fn: mean)", "")
	before, err := model.Write(b)
	if err != nil {
		t.Fatal(err)
	}
	Check(b, world, false)
	if after, err := model.Write(b); err != nil || string(after) != string(before) {
		t.Errorf("it became %s (%v)", after, err)
	}
}

// TestTheLabsOwnDashboardsAreInOrder holds lint to hundreds of queries that are known to show what they should.
func TestTheLabsOwnDashboardsAreInOrder(t *testing.T) {
	for name, content := range grafana.Boards() {
		f, err := model.Parse(content)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range Check(f.Board, world, false) {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func TestAnyTextIsTakenForAQuery(t *testing.T) {
	for _, q := range []string{"(", ")", "from(", `from(bucket: "`, "from(bucket:", "|> |> |>", "r.", `filter(fn: (r) => r["`, "data = from(bucket: \"x\") |> ", "/", "//", "a = /x", "${", "$", "[[", "\xff", "from(bucket: \"x\") |> range(start: 20",
		"from(bucket: \"x\") |> filter(fn: (r) => )", "from(bucket: \"x\") |> filter(fn: (r) => not)", "from(bucket: \"x\") |> filter(fn: (r) => exists)", "from(bucket: \"x\") |> filter(fn: (r) => (r._field == ))",
		strings.Repeat("(", 5000), strings.Repeat("from(bucket: \"x\") |> ", 300)} {
		Check(board(t, q, ""), world, true)
	}
}

func FuzzAnyQueryIsTaken(f *testing.F) {
	f.Add(head + good)
	f.Add(`a = from(bucket: "k6") |> range(start: -1h) |> filter(fn: (r) => not (exists r.x or r["y"] =~ /a/)) |> aggregateWindow(every: v.windowPeriod, fn: sum)`)
	f.Fuzz(func(_ *testing.T, q string) {
		b := model.Object{"title": "t", "panels": []any{model.Object{"type": "stat", "title": "p", "targets": []any{model.Object{"refId": "A", "query": q}}}}}
		Check(b, world, true)
	})
}
