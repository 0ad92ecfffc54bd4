//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Bench is what one test works on: a home, a working folder and a folder for temporary files of its own, and the real
// programs. Nothing of the caller's environment but PATH reaches them.
type Bench struct {
	t     *testing.T
	Home  string // LTLAB_HOME
	Dir   string // where commands run and scenarios are
	tmp   string // TMPDIR
	logs  string // what commands printed
	ltlab string
	k6    string
	user  *syscall.Credential // nil: the caller's own
	vars  []string            // NAME=value for commands, besides the usual ones

	started int      // commands so far
	labs    []string // homes of more labs than one
	killed  bool     // ltlab itself was killed, so it could not tidy up after itself
	engine  bool     // ltlab has the machine's Docker engine
	volumes bool     // on which a stopped lab leaves its data: it was healthy once
}

func newBench(t *testing.T) *Bench {
	t.Helper()
	b := &Bench{t: t, ltlab: os.Getenv("LTLAB_BIN"), k6: os.Getenv("LTLAB_K6")}
	if b.ltlab == "" || b.k6 == "" {
		t.Fatal("LTLAB_BIN and LTLAB_K6 are not set: run these tests with `make e2e` or `make faults`, which build both")
	}
	root, err := os.MkdirTemp("", "e2e-") // not t.TempDir, which no other user may enter
	b.try(err)
	b.try(os.Chmod(root, 0o755))
	b.Home, b.Dir, b.tmp, b.logs = root+"/home", root+"/dir", root+"/tmp", root+"/logs"
	for _, dir := range []string{b.Dir, b.tmp, b.logs} {
		b.try(os.Mkdir(dir, 0o755))
	}
	t.Cleanup(func() {
		b.endAll()
		if t.Failed() && os.Getenv("LTLAB_KEEP") != "" {
			t.Logf("kept %s", root)
			return
		}
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *Bench) try(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// full says whether faults last as long as in earnest.
func full() bool { return os.Getenv("LTLAB_FAULTS") == "full" }

// lasts is a length of load or outage that is part of a fault.
func lasts(short, long time.Duration) time.Duration {
	if full() {
		return long
	}
	return short
}

// Write puts a file into the working folder.
func (b *Bench) Write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.Dir, name)
	b.try(os.MkdirAll(filepath.Dir(path), 0o755))
	b.try(os.WriteFile(path, []byte(text), 0o644))
}

// Scenario copies a scenario of testdata into the working folder.
func (b *Bench) Scenario(name string) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	b.try(err)
	b.Write(name, string(text))
}

func (b *Bench) env() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.Dir, "TMPDIR=" + b.tmp, "LTLAB_HOME=" + b.Home, "LTLAB_K6=" + b.k6,
		"DOCKER_HOST=unix://" + b.Dir + "/no-engine.sock",                 // only tests of the Docker lab have an engine
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", // nothing may leave this machine
	}, b.vars...)
}

// run is the path of a file in a run's folder.
func (b *Bench) run(id, file string) string { return filepath.Join(b.Home, "runs", id, file) }

func (b *Bench) read(path string) []byte {
	b.t.Helper()
	text, err := os.ReadFile(path)
	b.try(err)
	return text
}

// until waits until ok, and fails with what it waited for when that takes longer than the limit.
func (b *Bench) until(what string, limit time.Duration, ok func() bool) {
	b.t.Helper()
	if !eventually(limit, ok) {
		b.t.Fatalf("waited %s in vain: %s", limit, what)
	}
}

// eventually waits until ok, at most as long as the limit says.
func eventually(limit time.Duration, ok func() bool) bool {
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			return false
		case <-tick.C:
		}
	}
	return true
}

// service is the address of a service of the running lab.
func (b *Bench) service(name string) string {
	b.t.Helper()
	var st struct {
		Services []struct{ Name, URL string }
	}
	b.try(json.Unmarshal([]byte(b.OK("status", "--json").Stdout), &st))
	for _, s := range st.Services {
		if s.Name == name {
			return s.URL
		}
	}
	b.t.Fatalf("the lab has no service %s", name)
	return ""
}

// get fetches a page as a client that names that host.
func (b *Bench) get(url, host string) (status int, body string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, url, nil)
	b.try(err)
	req.Host = host
	client := &http.Client{Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	b.try(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	b.try(err)
	return res.StatusCode, string(text)
}

// leftNothing asserts that a fault left nothing half-made: once the lab has been stopped there is no process of the home,
// no held lock, no temporary file and no folder of a run that is not a run.
func (b *Bench) leftNothing() {
	b.t.Helper()
	if _, err := os.Stat(b.Home); err == nil {
		b.OK("stop")
	}
	if !eventually(soon, func() bool { return len(b.processes()) == 0 }) {
		b.t.Errorf("processes are left: %v", b.processes())
	}
	for _, e := range b.entries(b.tmp) {
		if !b.killed {
			b.t.Errorf("temporary %s is left", e)
		}
	}
	b.leftNothingOnEngine()
	known := []string{".env", ".env.lock", "dashboards", "dashboards.json", "dashboards.lock", "ports.json", "runs", "serve.lock", "serve.log", "start.lock",
		"store.db", "store.db-shm", "store.db-wal", "store.db.lock"}
	for _, e := range b.entries(b.Home) {
		if !slices.Contains(known, e) && !strings.HasPrefix(e, "store.db.corrupt-") {
			b.t.Errorf("%s is left in the home", e)
		}
		if strings.HasSuffix(e, ".lock") && held(filepath.Join(b.Home, e)) {
			b.t.Errorf("lock %s is held", e)
		}
	}
	var runs []string
	for _, r := range b.Runs() {
		runs = append(runs, r.Run)
		if r.State == "running" {
			b.t.Errorf("run %s is said to be running", r.Run)
		}
	}
	for _, e := range b.entries(filepath.Join(b.Home, "runs")) {
		if !slices.Contains(runs, e) {
			b.t.Errorf("runs/%s is no run", e)
		}
		for _, file := range b.entries(filepath.Join(b.Home, "runs", e)) {
			switch {
			case file == "tool.ndjson", file == "run.ndjson":
			case file == ".lock" && b.killed && !held(b.run(e, file)): // of no effect, and gone with the run
			default:
				b.t.Errorf("runs/%s/%s is left", e, file)
			}
		}
	}
}

// leftNothingOnEngine asserts that of stopped labs the engine has the volumes of those that were healthy once, and nothing else.
func (b *Bench) leftNothingOnEngine() {
	b.t.Helper()
	if !b.engine {
		return
	}
	volumes := 0
	for _, home := range b.homes() {
		for _, left := range b.left(home) {
			if !strings.HasPrefix(left, "volume ") {
				b.t.Errorf("the engine still has %s", left)
				continue
			}
			volumes++
		}
	}
	if (volumes > 0) != b.volumes {
		b.t.Errorf("%d volumes are left; want some: %t", volumes, b.volumes)
	}
}

// entries are the names in a folder, none when there is no such folder.
func (b *Bench) entries(dir string) (names []string) {
	b.t.Helper()
	all, err := os.ReadDir(dir)
	if !errors.Is(err, os.ErrNotExist) {
		b.try(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// held says whether somebody holds a lock.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// cache is where a test keeps what a person may want to look at.
func (b *Bench) cache(name string) string {
	b.t.Helper()
	dir := os.Getenv("LTLAB_CACHE")
	if dir == "" {
		b.t.Fatal("LTLAB_CACHE is not set: run these tests with `make e2e`")
	}
	dir = filepath.Join(dir, "e2e")
	b.try(os.MkdirAll(dir, 0o755))
	return filepath.Join(dir, name)
}

func percent(part, whole int64) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(1, whole)))
}
