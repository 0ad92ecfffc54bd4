//go:build e2e

package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// influxd is a real InfluxDB that can be killed and started again with its data, at the same address.
type influxd struct {
	t     *testing.T
	URL   string
	Token string
	dir   string
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}
}

const (
	influxOrgName = "ltlab"
	shortBucket   = "loadtests"
	longBucket    = "loadtests_1m"
)

// newInfluxd starts one with two buckets. It must have been made by `make e2e-images`.
func newInfluxd(t *testing.T) *influxd {
	t.Helper()
	d := stoppedInfluxd(t)
	d.start()
	d.call("POST", "/api/v2/setup", map[string]any{"username": "admin", "password": "password-of-tests", "org": influxOrgName, "bucket": shortBucket, "token": d.Token}, nil)
	d.newBucket(longBucket)
	return d
}

// stoppedInfluxd has a port and no process yet.
func stoppedInfluxd(t *testing.T) *influxd {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &influxd{t: t, addr: l.Addr().String(), dir: t.TempDir(), Token: "token-of-the-tests"}
	l.Close()
	d.URL = "http://" + d.addr
	t.Cleanup(d.kill)
	return d
}

func (d *influxd) start() {
	d.t.Helper()
	cache := os.Getenv("LTLAB_CACHE")
	if cache == "" {
		cache = "../.cache"
	}
	program, err := filepath.Abs(filepath.Join(cache, "images", "influxd-2.7.12"))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		d.t.Fatalf("%v: `make e2e-images` makes it", err)
	}
	d.cmd = exec.Command(program, "--http-bind-address", d.addr, "--reporting-disabled", "--log-level", "error",
		"--bolt-path", d.dir+"/bolt", "--sqlite-path", d.dir+"/sqlite", "--engine-path", d.dir+"/engine")
	d.cmd.Env = []string{"HOME=" + d.dir}
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended, cmd := make(chan struct{}), d.cmd
	d.ended = ended
	go func() {
		_ = cmd.Wait() // killed
		close(ended)
	}()
	if !eventually(soon, func() bool {
		res, err := http.Get(d.URL + "/health")
		if err == nil {
			res.Body.Close()
		}
		return err == nil && res.StatusCode == 200
	}) {
		d.t.Fatal("influxd does not become healthy")
	}
}

// kill ends the process as a crash would.
func (d *influxd) kill() {
	if d.cmd == nil {
		return
	}
	if err := d.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		d.t.Error(err)
	}
	<-d.ended
	d.cmd = nil
}

// call asks the API for something that must work.
func (d *influxd) call(method, path string, body, into any) {
	d.t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := http.NewRequest(method, d.URL+path, bytes.NewReader(content))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Token "+d.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		d.t.Fatalf("%s %s: %s, %v: %s", method, path, res.Status, err, text)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			d.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
}

func (d *influxd) orgID() string {
	d.t.Helper()
	var all struct{ Orgs []struct{ ID string } }
	d.call("GET", "/api/v2/orgs?org="+influxOrgName, nil, &all)
	return all.Orgs[0].ID
}

func (d *influxd) newBucket(name string) {
	d.t.Helper()
	d.call("POST", "/api/v2/buckets", map[string]any{"orgID": d.orgID(), "name": name, "retentionRules": []any{}}, nil)
}

func (d *influxd) deleteBucket(name string) {
	d.t.Helper()
	var all struct{ Buckets []struct{ ID string } }
	d.call("GET", "/api/v2/buckets?name="+url.QueryEscape(name), nil, &all)
	d.call("DELETE", "/api/v2/buckets/"+all.Buckets[0].ID, nil, nil)
}

// newToken makes a token that writes; revoke takes it away.
func (d *influxd) newToken() (token string, revoke func()) {
	d.t.Helper()
	org := d.orgID()
	var a struct{ ID, Token string }
	d.call("POST", "/api/v2/authorizations", map[string]any{"orgID": org, "permissions": []any{
		map[string]any{"action": "write", "resource": map[string]any{"type": "buckets", "orgID": org}},
	}}, &a)
	return a.Token, func() { d.call("DELETE", "/api/v2/authorizations/"+a.ID, nil, nil) }
}

// write writes lines as somebody else would.
func (d *influxd) write(bucket, lines string) {
	d.t.Helper()
	r, err := http.NewRequest("POST", d.URL+"/api/v2/write?org="+influxOrgName+"&bucket="+bucket, strings.NewReader(lines))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Token "+d.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		d.t.Fatalf("a write: %s", res.Status)
	}
}

// flux asks a query, and returns its lines by column.
func (d *influxd) flux(query string, args ...any) []map[string]string {
	d.t.Helper()
	query = fmt.Sprintf(query, args...)
	r, err := http.NewRequest("POST", d.URL+"/api/v2/query?org="+influxOrgName, strings.NewReader(query))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Token "+d.Token)
	r.Header.Set("Content-Type", "application/vnd.flux")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		d.t.Fatalf("%s: %s, %v: %s", query, res.Status, err, text)
	}
	var out []map[string]string
	for table := range strings.SplitSeq(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n\n") {
		lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
		if err != nil {
			d.t.Fatalf("%s: %v: %s", query, err, table)
		}
		for i := 1; i < len(lines); i++ {
			row := map[string]string{}
			for j, name := range lines[0] {
				row[name] = lines[i][j]
			}
			out = append(out, row)
		}
	}
	return out
}

// sum adds up a field of a run's rows.
func (d *influxd) sum(bucket, run, metric, field, rollup, window string) int64 {
	d.t.Helper()
	var sum float64
	for _, row := range d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == %q and r._field == %q and r.run == %q and r.rollup == %q and r.window == %q) |> group() |> sum()`,
		bucket, metric, field, run, rollup, window) {
		v, err := strconv.ParseFloat(row["_value"], 64)
		if err != nil {
			d.t.Fatal(err)
		}
		sum += v
	}
	return int64(sum)
}

// has asserts that InfluxDB has every row of a run with that many requests: by the second, the minute, the run, of all
// series, and the run's own lines.
func (d *influxd) has(run string, requests int64) {
	d.t.Helper()
	for _, c := range []struct{ bucket, rollup, window string }{
		{shortBucket, "run", "second"}, {shortBucket, "name", "second"}, {shortBucket, "scenario", "second"}, {shortBucket, "series", "second"},
		{shortBucket, "run", "run"}, {longBucket, "run", "minute"}, {longBucket, "name", "minute"}, {longBucket, "run", "run"},
	} {
		for _, metric := range []string{"http_reqs", "http_req_duration", "http_req_failed"} {
			if n := d.sum(c.bucket, run, metric, "count", c.rollup, c.window); n != requests {
				d.t.Errorf("run %s: %s of %s has %d %s at roll-up %s and window %s, want %d", run, c.bucket, metric, n, "samples", c.rollup, c.window, requests)
			}
		}
	}
	for _, measurement := range []string{"run_info", "run_quantiles", "run_events", "ltlab_ledger"} {
		for _, bucket := range []string{shortBucket, longBucket} {
			if len(d.flux(`from(bucket: %q) |> range(start: 0) |> filter(fn: (r) => r._measurement == %q and r.run == %q)`, bucket, measurement, run)) == 0 {
				d.t.Errorf("run %s: %s has no %s", run, bucket, measurement)
			}
		}
	}
}

// use makes a database the lab's: each run goes there.
func (b *Bench) use(address, token string) {
	b.t.Helper()
	b.OK("configure", "set", "INFLUXDB_URL="+address, "INFLUXDB_TOKEN="+token, "INFLUXDB_ORG="+influxOrgName, "INFLUXDB_BUCKET="+shortBucket, "INFLUXDB_BUCKET_1M="+longBucket)
}

// front stands before a database and does to writes what a test wants. Everything else goes through.
type front struct {
	URL    string
	writes atomic.Int64
}

// newFront returns a front; fault handles a write when it returns true.
func newFront(t *testing.T, d *influxd, fault func(n int64, w http.ResponseWriter, r *http.Request) bool) *front {
	t.Helper()
	to, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{URL: "http://" + l.Addr().String()}
	through := httputil.NewSingleHostReverseProxy(to)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/write" && fault(f.writes.Add(1), w, r) {
			return
		}
		through.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(l) }() // ends with ErrServerClosed
	t.Cleanup(func() { _ = server.Close() })
	return f
}

// sink is what a run's record says of InfluxDB.
func (d *runDoc) sink() record.Sink { return d.Ledger.Sinks["influxdb"] }

// interrupted is Ctrl-C for one command.
const interrupted = syscall.SIGINT
