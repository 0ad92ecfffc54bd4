//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// everything is all points of both buckets by run, "" for those without; each is written with everything that it is.
func (d *influxd) everything() map[string][]string {
	d.t.Helper()
	out := map[string][]string{}
	for _, bucket := range []string{shortBucket, longBucket} {
		for _, row := range d.flux(`from(bucket: %q) |> range(start: 0)`, bucket) {
			run := row["run"]
			for _, column := range []string{"", "table", "result", "_start", "_stop"} { // of the answer, not of the point
				delete(row, column)
			}
			var text strings.Builder
			text.WriteString(bucket)
			for _, k := range slices.Sorted(maps.Keys(row)) {
				if row[k] != "" {
					fmt.Fprintf(&text, " %s=%q", k, row[k])
				}
			}
			out[run] = append(out[run], text.String())
		}
	}
	for _, all := range out {
		slices.Sort(all)
	}
	return out
}

// measuredIn are the measurements of points.
func measuredIn(points []string) map[string]bool {
	out := map[string]bool{}
	for _, p := range points {
		_, after, _ := strings.Cut(p, `_measurement="`)
		name, _, _ := strings.Cut(after, `"`)
		out[name] = true
	}
	return out
}

// TestADeletedRunLeavesNoPointInInfluxDBAndTakesNoOther deletes runs from a real InfluxDB, one that does not answer, and one that
// does not take the token; and resets a lab whose InfluxDB is not its own.
func TestADeletedRunLeavesNoPointInInfluxDBAndTakesNoOther(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, d.Token)
	api := newTarget(t)
	b.Write("short.js", "import http from 'k6/http';\nexport const options = { iterations: 20 };\nexport default function () { http.get(__ENV.BASE_URL + '/fast'); }\n")
	runs := []string{"one", "one-more", "two", "three"} // a name that begins with another's
	for _, id := range runs {
		b.OK("k6", "-s", "short.js", "--id", id, "-e", "BASE_URL="+api.URL)
		now := time.Now().UnixNano()
		d.write(shortBucket, fmt.Sprintf("artillery,metric=http.codes,status=200,run=%s,project=shop,window=period value=41 %d", id, now)) // as Telegraf does
		d.write(shortBucket, fmt.Sprintf("infra_cpu,run=%s,rollup=series,window=second,source=host last=0.5,min=0.1,max=0.9 %d", id, now))
	}
	d.write(shortBucket, fmt.Sprintf("somebody,name=one value=1 %d\ntoy_api,host=a requests=12i %d", time.Now().UnixNano(), time.Now().UnixNano()))
	before := d.everything()
	for _, id := range runs {
		of := measuredIn(before[id])
		for _, m := range []string{"artillery", "run_info", "run_events", "ltlab_ledger", "run_quantiles", "http_reqs", "infra_cpu"} {
			if !of[m] {
				t.Errorf("run %s has no %s, so that deleting it shows nothing: %v", id, m, of)
			}
		}
		if !strings.Contains(strings.Join(before[id], "\n"), "_field=\"value\" _measurement=\"http_reqs\"") {
			t.Errorf("run %s has no raw samples", id)
		}
	}
	others := func(after map[string][]string, gone ...string) {
		t.Helper()
		for run, had := range before {
			switch is := slices.Contains(gone, run); {
			case is && len(after[run]) > 0:
				t.Errorf("InfluxDB still has %d points of run %s: %s", len(after[run]), run, after[run][0])
			case !is && !slices.Equal(after[run], had):
				t.Errorf("of run %q InfluxDB had %d points and has %d, or others", run, len(had), len(after[run]))
			}
		}
	}
	others(before)
	o := b.OK("runs", "delete", "one", "--json")
	if !strings.Contains(o.Stdout, `"influxdb": true`) {
		t.Errorf("the document does not say that InfluxDB has forgotten the run: %s", o.Stdout)
	}
	others(d.everything(), "one")

	// A token that is not taken, and an InfluxDB that is down: the run stays, whole.
	b.use(d.URL, "not-the-token")
	b.problem(b.Ltlab("runs", "delete", "two"), "run-in-influxdb", 11, "unauthorized", "the run was kept", "--keep-influxdb")
	b.use(d.URL, d.Token)
	d.kill()
	b.problem(b.Ltlab("runs", "delete", "two"), "run-in-influxdb", 11, "connection refused", "the run was kept", "--keep-influxdb")
	if _, err := record.ReadRun(b.run("two", record.RunFile)); err != nil {
		t.Errorf("the run was not kept: %v", err)
	}
	d.start()
	others(d.everything(), "one")
	b.OK("runs", "delete", "one-more", "--keep-influxdb")
	others(d.everything(), "one")
	b.OK("runs", "delete", "two")
	others(d.everything(), "one", "two")

	// Another's InfluxDB is not emptied by a reset: the lab's runs go, whatever else it holds stays.
	b.OK("reset", "--yes")
	others(d.everything(), "one", "two", "three")
	b.leftNothing()
}
