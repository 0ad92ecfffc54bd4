//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/rows"
)

// artilleryDockerFaults are what goes wrong while Artillery runs in a container of the lab.
func artilleryDockerFaults() []Fault {
	return []Fault{
		{"artillery-box-removed", "`docker rm -f` of Artillery's container in the middle of the run, before any report is written", artilleryBoxRemoved},
		{"artillery-telegraf-restarted", "`docker stop` of Telegraf in the middle of a run of Artillery, and its start when a period is missing there", artilleryTelegrafRestarted},
		{"artillery-telegraf-flooded", "100,000 StatsD packets, among them malformed ones, for Telegraf while Artillery runs", artilleryTelegrafFlooded},
		{"artillery-names-odd", "endpoints with dots, spaces, colons, pipes, commas, quotes and emoji in their names", artilleryNamesOdd},
		{"artillery-influx-killed", "`docker kill` of InfluxDB in the middle of a run of Artillery, and its start some seconds later", artilleryInfluxKilled},
	}
}

// boxedArrivals starts a run in a container at 20 requests a second and waits until some of it is done.
func (b *Bench) boxedArrivals(id string, length time.Duration) (*Process, *target) {
	b.t.Helper()
	api, inside := b.reachable()
	b.Write("arrivals.yml", fmt.Sprintf("config: { phases: [{ duration: %d, arrivalRate: 20 }] }\n%s", length/time.Second, anyFlow))
	p := b.Start("artillery", "-s", "arrivals.yml", "--id", id, "--runner", "docker", "-e", "BASE_URL="+inside)
	b.loaded(api, 500*time.Millisecond)
	return p, api
}

// wholeInInflux asserts that a run is whole and that InfluxDB has every row of it.
func (b *Bench) wholeInInflux(id string, api *target) runDoc {
	b.t.Helper()
	doc := b.Show(id)
	if err := doc.whole(api.count()); err != nil || !doc.sink().Whole() {
		b.t.Errorf("%v; InfluxDB %+v", err, doc.sink())
	}
	points := b.inDatabase(id)
	var periods float64
	for _, p := range points("http.requests", "sum", rows.ByRun, rows.Period) {
		periods += p.value
	}
	whole := points("http.requests", "sum", rows.ByRun, rows.Run)
	if len(whole) != 1 || whole[0].value != float64(api.count()) || periods != float64(api.count()) && doc.warning("periods-unplaced") == "" {
		b.t.Errorf("InfluxDB has %+v requests and %v by the period, want %d", whole, periods, api.count())
	}
	return doc
}

// throughTelegraf is what measurement artillery has of a run's requests by the period, and of its end.
func (b *Bench) throughTelegraf(id string) (requests int64, ended bool) {
	b.t.Helper()
	is := `r._measurement == "artillery" and r.run == "` + id + `" and `
	for _, row := range b.ask(is+`r.metric == "http.requests" and r.window == "period"`, "") {
		requests += int64(b.number(row["_value"]))
	}
	return requests, len(b.ask(is+`r.metric == "http.response_time" and r.stat == "p95" and r.window == "run"`, "")) > 0
}

func artilleryBoxRemoved(t *testing.T, b *Bench) Result {
	b.onEngine()
	p, api := b.boxedArrivals("removed", 120*time.Second)
	b.aPeriod("removed")
	b.docker("rm", "-f", b.box("removed"))
	r := b.problem(p.Wait(), "artillery-killed", 18, "its container was removed")
	r.Data = b.periodsKept("removed", api)
	b.tidy("removed")
	return r
}

func artilleryTelegrafRestarted(t *testing.T, b *Bench) Result {
	b.onEngine()
	p, api := b.boxedArrivals("restarted", lasts(20*time.Second, 40*time.Second))
	id := b.container(b.Home, "telegraf")
	b.docker("stop", "-t", "2", id)
	b.anotherPeriod("restarted")
	b.docker("start", id)
	o := p.Wait()
	if o.Exit != 0 {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	doc := b.wholeInInflux("restarted", api)
	var there int64
	if !eventually(soon, func() (ended bool) {
		there, ended = b.throughTelegraf("restarted")
		return ended
	}) || there == 0 || there >= api.count() {
		t.Errorf("measurement artillery has %d of %d requests", there, api.count())
	}
	message := doc.warning("statsd-failed")
	if message == "" {
		message = "nothing: StatsD is not acknowledged"
	}
	return Result{Message: message, Exit: o.Exit,
		Data: fmt.Sprintf("the run is unharmed: %d requests in record and rows; measurement `artillery` has %d of them, of the time when Telegraf ran, and the figures of the whole run", api.count(), there)}
}

func artilleryTelegrafFlooded(t *testing.T, b *Bench) Result {
	b.onEngine()
	p, api := b.boxedArrivals("flooded", lasts(4*time.Second, 30*time.Second))
	c, err := net.Dial("udp", strings.TrimPrefix(b.service("telegraf"), "udp://"))
	b.try(err)
	defer c.Close()
	malformed := []string{"", ":", "|", "artillery", "artillery,metric=x:|c", "artillery,metric=x:one|c", "artillery,,,=:1|c", strings.Repeat("a", 9000) + ":1|g", "\xff\xfe\x00:1|c"}
	for i := range 100_000 {
		line := fmt.Sprintf("flood,of=%d:1|c", i%500)
		if i%50 == 0 {
			line = malformed[i/50%len(malformed)]
		}
		_, err := c.Write([]byte(line))
		b.try(err)
	}
	if !p.Running() {
		t.Error("the run ended before the flood")
	}
	o := p.Wait()
	if o.Exit != 0 {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	b.wholeInInflux("flooded", api)
	if !eventually(soon, func() bool { _, ended := b.throughTelegraf("flooded"); return ended }) {
		t.Error("measurement artillery has no figures of the whole run")
	}
	text := b.OK("status").Stdout
	return Result{Message: b.said(text, "healthy"), Exit: o.Exit,
		Data: fmt.Sprintf("the run is unharmed: %d requests in record and rows; Telegraf stays healthy and takes what comes after the flood", api.count())}
}

func artilleryNamesOdd(t *testing.T, b *Bench) Result {
	b.onEngine()
	names := []string{"a.b.codes.200", "a b", "a: b", "a | b", "a,b=c d", `a "b" 'c' \d`, "größe 🚀", "a.errors.b", "response_time.a", "constructor", "%7C"}
	var flow strings.Builder
	for i, name := range names {
		fmt.Fprintf(&flow, "    - loop: [{ get: { url: /, name: '%s' } }]\n      count: %d\n", strings.ReplaceAll(name, "'", "''"), i+1)
	}
	api, inside := b.reachable()
	b.Write("names.yml", "config: { plugins: { metrics-by-endpoint: { useOnlyRequestNames: true, suppressOutput: true } } }\nscenarios:\n- flow:\n"+flow.String())
	o := b.OK("artillery", "-s", "names.yml", "--id", "names", "--runner", "docker", "-e", "BASE_URL="+inside, "--", "--solo")
	b.wholeInInflux("names", api)
	encode := strings.NewReplacer(" ", "%20", ":", "%3A", "|", "%7C", ",", "%2C", "=", "%3D", `"`, "%22", "'", "%27", `\`, "%5C", "ö", "%C3%B6", "ß", "%C3%9F", "🚀", "%F0%9F%9A%80", "%", "%25")
	rowsOf, statsd := map[string]int64{}, map[string]int64{}
	for _, row := range b.ask(`r._measurement == "endpoint.codes" and r._field == "sum" and r.run == "names" and r.rollup == "series"`, "") {
		rowsOf[row["name"]] += int64(b.number(row["_value"]))
	}
	if !eventually(soon, func() bool {
		clear(statsd)
		for _, row := range b.ask(`r._measurement == "artillery" and r.run == "names" and r.metric == "endpoint.codes" and r.window == "period"`, "") {
			statsd[row["name"]] += int64(b.number(row["_value"]))
		}
		return len(statsd) >= len(names)
	}) || len(statsd) != len(names) || len(rowsOf) != len(names) {
		t.Errorf("rows %v, measurement artillery %v", rowsOf, statsd)
	}
	for i, name := range names {
		if n := int64(i + 1); rowsOf[name] != n || statsd[encode.Replace(name)] != n {
			t.Errorf("%q has %d in rows and %d in measurement artillery, want %d", name, rowsOf[name], statsd[encode.Replace(name)], n)
		}
	}
	return Result{Message: b.said(o.Stdout, "all recorded"), Exit: o.Exit,
		Data: fmt.Sprintf("complete: %d endpoints apart, each with its own count, in record, rows and measurement `artillery`, where they are percent-encoded", len(names))}
}

func artilleryInfluxKilled(t *testing.T, b *Bench) Result {
	b.useEngine()
	_, port, _ := strings.Cut(strings.TrimPrefix(closedPort(t), "http://"), ":")
	b.OK(onDocker("--port", "influxdb="+port)...) // one that nobody takes while it is down
	b.volumes = true
	p, api := b.boxedArrivals("outage", lasts(20*time.Second, 60*time.Second))
	id := b.container(b.Home, "influxdb")
	b.docker("kill", id)
	b.anotherPeriod("outage")
	b.pass(lasts(time.Second, 30*time.Second))
	b.docker("start", id)
	o := p.Wait()
	if o.Exit != 0 {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	doc := b.wholeInInflux("outage", api)
	return Result{Message: "nothing: rows are sent from the record", Exit: o.Exit,
		Data: fmt.Sprintf("%d requests, all rows in InfluxDB (%d lines, %d sent again)", doc.Summary.Requests, doc.sink().Written, doc.sink().Retried)}
}
