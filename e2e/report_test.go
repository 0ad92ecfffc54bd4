//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

// TestAReportOpensFromDiskWithTheFiguresOfRunsShow makes reports of runs by k6 and by Artillery, one of which names everything in
// markup, and reads them in a real browser from disk, without a network.
func TestAReportOpensFromDiskWithTheFiguresOfRunsShow(t *testing.T) {
	b := newBench(t)
	b.Scenario("verdict.js")
	b.Scenario("markup.js")
	api := newTarget(t)
	if o := b.Ltlab("k6", "-s", "verdict.js", "--id", "judged", "-e", "LENGTH=3s", "-e", "BASE_URL="+api.URL); o.Exit != 99 {
		t.Fatalf("%s: exit %d\n%s", o.Command, o.Exit, o.Stderr)
	}
	b.OK("k6", "-s", "markup.js", "--id", "markup", "--project", "<script>alert(1)</script>", "-e", "BASE_URL="+api.URL)
	a := recordtest.NewArtillery(t, record.Runs(filepath.Join(b.Home, "runs")), "arrivals")
	for range 6 {
		a.Period()
	}
	a.Unplaced()
	a.End()
	a.Finish()
	b.OK("report", "judged", "markup", "arrivals", "-o", "report.html", "-o", "report.md", "-o", "report.json")
	b.sameDocuments("report.json", "judged", "markup", "arrivals")

	w := b.Browser("file:///")
	w.do("network off", network.EmulateNetworkConditions(true, 0, 0, 0), chromedp.EmulateViewport(1280, 800))
	page := "file://" + b.Dir + "/report.html"
	for _, theme := range themes {
		w.Open(page + "?theme=" + theme)
		w.Until("the summary", `document.querySelector("#figures tbody tr") && document.documentElement.dataset.theme`)
		w.readable("the summary, " + theme)
		w.screen("report-summary-" + theme)
	}
	for _, run := range []string{"judged", "markup", "arrivals"} {
		w.shows(b.Show(run), b.OK("runs", "show", run).Stdout)
	}
	for run, tool := range map[string]string{"judged": "k6", "markup": "k6", "arrivals": "artillery"} {
		for _, board := range boards.Of(tool) {
			for _, theme := range themes {
				what := fmt.Sprintf("report of %s, %s, %s", run, board.ID, theme)
				w.Open(page + "?theme=" + theme + "#" + run + "/" + board.ID)
				w.Until(what, fmt.Sprintf(`location.hash === "#%s/%s" && document.querySelector(".boards [aria-current]")?.innerText === %q && document.querySelector("section[data-panel]")`, run, board.ID, board.Title))
				if full := w.panels(&board, what); full < 5 {
					t.Errorf("%s: %d panels show something", what, full)
				}
				w.readable(what)
				if run != "markup" {
					w.screen("report-" + run + "-" + board.ID + "-" + theme)
				}
			}
		}
	}
	w.moves(page)
	var title string
	w.Ask("document.title", &title)
	if !strings.HasPrefix(title, "3 runs") {
		t.Errorf("a name became a script: the title is %q", title)
	}
	w.clean()
	b.leftNothing()
}

// sameDocuments asserts that a JSON report of runs holds what `runs show --json` prints of each.
func (b *Bench) sameDocuments(file string, runs ...string) {
	b.t.Helper()
	var all struct{ Runs []json.RawMessage }
	b.try(json.Unmarshal(b.read(filepath.Join(b.Dir, file)), &all))
	if len(all.Runs) != len(runs) {
		b.t.Fatalf("%s holds %d runs, want %d", file, len(all.Runs), len(runs))
	}
	for i, run := range runs {
		if got, want := compact(all.Runs[i]), compact([]byte(b.OK("runs", "show", run, "--json").Stdout)); got != want {
			b.t.Errorf("run %s in %s:\n%s\nwant\n%s", run, file, got, want)
		}
	}
}

func compact(b []byte) string { return string(regexp.MustCompile(`\s+`).ReplaceAll(b, nil)) }

// shows asserts that the summary holds every line of `runs show`, and the boards the values of its document, in full.
func (w *browser) shows(doc runDoc, text string) {
	w.b.t.Helper()
	page := "file://" + w.b.Dir + "/report.html"
	w.Open(page + "#")
	w.Until("the summary", `document.querySelector("#figures")`)
	var lines string
	w.Ask(fmt.Sprintf(`[...document.querySelectorAll("section")].find((s) => s.querySelector("h2 code")?.innerText === "ltlab runs show %s").innerText`, doc.Run), &lines)
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	seen := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(line, "  "))
		name, _, _ := strings.Cut(line, " ")
		if line == "" || name == "run" || name == "record" || name == "board" {
			continue
		}
		seen++
		said := strings.TrimSpace(strings.TrimPrefix(line, name))
		if !strings.Contains(plain(lines), plain(said)) {
			w.b.t.Errorf("run %s: the report does not hold the line %q of runs show:\n%s", doc.Run, line, lines)
		}
	}
	if seen < 5 {
		w.b.t.Fatalf("runs show has %d lines:\n%s", seen, text)
	}
	board := boards.For(map[bool]string{true: "artillery", false: "k6"}[doc.Summary.Duration == nil])
	w.Open(page + "#" + doc.Run + "/" + board.ID)
	w.Until("the board", fmt.Sprintf(`document.querySelector(".boards [aria-current]")?.innerText === %q`, board.Title))
	want := map[string]float64{"requests": float64(doc.Summary.Requests), "failed": *doc.Summary.FailedRatio}
	if doc.Summary.Duration != nil {
		want["latency"] = doc.Summary.Duration.P95
	} else {
		want["requests"] = *doc.Summary.RPS // Artillery's panel shows the rate
	}
	for panel, value := range want {
		var got float64
		w.Ask(fmt.Sprintf(`Number(document.querySelector("#panel-%s .figure").dataset.value)`, panel), &got)
		if math.Abs(got-value) > 1e-6*value { // the store keeps latencies in 32 bits
			w.b.t.Errorf("run %s, panel %s: %v, runs show --json has %v", doc.Run, panel, got, value)
		}
	}
}

// moves asserts that a reader gets from sheet to sheet by links, back by the browser's own way, and into a chart by the keyboard.
func (w *browser) moves(page string) {
	w.b.t.Helper()
	w.Open(page + "#judged/k6-elite")
	w.Until("the board", `document.querySelector("#chart-rate")`)
	w.reachable("a board of a report")
	w.do("look into a chart", chromedp.Focus("#chart-rate", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	w.Until("its values in words", `document.getElementById("spoken").textContent.includes("requests") && !document.getElementById("tip").hidden`)
	w.do("zoom, which a report has not", chromedp.KeyEvent("+"))
	var asked string
	if w.Ask(`location.search`, &asked); asked != "" {
		w.b.t.Errorf("a report was asked to zoom: %s", asked)
	}
	w.do("another board", chromedp.Click(`.boards a[href$="k6-war-room"]`, chromedp.ByQuery))
	w.Until("another board", `document.querySelector(".boards [aria-current]").innerText === "k6 War Room"`)
	w.do("compare", chromedp.Click(`.boards a[href$="compare"]`, chromedp.ByQuery))
	w.Until("the run that it is compared with", `document.querySelector("#other a")`)
	w.do("that run", chromedp.Click("#other a", chromedp.ByQuery))
	w.Until("that run", `document.querySelector("#head").innerText.includes("markup") && document.querySelector(".boards [aria-current]").innerText === "k6 Elite"`)
	w.do("back", chromedp.NavigateBack())
	w.Until("back", `document.querySelector("#other")`)
	w.do("the summary", chromedp.Click(".top .runs a", chromedp.ByQuery), chromedp.Click(`[data-set="dark"]`, chromedp.ByQuery))
	w.Until("the summary in the dark", `document.querySelector("#figures") && getComputedStyle(document.documentElement).colorScheme === "dark"`)
	w.reachable("the summary of a report")
}

// reachable asserts that the Tab key reaches everything that can be clicked or looked into, buttons among it.
func (w *browser) reachable(what string) {
	w.b.t.Helper()
	var want, got int
	w.Ask(`(window.reached = new Set(), document.activeElement.blur(), document.querySelectorAll("a[href], button, .chart").length)`, &want)
	for range 2 * want {
		w.do("tab", chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.matches("a[href], button, .chart") && reached.add(document.activeElement)`, nil))
	}
	if w.Ask(`reached.size`, &got); got != want || want < 5 {
		w.b.t.Errorf("%s: the Tab key reaches %d of %d controls", what, got, want)
	}
}

// TestTheMarkdownOfAReportHoldsNothingButText keeps what a scenario names from mentioning, linking or becoming markup.
func TestTheMarkdownOfAReportHoldsNothingButText(t *testing.T) {
	b := newBench(t)
	b.Scenario("markup.js")
	api := newTarget(t)
	b.OK("k6", "-s", "markup.js", "--id", "markup", "--project", "@everybody #1 [x](http://a.example) `<b>`", "-e", "BASE_URL="+api.URL)
	b.OK("report", "markup", "-o", "report.md")
	text := string(b.read(filepath.Join(b.Dir, "report.md")))
	outside := withoutSpans(t, text)
	for _, what := range []string{"<script", "<img", "<b>", "@everybody", "](", "pwned"} {
		if strings.Contains(outside, what) {
			t.Errorf("outside of code spans the Markdown holds %q:\n%s", what, outside)
		}
	}
	if !strings.Contains(text, "@everybody") || !strings.Contains(outside, "<details><summary>Over time") || !strings.Contains(text, "█") {
		t.Errorf("the Markdown lacks the project's name or the charts:\n%s", text)
	}
	if _, err := os.Stat(b.Home + "/store.db"); err == nil {
		t.Error("a report made the lab's store")
	}
	b.leftNothing()
}

// withoutSpans is Markdown without its code spans, which end at as many backticks as they began with.
func withoutSpans(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '`')
		if at < 0 {
			return out.String() + text
		}
		out.WriteString(text[:at])
		rest := strings.TrimLeft(text[at:], "`")
		fence := text[at : len(text)-len(rest)]
		for {
			end := strings.Index(rest, fence)
			if end < 0 {
				t.Fatalf("a code span is not closed: %s", text[at:])
			}
			behind := strings.TrimLeft(rest[end:], "`")
			if len(rest)-end-len(behind) == len(fence) {
				text = behind
				break
			}
			rest = behind
		}
	}
}
