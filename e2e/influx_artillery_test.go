//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

// points are all that a database has of a run in a bucket, but for the ledger, which counts the lines themselves.
func (d *influxd) points(bucket, run string) map[string]string {
	d.t.Helper()
	out := map[string]string{}
	for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r.run == %q and r._measurement != "ltlab_ledger")`, bucket, run) {
		value := row["_value"]
		for _, column := range []string{"", "result", "table", "_start", "_stop", "_value"} {
			delete(row, column)
		}
		out[fmt.Sprint(row)] = value
	}
	return out
}

// TestAnArtilleryRunInInfluxDBIsTheOneInItsRecord sends one while it grows, kills the database on the way, and sends it to
// another at once.
func TestAnArtilleryRunInInfluxDBIsTheOneInItsRecord(t *testing.T) {
	live, once := newInfluxd(t), newInfluxd(t)
	target := func(d *influxd) influx.Target {
		return influx.Target{URL: d.URL, Org: influxOrgName, Token: d.Token, Bucket: shortBucket, Bucket1M: longBucket}
	}
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "spike")
	l := influx.NewLive(a.Folder, target(live), false)
	defer l.Close()
	step := func() {
		t.Helper()
		if err := l.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 14 {
		a.Period()
		switch i {
		case 4:
			live.kill()
			if err := l.Step(t.Context()); err == nil {
				t.Error("a database that is dead took a period")
			}
		case 5:
			live.start()
			step()
		default:
			step()
		}
	}
	a.Unplaced()
	a.End()
	a.Finish()
	sink, err := l.Finish(t.Context(), record.Sink{})
	if err != nil || !sink.Whole() {
		t.Fatalf("%v: %+v", err, sink)
	}
	if sink, err = influx.Send(t.Context(), a.Folder, target(once), 0, nil); err != nil || !sink.Whole() {
		t.Fatalf("%v: %+v", err, sink)
	}
	for _, bucket := range []string{shortBucket, longBucket} {
		if ours, theirs := live.points(bucket, "spike"), once.points(bucket, "spike"); !maps.Equal(ours, theirs) || len(ours) == 0 {
			t.Errorf("%s has %d fields live and %d at once, or not the same", bucket, len(ours), len(theirs))
		}
	}
	want := a.Truth
	placed := want.Requests - 100
	for _, c := range []struct {
		bucket, metric, rollup, window string
		want                           int64
	}{
		{shortBucket, "http.requests", "run", "period", placed}, {longBucket, "http.requests", "run", "minute", placed},
		{shortBucket, "http.requests", "run", "run", want.Requests}, {longBucket, "http.requests", "run", "run", want.Requests},
		{shortBucket, "errors", "run", "run", want.Errors}, {shortBucket, "http.response_time", "run", "run", want.Responses},
		{shortBucket, "http.requests", "series", "period", placed}, {shortBucket, "http.requests", "series", "run", 100},
	} {
		if n := live.sum(c.bucket, "spike", c.metric, "count", c.rollup, c.window); n != c.want {
			t.Errorf("%s has %d of %s at roll-up %s and window %s, want %d", c.bucket, n, c.metric, c.rollup, c.window, c.want)
		}
	}
	codes := map[string]int64{}
	for _, row := range live.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http.codes" and r._field == "sum" and r.rollup == "series") |> group(columns: ["status"]) |> sum()`, shortBucket) {
		n, err := strconv.ParseFloat(row["_value"], 64)
		if err != nil {
			t.Fatal(err)
		}
		codes[row["status"]] = int64(n)
	}
	if !maps.Equal(codes, want.Codes) {
		t.Errorf("codes %v, want %v", codes, want.Codes)
	}
	compared := 0
	for field, q := range map[string]float64{"min": 0, "p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1} {
		for _, row := range live.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http.response_time" and r._field == %q and r.rollup == "run")`, shortBucket, field) {
			at, err := time.Parse(time.RFC3339Nano, row["_time"])
			if err != nil {
				t.Fatal(err)
			}
			values := slices.Clone(want.Periods[int64(at.Sub(a.Start).Seconds())])
			if row["window"] == "run" {
				values = slices.Clone(want.Response)
			}
			slices.Sort(values)
			got, err := strconv.ParseFloat(row["_value"], 64)
			if err != nil || len(values) == 0 {
				t.Fatalf("%v: %v", err, row)
			}
			if v := values[int(q*float64(len(values)-1))]; math.Abs(got-v) > 1.0001*record.Accuracy*v {
				t.Errorf("%s of window %s at %s is %g, want %g within 1 %%", field, row["window"], row["_time"], got, v)
			}
			compared++
		}
	}
	if compared != 5*(14+1) {
		t.Errorf("%d values compared, want %d", compared, 5*(14+1))
	}
	if n := len(live.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "run_events" and r.run == "spike")`, shortBucket)); n != 3 {
		t.Errorf("%d events, want the start, a level and the end", n)
	}
}
