//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/gate"
	"github.com/ltlab/ltlab/internal/provision"
	"github.com/ltlab/ltlab/internal/term"
)

var listensUDP = regexp.MustCompile(`UDP listening on "([^"]+)"`)

// telegraf is a real Telegraf that forwards StatsD to the database as a lab's does, on that UDP address; kill
// ends it.
func telegraf(t *testing.T, w *provision.Wanted) (address string, kill func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "telegraf.conf")
	config := fmt.Sprintf(`
[agent]
  interval = "250ms"
  flush_interval = "250ms"
  omit_hostname = true
[[inputs.statsd]]
  protocol = "udp"
  service_address = "127.0.0.1:0"
[[outputs.influxdb_v2]]
  urls = [%q]
  token = %q
  organization = %q
  bucket = %q
`, w.URL, w.Token, w.Org, w.Bucket)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &database{t: t}
	log := daemon(t, p, "telegraf-1.37.2", "--config", path)
	if !eventually(soon, func() bool {
		if m := listensUDP.FindStringSubmatch(log()); m != nil {
			address = m[1]
		}
		return address != ""
	}) {
		t.Fatalf("Telegraf does not listen:\n%s", log())
	}
	return address, func() { p.signal(syscall.SIGKILL) }
}

func gateDB(w *provision.Wanted) gate.InfluxDB {
	return gate.InfluxDB{URL: w.URL, Org: w.Org, Bucket: w.Bucket, Token: w.Token}
}

// refusal is what the gate says of targets that do not come to work in the time given.
func refusal(t *testing.T, limit time.Duration, targets ...gate.Target) *gate.Failure {
	t.Helper()
	err := gate.Wait(context.Background(), targets, gate.Options{Timeout: limit})
	var f *gate.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v", err)
	}
	return f
}

func TestTheGateOpensForALabThatDoesItsWork(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	w.Org, w.Bucket = "acme & sons", `load ${x} <tests>\1` // as strange as settings may be
	ensure(t, &w)
	address, _ := telegraf(t, &w)
	targets := func() []gate.Target {
		return []gate.Target{gate.Influx("influxdb", gateDB(&w)), gate.Telegraf("telegraf", address, gateDB(&w)), gate.Answers("influxdb-health", w.URL+"/health")}
	}
	for _, name := range []string{"first", "second", "third", "fourth"} {
		began := time.Now()
		err := gate.Wait(context.Background(), targets(), gate.Options{Timeout: time.Minute, Progress: func(e term.Event) {
			t.Logf("%s wait: %s %s in %s", name, e.Service, e.Text, e.Took.Round(time.Millisecond))
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s wait: %s", name, time.Since(began).Round(time.Millisecond))
	}
	// However often a lab is probed, its probes are two series.
	series := query(t, &w, `import "influxdata/influxdb" influxdb.cardinality(bucket: "`+strings.NewReplacer(`\`, `\\`, "${", `\${`).Replace(w.Bucket)+`", start: -1h)`)
	if series != "result,table,_value\n_result,0,2\n" {
		t.Errorf("series: %q", series)
	}
}

func TestTheGateSaysWhatItSawInstead(t *testing.T) {
	d, w := provisioned(t)
	address, kill := telegraf(t, w)
	db := gateDB(w)
	for _, c := range []struct {
		name, says string
		target     func() gate.Target
	}{
		{"no such bucket", `POST /api/v2/write: HTTP 404: bucket "nope" not found`, func() gate.Target { db := db; db.Bucket = "nope"; return gate.Influx("influxdb", db) }},
		{"a revoked token", "POST /api/v2/write: HTTP 401: unauthorized access", func() gate.Target { db := db; db.Token = "revoked-token"; return gate.Influx("influxdb", db) }},
		{"a token that may not write", "POST /api/v2/write: HTTP 403", func() gate.Target { db := db; db.Token = w.ReadToken; return gate.Influx("influxdb", db) }},
		{"nobody forwards StatsD", "none has come to InfluxDB", func() gate.Target { return gate.Telegraf("telegraf", "127.0.0.1:9", db) }},
		{"Telegraf writes elsewhere", "none has come to InfluxDB", func() gate.Target {
			db := db
			db.Bucket = w.Bucket1M
			return gate.Telegraf("telegraf", address, db)
		}},
	} {
		if f := refusal(t, 700*time.Millisecond, c.target()); f.Reason != gate.TimedOut || !strings.Contains(f.Saw, c.says) {
			t.Errorf("%s: saw %q, want %q", c.name, f.Saw, c.says)
		}
	}
	// What an earlier probe left is no answer to a later one.
	targets := []gate.Target{gate.Influx("influxdb", db), gate.Telegraf("telegraf", address, db)}
	if err := gate.Wait(context.Background(), targets, gate.Options{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	kill()
	if f := refusal(t, 700*time.Millisecond, gate.Telegraf("telegraf", address, db)); f.Reason != gate.TimedOut {
		t.Errorf("Telegraf was killed: %v", f)
	}
	d.signal(syscall.SIGSTOP)
	if f := refusal(t, 2500*time.Millisecond, gate.Influx("influxdb", db)); f.Saw != "no answer within 2s" {
		t.Errorf("a database that hangs: saw %q", f.Saw)
	}
	d.signal(syscall.SIGCONT)
	if err := gate.Wait(context.Background(), []gate.Target{gate.Influx("influxdb", db)}, gate.Options{Timeout: time.Minute}); err != nil {
		t.Errorf("it goes on, and the gate says %v", err)
	}
	if status := d.with(w.Token).write(w.Org, w.Bucket, "m v=1"); status != http.StatusNoContent {
		t.Errorf("HTTP %d", status)
	}
	d.signal(syscall.SIGKILL)
	if f := refusal(t, time.Second, gate.Influx("influxdb", db)); !strings.HasPrefix(f.Saw, "nothing listens on 127.0.0.1:") && !strings.Contains(f.Saw, "closed the connection") {
		t.Errorf("a database that was killed: saw %q", f.Saw)
	}
}
