package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// plugins are the panels that come with Grafana 12.4. Of the second kind are those that it turns into their successors.
var plugins = []string{
	"alertlist", "annolist", "barchart", "bargauge", "candlestick", "canvas", "dashlist", "datagrid", "debug", "flamegraph", "gauge", "geomap", "gettingstarted", "heatmap",
	"histogram", "live", "logs", "logstable", "news", "nodeGraph", "piechart", "stat", "state-timeline", "status-history", "table", "text", "timeseries", "traces", "trend", "welcome", "xychart",

	"graph", "grafana-piechart-panel", "grafana-worldmap-panel", "heatmap-new", "singlestat", "table-old", "grafana-singlestat-panel",
}

// still are panels that show something without a query.
var still = []string{"alertlist", "annolist", "canvas", "dashlist", "datagrid", "debug", "gettingstarted", "live", "news", "text", "welcome"}

func (c *check) panel(p model.Object) {
	at := place{part: "panel", name: model.Text(p, "title")}
	if id := p["id"]; id != nil {
		at.id = fmt.Sprint(id)
	}
	kind := model.Text(p, "type")
	if ref, ok := p["libraryPanel"].(model.Object); ok {
		c.add(at, Empty, "library-panel", fmt.Sprintf("it is the library panel %q, which is not in the file: export the dashboard for sharing externally", model.Text(ref, "name")), "", nil)
		return
	}
	if !slices.Contains(plugins, kind) {
		c.add(at, Empty, "plugin", fmt.Sprintf("the lab's Grafana has no panel plugin %q", kind), "", nil)
		return
	}
	if slices.Contains(still, kind) {
		return
	}
	targets := model.Targets(p)
	if len(targets) == 0 {
		c.add(at, Empty, "no-query", "it has no query", "", nil)
		return
	}
	if !c.panelSource(at, p, targets) {
		return
	}
	percentiles := false
	for _, t := range targets {
		at.query = model.Text(t, "refId")
		if t["hide"] == true || t["datasource"] != nil && !c.source(at, t["datasource"]) {
			continue
		}
		if influxQL(t) {
			c.add(at, Empty, "influxql", "its query is InfluxQL, and the lab's InfluxDB is asked in Flux", "", nil)
			continue
		}
		q := model.Text(t, "query")
		if strings.TrimSpace(q) == "" {
			c.add(at, Empty, "no-query", "its query is empty", "", nil)
			continue
		}
		rescale := func() { title(p, "per second") }
		percentiles = c.panelQuery(at, q, func(fixed string) { t["query"] = fixed }, rescale) || percentiles
	}
	at.query = ""
	if percentiles {
		c.calcs(at, p)
	}
}

// panelSource looks at the panel's own datasource where its queries have none of their own.
func (c *check) panelSource(at place, p model.Object, targets []model.Object) bool {
	ref := p["datasource"]
	if slices.ContainsFunc(targets, func(t model.Object) bool { return t["datasource"] != nil }) || ref == nil {
		return true
	}
	return c.source(at, ref)
}

// calcs finds means of percentiles that a panel itself makes.
func (c *check) calcs(at place, p model.Object) {
	options, _ := p["options"].(model.Object)
	for _, key := range []string{"reduceOptions", "legend"} {
		of, _ := options[key].(model.Object)
		list, _ := of["calcs"].([]any)
		i := slices.IndexFunc(list, func(v any) bool { return v == "mean" || v == "sum" || v == "median" })
		if i < 0 {
			continue
		}
		c.add(at, Misleads, "percentile-of-percentiles", fmt.Sprintf("it shows the %v of percentiles, which is the percentile of nothing", list[i]),
			"it shows the largest of them", func() { list[i] = "max" })
	}
}

func title(p model.Object, more string) {
	if t := model.Text(p, "title"); !strings.Contains(strings.ToLower(t), more) {
		p["title"] = strings.TrimSpace(t + " (" + more + ")")
	}
}
