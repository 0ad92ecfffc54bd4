//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

var themes = []string{"light", "dark"}

// TestEveryBoardInABrowser looks at every board of finished runs, by k6 and by Artillery, small and with 200 endpoints, in
// both themes, in a window of 1280×800.
func TestEveryBoardInABrowser(t *testing.T) {
	b := newBench(t)
	b.Scenario("ramp.js")
	b.Scenario("many.js")
	b.OK("start")
	address := b.service("boards")
	w := b.Browser(address)
	w.do("window", chromedp.EmulateViewport(1280, 800))

	w.Open(address + "/")
	w.Until("a lab without runs", `document.getElementById("none")`)
	w.readable("an empty lab")
	w.screen("empty")

	b.OK("k6", "-s", "ramp.js", "--id", "20260101-ramp", "-e", "BASE_URL="+b.service("toy-api"))
	b.OK("k6", "-s", "many.js", "--id", "20260102-many", "-e", "BASE_URL="+b.service("toy-api"))
	for _, id := range []string{"20260103-art", "20260104-art"} {
		a := recordtest.NewArtillery(t, record.Runs(filepath.Join(b.Home, "runs")), id)
		for range 6 {
			a.Period()
		}
		a.Unplaced()
		a.End()
		a.Finish()
	}
	thousands("20260105-series").write(t, record.Runs(filepath.Join(b.Home, "runs")))
	b.OK("start") // takes them in
	for _, c := range []struct {
		run, tool string
		least     map[boards.Depth]int // panels that show something
	}{
		{"20260101-ramp", "k6", map[boards.Depth]int{boards.WarRoom: 10, boards.Elite: 24, boards.Pro: 30, boards.Compare: 6}},
		{"20260102-many", "k6", map[boards.Depth]int{boards.WarRoom: 10, boards.Elite: 24, boards.Pro: 30, boards.Compare: 15}},
		{"20260104-art", "artillery", map[boards.Depth]int{boards.WarRoom: 12, boards.Elite: 16, boards.Pro: 14, boards.Compare: 13}},
	} {
		for _, board := range boards.Of(c.tool) {
			for _, theme := range themes {
				if full := w.look(address, c.run, &board, theme, c.run); full < c.least[board.Depth] {
					t.Errorf("%s of %s: %d panels show something, want at least %d", board.ID, c.run, full, c.least[board.Depth])
				}
			}
			w.keyboard(board.ID + " of " + c.run)
		}
	}
	manySeries(t, w, address)
	narrows(t, w, address)
	wall(t, w, address)
	steps(t, w, address)
	w.clean()
	b.leftNothing()
}

// narrows asserts that a reader's choice of an endpoint is in the address and on the panels, and that those which have no
// figure by endpoint say so.
func narrows(t *testing.T, w *browser, address string) {
	t.Helper()
	w.Open(address + "/runs/20260102-many/k6-elite")
	w.Until("the choice", `document.querySelector("select[name=endpoint] option:nth-child(2)")`)
	const requests = `Number(document.querySelector("#panel-requests .figure").dataset.value)`
	var before, after struct {
		Requests         float64
		Options          int
		Endpoint, Chosen string
		Foot             string
	}
	const state = `{requests: ` + requests + `, options: document.querySelectorAll("select[name=endpoint] option").length, chosen: document.querySelector("select[name=endpoint]").value,
		endpoint: new URLSearchParams(location.search).get("endpoint") ?? "", foot: document.querySelector("#panel-vus .foot")?.innerText ?? ""}`
	w.Ask(state, &before)
	w.do("choose", chromedp.Focus("select[name=endpoint]", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowDown))
	w.Until("fewer requests", requests+` < 100`)
	w.Ask(state, &after)
	if before.Options < 150 || before.Endpoint != "" || after.Endpoint == "" || after.Chosen != after.Endpoint || before.Foot != "" || !strings.Contains(after.Foot, "not by endpoint") {
		t.Errorf("chosen by the keyboard: before %+v, after %+v", before, after)
	}
	w.screen("narrowed")
	w.do("back", chromedp.NavigateBack())
	w.Until("all endpoints again", requests+fmt.Sprintf(" === %v", before.Requests)+` && document.querySelector("select[name=endpoint]").value === ""`)
}

// wall asserts that a war room fits a screen on a wall.
func wall(t *testing.T, w *browser, address string) {
	t.Helper()
	w.do("a wall", chromedp.EmulateViewport(1920, 1080))
	for run, board := range map[string]string{"20260101-ramp": "k6-war-room", "20260104-art": "artillery-war-room"} {
		w.Open(address + "/runs/" + run + "/" + board + "?wall=1&theme=dark")
		w.Until("the room's width", `Number(document.querySelector("main").dataset.width) > 1700`)
		var at struct{ Height, Letters float64 }
		w.Ask(`{height: document.documentElement.scrollHeight, letters: parseFloat(getComputedStyle(document.querySelector(".figure")).fontSize)}`, &at)
		if at.Height > 1100 || at.Letters < 36 {
			t.Errorf("%s on a wall of 1920×1080 is %v high, with figures of %v", board, at.Height, at.Letters)
		}
		w.readable(board + " on a wall")
		w.screen("wall-" + board)
	}
	w.do("window", chromedp.EmulateViewport(1280, 800))
}

// steps asserts what one reads of Artillery's periods, of a heat map and of a spectrum, by pointer and by keyboard.
func steps(t *testing.T, w *browser, address string) {
	t.Helper()
	w.Open(address + "/runs/20260104-art/artillery-pro")
	for _, c := range []struct {
		chart string
		wants []string
	}{
		{"heat", []string{"to", "UTC", "100 ms to 178 ms"}},
		{"spectrum", []string{"% are within", "http.response_time", "ms"}},
	} {
		at := w.place("#chart-" + c.chart)
		w.do("hover", chromedp.MouseEvent(input.MouseMoved, at.X+at.W/2, at.Y+at.H/2))
		w.Until("values beside the pointer", `!document.getElementById("tip").hidden`)
		var said string
		w.Ask(`document.getElementById("tip").innerText`, &said)
		for _, want := range c.wants {
			if !strings.Contains(said, want) {
				t.Errorf("%s: beside the pointer stands %q, without %q", c.chart, said, want)
			}
		}
		w.screen("hover-" + c.chart)
		w.do("leave", chromedp.MouseEvent(input.MouseMoved, 5, 5))
	}
	w.Open(address + "/runs/20260104-art/artillery-elite")
	w.do("look into a chart", chromedp.Focus("#chart-percentiles", chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
	var said string
	w.Ask(`document.getElementById("spoken").textContent`, &said)
	if !strings.HasPrefix(said, "-0:03 to 0:07") || !strings.Contains(said, "p95") {
		t.Errorf("the first period says %q", said)
	}
	w.do("zoom by the keyboard", chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("+"))
	w.Until("a zoomed chart", `document.getElementById("chart-percentiles").dataset.from > 0 && new URLSearchParams(location.search).has("to")`)
	w.do("all of it", chromedp.KeyEvent("0"))
	w.Until("the whole run", `document.getElementById("chart-percentiles").dataset.from === "-3"`)
}
