//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/ltlab/ltlab/internal/boards"
)

// overlaps lists pairs of texts of the page that lie on each other, and texts that leave the window, as far as one can see
// them: what a box cuts off does not count.
const overlaps = `(() => {
	const seen = [];
	const visible = (r, e) => {
		let [x1, y1, x2, y2] = [r.left, r.top, r.right, r.bottom];
		for (let a = e; a && a !== document.documentElement; a = a.parentElement) {
			const s = getComputedStyle(a);
			if (s.visibility === "hidden" || s.clipPath !== "none") return null;
			if (s.overflowX !== "visible" || s.overflowY !== "visible") {
				const b = a.getBoundingClientRect();
				[x1, y1, x2, y2] = [Math.max(x1, b.left), Math.max(y1, b.top), Math.min(x2, b.right), Math.min(y2, b.bottom)];
			}
		}
		return x2 - x1 > 1 && y2 - y1 > 1 ? { x1, y1, x2, y2 } : null;
	};
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; (n = walk.nextNode());) {
		const text = n.data.trim(), e = n.parentElement;
		if (!text || e.closest("option, script, style, svg")) continue;
		const range = document.createRange();
		range.selectNodeContents(n);
		for (const r of range.getClientRects()) {
			const v = visible(r, e);
			if (v) seen.push({ text, n, ...v });
		}
	}
	for (const e of document.querySelectorAll("svg text, select")) {
		const v = visible(e.getBoundingClientRect(), e);
		if (v) seen.push({ text: e.name || e.textContent, ...v });
	}
	const bad = [];
	const trim = (b) => { const h = (b.y2 - b.y1) * .12; return [b.y1 + h, b.y2 - h]; }; // a line's box is higher than its letters
	seen.sort((a, b) => a.y1 - b.y1);
	for (let i = 0; i < seen.length; i++) {
		const a = seen[i], [at, ab] = trim(a);
		if (a.x1 < -1 || a.x2 > innerWidth + 1) bad.push("outside: " + a.text);
		for (let j = i + 1; j < seen.length && seen[j].y1 < a.y2; j++) {
			const b = seen[j], [bt, bb] = trim(b);
			if (a.n && a.n === b.n) continue; // its lines, and the rest of one that is cut off
			if (Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) > 1 && Math.min(ab, bb) - Math.max(at, bt) > 1) bad.push(a.text + " | " + b.text);
		}
	}
	if (document.documentElement.scrollWidth > innerWidth + 1) bad.push("the page is wider than the window");
	return bad;
})()`

// readable asserts that nothing of a page lies on anything else.
func (w *browser) readable(what string) {
	w.b.t.Helper()
	var bad []string
	w.Ask(overlaps, &bad)
	for _, s := range bad[:min(len(bad), 10)] {
		w.b.t.Errorf("%s: %s", what, s)
	}
}

// keyboard asserts that the Tab key reaches everything that can be clicked, chosen or looked into, and shows where it is.
func (w *browser) keyboard(what string) {
	w.b.t.Helper()
	var want int
	w.Ask(`(window.reached = new Set(), window.dim = [], document.activeElement.blur(), document.querySelectorAll("a[href], select, .chart").length)`, &want)
	for range want + 1 {
		w.do("tab", chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`((e) => {
			if (!e.matches("a[href], select, .chart")) return;
			reached.add(e);
			if (getComputedStyle(e).outlineStyle === "none") dim.push(e.outerHTML.slice(0, 80));
		})(document.activeElement)`, nil))
	}
	var got struct {
		Reached int
		Dim     []string
	}
	w.Ask(`{reached: reached.size, dim}`, &got)
	if got.Reached != want || want < 5 {
		w.b.t.Errorf("%s: the Tab key reaches %d of %d controls", what, got.Reached, want)
	}
	if len(got.Dim) > 0 {
		w.b.t.Errorf("%s: one does not see where the keyboard is: %v", what, got.Dim)
	}
}

// panels asserts that a board's panels are all there and that each shows something or says why not; it returns how many show
// something.
func (w *browser) panels(b *boards.Board, what string) (full int) {
	w.b.t.Helper()
	var got map[string]struct {
		Title, Absent string
		Full          bool
	}
	w.Ask(`Object.fromEntries([...document.querySelectorAll("section[data-panel]")].map((s) => [s.dataset.panel, {title: s.querySelector("h3").innerText,
		absent: s.querySelector(".absent")?.innerText ?? "", full: !!s.querySelector("svg path, tbody tr, .figure[data-value]")}]))`, &got)
	count := 0
	b.Panels(func(p *boards.Panel) {
		count++
		at, ok := got[p.ID]
		name, _, _ := strings.Cut(p.Title, " (")
		switch {
		case !ok || !strings.HasPrefix(at.Title, name):
			w.b.t.Errorf("%s has no panel %s (%s)", what, p.ID, p.Title)
		case at.Full == (at.Absent != ""):
			w.b.t.Errorf("%s, panel %s: shows something: %v, and says why not: %q", what, p.ID, at.Full, at.Absent)
		case at.Full:
			full++
		}
	})
	if len(got) != count {
		w.b.t.Errorf("%s has %d panels, want %d", what, len(got), count)
	}
	return full
}

// screen keeps a picture for people to look at.
func (w *browser) screen(name string) {
	w.b.t.Helper()
	w.b.try(os.MkdirAll(w.b.cache("screens"), 0o755))
	w.Shoot(filepath.Join("screens", name+".png"))
}

// look opens a board in a theme and asserts what holds for every board.
func (w *browser) look(address, run string, b *boards.Board, theme, name string) (full int) {
	w.b.t.Helper()
	what := fmt.Sprintf("%s of %s, %s", b.ID, run, theme)
	w.Open(fmt.Sprintf("%s/runs/%s/%s?theme=%s", address, run, b.ID, theme))
	w.Until(what, `document.querySelector("main[data-width] section[data-panel]")`)
	full = w.panels(b, what)
	w.readable(what)
	w.screen(name + "-" + b.ID + "-" + theme)
	return full
}
