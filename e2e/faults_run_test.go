//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runFaults are ends that nobody planned, and runs that get in each other's way.
func runFaults() []Fault {
	return []Fault{
		{"k6-killed", "k6 killed with SIGKILL in the middle of the run", k6Killed},
		{"ctrl-c", "one SIGINT to ltlab in the middle of the run", ctrlC},
		{"ctrl-c-twice", "a second SIGINT to ltlab while k6 tears down", ctrlCTwice},
		{"ltlab-killed", "ltlab killed with SIGKILL in the middle of the run", ltlabKilled},
		{"two-runs", "two runs at once in one home", twoRuns},
	}
}

// lag is how much of a run's end a record may miss: a second is written a quarter of a second after its end, later on a busy machine.
const lag = 3 * time.Second

func k6Killed(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	api := newTarget(t)
	p := b.Start("k6", "-s", "steady.js", "--id", "killed", "-e", "LENGTH=120s", "-e", "BASE_URL="+api.URL)
	pid := b.find(b.k6Run())
	// Just before a second is written: the worst moment.
	b.until("load", limit, func() bool { return api.loaded() > lasts(6900*time.Millisecond, 30900*time.Millisecond) })
	at := time.Now()
	b.kill(pid)
	r := b.problem(p.Wait(), "k6-killed", 18, "k6 was killed in mid-run", "signal killed")
	doc, file := b.Show("killed"), b.toolFile("killed")
	if doc.State != "interrupted" || doc.OK || doc.Exit != 18 || doc.Ledger.Emitted != nil || doc.Summary.Requests != file.Requests || file.Ended {
		t.Errorf("%s, exit %d, ok %v, %d requests of %d, ledger %+v", doc.State, doc.Exit, doc.OK, doc.Summary.Requests, file.Requests, doc.Ledger)
	}
	b.OK("start")
	b.sameOnBoard("killed", "interrupted")
	b.lossNotHidden("killed")
	missing, served := b.missing(file, at, api)
	r.Data = fmt.Sprintf("record readable, marked interrupted; the last %.1f s are missing: %d of %d requests are there (%s)",
		missing.Seconds(), file.Requests, served, percent(file.Requests, served))
	return r
}

// lossNotHidden asserts that the board of a run whose loss is not known does not say that nothing was lost.
func (b *Bench) lossNotHidden(run string) {
	b.t.Helper()
	board := b.BoardOf(run)
	if lost, ok := board.panel("ledger").stat(""); ok && lost == 0 {
		b.t.Errorf("the board of run %s says that no sample was lost: %+v", run, board.panel("ledger"))
	}
}

// missing asserts that of a run which broke off at a moment no more than the last seconds are missing, by the clock and by
// the target's own count.
func (b *Bench) missing(file toolFile, at time.Time, api *target) (missing time.Duration, served int64) {
	b.t.Helper()
	const tick = 500 * time.Millisecond // between two looks of the output, on a busy machine
	missing = at.Sub(file.Start.Add(time.Duration(file.Seconds) * time.Second))
	if missing > lag+tick {
		b.t.Errorf("%s of the record are missing, want %s at most", missing, lag)
	}
	served = api.count()
	if least := api.before(at.Add(-lag - tick)); file.Requests < least || file.Requests > served {
		b.t.Errorf("%d requests are recorded; the target counted %d, and %d until %s before the end", file.Requests, served, least, lag)
	}
	return missing, served
}

// inBursts is a run of bursts that waits for a signal, once its record has every request that the target counted.
func (b *Bench) inBursts(id string, api *target, url string, args ...string) *Process {
	b.t.Helper()
	bursts := int64(lasts(4*time.Second, 30*time.Second) / (2 * time.Second))
	b.Scenario("bursts.js")
	p := b.Start(append([]string{"k6", "-s", "bursts.js", "--id", id, "-e", fmt.Sprintf("BURSTS=%d", bursts), "-e", "BASE_URL=" + url}, args...)...)
	b.until("the record of all bursts", limit, func() bool {
		return api.count() == 50*bursts && b.toolFile(id).Requests == 50*bursts
	})
	return p
}

func ctrlC(t *testing.T, b *Bench) Result {
	api := newTarget(t)
	p := b.inBursts("once", api, api.URL)
	p.Signal(syscall.SIGINT)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as once")
	doc := b.Show("once")
	l := doc.Ledger
	if doc.State != "interrupted" || doc.Exit != 130 || doc.ToolExit == nil || *doc.ToolExit != 105 || !b.toolFile("once").Ended {
		t.Errorf("%s, exit %d, k6's exit %v", doc.State, doc.Exit, doc.ToolExit)
	}
	if l.Emitted == nil || *l.Emitted != l.Recorded || l.Lost != 0 || doc.Summary.Requests != api.count() {
		t.Errorf("%d requests, the target counted %d; ledger %+v", doc.Summary.Requests, api.count(), l)
	}
	r.Data = fmt.Sprintf("complete up to the signal, marked interrupted: %d requests recorded, as many as the target counted; ledger closed", doc.Summary.Requests)
	return r
}

func ctrlCTwice(t *testing.T, b *Bench) Result {
	b.Scenario("lingering.js")
	api := newTarget(t)
	p := b.Start("k6", "-s", "lingering.js", "--id", "twice", "-e", "BASE_URL="+api.URL)
	b.until("load", limit, func() bool { return api.loaded() > lasts(4*time.Second, 30*time.Second) })
	p.Signal(syscall.SIGINT)
	b.until("the first Ctrl-C on the run's timeline", soon, func() bool {
		return strings.Contains(string(b.read(b.run("twice", "run.ndjson"))), `"id":"interrupted"`)
	})
	open := int64(4) // one request a user may break
	b.until("the record of all load", soon, func() bool { return b.toolFile("twice").Requests >= api.count()-open })
	if !p.Running() {
		t.Fatalf("k6 did not tear down:\n%s", p.Stderr())
	}
	p.Signal(syscall.SIGINT)
	second := time.Now()
	r := b.problem(p.Wait(), "interrupted", 130, "kept as twice")
	if took := time.Since(second); took > 10*time.Second {
		t.Errorf("the second Ctrl-C took %s", took)
	}
	doc, file := b.Show("twice"), b.toolFile("twice")
	if doc.State != "interrupted" || doc.Ledger.Emitted != nil || doc.Summary.Requests != file.Requests || file.Ended {
		t.Errorf("%s, %d requests of %d, ledger %+v", doc.State, doc.Summary.Requests, file.Requests, doc.Ledger)
	}
	r.Data = fmt.Sprintf("k6 killed; record readable, marked interrupted: %d of %d requests are there", file.Requests, api.count())
	return r
}

func ltlabKilled(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	api := newTarget(t)
	p := b.Start("k6", "-s", "steady.js", "--id", "orphan", "-e", "LENGTH=120s", "-e", "BASE_URL="+api.URL)
	b.until("load", limit, func() bool { return api.loaded() > lasts(4*time.Second, 30*time.Second) })
	b.find(b.k6Run())
	b.killed = true
	at := time.Now()
	p.Signal(syscall.SIGKILL)
	b.until("end of k6, whose ltlab is gone", soon, func() bool { return len(b.processes()) == 0 })
	if runs := b.Runs(); len(runs) != 1 || runs[0].State != "interrupted" || runs[0].Exit != nil {
		t.Errorf("runs %+v, want one, interrupted and without an exit code", runs)
	}
	doc, file := b.Show("orphan"), b.toolFile("orphan")
	if doc.State != "interrupted" || doc.OK || doc.Summary.Requests != file.Requests {
		t.Errorf("%s, ok %v, %d requests of %d", doc.State, doc.OK, doc.Summary.Requests, file.Requests)
	}
	_, served := b.missing(file, at, api)
	o := b.OK("start")
	b.sameOnBoard("orphan", "interrupted")
	return Result{Message: b.said(o.Stderr, "took in run orphan"), Exit: p.Wait().Exit, Data: fmt.Sprintf(
		"k6 ends too; %d of %d requests are recorded (%s); the list says interrupted, the next start brings the run onto the board",
		file.Requests, served, percent(file.Requests, served))}
}

// sameOnBoard asserts that a run's board has it in that state and with the record's figures.
func (b *Bench) sameOnBoard(run, state string) {
	b.t.Helper()
	board, doc := b.BoardOf(run), b.Show(run)
	requests, _ := board.panel("requests").stat("")
	if board.Run.State != state || int64(requests) != doc.Summary.Requests {
		b.t.Errorf("run %s on the board: %s with %.0f requests; want %s with %d", run, board.Run.State, requests, state, doc.Summary.Requests)
	}
}

func twoRuns(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	b.OK("start")
	length := "LENGTH=" + lasts(4*time.Second, 30*time.Second).String()
	apis := map[string]*target{"one": newTarget(t), "two": newTarget(t)}
	var running []*Process
	for id, api := range apis {
		running = append(running, b.Start("k6", "-s", "steady.js", "--id", id, "-e", length, "-e", "BASE_URL="+api.URL))
	}
	var o Output
	for _, p := range running {
		if o = p.Wait(); o.Exit != 0 {
			t.Errorf("%s: exit %d\n%s", o.Command, o.Exit, o.Stderr)
		}
	}
	var said []string
	for id, api := range apis {
		doc := b.Show(id)
		if err := doc.whole(api.count()); err != nil {
			t.Error(err)
		}
		b.sameOnBoard(id, "finished")
		said = append(said, fmt.Sprint(api.count()))
	}
	return Result{Message: b.said(o.Stdout, "all recorded"), Exit: o.Exit,
		Data: "both complete and on the boards: " + strings.Join(said, " and ") + " requests, as many as each target counted"}
}
