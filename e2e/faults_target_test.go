//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// targetFaults are targets that do not answer.
func targetFaults() []Fault {
	return []Fault{
		{"target-down", "a run against a port at which nobody listens", targetDown},
		{"target-dies", "the target's process ended in the middle of the run", targetDies},
	}
}

func targetDown(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	b.OK("start")
	address := "BASE_URL=" + closedPort(t)
	r := b.problem(b.Ltlab("k6", "-s", "steady.js", "--preflight-timeout", "1m", "-e", "LENGTH=2s", "-e", address), "target-unreachable", 17, "connection refused")
	b.nothingMade()
	anyway := b.problem(b.Ltlab("k6", "-s", "steady.js", "--id", "down", "--no-preflight", "-e", "LENGTH=2s", "-e", address),
		"nothing-answered", 17, "latency     none: no request was answered", "the target is http://127.0.0.1:")
	doc := b.Show("down")
	s := &doc.Summary
	if s.Duration != nil || s.Unanswered == nil || *s.Unanswered != s.Requests || s.Requests == 0 || *s.FailedRatio != 1 {
		t.Errorf("summary %+v", s)
	}
	if doc.Exit != 17 || doc.ToolExit == nil || *doc.ToolExit != 0 || doc.Ledger.Lost != 0 {
		t.Errorf("the record says exit %d, k6's exit %v, ledger %+v", doc.Exit, doc.ToolExit, doc.Ledger)
	}
	board := b.BoardOf("down")
	for _, id := range []string{"latency", "percentiles"} {
		if p := board.panel(id); p.Empty == "" || len(p.Stats) > 0 {
			t.Errorf("panel %s shows a latency where there was none: %+v", id, p)
		}
	}
	r.Data = fmt.Sprintf("no run was made; with `--no-preflight` it says %s: all %d requests recorded as unanswered, no latency is printed or shown", general(strings.ReplaceAll(anyway.Message, "\n", "; "), s.Requests), s.Requests)
	return r
}

// general takes a count that differs from run to run out of a message.
func general(message string, count int64) string {
	return strings.ReplaceAll(message, fmt.Sprint(count), "N")
}

func targetDies(t *testing.T, b *Bench) Result {
	b.Scenario("steady.js")
	api := newTarget(t)
	length := lasts(4*time.Second, 30*time.Second)
	p := b.Start("k6", "-s", "steady.js", "--id", "dies", "-e", "LENGTH="+length.String(), "-e", "BASE_URL="+api.URL)
	b.until("half of the load", limit, func() bool { return api.loaded() > length/2 })
	api.die()
	o := p.Wait()
	if o.Exit != 0 {
		t.Errorf("exit %d, want k6's own 0: the scenario has no threshold\n%s", o.Exit, o.Stderr)
	}
	doc := b.Show("dies")
	s := &doc.Summary
	answered, served, open := s.Requests-*s.Unanswered, api.count(), int64(4) // one request a user may break
	if answered > served || answered < served-open {
		t.Errorf("%d requests were answered, the target counted %d", answered, served)
	}
	if *s.Unanswered == 0 || *s.Failed != *s.Unanswered || s.Codes["0"] != *s.Unanswered || s.Duration == nil {
		t.Errorf("summary %+v", s)
	}
	if l := doc.Ledger; l.Emitted == nil || *l.Emitted != l.Recorded || *l.ToolRequests != s.Requests {
		t.Errorf("ledger %+v", l)
	}
	text := b.said(o.Stdout, "got no answer")
	if doc.warning("unanswered") == "" {
		t.Errorf("warnings %+v", doc.Warnings)
	}
	return Result{Message: general(general(text, *s.Unanswered), s.Requests), Exit: o.Exit,
		Data: fmt.Sprintf("complete: %d requests answered (the target counted %d), %d recorded as unanswered", answered, served, *s.Unanswered)}
}
