package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/term"
)

// deletions answers as InfluxDB does to deletions, and says which there were: name, bucket, predicate.
func deletions(t *testing.T, name string, log *[]string, refuse *string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v2/delete" {
			fmt.Fprint(w, `{"name":"influxdb","status":"pass"}`)
			return
		}
		var body struct{ Predicate string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		what := strings.TrimSpace(name + " " + r.URL.Query().Get("bucket") + " " + body.Predicate)
		if what == *refuse {
			http.Error(w, `{"code":"internal error","message":"no"}`, http.StatusInternalServerError)
			return
		}
		*log = append(*log, what)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAResetThatEndsEarlySaysHowFarItCameAndIsCompletedByAnother(t *testing.T) {
	home := config.Home(t.TempDir())
	for _, id := range []string{"a", "b", "c"} {
		f, err := home.Runs().Create(id)
		if err != nil {
			t.Fatal(err)
		}
		w, err := record.CreateRun(f.Run())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: id, Tool: "k6", Time: time.Now()}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	left := func() int {
		all, err := home.Runs().List()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	var log []string
	refuse := ""
	own, other := deletions(t, "own", &log, &refuse), deletions(t, "other", &log, &refuse)
	d := &Deps{IO: &term.IO{Out: io.Discard, Err: io.Discard}, Environ: os.Environ, Getenv: func(name string) string {
		return map[string]string{"LTLAB_HOME": string(home)}[name]
	}}
	if err := os.WriteFile(home.Env(), []byte("INFLUXDB_URL="+other+"\nINFLUXDB_BUCKET=short\nINFLUXDB_BUCKET_1M=long\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, st := &lab.Lab{Home: home}, &lab.Status{Services: []engine.Service{{Name: engine.InfluxDB, State: engine.Healthy, URL: own}}}
	elsewhere, err := d.elsewhere(st)
	if err != nil || elsewhere == nil {
		t.Fatal(elsewhere, err)
	}
	reset := func() error {
		log = nil
		return d.reset(context.Background(), l, st, true, elsewhere)
	}
	for _, c := range []struct {
		refuse, says string
		done         []string // how the log ends
	}{
		{`other short run="a"`, "the reset ended there: everything else is as it was", nil},
		{`other long run="b"`, "has no point of 1 of 3 runs any more; everything else is as it was", []string{`other long run="a"`, `other short run="b"`}},
		{"own short", "has no point of these runs any more; buckets emptied: 0; every record is kept", []string{`other short run="c"`, `other long run="c"`}},
		{"own long", "has no point of these runs any more; buckets emptied: 1; every record is kept", []string{`other long run="c"`, "own short"}},
	} {
		refuse = c.refuse
		p := problem.From(reset())
		if p == nil || !strings.Contains(p.Why, c.says) || p.Fix[len(p.Fix)-1].Run != "ltlab reset" {
			t.Fatalf("with %s refused: %+v, want %q", refuse, p, c.says)
		}
		if len(log) < len(c.done) || !slices.Equal(log[len(log)-len(c.done):], c.done) || c.done == nil && len(log) > 0 {
			t.Errorf("with %s refused: deleted %q, want at the end %q", refuse, log, c.done)
		}
		if left() != 3 {
			t.Errorf("with %s refused, %d of 3 records are left", refuse, left())
		}
	}
	refuse = ""
	if err := reset(); err != nil || left() != 0 {
		t.Fatalf("%v, %d records are left", err, left())
	}
	if want := []string{"own short", "own long"}; len(log) != 8 || !slices.Equal(log[6:], want) {
		t.Errorf("deleted %q", log)
	}
}
