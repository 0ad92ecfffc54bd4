//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// influxFaults are databases that go away, and answers that nobody wants.
func influxFaults() []Fault {
	return []Fault{
		{"influx-down-at-start", "InfluxDB down when the run starts, and up a while later", influxDownAtStart},
		{"influx-killed", "InfluxDB killed with SIGKILL in the middle of the run, again and again, for up to a minute, and restarted", influxKilled},
		{"influx-gone", "InfluxDB killed in the middle of the run and not restarted", influxGone},
		{"influx-stalled", "an InfluxDB that takes seconds for each write", influxStalled},
		{"influx-429", "an InfluxDB that answers 429 with Retry-After for a while", influxTooMany},
		{"influx-503", "an InfluxDB that answers 503 for a while", influxUnavailable},
		{"influx-413", "an InfluxDB that finds every write of more than 100 kB too large", influxTooLarge},
		{"influx-cut", "a proxy that cuts every third connection in the middle of the write", influxCut},
		{"influx-token-wrong", "a wrong INFLUXDB_TOKEN", influxTokenWrong},
		{"influx-token-revoked", "the token revoked in the middle of the run", influxTokenRevoked},
		{"influx-bucket-deleted", "the bucket deleted in the middle of the run", influxBucketDeleted},
		{"influx-type-conflict", "a bucket in which somebody's `http_reqs` has a `count` that is a text", influxTypeConflict},
		{"influx-k6-killed", "k6 killed with SIGKILL while InfluxDB is down", influxK6Killed},
		{"influx-push-interrupted", "one SIGINT to `ltlab runs push` in the middle of it", influxPushInterrupted},
		{"influx-disk-full", "the disk of the record full in the middle of the run", influxDiskFull},
		{"influx-same-id", "a second run under the id of one that InfluxDB has", influxSameID},
		{"influx-many-urls", "a scenario that asks for very many different URLs, into InfluxDB", influxManyURLs},
		{"influx-values-odd", "tags and values that the line protocol has no words for", influxValuesOdd},
	}
}

// paced starts a run into that database and waits until some of it is there.
func (b *Bench) paced(id string, length time.Duration) (*Process, *target) {
	b.t.Helper()
	b.Scenario("paced.js")
	api := newTarget(b.t)
	p := b.Start("k6", "-s", "paced.js", "--id", id, "-e", "LENGTH="+length.String(), "-e", "BASE_URL="+api.URL)
	return p, api
}

func (b *Bench) loaded(api *target, d time.Duration) {
	b.t.Helper()
	b.until(fmt.Sprintf("%s of load", d), limit, func() bool { return api.loaded() > d })
}

// wait lets a while of the run pass.
func (b *Bench) pass(d time.Duration) {
	b.t.Helper()
	since := time.Now()
	b.until("time", limit, func() bool { return time.Since(since) >= d })
}

// whole asserts that a run ended well, was not held up, and that the database has every row of it.
func (b *Bench) whole(d *influxd, o Output, id string, api *target) runDoc {
	b.t.Helper()
	doc := b.Show(id)
	if err := doc.whole(api.count()); err != nil || o.Exit != 0 || !doc.sink().Whole() {
		b.t.Errorf("%s: exit %d, %v, InfluxDB %+v\n%s", o.Command, o.Exit, err, doc.sink(), o.Stderr)
	}
	b.unhurt(&doc)
	d.has(id, api.count())
	return doc
}

// unhurt asserts that the load did not suffer: what was asked for came, within 3 %.
func (b *Bench) unhurt(doc *runDoc) {
	b.t.Helper()
	if missed := doc.Load.Dropped; float64(missed) > 0.03*float64(doc.Load.Iterations+missed) {
		b.t.Errorf("%d of %d iterations were never started", missed, doc.Load.Iterations+missed)
	}
}

// accounted says what became of the run's samples.
func accounted(doc *runDoc) string {
	s := doc.sink()
	text := fmt.Sprintf("%d requests, all rows in InfluxDB (%d lines, %d sent again)", doc.Summary.Requests, s.Written, s.Retried)
	if s.Raw != nil {
		text += fmt.Sprintf("; raw samples %d written, %d left out, of %d", s.Raw.Written, s.Raw.ShedTotal(), *doc.Ledger.Emitted)
	}
	return text
}

// rawAdds asserts that every sample is a raw one that was written or left out.
func (b *Bench) rawAdds(doc *runDoc) {
	b.t.Helper()
	raw := doc.sink().Raw
	if raw == nil || doc.Ledger.Emitted == nil || raw.Written+raw.ShedTotal() != *doc.Ledger.Emitted-doc.Ledger.Lost {
		b.t.Errorf("raw samples %+v, emitted %+v", raw, doc.Ledger)
	}
}

func influxDownAtStart(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	d.kill()
	b.use(d.URL, d.Token)
	down := lasts(3*time.Second, 20*time.Second)
	p, api := b.paced("early", down+lasts(5*time.Second, 20*time.Second))
	b.loaded(api, down)
	d.start()
	o := p.Wait()
	doc := b.whole(d, o, "early", api)
	b.rawAdds(&doc)
	return Result{Message: k6Said(b.said(o.Stderr, "connection refused")), Exit: o.Exit, Data: accounted(&doc)}
}

func influxKilled(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	outages := []time.Duration{3 * time.Second}
	length := 10 * time.Second
	if full() {
		outages, length = []time.Duration{3 * time.Second, 30 * time.Second, 60 * time.Second}, 2*time.Minute
	}
	p, api := b.paced("outages", length)
	pid := b.find(b.k6Run())
	for _, outage := range outages {
		b.pass(4 * time.Second)
		d.kill()
		b.pass(outage)
		d.start()
	}
	memory := peak(pid)
	o := p.Wait()
	doc := b.whole(d, o, "outages", api)
	b.rawAdds(&doc)
	if memory > 300e6 {
		t.Errorf("k6 took %d MB", memory/1e6)
	}
	b.said(o.Stderr, "InfluxDB takes rows again")
	r := Result{Message: k6Said(b.said(o.Stderr, "what is missing there is sent when it answers")), Exit: o.Exit}
	r.Data = fmt.Sprintf("outages of %v: %s; k6's memory peaks at %d MB", outages, accounted(&doc), memory/1e6)
	return r
}

func influxGone(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("gone", lasts(5*time.Second, 30*time.Second))
	b.loaded(api, 3*time.Second)
	d.kill()
	r := b.problem(p.Wait(), "influxdb-incomplete", 18, "ltlab runs push gone", "connect")
	doc := b.Show("gone")
	if err := doc.whole(api.count()); err == nil && doc.OK || doc.Summary.Requests != api.count() || doc.sink().Done {
		t.Errorf("%v, %+v", err, doc.sink())
	}
	b.unhurt(&doc)
	again := b.Ltlab("runs", "push", "gone")
	b.problem(again, "influxdb-incomplete", 18, "connect")
	d.start()
	b.OK("runs", "push", "gone")
	d.has("gone", api.count())
	if after := b.Show("gone"); !after.sink().Whole() {
		t.Errorf("the record does not say that it was pushed: %+v", after.sink())
	}
	r.Data = fmt.Sprintf("the record is whole: %d requests; `ltlab runs push` makes InfluxDB whole when it is up again", doc.Summary.Requests)
	return r
}

func influxStalled(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	stall := lasts(1500*time.Millisecond, 5*time.Second)
	f := newFront(t, d, func(_ int64, _ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-time.After(stall):
		case <-r.Context().Done():
		}
		return false
	})
	b.use(f.URL, d.Token)
	p, api := b.paced("stalled", lasts(6*time.Second, 40*time.Second))
	o := p.Wait()
	doc := b.whole(d, o, "stalled", api)
	return Result{Message: "nothing: each write is waited for, " + stall.String(), Exit: o.Exit, Data: accounted(&doc)}
}

// answers is a fault that answers with a status while it lasts.
func answers(status int, head string, lasting *atomic.Bool) func(int64, http.ResponseWriter, *http.Request) bool {
	return func(_ int64, w http.ResponseWriter, _ *http.Request) bool {
		if lasting.Load() {
			if head != "" {
				w.Header().Set("Retry-After", head)
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"code":"unavailable","message":"come back later"}`)
		}
		return lasting.Load()
	}
}

func influxAnswers(t *testing.T, b *Bench, status int, head string) Result {
	d := newInfluxd(t)
	var lasting atomic.Bool
	lasting.Store(true)
	f := newFront(t, d, answers(status, head, &lasting))
	b.use(f.URL, d.Token)
	p, api := b.paced("answers", lasts(7*time.Second, 40*time.Second))
	b.loaded(api, lasts(4*time.Second, 20*time.Second))
	during := f.writes.Load()
	lasting.Store(false)
	o := p.Wait()
	doc := b.whole(d, o, "answers", api)
	b.rawAdds(&doc)
	if doc.sink().Retried == 0 {
		t.Error("nothing was sent again")
	}
	return Result{Message: k6Said(b.said(o.Stderr, strconv.Itoa(status))), Exit: o.Exit,
		Data: fmt.Sprintf("%d writes were tried meanwhile; %s", during, accounted(&doc))}
}

func influxTooMany(t *testing.T, b *Bench) Result { return influxAnswers(t, b, 429, "1") }

func influxUnavailable(t *testing.T, b *Bench) Result { return influxAnswers(t, b, 503, "") }

func influxTooLarge(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	f := newFront(t, d, func(_ int64, w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > 2<<10 { // compressed
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return true
		}
		return false
	})
	b.use(f.URL, d.Token)
	p, api := b.paced("large", lasts(4*time.Second, 30*time.Second))
	o := p.Wait()
	doc := b.whole(d, o, "large", api)
	b.rawAdds(&doc)
	return Result{Message: "nothing: writes are halved until they fit", Exit: o.Exit, Data: accounted(&doc)}
}

func influxCut(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	f := newFront(t, d, func(n int64, w http.ResponseWriter, r *http.Request) bool {
		if n%3 != 1 {
			return false
		}
		_, _ = r.Body.Read(make([]byte, 100))
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
		return true
	})
	b.use(f.URL, d.Token)
	p, api := b.paced("cut", lasts(5*time.Second, 30*time.Second))
	o := p.Wait()
	doc := b.whole(d, o, "cut", api)
	b.rawAdds(&doc)
	if doc.sink().Retried == 0 {
		t.Error("nothing was sent again")
	}
	return Result{Message: k6Said(b.said(o.Stderr, "what is missing there is sent when it answers")), Exit: o.Exit, Data: accounted(&doc)}
}

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
