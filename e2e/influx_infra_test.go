//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
	"github.com/ltlab/ltlab/internal/rows"
)

// infraOf are the values that InfluxDB has of what sources used, by metric, source and second.
func (d *influxd) infraOf(run string) map[string]float64 {
	d.t.Helper()
	out := map[string]float64{}
	for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement =~ /^infra_/ and r.run == %q and r._field == "last" and r.window == "second" and r.rollup == "series")`, shortBucket, run) {
		v, err := strconv.ParseFloat(row["_value"], 64)
		if err != nil {
			d.t.Fatalf("%v: %v", err, row)
		}
		out[strings.Join([]string{row["_measurement"], row["source"], row["kind"], row["part"], row["generator"], row["_time"]}, " ")] = v
	}
	return out
}

// infraIn is what a record has.
func infraIn(t *testing.T, folder record.Folder, start time.Time) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	tail, err := record.OpenRunTail(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	in := rows.NewInfra(rows.NewBuilder())
	var began time.Time
	if err := tail.Each(func(l record.RunLine) {
		switch {
		case l.Start != nil:
			began = l.Start.Time
		case l.Source != nil:
			in.Declare(*l.Source)
		case l.Infra != nil:
			second := rows.InfraSecond(l.Infra, began, start)
			if second < 0 {
				return
			}
			for _, r := range in.Second(second, l.Infra) {
				at := time.UnixMilli(start.UnixMilli() + 1000*r.T).UTC().Format(time.RFC3339Nano)
				out[strings.Join([]string{r.Metric, r.Tags["source"], r.Tags["kind"], r.Tags["part"], r.Tags["generator"], at}, " ")] = r.Last
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhatSourcesUseIsInInfluxDBWhileK6Runs kills the database on the way; what a board of the whole run reads is there before
// the end, too. The record is sent to another database in the end.
func TestWhatSourcesUseIsInInfluxDBWhileK6Runs(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("used", 16*time.Second)
	b.loaded(api, time.Second)
	for what, query := range map[string]string{
		"what k6 uses":        `r._measurement == "infra_cpu" and r.generator == "true"`,
		"the machine's share": `r._measurement == "infra_cpu_share" and r.kind == "host"`,
		"the run so far":      `r._measurement == "http_reqs" and r.window == "run" and r.rollup == "run" and r._field == "count"`,
		"statuses so far":     `r._measurement == "http_reqs" and r.window == "run" and r.rollup == "status" and r.status == "200"`,
		"every series so far": `r._measurement == "http_reqs" and r.window == "run" and r.rollup == "whole" and r.name == "page 1" and r.status == "200"`,
		"quantiles so far":    `r._measurement == "run_quantiles" and r.metric == "http_req_duration" and r.q == "0.99"`,
		"seconds of load":     `r._measurement == "run_info" and r._field == "seconds"`,
	} {
		b.until(what, limit, func() bool {
			return len(d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r.run == "used" and %s)`, shortBucket, query)) > 0
		})
	}
	if !p.Running() || len(d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "run_info" and r._field == "end")`, shortBucket)) > 0 {
		t.Error("the run is over: nothing is known of what is there before its end")
	}
	d.kill()
	b.pass(2 * time.Second)
	d.start()
	o := p.Wait()
	doc := b.whole(d, o, "used", api)
	folder, start := record.Folder(b.Home+"/runs/used"), b.toolFile("used").Start
	want := infraIn(t, folder, start)
	if got := d.infraOf("used"); !maps.Equal(got, want) || len(want) < 16*5 {
		t.Errorf("InfluxDB has %d values of what sources used, the record %d, or not the same\n%v\n%v", len(got), len(want), got, want)
	}
	ledger := d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "ltlab_ledger" and r._field == "written")`, shortBucket)
	byTool, err := strconv.ParseInt(ledger[0]["_value"], 10, 64)
	if err != nil || doc.sink().Written <= byTool+int64(len(want))-5 { // of the ledger's own line k6 wrote nothing into it yet
		t.Errorf("%d values by ltlab are not among %d lines, of which k6 wrote %d: %v", len(want), doc.sink().Written, byTool, err)
	}
	for _, c := range []struct{ rollup, window string }{{"status", "second"}, {"status", "run"}, {"whole", "run"}} {
		if n := d.sum(shortBucket, "used", "http_reqs", "count", c.rollup, c.window); n != api.count() {
			t.Errorf("roll-up %s, window %s has %d requests, the target %d", c.rollup, c.window, n, api.count())
		}
	}

	other := newInfluxd(t)
	b.Write("token", other.Token)
	b.OK("runs", "push", "used", "--url", other.URL, "--token-file", "token")
	if got := other.infraOf("used"); !maps.Equal(got, want) {
		t.Errorf("pushed again there are %d values, want %d", len(got), len(want))
	}
}

// TestARefusedTokenLeavesWhatSourcesUsedInTheRecord ends as it does for rows, and `runs push` sends everything.
func TestARefusedTokenLeavesWhatSourcesUsedInTheRecord(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, "no-such-token")
	p, _ := b.paced("refused", 3*time.Second)
	if o := p.Wait(); o.Exit != 18 || !strings.Contains(o.Stderr, "influxdb-incomplete") {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	if got := d.infraOf("refused"); len(got) > 0 {
		t.Errorf("%d values came with a wrong token", len(got))
	}
	b.use(d.URL, d.Token)
	b.OK("runs", "push", "refused")
	want := infraIn(t, record.Folder(b.Home+"/runs/refused"), b.toolFile("refused").Start)
	if got := d.infraOf("refused"); !maps.Equal(got, want) || len(want) == 0 {
		t.Errorf("pushed there are %d values, want %d", len(got), len(want))
	}
}

// TestWhatSourcesUseIsInInfluxDBWhileArtilleryRuns sends a record that grows in both of its files.
func TestWhatSourcesUseIsInInfluxDBWhileArtilleryRuns(t *testing.T) {
	d := newInfluxd(t)
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "spike")
	log, err := record.AppendRun(a.Folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write := func(l record.RunLine) {
		t.Helper()
		if err := log.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	write(record.RunLine{Source: &record.Source{ID: 1, Name: "artillery", Kind: record.ProcessSource, Generator: true, CPUs: 2}})
	l := influx.NewLive(a.Folder, influx.Target{URL: d.URL, Org: influxOrgName, Token: d.Token, Bucket: shortBucket}, false)
	defer l.Close()
	for i := range int64(3) {
		a.Period()
		for s := range int64(10) {
			write(record.RunLine{Infra: &record.Infra{T: 10*i + s + 1, Uses: []record.Use{{Source: 1, CPU: float64(s) / 10, Memory: 1e6}}}})
		}
		if err := l.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := infraIn(t, a.Folder, a.Start)
		if got := d.infraOf("spike"); !maps.Equal(got, want) || len(want) == 0 {
			t.Fatalf("after period %d there are %d values, want %d:\n%v\n%v", i, len(got), len(want), got, want)
		}
		if n := d.sum(shortBucket, "spike", "http.codes", "count", "status", "run"); n != d.sum(shortBucket, "spike", "http.codes", "count", "series", "period") || n == 0 {
			t.Errorf("after period %d the run has %d answers", i, n)
		}
	}
	a.Unplaced()
	a.End()
	sink, err := l.Finish(t.Context(), record.Sink{})
	if err != nil || !sink.Whole() {
		t.Fatalf("%v: %+v", err, sink)
	}
	codes := map[string]int64{}
	for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http.codes" and r._field == "count" and r.rollup == "status" and r.window == "run")`, shortBucket) {
		n, err := strconv.ParseInt(row["_value"], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		codes[row["status"]] = n
	}
	if fmt.Sprint(codes) != fmt.Sprint(a.Truth.Codes) {
		t.Errorf("answers of the run by status are %v, want %v", codes, a.Truth.Codes)
	}
}
