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
	if why := constant(f); why != "" {
		c.add(at, Misleads, "constant", why, "", nil)
	}
	var edits []edit
	for _, r := range f.reads {
		if r.base || r.opaque {
			continue
		}
		found := c.found(r)
		if len(found) == 0 || len(r.filters) == 0 {
			continue
		}
		percentiles = onlyPercentiles(r, found) || percentiles
		edits = append(edits, c.remade(at, r, found)...)
		if more := c.zoomed(at, r, found); more != nil {
			edits = append(edits, *more)
			rescale()
		}
		c.mixed(at, r, found)
	}
	if len(edits) > 0 {
		put(apply(src, edits))
	}
	return percentiles
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
func (c *check) remade(at place, r *read, found []match) (edits []edit) {
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
		repair, do := "", (func())(nil)
		if len(fn) == 1 {
			repair = "of each stretch it shows the largest, fn: max"
			do = func() { edits = append(edits, edit{fn[0].at, fn[0].end, "max"}) }
		}
		c.add(at, Misleads, "percentile-of-percentiles", fmt.Sprintf("it takes the %s of percentiles, which is the percentile of nothing", name), repair, do)
	}
	return edits
}

// zoomed finds counts for each of a chart's points: zooming out makes them larger.
func (c *check) zoomed(at place, r *read, found []match) *edit {
	for i, call := range r.calls {
		every, fn := call.arg("every"), call.arg("fn")
		zoom := every == "v.windowPeriod" || strings.Contains(every, "__interval")
		if call.name != "aggregateWindow" || !zoom || fn != "count" && fn != "sum" {
			continue
		}
		if fn == "sum" && slices.ContainsFunc(found, func(m match) bool { return !m.counts && !m.raw }) {
			continue
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
		var out *edit
		c.add(at, Misleads, "zoom", fmt.Sprintf("it is the %s for each point of the chart, so it grows as the chart is zoomed out", fn),
			"it is divided by the points' length, and the title says that it is per second", func() {
				seconds := "float(v: int(v: " + every + ")) / 1000000000.0"
				out = &edit{call.end, call.end, "\n  |> map(fn: (r) => ({r with _value: float(v: r._value) / (" + seconds + ")}))"}
			})
		return out
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
	for i := 0; i+3 < len(t); i++ {
		if t[i].is("_value") && t[i+1].is(":") {
			at := i + 2
			if t[at].is("-") && at+1 < len(t) {
				at++
			}
			if t[at].kind == number && at+1 < len(t) && (t[at+1].is("}") || t[at+1].is(",")) && strings.Trim(t[at].s, "0.") != "" && !within(t, i, "array.from") { // noughts fill gaps
				return "it shows the constant " + t[at].s + ", whatever was measured"
			}
		}
	}
	if len(f.reads) > 0 {
		return ""
	}
	for i := range t {
		if t[i].is("array.from") && i+1 < len(t) {
			return "it reads nothing: what it shows stands in the query"
		}
	}
	return ""
}

// within says whether the token at i is an argument of a function that is called so.
func within(t []token, i int, name string) bool {
	for at := range i {
		if t[at].is(name) && at+1 < len(t) && closing(t, at+1) > i {
			return true
		}
	}
	return false
}
