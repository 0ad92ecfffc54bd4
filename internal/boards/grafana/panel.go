package grafana

import (
	"regexp"
	"strconv"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/rows"
)

// panelOf is a board's panel but for its place.
func panelOf(b *boards.Board, p *boards.Panel) panel {
	out := panel{ID: id(b, p.ID), Title: p.Title, Description: p.Description, Datasource: influxdb(), Interval: interval(b, p)}
	if p.Caveat != nil {
		out.Description += " Mind the " + p.Caveat.Say + "."
	}
	for i, t := range flux.Targets(b, p) {
		out.Targets = append(out.Targets, target{ref(i), influxdb(), t.Text})
	}
	out.FieldConfig = &config{Defaults: object{"unit": unit(p.Unit), "noValue": why(p), "color": object{"mode": "palette-classic"}}, Overrides: []override{}}
	switch p.Kind {
	case boards.Stat:
		stat(&out, p)
	case boards.Table:
		table(&out, p)
	case boards.Heatmap:
		heatmap(&out, p)
	default:
		lines(&out, p)
	}
	return out
}

// interval is the length of a point at least: that of the rows.
func interval(b *boards.Board, p *boards.Panel) string {
	switch {
	case !p.Kind.Over():
		return ""
	case b.Tool == "artillery" && !rows.IsInfra(p.Queries[0].Metric):
		return "10s"
	}
	return "1s"
}

// ref names a query: A to Z, then A1.
func ref(i int) string {
	s := string(rune('A' + i%26))
	if i >= 26 {
		s += strconv.Itoa(i / 26)
	}
	return s
}

func unit(u boards.Unit) string {
	switch u {
	case boards.Count:
		return "locale"
	case boards.Milliseconds:
		return "ms"
	case boards.Bytes:
		return "decbytes"
	case boards.Percent:
		return "percentunit"
	case boards.ByteRate:
		return "Bps"
	case boards.RequestRate:
		return "reqps"
	case boards.Ratio:
		return "suffix: ×"
	case boards.Plain:
		return "short"
	}
	return "suffix: " + string(u)
}

func color(i boards.Ink) string {
	switch i {
	case boards.Ramp1:
		return "super-light-blue"
	case boards.Ramp2:
		return "light-blue"
	case boards.Ramp3:
		return "blue"
	case boards.Ramp4:
		return "dark-blue"
	case boards.Faint:
		return "#8e8e8e"
	case boards.Plain1:
		return "semi-dark-blue"
	case boards.Plain2:
		return "orange"
	case boards.Plain3:
		return "purple"
	case boards.Fail:
		return "red"
	}
	return ""
}

func fixed(name string) property {
	return property{"color", object{"mode": "fixed", "fixedColor": name}}
}

func byName(name string) object { return object{"id": "byName", "options": name} }

func matching(expression string) object {
	return object{"id": "byRegexp", "options": "/" + expression + "/"}
}

// thresholds are levels above a value; Grafana's begin at it.
func thresholds(p *boards.Panel) object {
	steps := []object{{"color": "green", "value": nil}}
	if len(p.Thresholds) == 0 {
		steps[0]["color"] = "text"
	}
	for _, t := range p.Thresholds {
		steps = append(steps, object{"color": map[boards.Level]string{boards.Good: "green", boards.Warn: "orange", boards.Bad: "red"}[t.Level], "value": t.At + 1e-9})
	}
	return object{"mode": "absolute", "steps": steps}
}

func stat(out *panel, p *boards.Panel) {
	out.Type = "stat"
	out.FieldConfig.Defaults["color"] = object{"mode": "thresholds"}
	out.FieldConfig.Defaults["thresholds"] = thresholds(p)
	for i := range p.Queries {
		q := &p.Queries[i]
		var set []property
		if q.UnitIn(p) != p.Unit {
			set = append(set, property{"unit", unit(q.UnitIn(p))})
		}
		if i > 0 { // why there is nothing is said once
			set = append(set, fixed("text"), property{"noValue", "–"})
		}
		if len(set) > 0 {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, override{byName(flux.Label(p, q)), set})
		}
	}
	mode := "value_and_name"
	if len(p.Queries) == 1 {
		mode = "value"
	}
	out.Options = object{
		"reduceOptions": object{"values": false, "calcs": []string{"lastNotNull"}, "fields": ""}, "orientation": "auto", "textMode": mode, "wideLayout": true,
		"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "showPercentChange": false, "percentChangeColorMode": "standard",
	}
}

func table(out *panel, p *boards.Panel) {
	out.Type = "table"
	out.FieldConfig.Defaults["custom"] = object{"align": "auto", "inspect": false, "cellOptions": object{"type": "auto"}}
	out.FieldConfig.Defaults["color"] = object{"mode": "thresholds"}
	order := object{p.KeyTitle: 0}
	for i := range p.Queries {
		q := &p.Queries[i]
		label := flux.Label(p, q)
		order[label] = i + 1
		if q.UnitIn(p) != p.Unit {
			out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, override{byName(label), []property{{"unit", unit(q.UnitIn(p))}}})
		}
	}
	out.Transformations = []object{{"id": "organize", "options": object{"indexByName": order, "excludeByName": object{}, "includeByName": object{}, "renameByName": object{}}}}
	out.Options = object{"showHeader": true, "cellHeight": "sm", "sortBy": []object{{"displayName": flux.Label(p, &p.Queries[0]), "desc": true}}}
}

func heatmap(out *panel, p *boards.Panel) {
	out.Type = "heatmap"
	out.FieldConfig.Defaults = object{"noValue": why(p), "custom": object{"hideFrom": object{"legend": false, "tooltip": false, "viz": false},
		"scaleDistribution": object{"type": "linear"}}}
	out.Options = object{
		"calculate": false, "calculation": object{}, "cellGap": 1, "cellValues": object{"unit": unit(boards.Count)}, "rowsFrame": object{"layout": "le", "value": "values"},
		"color":        object{"mode": "scheme", "scheme": "Oranges", "fill": "dark-orange", "scale": "exponential", "exponent": 0.5, "steps": 64, "reverse": false},
		"filterValues": object{"le": 1e-9}, "legend": object{"show": true}, "showValue": "never", "exemplars": object{"color": "rgba(255,0,255,0.7)"},
		"tooltip": object{"mode": "single", "yHistogram": false, "showColorScale": true},
		"yAxis":   object{"axisPlacement": "left", "reverse": false, "unit": unit(p.Unit)},
	}
}

// lines is a panel of lines or columns over time, or over quantiles.
func lines(out *panel, p *boards.Panel) {
	custom := object{
		"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 0, "gradientMode": "none", "showPoints": "auto", "pointSize": 4,
		"spanNulls": false, "insertNulls": 60_000, "axisPlacement": "auto", "axisSoftMin": 0, "scaleDistribution": object{"type": "linear"},
		"stacking": object{"mode": "none", "group": "A"}, "thresholdsStyle": object{"mode": "off"},
	}
	out.Type = "timeseries"
	out.Options = object{
		"legend": object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}}, "tooltip": object{"mode": "multi", "sort": "desc"},
	}
	set := func(matcher object, properties ...property) {
		out.FieldConfig.Overrides = append(out.FieldConfig.Overrides, override{matcher, properties})
	}
	switch {
	case p.Kind == boards.Spectrum:
		out.Type, out.Options["xField"] = "trend", "nines"
		delete(custom, "insertNulls")
		set(byName("nines"), property{"displayName", "nines of the quantile: 1 is p90, 2 is p99, 3 is p99.9"}, property{"unit", "none"}, property{"decimals", 1})
		set(byName("q"), property{"unit", "percentunit"}, property{"custom.hideFrom", object{"legend": true, "tooltip": false, "viz": true}})
	case p.Kind == boards.Bars:
		custom["drawStyle"], custom["fillOpacity"], custom["lineWidth"] = "bars", 80, 0
		custom["stacking"] = object{"mode": "normal", "group": "A"}
		if p.Queries[0].By == "status" {
			for _, c := range [][2]string{{"^[12]", "green"}, {"^3", "blue"}, {"^4", "orange"}, {"^5", "red"}, {"^no answer$", "dark-red"}} {
				set(matching(c[0]), fixed(c[1]))
			}
		}
	case p.Fill:
		custom["fillOpacity"] = 15
	}
	out.FieldConfig.Defaults["custom"] = custom
	for i := range p.Queries {
		q := &p.Queries[i]
		var properties []property
		if color(q.Ink) != "" {
			properties = append(properties, fixed(color(q.Ink)))
		}
		if q.Dashed {
			properties = append(properties, property{"custom.lineStyle", object{"fill": "dash", "dash": []int{6, 6}}})
		}
		if q.UnitIn(p) != p.Unit {
			properties = append(properties, property{"unit", unit(q.UnitIn(p))})
		}
		if len(properties) == 0 || p.Kind == boards.Bars {
			continue
		}
		if q.Each != "" {
			set(matching(" "+regexp.QuoteMeta(q.Label)+"$"), properties...)
			continue
		}
		set(byName(flux.Label(p, q)), properties...)
	}
}

// runs lists the runs, each a link to itself and its span of time.
func runs(b *boards.Board) panel {
	open := "/d/" + UID(b) + "?var-run=${__data.fields.run:percentencode}&var-project=${__data.fields.project:percentencode}&from=${__data.fields.from}&to=${__data.fields.to}"
	hidden := []property{{"custom.hideFrom", object{"legend": true, "tooltip": true, "viz": true}}}
	return panel{
		ID: id(b, "(runs)"), Type: "table", Title: "Runs (newest first)", Datasource: influxdb(), Description: "A click on a run shows it here, over its whole time.",
		Targets: []target{{"A", influxdb(), flux.Runs(b)}},
		FieldConfig: &config{
			Defaults: object{"noValue": "no run is in InfluxDB yet", "custom": object{"align": "auto", "inspect": false, "cellOptions": object{"type": "auto"}}},
			Overrides: []override{
				{byName("run"), []property{{"links", []object{{"title": "show this run", "url": open, "targetBlank": false}}}}},
				{byName("load"), []property{{"unit", "s"}}},
				{byName("from"), hidden}, {byName("to"), hidden},
			},
		},
		Transformations: []object{{"id": "organize", "options": object{"excludeByName": object{}, "includeByName": object{}, "renameByName": object{},
			"indexByName": object{"run": 0, "began": 1, "load": 2, "tool": 3, "scenario": 4, "project": 5, "from": 6, "to": 7}}}},
		Options: object{"showHeader": true, "cellHeight": "sm"},
	}
}
