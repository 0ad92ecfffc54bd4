//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
)

// thousands makes up 5 s of k6 with 5,000 series, as many as a record holds: 500 endpoints with five kinds of answers.
func thousands(id string) *known {
	r := &known{id: id, tool: "k6", start: time.Date(2025, 3, 1, 12, 30, 0, 0, time.UTC), period: 1, seconds: 5, span: 5, dice: rand.New(rand.NewPCG(5, 8)), scale: 1}
	r.used()
	for t := range r.seconds {
		for i := range 500 {
			for j, status := range []string{"200", "201", "404", "429", "500"} {
				tags := []string{"name", fmt.Sprintf("GET /item/%03d", i), "status", status, "scenario", "main"}
				for range 1 + (i+j)%3 {
					r.add(t, "http_reqs", 1, tags...)
					r.add(t, "http_req_duration", r.time(20), tags...)
				}
			}
		}
		r.loads = append(r.loads, record.Load{T: t, VUs: 10})
	}
	emitted := int64(len(r.samples))
	r.end = record.End{T: 5, Ledger: record.Ledger{Emitted: &emitted, Recorded: emitted}}
	return r
}

// manySeries asserts that boards of a run with 5,000 series can be read and used, and say what they leave out.
func manySeries(t *testing.T, w *browser, address string) {
	t.Helper()
	const run = "20260105-series"
	for _, c := range []struct {
		board   string
		leftOut map[string]string // by panel
	}{
		{"k6-elite", map[string]string{"endpoints": "450 more", "endpoint-rates": "490 more"}},
		{"k6-pro", map[string]string{"endpoint-tails": "490 more"}},
	} {
		for _, board := range boards.Of("k6") {
			if board.ID != c.board {
				continue
			}
			w.look(address, run, &board, "light", run)
			var nodes int
			w.Ask(`document.querySelectorAll("*").length`, &nodes)
			if nodes > 20_000 {
				t.Errorf("%s of %s has %d elements", board.ID, run, nodes)
			}
			for panel, want := range c.leftOut {
				var says string
				w.Ask(fmt.Sprintf(`[...document.querySelectorAll("#panel-%s .foot")].map((e) => e.innerText).join("; ")`, panel), &says)
				if !strings.Contains(says, want) {
					t.Errorf("%s of %s, panel %s says %q, without %q", board.ID, run, panel, says, want)
				}
			}
			w.do("look into a chart", chromedp.Focus("#chart-percentiles, #chart-tail", chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
			w.Until("what is there", `document.getElementById("spoken").textContent.includes("ms")`)
		}
	}
	w.do("choose", chromedp.Focus("select[name=endpoint]", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowDown))
	w.Until("one endpoint alone", `new URLSearchParams(location.search).get("endpoint") === "GET /item/000" && document.querySelector("select[name=endpoint]").value === "GET /item/000"`)
}
