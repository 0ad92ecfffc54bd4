//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// rawBoard is a dashboard as people have made them for the stock extension: raw samples, exported for others to import.
const rawBoard = `{
  "__inputs": [{"name": "DS_INFLUXDB", "label": "InfluxDB", "type": "datasource", "pluginId": "influxdb", "pluginName": "InfluxDB"}, {"name": "VAR_BUCKET", "type": "constant", "value": "loadtests"}],
  "__requires": [{"type": "grafana", "id": "grafana", "version": "10.1.0"}],
  "uid": "load", "id": null, "title": "Load of the shop", "schemaVersion": 38, "version": 12, "time": {"from": "now-1h", "to": "now"},
  "templating": {"list": [{"name": "name", "type": "query", "datasource": "${DS_INFLUXDB}", "query": "import \"influxdata/influxdb/schema\"\nschema.tagValues(bucket: v.defaultBucket, tag: \"name\")", "current": {}}]},
  "annotations": {"list": [{"name": "Runs", "enable": true, "datasource": {"type": "influxdb", "uid": "${DS_INFLUXDB}"}, "target": {"query": "from(bucket: \"${VAR_BUCKET}\") |> range(start: v.timeRangeStart, stop: v.timeRangeStop) |> filter(fn: (r) => r._measurement == \"run_events\" and r._field == \"text\")"}}]},
  "panels": [
    {"id": 1, "type": "row", "title": "Latency", "panels": [
      {"id": 2, "type": "timeseries", "title": "raw", "datasource": {"type": "influxdb", "uid": "${DS_INFLUXDB}"}, "targets": [{"refId": "A", "query": "from(bucket: \"${VAR_BUCKET}\") |> range(start: v.timeRangeStart, stop: v.timeRangeStop) |> filter(fn: (r) => r._measurement == \"http_req_duration\" and r._field == \"value\") |> aggregateWindow(every: v.windowPeriod, fn: max, createEmpty: false)"}]}]},
    {"id": 3, "type": "stat", "title": "raw p95", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r[\"_measurement\"] == \"http_req_duration\" and r[\"_field\"] == \"value\") |> group() |> quantile(q: 0.95)"}]},
    {"id": 4, "type": "timeseries", "title": "by name", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_req_waiting\" and r._field == \"value\" and r.name =~ /^${name:regex}$/)"}]},
    {"id": 5, "type": "timeseries", "title": "zoom", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_reqs\" and r._field == \"value\") |> aggregateWindow(every: $__interval, fn: count, createEmpty: false)"}]},
    {"id": 6, "type": "timeseries", "title": "old language", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "SELECT mean(\"value\") FROM \"http_req_duration\" WHERE $timeFilter GROUP BY time($__interval)", "rawQuery": true}]},
    {"id": 7, "type": "timeseries", "title": "of prometheus", "datasource": {"type": "prometheus", "uid": "prom"}, "targets": [{"refId": "A", "expr": "up"}]},
    {"id": 8, "type": "acme-panel", "title": "plugin", "datasource": "${DS_INFLUXDB}", "targets": []}
  ]
}`

// rowsBoard reads the lab's rows, an own metric and much that is not there. It has the uid of the other.
const rowsBoard = `{"dashboard": {
  "__inputs": [{"name": "DS_INFLUXDB", "type": "datasource", "pluginId": "influxdb"}],
  "uid": "load", "id": 7, "title": "Load of the bank", "time": {"from": "2024-01-01T00:00:00Z", "to": "2024-01-02T00:00:00Z"},
  "panels": [
    {"id": 1, "type": "timeseries", "title": "p95", "datasource": {"type": "influxdb", "uid": "P3C6603E967DC8568"}, "targets": [{"refId": "A", "datasource": {"type": "influxdb", "uid": "P3C6603E967DC8568"}, "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_req_duration\" and r._field == \"p95\" and r.rollup == \"run\" and r.window == \"second\")"}]},
    {"id": 2, "type": "stat", "title": "own metric", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"basket_value\" and r._field == \"max\" and r.rollup == \"run\" and r.window == \"run\")"}]},
    {"id": 3, "type": "timeseries", "title": "mean of p95", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_req_duration\" and r._field == \"p95\" and r.rollup == \"run\" and r.window == \"second\") |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)"}]},
    {"id": 4, "type": "stat", "title": "other bucket", "datasource": "InfluxDB k6", "targets": [{"refId": "A", "query": "from(bucket: \"k6\") |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"vus\" and r._field == \"last\" and r.rollup == \"run\")"}]},
    {"id": 5, "type": "stat", "title": "other measurement", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"artillery_response_time\" and r._field == \"p95\")"}]},
    {"id": 6, "type": "stat", "title": "other field", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_req_duration\" and r._field == \"p97\")"}]},
    {"id": 7, "type": "stat", "title": "own metric, other field", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"basket_value\" and r._field == \"amount\")"}]},
    {"id": 8, "type": "stat", "title": "other endpoint", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_reqs\" and r._field == \"count\" and r.rollup == \"name\" and r.window == \"run\" and r.name == \"GET /checkout\")"}]},
    {"id": 9, "type": "stat", "title": "everything at once", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart) |> filter(fn: (r) => r._measurement == \"http_reqs\" and r._field == \"count\") |> sum()"}]},
    {"id": 10, "type": "stat", "title": "invented", "datasource": "${DS_INFLUXDB}", "targets": [{"refId": "A", "query": "import \"array\"\narray.from(rows: [{_time: now(), _value: 99.5}])"}]}
  ]}, "overwrite": true}`

// linkDoc and lintedDoc are what the commands print.
type linkDoc struct {
	Grafana *string
	Links   []struct {
		Folder, State string
		Dashboards    []struct {
			File, UID, Copy string
			URL             *string
		}
	}
}

type lintedDoc struct {
	Asked      bool
	Exit       int
	Dashboards []struct {
		Folder   string
		Findings []struct{ Rule, Effect, Panel, Why string }
	}
}

func (b *Bench) links(o Output) (d linkDoc) {
	b.t.Helper()
	b.try(json.Unmarshal([]byte(o.Stdout), &d))
	return d
}

func (b *Bench) linted() (d lintedDoc) {
	b.t.Helper()
	o := b.Ltlab("dashboard", "lint", "--json")
	b.try(json.Unmarshal([]byte(o.Stdout), &d))
	if d.Exit != o.Exit {
		b.t.Errorf("lint ended with %d and says %d", o.Exit, d.Exit)
	}
	return d
}

// found are a folder's findings of one effect: panel and rule.
func (d *lintedDoc) found(folder, effect string) (out []string) {
	for _, b := range d.Dashboards {
		for _, f := range b.Findings {
			if b.Folder == folder && f.Effect == effect {
				out = append(out, f.Panel+": "+f.Rule)
			}
		}
	}
	slices.Sort(out)
	return out
}

// asked are the queries of a copy, by the titles of panels; those of variables and annotations by their names.
func asked(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := model.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for p := range model.Panels(f.Board) {
		for _, q := range model.Targets(p) {
			out[model.Text(p, "title")] = model.Text(q, "query")
		}
	}
	for _, v := range model.Variables(f.Board) {
		out["$"+model.Text(v, "name")] = model.Query(v)
	}
	for _, a := range model.Annotations(f.Board) {
		target, _ := a["target"].(model.Object)
		out["@"+model.Text(a, "name")] = model.Text(target, "query")
	}
	return out
}

var chosen = regexp.MustCompile(`\$\{name:regex\}`)

// interpolated is a query as Grafana sends it.
func interpolated(query string) string {
	return strings.ReplaceAll(chosen.ReplaceAllString(query, ".*"), "$__interval", "1000ms")
}

// boardsOf writes a project's dashboards and keeps what must not change of it.
func (b *Bench) boardsOf(name, file, content string) (unchanged func()) {
	b.t.Helper()
	b.Write(name+"/ltlab.yaml", "project: "+name+"\ndashboards: boards\n")
	b.Write(name+"/boards/"+file, content)
	path := filepath.Join(b.Dir, name, "boards", file)
	old := time.Unix(1_600_000_000, 0)
	b.try(os.Chtimes(path, old, old))
	return func() {
		b.t.Helper()
		st, err := os.Stat(path)
		b.try(err)
		if string(b.read(path)) != content || !st.ModTime().Equal(old) || len(b.entries(filepath.Dir(path))) != 1 {
			b.t.Errorf("%s was touched", path)
		}
	}
}

// TestLinkedDashboardsShowARealRun links two projects that use the same uid, before and after a run of k6 into a real InfluxDB.
// What lint says of a panel must be what its query then finds.
func TestLinkedDashboardsShowARealRun(t *testing.T) {
	d, b := newInfluxd(t), newBench(t)
	b.use(d.URL, d.Token)
	shop, bank := b.boardsOf("shop", "load.json", rawBoard), b.boardsOf("bank", "load.json", rowsBoard)
	doc := b.links(b.OK("dashboard", "link", "shop/boards", "bank/boards", "--json"))
	if len(doc.Links) != 2 || doc.Links[0].Dashboards[0].UID == doc.Links[1].Dashboards[0].UID {
		t.Fatalf("linked %+v", doc)
	}
	emptyOfShop := []string{"of prometheus: datasource", "old language: influxql", "plugin: plugin"}
	emptyOfBank := []string{": fixed-time", "other bucket: bucket", "other field: field", "other measurement: measurement"}
	misleading := []string{"everything at once: rows-mixed", "invented: constant", "mean of p95: percentile-of-percentiles"}
	check := func(when string, bankToo ...string) {
		t.Helper()
		got := b.linted()
		for _, c := range []struct {
			folder, effect string
			want           []string
		}{{"shop", "empty", emptyOfShop}, {"shop", "misleads", []string{"zoom: zoom"}}, {"bank", "empty", append(bankToo, emptyOfBank...)}, {"bank", "misleads", misleading}} {
			slices.Sort(c.want)
			if f := got.found(c.folder, c.effect); !got.Asked || got.Exit != 17 || !slices.Equal(f, c.want) {
				t.Errorf("%s: %s %s: %q\nwant %q", when, c.folder, c.effect, f, c.want)
			}
		}
	}
	check("before the first run", "own metric, other field: measurement", "own metric: measurement")

	b.Scenario("truth.js")
	api := newTarget(t)
	b.OK("k6", "-s", "truth.js", "--id", "truth", "-e", "BASE_URL="+api.URL)
	check("after it", "own metric, other field: field", "other endpoint: tag")

	start := b.toolFile("truth").Start
	v := flux.Vars{Bucket: shortBucket, From: start.Add(-time.Minute), To: start.Add(time.Hour), Every: time.Second}
	shows := func(folder int) map[string]int {
		t.Helper()
		n := map[string]int{}
		for name, query := range asked(t, doc.Links[folder].Dashboards[0].Copy) {
			if query != "" && !strings.HasPrefix(query, "SELECT") {
				if name == "other bucket" && strings.Contains(query, `"k6"`) {
					continue // InfluxDB answers that with an error, as lint says
				}
				n[name] = len(d.shows(v, interpolated(query)))
			}
		}
		return n
	}
	some := func(what string, got map[string]int, nothing ...string) {
		t.Helper()
		for name, rows := range got {
			if slices.Contains(nothing, name) != (rows == 0) {
				t.Errorf("%s: %q shows %d rows", what, name, rows)
			}
		}
	}
	of := shows(0)
	if len(of) != 6 {
		t.Errorf("%d queries of the shop were asked: %v", len(of), slices.Collect(maps.Keys(of)))
	}
	some("shop", of)
	of = shows(1)
	if len(of) != 9 {
		t.Errorf("%d queries of the bank were asked: %v", len(of), slices.Collect(maps.Keys(of)))
	}
	nothing := []string{"other measurement", "other field", "own metric, other field", "other endpoint"}
	some("bank", of, nothing...)

	o := b.Ltlab("dashboard", "lint", "--fix")
	if b.said(o.Stdout, "repaired: 4"); o.Exit != 17 {
		t.Errorf("lint --fix: exit %d", o.Exit)
	}
	some("shop, repaired", shows(0))
	of = shows(1)
	if len(of) != 10 {
		t.Errorf("%d queries of the bank were asked after its repair", len(of))
	}
	some("bank, repaired", of, nothing...)
	emptyOfBank = []string{"other field: field", "other measurement: measurement"}
	after := b.linted()
	repaired := []string{": fixed-time", "other bucket: bucket"}
	if got := after.found("bank", "empty"); !slices.Equal(got, slices.Sorted(slices.Values(slices.Concat(repaired, emptyOfBank, []string{"own metric, other field: field", "other endpoint: tag"})))) {
		t.Errorf("after the repair: %q", got)
	}
	shop()
	bank()
	b.leftNothing()
}

// TestGrafanaSeesLinkedDashboardsWithoutARestart has a stand-in for Grafana in a real Docker lab: it is given what Grafana is
// given, and answers the two questions that the lab asks of it.
func TestGrafanaSeesLinkedDashboardsWithoutARestart(t *testing.T) {
	b := newDockerBench(t)
	b.vars = append(b.vars, "LTLAB_IMAGE_GRAFANA="+b.image("grafana-stand-in", `
/bin/busybox mkdir -p /www/api/datasources/uid/influxdb
/bin/busybox ln -sf busybox /bin/wget
echo '{"database": "ok"}' > /www/api/health
echo '{"status": "OK", "message": "stand-in"}' > /www/api/datasources/uid/influxdb/health
exec /bin/busybox httpd -f -p 3000 -h /www
`))
	st := b.status(b.OK("start", "--engine", "docker", "--only", "influxdb,grafana", "--json"))
	grafana := b.container(b.Home, "grafana")
	shop, bank := b.boardsOf("shop", "load.json", rawBoard), b.boardsOf("bank", "load.json", rowsBoard)
	doc := b.links(b.OK("dashboard", "link", "shop/boards", "bank/boards", "--json"))
	seen := func() string {
		return strings.Join(b.docker("exec", grafana, "/bin/busybox", "find", "/var/lib/ltlab/dashboards", "-name", "*.json", "-perm", "-004"), "\n") + "\n"
	}
	for _, l := range doc.Links {
		of := l.Dashboards[0]
		if path := fmt.Sprintf("/var/lib/ltlab/dashboards/%s/%s.json\n", l.Folder, of.UID); !strings.Contains(seen(), path) {
			t.Errorf("Grafana's container does not see %s:\n%s", path, seen())
		}
		if doc.Grafana == nil || *doc.Grafana != st.url("grafana") || of.URL == nil || *of.URL != st.url("grafana")+"/d/"+of.UID {
			t.Errorf("the address is %v", of.URL)
		}
	}
	if b.container(b.Home, "grafana") != grafana {
		t.Error("Grafana was started anew")
	}
	b.said(b.OK("dashboard", "open", "bank").Stdout, "Load of the bank")
	if got := b.linted(); !got.Asked || !slices.Contains(got.found("bank", "empty"), "other field: field") {
		t.Errorf("the lab's own InfluxDB was not asked: %+v", got)
	}
	b.OK("dashboard", "unlink", "shop")
	b.OK("dashboard", "unlink", "bank")
	if s := seen(); strings.Contains(s, "/shop/") || strings.Contains(s, "/bank/") || !strings.Contains(s, "/ltlab/k6-elite.json") {
		t.Errorf("after unlinking it sees\n%s", s)
	}
	shop()
	bank()
	b.OK("purge", "--yes")
}
