//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// diskFaults are disks without room. They need a small file system of their own as the lab's home.
func diskFaults() []Fault {
	return []Fault{
		{"disk-full", "the disk filled up in the middle of two runs and stayed full", diskFull},
		{"disk-full-outage", "the disk full for a while in the middle of a run", diskOutage},
		{"disk-full-before", "`ltlab start` and `ltlab k6` on a full disk", diskFullBefore},
	}
}

// smallHome mounts a file system of 64 MB as the lab's home.
func (b *Bench) smallHome() {
	b.t.Helper()
	if os.Getuid() != 0 {
		b.t.Fatal("a full disk needs a small file system, which only root may mount: run these tests as root")
	}
	b.try(os.Mkdir(b.Home, 0o700))
	if err := syscall.Mount("tmpfs", b.Home, "tmpfs", 0, "size=64m,mode=0700"); err != nil {
		b.t.Fatalf("mounting a tmpfs needs root with the right to mount (CAP_SYS_ADMIN): %v", err)
	}
	b.t.Cleanup(func() {
		b.endAll()
		var err error
		if !eventually(soon, func() bool { // a process that is just ending still has files open
			err = syscall.Unmount(b.Home, 0)
			return err == nil
		}) {
			b.t.Errorf("unmounting %s: %v", b.Home, err)
		}
	})
}

func (b *Bench) ballast() string { return filepath.Join(b.Home, "ballast") }

// fill takes all space of the home.
func (b *Bench) fill() {
	b.t.Helper()
	f, err := os.OpenFile(b.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	b.try(err)
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		chunk := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, io.ErrShortWrite) {
			b.t.Fatal(err)
		}
	}
}

// free gives the space back.
func (b *Bench) free() {
	b.t.Helper()
	b.try(os.Remove(b.ballast()))
}

func diskFull(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Scenario("steady.js")
	b.Scenario("verdict.js")
	b.OK("start")
	api, other := newTarget(t), newTarget(t)
	length := "LENGTH=" + lasts(8*time.Second, 40*time.Second).String()
	plain := b.Start("k6", "-s", "steady.js", "--id", "plain", "-e", length, "-e", "BASE_URL="+api.URL)
	judged := b.Start("k6", "-s", "verdict.js", "--id", "judged", "--json", "-e", length, "-e", "BASE_URL="+other.URL)
	b.until("some of the record on the disk", limit, func() bool {
		return min(api.loaded(), other.loaded()) > lasts(4*time.Second, 10*time.Second)
	})
	b.fill()
	r := b.problem(plain.Wait(), "data-incomplete", 18, "the run's data is incomplete")
	b.said(plain.Stderr(), "the run's record cannot be written")

	var verdict runDoc
	o := judged.Wait()
	b.document(o, &verdict)
	if o.Exit != 99 || verdict.Exit != 99 || verdict.Problem == nil || verdict.Problem.ID != "thresholds-failed" || verdict.warning("data-incomplete") == "" {
		t.Errorf("k6's verdict: exit %d, problem %+v, warnings %+v", o.Exit, verdict.Problem, verdict.Warnings)
	}
	for id, all := range map[string]int64{"plain": api.count(), "judged": other.count()} {
		doc := b.Show(id)
		if doc.OK || doc.State == "finished" && doc.Exit == 0 || doc.Summary.Requests >= all || doc.Summary.Requests == 0 {
			t.Errorf("run %s claims to be complete: %s, exit %d, %d of %d requests", id, doc.State, doc.Exit, doc.Summary.Requests, all)
		}
	}
	b.free()
	b.nextIsFine()
	b.OK("start") // takes in what could not be stored
	for _, id := range []string{"plain", "judged"} {
		b.sameOnBoard(id, b.Show(id).State)
		b.lossNotHidden(id)
	}
	doc := b.Show("plain")
	r.Data = fmt.Sprintf("%d of %d requests are there (%s), and list, board and record say that it is not all; one with a crossed threshold ends with k6's 99 and says the same as a warning; with space again the next run is complete",
		doc.Summary.Requests, api.count(), percent(doc.Summary.Requests, api.count()))
	r.Message = general(general(r.Message, doc.Summary.Requests), api.count())
	return r
}

// nextIsFine asserts that the next run is whole and on the boards.
func (b *Bench) nextIsFine() {
	b.t.Helper()
	api := newTarget(b.t)
	b.OK("k6", "-s", "steady.js", "--id", "next", "-e", "LENGTH=2s", "-e", "BASE_URL="+api.URL)
	doc := b.Show("next")
	if err := doc.whole(api.count()); err != nil || len(doc.doubts()) > 0 {
		b.t.Errorf("warnings %v, %v", doc.Warnings, err)
	}
	b.sameOnBoard("next", "finished")
}

func diskOutage(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Scenario("steady.js")
	b.OK("start")
	api := newTarget(t)
	outage := lasts(3*time.Second, 30*time.Second)
	p := b.Start("k6", "-s", "steady.js", "--id", "outage", "-e", "LENGTH="+(outage+6*time.Second).String(), "-e", "BASE_URL="+api.URL)
	b.until("some of the record on the disk", limit, func() bool { return api.loaded() > 3*time.Second })
	b.fill()
	since := time.Now()
	b.until("the outage", limit, func() bool { return time.Since(since) > outage })
	b.free()
	o := p.Wait()
	doc := b.Show("outage")
	if err := doc.whole(api.count()); err != nil || o.Exit != 0 {
		t.Errorf("exit %d, warnings %v, %v\n%s", o.Exit, doc.Warnings, err, o.Stderr)
	}
	b.said(o.Stderr, "the run's record can be written again")
	b.sameOnBoard("outage", "finished")
	message := k6Said(b.said(o.Stderr, "the run's record cannot be written"))
	return Result{Message: message, Exit: o.Exit, Data: fmt.Sprintf("nothing is missing after an outage of %s: all %d requests recorded and on the boards", outage, api.count())}
}

func diskFullBefore(t *testing.T, b *Bench) Result {
	b.smallHome()
	b.Scenario("steady.js")
	b.fill()
	b.problem(b.Ltlab("start"), "disk-full", 10, "no space left on device")
	if len(b.processes()) > 0 {
		t.Errorf("a start that failed left %v", b.processes())
	}
	r := b.problem(b.Ltlab("k6", "-s", "steady.js", "--id", "none", "-e", "LENGTH=1s", "-e", "BASE_URL="+closedPort(t), "--no-preflight"), "disk-full", 10, "no space left on device")
	checked := b.problem(b.Ltlab("k6", "-s", "steady.js", "-e", "LENGTH=1s", "-e", "BASE_URL="+newTarget(t).URL, "--preflight-timeout", "1m"), "disk-short", 10, "has 0 kB left")
	if len(b.entries(filepath.Join(b.Home, "runs"))) > 0 {
		t.Error("half a run was made")
	}
	b.free()
	b.OK("start")
	b.nextIsFine()
	r.Message += "\n" + checked.Message
	r.Data = "neither a lab nor a run was made; with space again both work"
	return r
}
