//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// homeFaults are signals, clients and files with which nobody reckons.
func homeFaults() []Fault {
	return []Fault{
		{"sigterm", "one SIGTERM, as of a shutdown, to ltlab in the middle of the run", terminated},
		{"home-read-only", "the lab's folder on a file system that has become read-only", homeReadOnly},
		{"slowloris", "300 clients that never end their request's head, at the boards and the toy API, while a run goes on", slowloris},
		{"import-bomb", "`ltlab runs import` of a few kB that unpack to a gigabyte", importBomb},
		{"import-summary", "`ltlab runs import` of a summary that k6 exported", importSummary},
		{"two-runs-one-id", "two runs under one id, begun at once", twoRunsOneID},
	}
}

func terminated(t *testing.T, b *Bench) Result {
	api := newTarget(t)
	p := b.inBursts("ended", api, api.URL)
	p.Signal(syscall.SIGTERM)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as ended")
	doc := b.Show("ended")
	if l := doc.Ledger; doc.State != "interrupted" || l.Emitted == nil || *l.Emitted != l.Recorded || doc.Summary.Requests != api.count() || !b.toolFile("ended").Ended {
		t.Errorf("%s: %d requests, the target counted %d; ledger %+v", doc.State, doc.Summary.Requests, api.count(), l)
	}
	r.Data = fmt.Sprintf("as after Ctrl-C: complete up to the signal, marked interrupted: %d requests recorded, as many as the target counted", doc.Summary.Requests)
	return r
}

func homeReadOnly(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Scenario("steady.js")
	api := newTarget(t)
	args := []string{"k6", "-s", "steady.js", "-e", "LENGTH=1s", "-e", "BASE_URL=" + api.URL}
	b.OK(append(args, "--id", "before")...)
	doc := b.Show("before")
	remount := func(flags uintptr) {
		b.try(syscall.Mount("tmpfs", b.Home, "tmpfs", syscall.MS_REMOUNT|flags, "size=64m,mode=0700"))
	}
	remount(syscall.MS_RDONLY)
	for _, command := range [][]string{{"start"}, args} {
		b.problem(b.Ltlab(command...), "home-unusable", 10, "read-only file system")
	}
	r := b.problem(b.Ltlab(append(args, "--id", "none")...), "home-unusable", 10, "read-only file system")
	if shown := b.Show("before"); shown.Summary.Requests != doc.Summary.Requests || shown.State != "finished" || len(b.Runs()) != 1 {
		t.Errorf("the run before: %+v", shown)
	}
	remount(0)
	b.OK("start")
	b.sameOnBoard("before", "finished")
	b.nextIsFine()
	r.Data = "neither a lab nor a run was made; runs of before can be read all the while, and once it can be written again both work"
	return r
}

func slowloris(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	b.OK("start")
	api := newTarget(t)
	length := lasts(3*time.Second, 30*time.Second)
	p := b.Start("k6", "-s", "steady.js", "--id", "besieged", "-e", "LENGTH="+length.String(), "-e", "BASE_URL="+api.URL)
	var held []net.Conn
	for _, service := range []string{"boards", "toy-api"} {
		u, err := url.Parse(b.service(service))
		b.try(err)
		for range 150 {
			c, err := net.DialTimeout("tcp", u.Host, 10*time.Second)
			b.try(err)
			t.Cleanup(func() { c.Close() })
			_, err = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ", u.Host)
			b.try(err)
			held = append(held, c)
		}
	}
	b.sameState("besieged")
	status := b.OK("status")
	o := p.Wait()
	doc := b.Show("besieged")
	if err := doc.whole(api.count()); err != nil || o.Exit != 0 {
		t.Errorf("exit %d, %v\n%s", o.Exit, err, o.Stderr)
	}
	b.sameOnBoard("besieged", "finished")
	for _, c := range held[:len(held)/2] { // those of the boards
		b.try(c.SetReadDeadline(time.Now().Add(limit)))
		_, err := io.Copy(io.Discard, c)
		b.try(err)
	}
	return Result{Message: b.said(status.Stdout, "healthy"), Exit: o.Exit,
		Data: fmt.Sprintf("the run is unharmed: all %d requests recorded and on the boards, which answer while %d connections are held, and close their half of those in the end", doc.Summary.Requests, len(held))}
}

// sameState asserts that the boards answer for a run.
func (b *Bench) sameState(run string) {
	b.t.Helper()
	b.until("the board of a run that goes on", soon, func() bool {
		status, body := b.get(b.service("boards")+"/runs/"+run, "")
		return status == 200 && strings.Contains(body, run)
	})
}

func importBomb(t *testing.T, b *Bench) Result {
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	b.try(err)
	w := tar.NewWriter(z)
	const size = 1 << 30
	b.try(w.WriteHeader(&tar.Header{Name: "tool.ndjson", Mode: 0o600, Size: size, Typeflag: tar.TypeReg}))
	chunk := bytes.Repeat([]byte("\n"), 1<<20)
	for range size / len(chunk) {
		_, err = w.Write(chunk)
		b.try(err)
	}
	b.try(w.Close())
	b.try(z.Close())
	b.smallHome()
	b.Write("bomb", packed.String())
	o := b.Ltlab("runs", "import", "bomb")
	if left := b.entries(filepath.Join(b.Home, "runs")); o.Exit == 0 || len(left) > 0 {
		t.Fatalf("exit %d, left %v", o.Exit, left)
	}
	id := "import-invalid"
	if o.Exit == 10 {
		id = "disk-full"
	}
	r := b.problem(o, id, o.Exit)
	b.Scenario("steady.js")
	b.OK("start")
	b.nextIsFine()
	r.Data = "nothing of it is left; the next run is complete"
	return r
}

func importSummary(_ *testing.T, b *Bench) Result {
	b.Write("main.js", empty)
	b.OK("k6", "-s", "main.js", "--id", "one", "--", "-i", "1", "--summary-export", "summary.json")
	r := b.problem(b.Ltlab("runs", "import", "summary.json"), "import-invalid", 15, "summary.json is not an exported run")
	if runs := b.Runs(); len(runs) != 1 {
		b.t.Errorf("runs %+v", runs)
	}
	r.Data = "nothing is unpacked: a summary has no seconds and no distributions that a record could be made of"
	return r
}

func twoRunsOneID(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	apis := []*target{newTarget(t), newTarget(t)}
	var running []*Process
	for _, api := range apis {
		running = append(running, b.Start("k6", "-s", "steady.js", "--id", "same", "-e", "LENGTH=2s", "-e", "BASE_URL="+api.URL))
	}
	outs := []Output{running[0].Wait(), running[1].Wait()}
	won, lost := 0, 1
	if outs[0].Exit != 0 {
		won, lost = 1, 0
	}
	r := b.problem(outs[lost], "run-exists", 2, "run same exists already")
	doc := b.Show("same")
	if err := doc.whole(apis[won].count()); err != nil || outs[won].Exit != 0 || apis[lost].count() != 0 {
		t.Errorf("exit %d, %v; the other target got %d requests\n%s", outs[won].Exit, err, apis[lost].count(), outs[won].Stderr)
	}
	r.Data = "one of them is made, and complete; the other makes no load"
	return r
}
