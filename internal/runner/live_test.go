package runner

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

// database is an InfluxDB that takes every line, or answers with a status.
type database struct {
	*httptest.Server
	mu    sync.Mutex
	lines []string
}

func newDatabase(t *testing.T, status int) *database {
	d := &database{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := io.ReadAll(z)
		if err != nil || status != http.StatusNoContent {
			w.WriteHeader(status)
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lines = append(d.lines, strings.Split(strings.TrimSpace(string(text)), "\n")...)
		w.WriteHeader(status)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *database) has(text string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Contains(strings.Join(d.lines, "\n"), text)
}

func (d *database) spec() *Spec {
	return &Spec{Program: &Artillery{}, Sink: &Sink{Target: influx.Target{URL: d.URL, Org: "o", Bucket: "b", Token: "t"}}}
}

// delivered is what the sending of a finished record comes to.
func delivered(t *testing.T, r *Runner, s *Spec, a *recordtest.Artillery, live *sending) *Outcome {
	t.Helper()
	a.Unplaced()
	a.End()
	a.Finish()
	sum, err := analysis.Summarize(a.Folder, false)
	if err != nil {
		t.Fatal(err)
	}
	out := &Outcome{Folder: a.Folder, Summary: sum}
	r.deliver(t.Context(), s, out, live)
	return out
}

func TestARunOfArtilleryReachesInfluxDBWhileItGoesOn(t *testing.T) {
	d := newDatabase(t, http.StatusNoContent)
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "r1")
	r, s := &Runner{}, d.spec()
	live := r.send(s, a.Folder)
	defer live.close()
	a.Period()
	a.Period()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !d.has("window=period") {
		select {
		case <-deadline:
			t.Fatal("no row of a period has come")
		case <-tick.C:
		}
	}
	live.stop()
	live.stop() // as after an error
	if d.has("id=end") || d.has(",end=") {
		t.Error("what only a finished run has is there before its end")
	}
	out := delivered(t, r, s, a, live)
	if sink := out.Summary.Ledger.Sinks[influx.Name]; !sink.Whole() || out.Problem != nil || sink.Written != int64(len(d.lines)) {
		t.Errorf("%+v of %d lines, %v", sink, len(d.lines), out.Problem)
	}
	if !d.has("id=end") || !d.has("window=run") {
		t.Error("the end of the run did not come")
	}
}

func TestARunThatInfluxDBDoesNotTakeIsAProblem(t *testing.T) {
	d := newDatabase(t, http.StatusUnauthorized)
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "r1")
	r, s := &Runner{}, d.spec()
	live := r.send(s, a.Folder)
	defer live.close()
	a.Period()
	live.stop()
	out := delivered(t, r, s, a, live)
	if sink := out.Summary.Ledger.Sinks[influx.Name]; sink.Whole() {
		t.Errorf("%+v", sink)
	}
	wantProblem(t, out.Problem, "influxdb-incomplete", "r1", "does not take the token")
}

func TestNothingIsSentWithoutADatabase(t *testing.T) {
	live := (&Runner{}).send(&Spec{Program: &Artillery{}}, "")
	if live != nil {
		t.Error("there is no database")
	}
	live.stop()
	live.close()
}
