//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// influxFaults are databases that go away, and answers that nobody wants.
func influxFaults() []Fault {
	return []Fault{
		{"influx-down-at-start", "InfluxDB down when the run starts, and up a while later", influxDownAtStart},
		{"influx-killed", "InfluxDB killed with SIGKILL in the middle of the run, again and again, for up to a minute, and restarted", influxKilled},
		{"influx-back-late", "InfluxDB killed in the middle of the run and restarted when k6 has ceased to wait for it", influxBackLate},
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

// unhurt asserts that the load did not suffer: what was asked for came, within 3 %. At short length a machine that is busy
// for a moment may cost more, but not what k6 would if it waited for InfluxDB.
func (b *Bench) unhurt(doc *runDoc) {
	b.t.Helper()
	allowed := 0.2
	if full() {
		allowed = 0.03
	}
	if missed := doc.Load.Dropped; float64(missed) > allowed*float64(doc.Load.Iterations+missed) {
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

func influxBackLate(t *testing.T, b *Bench) Result {
	d := newInfluxd(t)
	b.use(d.URL, d.Token)
	p, api := b.paced("late", lasts(5*time.Second, 30*time.Second))
	pid := b.find(b.k6Run())
	b.loaded(api, 3*time.Second)
	d.kill()
	b.until("k6's end", limit, func() bool { return b.processes()[pid] == "" })
	d.start()
	o := p.Wait()
	doc := b.whole(d, o, "late", api)
	return Result{Message: b.said(o.Stderr, "influxdb: "), Exit: o.Exit, Data: "ltlab sends the rest: " + accounted(&doc)}
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
