//go:build e2e

package e2e

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// TestBoardInABrowser watches a run's board while k6 runs and after it, as a person would, and compares its figures with
// `ltlab runs show`. The pictures are kept in .cache/e2e for people to look at.
func TestBoardInABrowser(t *testing.T) {
	b := newBench(t)
	b.Scenario("ramp.js")
	b.OK("start")
	boards := b.service("boards")
	w := b.Browser(boards)
	p := b.Start("k6", "-s", "ramp.js", "--id", "live", "--project", "shop", "-e", "BASE_URL="+b.service("toy-api"))
	b.until("the run on the boards", soon, func() bool {
		_, ok := b.Board("live")
		return ok
	})
	w.Open(boards + "/runs/live")
	moves(t, b, w)
	w.Shoot("board-live.png")
	if !p.Running() {
		t.Fatal("the run was over before its board was looked at")
	}
	if o := p.Wait(); o.Exit != 0 || !strings.Contains(o.Stdout, boards+"/runs/live") {
		t.Fatalf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
	}
	w.Until("the page that says the run has finished", `document.querySelector("main").dataset.state === "finished"`)
	w.Shoot("board-finished.png")
	equalsShow(t, b, w)
	hover(t, b, w)
	zoom(t, b, w)
	dark(t, b, w)
	list(t, b, w)
	w.clean()
	b.leftNothing()
}

// moves asserts that the open page follows the run: its figures grow without being loaded again.
func moves(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	w.Ask(`(window.loadedOnce = 1)`, new(int))
	seen := map[string]bool{}
	var line []int // values that the chart of the rate has
	b.until("figures that move", soon, func() bool {
		var now struct {
			State, Requests string
			Points          int
			Once            int
		}
		w.Ask(`{state: document.querySelector("main").dataset.state, once: window.loadedOnce,
			requests: document.querySelector("#panel-requests .figure")?.dataset.value ?? "",
			points: document.querySelector("#panel-rate .legend li")?.dataset.values.split(",").length ?? 0}`, &now)
		if now.State != "running" || now.Once != 1 {
			t.Fatalf("the page says %q (loaded again: %v)", now.State, now.Once != 1)
		}
		if now.Requests != "" && !seen[now.Requests] {
			seen[now.Requests] = true
			line = append(line, now.Points)
		}
		return len(seen) >= 5 && now.Points >= 6
	})
	if line[len(line)-1] <= line[0] {
		t.Errorf("the chart does not grow: %v", line)
	}
}

// equalsShow asserts that the page shows what `runs show` says, figure by figure.
func equalsShow(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	var page struct {
		Figures map[string]string            // large ones by panel
		Small   map[string]map[string]string // by panel and label
		Tables  map[string]map[string][]string
	}
	w.Ask(`{
		figures: Object.fromEntries([...document.querySelectorAll("section.stat")].map((s) => [s.dataset.panel, s.querySelector(".figure")?.dataset.value ?? ""])),
		small: Object.fromEntries([...document.querySelectorAll("section.stat")].map((s) => [s.dataset.panel,
			Object.fromEntries([...s.querySelectorAll(".small div")].map((d) => [d.querySelector("dt").textContent, d.querySelector("dd").dataset.value]))])),
		tables: Object.fromEntries([...document.querySelectorAll("section.table")].map((s) => [s.dataset.panel,
			Object.fromEntries([...s.querySelectorAll("tbody tr")].map((r) => [r.querySelector(".key").textContent, [...r.querySelectorAll("[data-value]")].map((c) => c.dataset.value)]))])),
	}`, &page)
	doc, board := b.Show("live"), b.BoardOf("live")
	s := &doc.Summary
	var passes, checks int64
	for _, c := range doc.Checks {
		passes, checks = passes+c.Passes, checks+c.Passes+c.Fails
		row := page.Tables["checks"][c.Name]
		if len(row) != 2 || row[0] != fmt.Sprint(c.Passes+c.Fails) || row[1] != fmt.Sprint(c.Passes) {
			t.Errorf("check %q on the page: %v, want %d made and %d passed", c.Name, row, c.Passes+c.Fails, c.Passes)
		}
	}
	if s.Requests < 500 || *s.Failed == 0 || passes == checks || len(doc.Checks) != 4 {
		t.Fatalf("a dull run: %+v", s)
	}
	for _, c := range []struct {
		panel, label string
		want         float64
		within       float64 // relative: the store keeps latencies to seven digits
	}{
		{"requests", "", float64(s.Requests), 0},
		{"request-rate", "", *s.RPS, 0},
		{"failed", "", *s.FailedRatio, 0},
		{"failed", "failed", float64(*s.Failed), 0},
		{"failed", "no answer", float64(*s.Unanswered), 0},
		{"latency", "", s.Duration.P95, 1e-6},
		{"latency", "p50", s.Duration.P50, 1e-6},
		{"latency", "p99", s.Duration.P99, 1e-6},
		{"latency", "max", s.Duration.Max, 1e-6},
		{"checks-passed", "", float64(passes) / float64(checks), 0},
		{"checks-passed", "made", float64(checks), 0},
		{"ledger", "", 0, 0},
		{"ledger", "recorded", float64(doc.Ledger.Recorded), 0},
	} {
		text := page.Figures[c.panel]
		if c.label != "" {
			text = page.Small[c.panel][c.label]
		}
		got, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(got-c.want) > c.within*math.Abs(c.want) {
			t.Errorf("the page shows %s %s as %q, `runs show` as %v", c.panel, c.label, text, c.want)
		}
		if api, ok := board.panel(c.panel).stat(c.label); !ok || api != got {
			t.Errorf("%s %s: the page shows %v, the board's JSON %v", c.panel, c.label, got, api)
		}
	}
	var sum float64
	for name, row := range page.Tables["endpoints"] {
		n, err := strconv.ParseFloat(row[0], 64)
		if err != nil {
			t.Errorf("requests of %s: %v", name, err)
		}
		sum += n
	}
	if sum != float64(s.Requests) || len(page.Tables["endpoints"]) != 4 {
		t.Errorf("the requests of %d endpoints add up to %.0f, want %d", len(page.Tables["endpoints"]), sum, s.Requests)
	}
}

// place is where an element is in the window, in pixels.
type place struct{ X, Y, W, H float64 }

func (w *browser) place(selector string) (at place) {
	w.b.t.Helper()
	w.Ask(fmt.Sprintf(`((e) => { e.scrollIntoView({block: "center"}); const r = e.getBoundingClientRect(); return {x: r.x, y: r.y, w: r.width, h: r.height}; })(document.querySelector(%q))`, selector), &at)
	return at
}

// hover asserts that values stand beside the pointer.
func hover(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	at := w.place("#chart-percentiles")
	w.do("hover", chromedp.MouseEvent(input.MouseMoved, at.X+at.W/2, at.Y+at.H/2))
	w.Until("values beside the pointer", `!document.getElementById("tip").hidden`)
	var said string
	w.Ask(`document.getElementById("tip").innerText`, &said)
	for _, want := range []string{"p50", "p95", "p99", "max", "ms", "UTC"} {
		if !strings.Contains(said, want) {
			t.Errorf("beside the pointer stands %q, without %s", said, want)
		}
	}
	w.Shoot("board-hover.png")
	w.do("leave", chromedp.MouseEvent(input.MouseMoved, 5, 5))
	w.Until("no values without a pointer", `document.getElementById("tip").hidden`)
}

// zoom asserts that dragging over a chart shows that part of the run, under an address of its own.
func zoom(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	at := w.place("#chart-rate")
	y := at.Y + at.H/2
	left := chromedp.ButtonLeft
	w.do("drag", chromedp.MouseEvent(input.MousePressed, at.X+at.W*0.35, y, left, chromedp.ClickCount(1)),
		chromedp.MouseEvent(input.MouseMoved, at.X+at.W*0.6, y, left),
		chromedp.MouseEvent(input.MouseMoved, at.X+at.W*0.85, y, left),
		chromedp.MouseEvent(input.MouseReleased, at.X+at.W*0.85, y, left, chromedp.ClickCount(1)))
	w.Until("an address with the zoom", `new URLSearchParams(location.search).has("from") && new URLSearchParams(location.search).has("to")`)
	var from, to struct{ Address, Chart string }
	w.Until("charts of that part", `document.getElementById("chart-rate").dataset.from === new URLSearchParams(location.search).get("from")`)
	w.Ask(`{address: new URLSearchParams(location.search).get("from"), chart: document.getElementById("chart-rate").dataset.from}`, &from)
	w.Ask(`{address: new URLSearchParams(location.search).get("to"), chart: document.getElementById("chart-percentiles").dataset.to}`, &to)
	if from.Address == "0" || from.Address != from.Chart || to.Address != to.Chart {
		t.Errorf("zoomed from %+v to %+v", from, to)
	}
	w.Shoot("board-zoom.png")
	w.do("whole run", chromedp.Click("[data-unzoom]", chromedp.ByQuery))
	w.Until("the whole run", `location.search === "" && document.getElementById("chart-rate").dataset.from === "0"`)
}

// dark asserts that the dark theme is dark.
func dark(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	w.Open(b.service("boards") + "/runs/live?theme=dark")
	var ink struct{ Ground, Text float64 }
	const brightness = `((c) => c.match(/[\d.]+/g).slice(0, 3).reduce((a, v) => a + Number(v), 0) / 765)`
	w.Ask(`{ground: `+brightness+`(getComputedStyle(document.body).backgroundColor), text: `+brightness+`(getComputedStyle(document.querySelector("h1")).color)}`, &ink)
	if ink.Ground > 0.25 || ink.Text < 0.6 {
		t.Errorf("brightness of the ground %.2f, of the text %.2f", ink.Ground, ink.Text)
	}
	w.Shoot("board-dark.png")
}

// list asserts that the list of runs leads to the run and shows its figures.
func list(t *testing.T, b *Bench, w *browser) {
	t.Helper()
	w.Open(b.service("boards") + "/")
	w.Until("the run in the list", `document.querySelector("table.runs tbody tr")`)
	var row struct {
		Text, Link string
		Values     []string
	}
	w.Ask(`((r) => ({text: r.innerText, link: r.querySelector("a").getAttribute("href"), values: [...r.querySelectorAll("[data-value]")].map((c) => c.dataset.value)}))(document.querySelector("table.runs tbody tr"))`, &row)
	doc := b.Show("live")
	if row.Link != "/runs/live" || !strings.Contains(row.Text, "ramp.js") || !strings.Contains(row.Text, "shop") ||
		len(row.Values) != 3 || row.Values[0] != fmt.Sprint(doc.Summary.Requests) {
		t.Errorf("the list shows %+v", row)
	}
	w.Shoot("runs.png")
}
