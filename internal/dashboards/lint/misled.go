package lint

import (
	"fmt"
	"slices"
	"strings"
)

// panelQuery looks at a panel's query for whether it finds something, and whether what it shows is what it seems to be. It
// says whether it shows percentiles. rescale is called when a repair changes what the figure is of.
func (c *check) panelQuery(at place, src string, put func(string), rescale func()) (percentiles bool) {
	if !c.query(at, src, func(fixed string) { src = fixed; put(fixed) }) {
		return false
	}
	f := parse(src)
	if f.vast {
		return false
	}
	if why := constant(f); why != "" {
		c.add(at, Misleads, "constant", why, "", nil)
	}
	var all []*looked
	for _, r := range f.reads {
		if r.base || r.opaque {
			continue
		}
		found := c.found(r)
		if len(found) == 0 || len(r.filters) == 0 {
			continue
		}
		percentiles = onlyPercentiles(r, found) || percentiles
		all = append(all, &looked{r, found, append(remade(r, found), zoomed(r, found)...)})
	}
	var done edits
	for _, l := range all {
		for _, w := range l.wishes {
			c.grant(at, f, all, w, &done, rescale)
		}
		c.mixed(at, l.read, l.found)
	}
	if c.fix && len(done) > 0 {
		put(done.apply(src))
	}
	return percentiles
}

// looked is a pipeline with what it finds, and what is to be changed in it.
type looked struct {
	*read
	found  []match
	wishes []wish
}

// wish is a figure that misleads, with what to change in the call that makes it.
type wish struct {
	rule, why string
	repair    string // in words, "" where nobody but its author can
	edit      edit
	call      int  // where the call ends, in bytes
	rescale   bool // the change makes the figure one per second
}

// grant adds the finding of a wish, with its repair where that changes nothing else: pipelines may share the call.
func (c *check) grant(at place, f *flux, all []*looked, w wish, done *edits, rescale func()) {
	if w.repair != "" && !agreed(f, all, w) {
		w.why, w.repair = w.why+"; --fix leaves it, for others go on from the same place", ""
	}
	if w.repair != "" && !done.take(w.edit) {
		w.why, w.repair = w.why+"; --fix leaves it, for another repair changes the same place", ""
	}
	if w.repair == "" {
		c.add(at, Misleads, w.rule, w.why, "", nil)
		return
	}
	c.add(at, Misleads, w.rule, w.why, w.repair, func() {
		if w.rescale {
			rescale()
		}
	})
}

// agreed says whether all pipelines that a call is in wish the same of it.
func agreed(f *flux, all []*looked, w wish) bool {
	for _, r := range f.reads {
		in := slices.ContainsFunc(r.calls, func(c call) bool { return c.end == w.call })
		if in && !r.base && !slices.ContainsFunc(all, func(l *looked) bool { return l.read == r && slices.Contains(l.wishes, w) }) {
			return false
		}
	}
	return true
}

var percentileFields = []string{"p50", "p90", "p95", "p99", "p999"}

// onlyPercentiles says whether what is read is percentiles and nothing else.
func onlyPercentiles(r *read, found []match) bool {
	return !slices.ContainsFunc(found, func(m match) bool {
		if m.measurement == "artillery" { // Telegraf's gauges have them by the tag stat
			stats := r.asked["stat"]
			return len(stats) == 0 || slices.ContainsFunc(stats, func(s string) bool { return !slices.Contains(percentileFields, s) })
		}
		return slices.ContainsFunc(m.fields, func(f string) bool { return !slices.Contains(percentileFields, f) })
	})
}

// remade finds percentiles worked out of percentiles. A mean of windows can be their largest instead.
func remade(r *read, found []match) (wishes []wish) {
	if !onlyPercentiles(r, found) {
		return nil
	}
	wrong := []string{"mean", "median", "quantile", "movingAverage", "timedMovingAverage", "exponentialMovingAverage"}
	for _, call := range r.calls {
		name := call.name
		fn := call.args["fn"]
		if name == "aggregateWindow" {
			name = ""
			for _, t := range fn {
				if t.kind == word && slices.Contains(wrong, t.s) || t.is("sum") { // one row's sum is the row; a window has more
					name = t.s
				}
			}
		}
		if !slices.Contains(wrong, name) && (call.name != "aggregateWindow" || name == "") {
			continue
		}
		w := wish{rule: "percentile-of-percentiles", why: fmt.Sprintf("it takes the %s of percentiles, which is the percentile of nothing", name), call: call.end}
		if len(fn) == 1 {
			w.repair, w.edit = "of each stretch it shows the largest, fn: max", edit{fn[0].at, fn[0].end, "max"}
		}
		wishes = append(wishes, w)
	}
	return wishes
}

// zoomed finds counts for each of a chart's points: zooming out makes them larger.
func zoomed(r *read, found []match) []wish {
	for i, call := range r.calls {
		every, fn := call.arg("every"), call.arg("fn")
		zoom := every == "v.windowPeriod" || strings.Contains(every, "__interval")
		if call.name != "aggregateWindow" || !zoom || fn != "count" && fn != "sum" {
			continue
		}
		if fn == "sum" && (onlyPercentiles(r, found) || slices.ContainsFunc(found, func(m match) bool { return !m.counts && !m.raw })) {
			continue // a sum of percentiles is no count, and is shown as what it is
		}
		for _, later := range r.calls[i+1:] {
			switch later.name {
			case "map":
				body := later.args["fn"]
				if slices.ContainsFunc(body, func(t token) bool { return t.is("/") || t.is("*") }) || !slices.ContainsFunc(body, func(t token) bool { return t.is("r._value") || t.is("with") }) {
					return nil // made a rate or a share, or not shown at all
				}
			case "derivative", "pivot", "cumulativeSum", "sum", "join":
				return nil
			}
		}
		seconds := "float(v: int(v: " + every + ")) / 1000000000.0"
		return []wish{{rule: "zoom", why: fmt.Sprintf("it is the %s for each point of the chart, so it grows as the chart is zoomed out", fn),
			repair: "it is divided by the points' length, and the title says that it is per second", call: call.end, rescale: true,
			edit: edit{call.end, call.end, "\n  |> map(fn: (r) => ({r with _value: float(v: r._value) / (" + seconds + ")}))"}}}
	}
	return nil
}

// mixed finds rows of several roll-ups or windows read at once, each of which has all requests.
func (c *check) mixed(at place, r *read, found []match) {
	if len(r.asked["_measurement"]) == 0 {
		return // whichever it is, a variable may choose the rest too
	}
	rollups, windows := map[string]bool{}, map[string]bool{}
	for _, m := range found {
		if m.counts {
			rollups[m.tags["rollup"][0]], windows[m.tags["window"][0]] = true, true
		}
	}
	asked := func(key string) bool { _, ok := r.asked[key]; return ok }
	switch {
	case len(rollups) > 1 && !asked("rollup"):
		c.add(at, Misleads, "rows-mixed", "it reads every roll-up at once, so each request is there several times: filter r.rollup, for example == \"run\"", "", nil)
	case len(windows) > 1 && !asked("window") && windows["run"]:
		c.add(at, Misleads, "rows-mixed", "it reads each second together with the row of the whole run: filter r.window, for example == \"second\"", "", nil)
	}
}

// constant says what a query shows whatever was measured.
func constant(f *flux) string {
	t := f.tokens
	own, inside := false, -1 // whether there is an array.from, and where the last one ends
	for i := range t {
		if t[i].is("array.from") && i+1 < len(t) {
			own, inside = true, max(inside, closing(t, i+1))
		}
		if i+3 < len(t) && t[i].is("_value") && t[i+1].is(":") {
			at := i + 2
			if t[at].is("-") && at+1 < len(t) {
				at++
			}
			if t[at].kind == number && at+1 < len(t) && (t[at+1].is("}") || t[at+1].is(",")) && strings.Trim(t[at].s, "0.") != "" && inside <= i { // noughts fill gaps
				return "it shows the constant " + t[at].s + ", whatever was measured"
			}
		}
	}
	if len(f.reads) == 0 && own {
		return "it reads nothing: what it shows stands in the query"
	}
	return ""
}
