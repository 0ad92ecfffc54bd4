//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

func influxTokenWrong(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, "a-token-of-somebody-else")
	p, api := b.paced("wrong", lasts(3*time.Second, 30*time.Second))
	r := b.problem(p.Wait(), "influxdb-incomplete", 18, "does not take the token", "set INFLUXDB_TOKEN right", "ltlab runs push wrong")
	doc := b.Show("wrong")
	if doc.Summary.Requests != api.count() || doc.Ledger.Lost != 0 || doc.State != "finished" || doc.Exit != 18 {
		t.Errorf("the record is not whole: %+v", doc)
	}
	b.unhurt(&doc)
	b.Write("token", d.Token+"\n")
	b.OK("runs", "push", "wrong", "--token-file", "token")
	d.has("wrong", api.count())
	if strings.Contains(string(b.read(b.run("wrong", record.ToolFile))), "token-of") {
		t.Error("the record holds a token")
	}
	r.Data = fmt.Sprintf("the record is whole: %d requests; `ltlab runs push` with the right token makes InfluxDB whole", doc.Summary.Requests)
	return r
}

func influxTokenRevoked(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	token, revoke := d.newToken()
	b.use(d.URL, token)
	p, api := b.paced("revoked", lasts(6*time.Second, 30*time.Second))
	b.loaded(api, lasts(4*time.Second, 15*time.Second))
	revoke()
	o := p.Wait()
	r := b.problem(o, "influxdb-incomplete", 18, "does not take the token", "set INFLUXDB_TOKEN right")
	b.said(o.Stderr, "The run goes on, and its record holds everything")
	doc := b.Show("revoked")
	b.unhurt(&doc)
	if doc.Summary.Requests != api.count() || doc.sink().Written == 0 {
		t.Errorf("%d of %d requests, %+v", doc.Summary.Requests, api.count(), doc.sink())
	}
	b.use(d.URL, d.Token)
	b.OK("runs", "push", "revoked")
	d.has("revoked", api.count())
	r.Data = fmt.Sprintf("InfluxDB has %d lines from before; the record is whole: %d requests; `ltlab runs push` sends the rest", doc.sink().Written, doc.Summary.Requests)
	return r
}

func influxBucketDeleted(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("homeless", lasts(6*time.Second, 30*time.Second))
	b.loaded(api, lasts(4*time.Second, 15*time.Second))
	d.deleteBucket(shortBucket)
	r := b.problem(p.Wait(), "influxdb-incomplete", 18, "has no bucket", "set INFLUXDB_BUCKET right")
	doc := b.Show("homeless")
	b.unhurt(&doc)
	d.newBucket(shortBucket)
	b.OK("runs", "push", "homeless")
	d.has("homeless", api.count())
	r.Data = fmt.Sprintf("the record is whole: %d requests; `ltlab runs push` fills a new bucket with all of it", doc.Summary.Requests)
	return r
}

func influxTypeConflict(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	d.write(shortBucket, fmt.Sprintf("http_reqs count=\"many\" %d", time.Now().UnixNano()))
	p, api := b.paced("conflict", lasts(3*time.Second, 30*time.Second))
	r := b.problem(p.Wait(), "influxdb-incomplete", 18, "lines were refused", "field type conflict", "http_reqs")
	doc := b.Show("conflict")
	s := doc.sink()
	if doc.Summary.Requests != api.count() || s.Refused == 0 || s.Written == 0 {
		t.Errorf("%+v", s)
	}
	if n := d.sum(shortBucket, "conflict", "http_req_duration", "count", "run", "second"); n != api.count() {
		t.Errorf("%d durations of %d: other metrics suffered", n, api.count())
	}
	r.Message = general(r.Message, s.Refused)
	r.Data = fmt.Sprintf("%d lines of that metric are refused, and counted; all other metrics are there, and the record is whole", s.Refused)
	return r
}

func influxK6Killed(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	d.kill()
	b.use(d.URL, d.Token)
	p, api := b.paced("killed", 2*time.Minute)
	b.loaded(api, lasts(5*time.Second, 30*time.Second))
	b.kill(b.find(b.k6Run()))
	r := b.problem(p.Wait(), "k6-killed", 18, "k6 was killed in mid-run")
	doc := b.Show("killed")
	if doc.warning("influxdb-incomplete") == "" {
		t.Errorf("nobody says that InfluxDB has nothing of it: %+v", doc.Warnings)
	}
	d.start()
	b.OK("runs", "push", "killed")
	file := b.toolFile("killed")
	d.has("killed", file.Requests)
	r.Data = fmt.Sprintf("every second of the record, %d requests, reaches InfluxDB by `ltlab runs push`", file.Requests)
	return r
}

func influxPushInterrupted(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.Scenario("paced.js")
	api := newTarget(t)
	b.OK("k6", "-s", "paced.js", "--id", "slowly", "-e", "RATE=50", "-e", "LENGTH="+lasts(3*time.Second, 30*time.Second).String(), "-e", "BASE_URL="+api.URL)
	slow := newFront(t, d, func(_ int64, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	b.use(slow.URL, d.Token)
	p := b.Start("runs", "push", "slowly")
	b.until("a write", limit, func() bool { return slow.writes.Load() > 0 })
	p.Signal(interrupted)
	r := b.problem(p.Wait(), "interrupted", 130)
	b.use(d.URL, d.Token)
	b.OK("runs", "push", "slowly")
	d.has("slowly", api.count())
	b.OK("runs", "push", "slowly")
	d.has("slowly", api.count())
	r.Data = fmt.Sprintf("the next push sends all %d requests, and one more counts nothing twice", api.count())
	return r
}

func influxDiskFull(t *testing.T, b *Bench) Result {
	b.smallHome()
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	outage := lasts(3*time.Second, 30*time.Second)
	p, api := b.paced("crowded", outage+6*time.Second)
	b.loaded(api, 3*time.Second)
	b.fill()
	b.pass(outage)
	b.free()
	o := p.Wait()
	doc := b.whole(d, o, "crowded", api)
	return Result{Message: k6Said(b.said(o.Stderr, "the run's record cannot be written")), Exit: o.Exit,
		Data: "a full disk for " + outage.String() + ": " + accounted(&doc)}
}

func influxSameID(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("same", lasts(2*time.Second, 10*time.Second))
	o := p.Wait()
	b.whole(d, o, "same", api)
	before := api.count()
	second, _ := b.paced("same", time.Second)
	r := b.problem(second.Wait(), "run-exists", 2)
	d.has("same", before)
	r.Data = "the second is refused before any load; the first stays as it is"
	return r
}

func influxManyURLs(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	b.Scenario("urls.js")
	api := newTarget(t)
	n := 20_000
	if full() {
		n = 1_000_000
	}
	p := b.Start("k6", "-s", "urls.js", "--id", "urls", "-e", fmt.Sprintf("URLS=%d", n), "-e", "BASE_URL="+api.URL)
	o := p.Wait()
	doc := b.Show("urls")
	if o.Exit != 0 || doc.Summary.Requests != api.count() || !doc.sink().Whole() {
		t.Errorf("exit %d, %d of %d requests, %+v\n%s", o.Exit, doc.Summary.Requests, api.count(), doc.sink(), o.Stderr)
	}
	if sum := d.sum(shortBucket, "urls", "http_reqs", "count", "run", "second"); sum != api.count() {
		t.Errorf("InfluxDB has %d of %d requests", sum, api.count())
	}
	names := d.flux(`import "influxdata/influxdb/schema" schema.tagValues(bucket: %q, tag: "name", start: 0)`, shortBucket)
	if len(names) > 510 {
		t.Errorf("InfluxDB has %d names", len(names))
	}
	return Result{Message: b.said(o.Stdout+o.Stderr, `tag "name" has more than 500 values`), Exit: o.Exit,
		Data: fmt.Sprintf("%d different URLs asked for, %d names in InfluxDB; %s", api.paths(), len(names), accounted(&doc))}
}

func influxValuesOdd(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	b.Write("odd.js", `
import { Counter, Trend } from 'k6/metrics';
const odd = new Counter('odd'), took = new Trend('took'), mine = new Counter('run_info');
export const options = { iterations: 1, tags: { run: 'theirs', 'a key=,': 'x' } };
export default function () {
  mine.add(1);
  for (const v of ['a b,c=d', 'C:\\dir\\', 'two\nlines', 'nul\u0000', '"quoted"', 'emoji 😀', '#', 'x'.repeat(64 << 10), ' ']) {
    odd.add(1, { name: v });
    took.add(1.5, { name: v });
  }
  for (const v of [NaN, Infinity, -Infinity, 1e308, -1e308, -2, 0.1]) { odd.add(v, { name: 'number' }); took.add(v, { name: 'number' }); }
}`)
	o := b.Ltlab("k6", "-s", "odd.js", "--id", "odd")
	r := b.problem(o, "data-incomplete", 18, "invalid value")
	doc := b.Show("odd")
	if s := doc.sink(); !s.Whole() {
		t.Errorf("%+v\n%s", s, o.Stderr)
	}
	var names []string
	for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == "took" and r._field == "count" and r.rollup == "name" and r.window == "second" and r.run == "odd") |> group(columns: ["name"]) |> sum()`, shortBucket) {
		names = append(names, row["name"])
	}
	if all := strings.Join(names, "|"); len(names) != 10 || !strings.Contains(all, "a b,c=d") || !strings.Contains(all, `two\nlines`) || !strings.Contains(all, "emoji 😀") {
		t.Errorf("%d names: %q", len(names), names)
	}
	r.Data = fmt.Sprintf("all %d rows are there; a line break reads \\n and control characters ?; infinite values are counted as lost, as without InfluxDB", doc.sink().Written)
	return r
}
