//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// labFaults are things that happen to the lab's process, its ports and its files.
func labFaults() []Fault {
	return []Fault{
		{"serve-killed", "the lab's process killed with SIGKILL in the middle of a run", serveKilled},
		{"store-corrupt", "`store.db` overwritten with noise between two starts", storeCorrupt},
		{"store-corrupt-live", "`store.db` overwritten with noise under a running lab", storeCorruptLive},
		{"two-starts", "two `ltlab start` at once", twoStarts},
		{"port-busy", "`ltlab start` while another program listens on the boards' port 3081", portBusy},
		{"port-asked-busy", "`ltlab start --port boards=N` of a port that is taken", portAskedBusy},
		{"state-stale", "a state file that names the pid of somebody else's process", stateStale},
		{"host-foreign", "a request to the boards with a foreign `Host` header (DNS rebinding)", hostForeign},
	}
}

// pid of the lab's process, as its state file says.
func (b *Bench) serverPID() int {
	b.t.Helper()
	var st struct{ PID int }
	b.try(json.Unmarshal(b.read(filepath.Join(b.Home, "serve.json")), &st))
	return st.PID
}

func serveKilled(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	api := newTarget(t)
	b.OK("start")
	pid, length := b.serverPID(), lasts(5*time.Second, 30*time.Second)
	p := b.Start("k6", "-s", "steady.js", "--id", "unharmed", "-e", "LENGTH="+length.String(), "-e", "BASE_URL="+api.URL)
	b.until("half of the load", limit, func() bool { return api.loaded() > length/2 })
	b.kill(pid)
	b.until("status that says so", soon, func() bool { return b.Ltlab("status").Exit == 11 })
	status := b.Ltlab("status")
	o := p.Wait()
	doc := b.Show("unharmed")
	if err := doc.whole(api.count()); err != nil || o.Exit != 0 || len(doc.doubts()) > 0 {
		t.Errorf("exit %d, warnings %v, %v", o.Exit, doc.Warnings, err)
	}
	b.OK("start")
	b.sameOnBoard("unharmed", "finished")
	return Result{Message: b.said(status.Stdout, "exited"), Exit: o.Exit,
		Data: fmt.Sprintf("the run is unharmed: exit 0, all %d requests recorded; `ltlab status` is 11 until the next start, whose boards have the run", api.count())}
}

// noise is what damages files: no header, no structure, always the same.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(2463534242)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x)
	}
	return out
}

// twoRecorded makes two small runs in a running lab.
func (b *Bench) twoRecorded() {
	b.t.Helper()
	b.Scenario("steady.js")
	api := newTarget(b.t)
	b.OK("start")
	for _, id := range []string{"one", "two"} {
		b.OK("k6", "-s", "steady.js", "--id", id, "-e", "LENGTH=1s", "-e", "BASE_URL="+api.URL)
	}
}

func (b *Bench) overwriteStore() {
	b.t.Helper()
	f, err := os.OpenFile(filepath.Join(b.Home, "store.db"), os.O_WRONLY, 0)
	b.try(err)
	defer f.Close()
	_, err = f.Write(noise(64 << 10))
	b.try(err)
}

// aside asserts that there is one damaged store beside the new one.
func (b *Bench) aside() {
	b.t.Helper()
	if old, err := filepath.Glob(filepath.Join(b.Home, "store.db.corrupt-*")); err != nil || len(old) == 0 {
		b.t.Errorf("no store was moved aside: %v", b.entries(b.Home))
	}
}

func storeCorrupt(_ *testing.T, b *Bench) Result {
	b.twoRecorded()
	b.OK("stop")
	b.overwriteStore()
	o := b.OK("start")
	message := b.said(o.Stderr, "store.db.corrupt-")
	b.aside()
	for _, id := range []string{"one", "two"} {
		b.sameOnBoard(id, "finished")
	}
	return Result{Message: message, Exit: o.Exit, Data: "the records are untouched; both runs are back on the boards with the same figures"}
}

func storeCorruptLive(_ *testing.T, b *Bench) Result {
	b.twoRecorded()
	b.overwriteStore()
	api := newTarget(b.t)
	o := b.OK("k6", "-s", "steady.js", "--id", "three", "-e", "LENGTH=2s", "-e", "BASE_URL="+api.URL)
	doc := b.Show("three")
	if err := doc.whole(api.count()); err != nil {
		b.t.Error(err)
	}
	message := b.said(o.Stderr, "store.db.corrupt-")
	b.aside()
	for _, id := range []string{"one", "two", "three"} {
		b.sameOnBoard(id, "finished")
	}
	return Result{Message: message, Exit: o.Exit, Data: "the run that met it is complete; all three runs are on the boards of the same lab afterwards"}
}

func twoStarts(t *testing.T, b *Bench) Result {
	one, two := b.Start("start"), b.Start("start")
	var said []string
	for _, p := range []*Process{one, two} {
		o := p.Wait()
		if o.Exit != 0 || !strings.Contains(o.Stdout, "healthy") {
			t.Errorf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
		}
		said = append(said, o.Stderr)
	}
	if n := len(b.processes()); n != 1 {
		t.Errorf("%d processes, want one: %v", n, b.processes())
	}
	return Result{Message: b.said(strings.Join(said, ""), "boards: runs already on"), Exit: 0, Data: "one lab runs; both commands name it"}
}

func portBusy(t *testing.T, b *Bench) Result {
	if l, err := net.Listen("tcp4", "127.0.0.1:3081"); err == nil { // else another program has it: as good
		defer l.Close()
	}
	o := b.OK("start")
	message := b.said(o.Stderr, "port 3081 is ")
	first := b.service("boards")
	b.OK("stop")
	b.OK("start")
	if second := b.service("boards"); second != first {
		t.Errorf("the replacement was not kept: %s, then %s", first, second)
	}
	return Result{Message: message, Exit: o.Exit, Data: "a free port is taken instead, and again at the next start"}
}

func portAskedBusy(t *testing.T, b *Bench) Result {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	b.try(err)
	defer l.Close()
	r := b.problem(b.Ltlab("start", "--port", fmt.Sprintf("boards=%d", l.Addr().(*net.TCPAddr).Port)), "port-in-use", 12,
		"boards cannot listen on 127.0.0.1:", fmt.Sprintf("(pid %d)", os.Getpid()))
	if o := b.Ltlab("status"); o.Exit != 11 || !strings.Contains(o.Stdout, "absent") {
		t.Errorf("status: exit %d\n%s", o.Exit, o.Stdout)
	}
	r.Data = "nothing was started"
	return r
}

func stateStale(t *testing.T, b *Bench) Result {
	b.OK("start")
	b.OK("stop")
	other := exec.Command("sleep", "300")
	b.try(other.Start())
	ended := make(chan struct{})
	go func() { _ = other.Wait(); close(ended) }()
	defer func() { _ = other.Process.Kill(); <-ended }()
	state := fmt.Sprintf(`{"pid":%d,"nonce":"x","services":[{"name":"toy-api","port":1},{"name":"boards","port":2}]}`, other.Process.Pid)
	b.try(os.WriteFile(filepath.Join(b.Home, "serve.json"), []byte(state), 0o600))
	status := b.Ltlab("status")
	if status.Exit != 11 {
		t.Errorf("status: exit %d, want 11\n%s", status.Exit, status.Stdout)
	}
	b.OK("start")
	b.OK("stop")
	select {
	case <-ended:
		t.Error("the process whose pid the stale file names was ended")
	default:
	}
	return Result{Message: b.said(status.Stdout, "exited"), Exit: status.Exit, Data: "the file is not believed: start and stop work, and the process it names lives on"}
}

func hostForeign(t *testing.T, b *Bench) Result {
	b.OK("start")
	boards := b.service("boards")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(boards, "http://"))
	b.try(err)
	for _, path := range []string{"/", "/api/runs", "/static/board.js", "/runs/x", "/live"} {
		for _, host := range []string{"rebound.example", "rebound.example:" + port, "127.0.0.1.rebound.example:" + port, "127.0.0.1:1", "127.0.0.1"} {
			if status, body := b.get(boards+path, host); status != http.StatusMisdirectedRequest || strings.Contains(body, "<html") {
				t.Errorf("%s as %s: status %d", path, host, status)
			}
		}
	}
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port} {
		if status, _ := b.get(boards+"/api/runs", host); status != http.StatusOK {
			t.Errorf("as %s: status %d", host, status)
		}
	}
	status, body := b.get(boards+"/", "rebound.example:"+port)
	return Result{Message: fmt.Sprintf("%d: %s", status, strings.TrimSpace(body)), Exit: 0, Data: "nothing is given out; 127.0.0.1 and localhost work"}
}
