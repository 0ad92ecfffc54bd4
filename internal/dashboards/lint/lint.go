// Package lint says which panels of a dashboard will be empty in the lab and why, and which show figures that mislead. It
// measures them against what the lab writes, and, where InfluxDB can be asked, against what it holds.
package lint

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// Effect is what is wrong with a panel.
type Effect string

// The effects.
const (
	Empty    Effect = "empty"    // it will show nothing, or an error
	Misleads Effect = "misleads" // it shows something else than it seems to
)

// Finding is one thing that is wrong.
type Finding struct {
	Rule    string `json:"rule"` // docs/guides/dashboards.md lists them
	Effect  Effect `json:"effect"`
	Panel   string `json:"panel"`    // its title; of a variable or an annotation its name; "" for the whole dashboard
	PanelID string `json:"panel_id"` // "" where the panel has none
	Part    string `json:"part"`     // panel, variable, annotation or dashboard
	Query   string `json:"query"`    // its letter, "" for all of the panel
	Why     string `json:"why"`      // in a sentence, without a period
	Repair  string `json:"repair"`   // what --fix does in the lab's copy; "" where nobody but its author can
	Fixed   bool   `json:"fixed"`    // it did
	Place   int    `json:"-"`        // which place of its dashboard it is: panels may have neither ids nor titles
}

// World is what dashboards are measured against.
type World struct {
	Short, Long string // the lab's two buckets
	NoRaw       bool   // k6 sends no raw samples
	Holds       Holder // what InfluxDB holds; nil when it cannot be asked
	shapes      []shape
}

// Holder answers what InfluxDB holds. An error means that it cannot tell; it is then as if nobody had been asked.
type Holder interface {
	Buckets() ([]string, error)
	Measurements(bucket string) ([]string, error)
	Fields(bucket, measurement string) ([]string, error)
	Tags(bucket, measurement string) ([]string, error)
	Values(bucket, measurement, tag string) ([]string, error)
}

// check is one dashboard being looked at.
type check struct {
	*World
	fix      bool
	place    int // which one is being looked at
	findings []Finding
}

// Check looks at a dashboard as the lab has it; with fix it repairs what can be repaired in it.
func Check(board model.Object, w World, fix bool) []Finding {
	w.shapes = all()
	c := &check{World: &w, fix: fix}
	c.time(board)
	for _, v := range model.Variables(board) {
		c.place++
		c.variable(v)
	}
	for _, a := range model.Annotations(board) {
		c.place++
		c.annotation(a)
	}
	for p := range model.Panels(board) {
		c.place++
		c.panel(p)
	}
	return c.findings
}

// place is where a finding is.
type place struct {
	part, name, id, query string
}

func (c *check) add(p place, effect Effect, rule, why, repair string, do func()) {
	f := Finding{Rule: rule, Effect: effect, Part: p.part, Panel: p.name, PanelID: p.id, Query: p.query, Why: why, Repair: repair, Place: c.place}
	if c.fix && do != nil {
		do()
		f.Fixed = true
	}
	for i := len(c.findings) - 1; i >= 0 && c.findings[i].Place == f.Place; i-- {
		if c.findings[i] == f {
			return // pipelines that go on from one read have its faults in common
		}
	}
	c.findings = append(c.findings, f)
}

// time finds a fixed range: after some days there is nothing in it.
func (c *check) time(board model.Object) {
	span, _ := board["time"].(model.Object)
	from, to := model.Text(span, "from"), model.Text(span, "to")
	if span == nil || strings.HasPrefix(from, "now") && strings.HasPrefix(to, "now") {
		return
	}
	c.add(place{part: "dashboard"}, Empty, "fixed-time", fmt.Sprintf("it opens on the fixed time from %v to %v, in which there is no run of this lab", span["from"], span["to"]),
		"it opens on the last hour", func() { board["time"] = model.Object{"from": "now-1h", "to": "now"} })
}

func (c *check) variable(v model.Object) {
	at := place{part: "variable", name: model.Text(v, "name")}
	q := model.Query(v)
	if model.Text(v, "type") != "query" || q == "" || !c.source(at, v["datasource"]) {
		return
	}
	if isInfluxQL(q) {
		c.add(at, Empty, "influxql", "its query is InfluxQL, and the lab's InfluxDB is asked in Flux; panels that use it stay empty", "", nil)
		return
	}
	c.query(at, q, func(fixed string) {
		if of, ok := v["query"].(model.Object); ok {
			of["query"] = fixed
			return
		}
		v["query"] = fixed
	})
}

func (c *check) annotation(a model.Object) {
	at := place{part: "annotation", name: model.Text(a, "name")}
	target, _ := a["target"].(model.Object)
	holder := target
	if model.Text(target, "query") == "" {
		holder = a // as older dashboards have it
	}
	q := model.Text(holder, "query")
	if q == "" || a["enable"] == false || !c.source(at, a["datasource"]) {
		return
	}
	if isInfluxQL(q) {
		c.add(at, Empty, "influxql", "its query is InfluxQL, and the lab's InfluxDB is asked in Flux", "", nil)
		return
	}
	c.query(at, q, func(fixed string) { holder["query"] = fixed })
}

// source says whether a datasource is the lab's InfluxDB, and finds one that the lab has not. Grafana's own are neither.
func (c *check) source(at place, ref any) bool {
	kind, uid := "", ""
	switch v := ref.(type) {
	case model.Object:
		kind, uid = model.Text(v, "type"), model.Text(v, "uid")
	case string:
		uid = v
	}
	if uid == "influxdb" && (kind == "" || kind == "influxdb") || ref == nil {
		return true
	}
	for _, own := range []string{"grafana", "mixed", "dashboard", "__expr__", "datasource"} {
		if kind == own || strings.EqualFold(strings.Trim(uid, "- "), own) {
			return false
		}
	}
	what := kind
	if what == "" {
		what = fmt.Sprintf("%q", uid)
	}
	c.add(at, Empty, "datasource", "it reads the datasource "+what+", and the lab's Grafana has only its InfluxDB", "", nil)
	return false
}
