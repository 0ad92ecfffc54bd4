//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// sample is one of k6's own JSON output.
type sample struct {
	Metric string
	Type   string
	Data   struct {
		Time  time.Time
		Value float64
		Tags  map[string]string
	}
}

func (b *Bench) samples(file string) []sample {
	b.t.Helper()
	var out []sample
	lines := bufio.NewScanner(bytes.NewReader(b.read(file)))
	for lines.Scan() {
		var s sample
		b.try(json.Unmarshal(lines.Bytes(), &s))
		if s.Type == "Point" {
			out = append(out, s)
		}
	}
	return out
}

// TestQuantilesInInfluxDBAreThoseOfTheSamples compares rows by the second, the minute and the run with every single sample.
func TestQuantilesInInfluxDBAreThoseOfTheSamples(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, d.Token)
	b.Scenario("truth.js")
	api := newTarget(t)
	b.OK("k6", "-s", "truth.js", "--id", "truth", "-e", "BASE_URL="+api.URL, "--", "-o", "json="+b.Dir+"/all.json")
	file := b.toolFile("truth")
	exact := map[string][]float64{} // by metric, name, window and start
	add := func(v float64, key ...any) { k := fmt.Sprintln(key...); exact[k] = append(exact[k], v) }
	for _, s := range b.samples(b.Dir + "/all.json") {
		at := max(s.Data.Time.Sub(file.Start), 0) / time.Second
		for _, name := range slices.Compact([]string{"", s.Data.Tags["name"]}) {
			add(s.Data.Value, s.Metric, name, "second", int64(at))
			add(s.Data.Value, s.Metric, name, "minute", int64(at)/60*60)
			add(s.Data.Value, s.Metric, name, "run", 0)
		}
	}
	compared := map[string]int{}
	for field, q := range map[string]float64{"min": 0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999, "max": 1, "count": -1} {
		for _, bucket := range []string{shortBucket, longBucket} {
			for _, metric := range []string{"http_req_duration", "http_req_waiting", "basket_value"} {
				for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == %q and r._field == %q and r.run == "truth" and (r.rollup == "run" or r.rollup == "name"))`, bucket, metric, field) {
					at, err := time.Parse(time.RFC3339Nano, row["_time"])
					b.try(err)
					second := int64(math.Round(at.Sub(file.Start).Seconds()))
					got, err := strconv.ParseFloat(row["_value"], 64)
					b.try(err)
					values := exact[fmt.Sprintln(metric, row["name"], row["window"], second)]
					if len(values) == 0 {
						t.Fatalf("a row without samples: %v", row)
					}
					slices.Sort(values)
					want, within := float64(len(values)), 0.0
					if q >= 0 {
						want, within = values[int(q*float64(len(values)-1))], 1.0001*record.Accuracy
					}
					if math.Abs(got-want) > within*math.Abs(want) {
						t.Errorf("%s of %s at roll-up %s, window %s, second %d: %v, want %v within 1 %%", field, metric, row["rollup"], row["window"], second, got, want)
					}
					compared[row["window"]]++
				}
			}
		}
	}
	if compared["second"] < 500 || compared["minute"] < 30 || compared["run"] < 30 {
		t.Errorf("compared %v", compared)
	}
	t.Logf("%d requests; figures within 1 %% of the exact ones, by window: %v", api.count(), compared)
}

// k6 runs ltlab-k6 without ltlab, as users of the stock extension do.
func (b *Bench) plainK6(vars map[string]string, args ...string) Output {
	b.t.Helper()
	before := b.vars
	defer func() { b.vars = before }()
	b.vars = append(slices.Clone(before), "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
	for _, k := range slices.Sorted(maps.Keys(vars)) {
		b.vars = append(b.vars, k+"="+vars[k])
	}
	return b.start(b.k6, append([]string{"run", "--quiet", "--address="}, args...)...).Wait()
}

// stock are the stock extension's variables.
func (d *influxd) stock() map[string]string {
	return map[string]string{
		"K6_INFLUXDB_ADDR": d.URL, "K6_INFLUXDB_ORGANIZATION": influxOrgName, "K6_INFLUXDB_BUCKET": shortBucket, "K6_INFLUXDB_TOKEN": d.Token,
	}
}

// TestThePresetFillsWhatTheStockExtensionFills compares InfluxDB with every sample of k6's own JSON output: the stock
// extension makes one point of each, in the metric's measurement, with its value and with vu, iter and url as fields.
func TestThePresetFillsWhatTheStockExtensionFills(t *testing.T) {
	for precision, env := range map[string]string{"by the nanosecond": "", "by the millisecond": "1ms"} {
		t.Run(precision, func(t *testing.T) {
			b, d := newBench(t), newInfluxd(t)
			api := newTarget(t)
			b.Scenario("truth.js")
			vars := d.stock()
			vars["BASE_URL"] = api.URL
			if env != "" {
				vars["K6_INFLUXDB_PRECISION"] = env
			}
			o := b.plainK6(vars, "-d", "2s", "--system-tags", "name,method,status,url,scenario,expected_response,vu,iter", "-o", "xk6-influxdb", "-o", "json=all.json", "truth.js")
			if o.Exit != 0 {
				t.Fatalf("exit %d\n%s", o.Exit, o.Stderr)
			}
			want := map[string]int{} // by metric and tags
			for _, s := range b.samples(b.Dir + "/all.json") {
				tags := maps.Clone(s.Data.Tags)
				for _, field := range []string{"vu", "iter", "url"} {
					delete(tags, field)
				}
				want[s.Metric+series(tags)]++
			}
			got := map[string]int{}
			for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._field == "value" and not exists r.run) |> count()`, shortBucket) {
				n, err := strconv.Atoi(row["_value"])
				b.try(err)
				tags := maps.Clone(row)
				maps.DeleteFunc(tags, func(k, v string) bool { return v == "" || k == "result" || k == "table" || strings.HasPrefix(k, "_") })
				got[row["_measurement"]+series(tags)] += n
			}
			if !maps.Equal(got, want) {
				t.Errorf("points   %v\nsamples  %v", got, want)
			}
			for field, kind := range map[string]string{"url": "string", "vu": "int", "iter": "int"} {
				rows := d.flux(`import "types" from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http_reqs" and r._field == %q) |> filter(fn: (r) => types.isType(v: r._value, type: %q)) |> group() |> count()`, shortBucket, field, kind)
				if len(rows) != 1 || rows[0]["_value"] != fmt.Sprint(api.count()) {
					t.Errorf("field %s of http_reqs: %v, want %d", field, rows, api.count())
				}
			}
			if left := b.entries(b.tmp); len(left) > 0 {
				t.Errorf("the temporary record is left: %v", left)
			}
		})
	}
}

func series(tags map[string]string) string {
	var s strings.Builder
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		fmt.Fprintf(&s, " %s=%s", k, tags[k])
	}
	return s.String()
}

// TestARunOfK6AloneIsKeptUntilItIsSent breaks the database of a run that has no record of its own.
func TestARunOfK6AloneIsKeptUntilItIsSent(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	api := newTarget(t)
	b.Scenario("paced.js")
	vars := d.stock()
	vars["BASE_URL"], vars["LENGTH"], vars["K6_INFLUXDB_TOKEN"] = api.URL, "2s", "wrong"
	o := b.plainK6(vars, "-o", "xk6-influxdb", "paced.js")
	line := b.said(o.Stderr, "ltlab runs push ")
	b.said(o.Stderr, "K6_INFLUXDB_TOKEN")
	_, folder, _ := strings.Cut(line, "ltlab runs push ")
	folder = strings.Trim(folder, `" `)
	b.Write("token", d.Token)
	b.OK("runs", "push", folder, "--url", d.URL, "--org", influxOrgName, "--bucket", shortBucket, "--bucket-1m", longBucket, "--token-file", "token")
	id := folder[strings.LastIndex(folder, "/")+1:]
	d.has(id, api.count())
}

// TestThePresetBesideARunOfLtlabCountsNothingTwice gives ltlab the flag of an existing command line.
func TestThePresetBesideARunOfLtlabCountsNothingTwice(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	b.use(d.URL, d.Token)
	b.Scenario("paced.js")
	api := newTarget(t)
	b.OK("k6", "-s", "paced.js", "--id", "both", "-e", "LENGTH=2s", "-e", "BASE_URL="+api.URL, "--", "-o", "xk6-influxdb")
	d.has("both", api.count())
	rows := d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http_reqs" and r._field == "value" and not exists r.run) |> group() |> count()`, shortBucket)
	if len(rows) != 1 || rows[0]["_value"] != fmt.Sprint(api.count()) {
		t.Errorf("raw samples of the preset: %v, want %d", rows, api.count())
	}
	if left := b.entries(b.tmp); len(left) > 0 {
		t.Errorf("the temporary record is left: %v", left)
	}
}

func TestSettingsOfTheStockExtensionAreReadAsItReadsThem(t *testing.T) {
	b, d := newBench(t), newInfluxd(t)
	api := newTarget(t)
	b.Scenario("paced.js")
	b.Write("config.json", fmt.Sprintf(`{"collectors": {"xk6-influxdb": {"organization": %q, "bucket": "elsewhere", "token": %q}}}`, influxOrgName, d.Token))
	o := b.plainK6(map[string]string{"BASE_URL": api.URL, "LENGTH": "1s"}, "--config", "config.json", "-o", "xk6-influxdb="+d.URL+"/"+shortBucket, "paced.js")
	if o.Exit != 0 || strings.Contains(o.Stderr, "level=error") {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	rows := d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "http_reqs" and r._field == "value") |> group() |> count()`, shortBucket)
	if len(rows) != 1 || rows[0]["_value"] != fmt.Sprint(api.count()) {
		t.Errorf("%v, want %d", rows, api.count())
	}
	vars := d.stock()
	vars["K6_INFLUXDB_BUKET"], vars["LENGTH"] = "b", "1s"
	if o := b.plainK6(vars, "-o", "xk6-influxdb", "paced.js"); o.Exit != 104 || !strings.Contains(o.Stderr, "K6_INFLUXDB_BUKET is no setting") {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
}

// TestAPushToNowhereSaysSo meets the problem influxdb-unknown, and that the shell's variables name no database.
func TestAPushToNowhereSaysSo(t *testing.T) {
	b := newBench(t)
	api := newTarget(t)
	b.Scenario("paced.js")
	b.vars = append(b.vars, "INFLUXDB_URL=http://127.0.0.1:9", "K6_INFLUXDB_ADDR=http://127.0.0.1:9", "K6_INFLUXDB_BUCKET=b")
	b.OK("k6", "-s", "paced.js", "--id", "mine", "-e", "LENGTH=1s", "-e", "BASE_URL="+api.URL)
	b.problem(b.Ltlab("runs", "push", "mine"), "influxdb-unknown", 11, "INFLUXDB_URL is not set")
}
