// Package grafana writes boards as Grafana dashboards: JSON of the schema of Grafana 12.4, with Flux for the datasource that
// the lab provisions. It knows no board; the same board always gives the same file.
package grafana

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
)

// schemaVersion is that of Grafana 12.4, see defaultDashboard of @grafana/schema.
const schemaVersion = 42

// UID is the dashboard's address in Grafana: /d/UID.
func UID(b *boards.Board) string { return "ltlab-" + b.ID }

// File is what the dashboard's file is called.
func File(b *boards.Board) string { return b.ID + ".json" }

// Dashboard is a board as Grafana reads it.
func Dashboard(b *boards.Board) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(dashboardOf(b))
	return out.Bytes(), err
}

type object = map[string]any

type dashboard struct {
	UID           string   `json:"uid"`
	Title         string   `json:"title"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Version       int      `json:"version"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"`
	Refresh       string   `json:"refresh"`
	Timezone      string   `json:"timezone"`
	Time          span     `json:"time"`
	Links         []link   `json:"links"`
	Annotations   object   `json:"annotations"`
	Templating    object   `json:"templating"`
	Panels        []panel  `json:"panels"`
}

type span struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type link struct {
	Type        string   `json:"type"`
	Title       string   `json:"title"`
	Tags        []string `json:"tags"`
	Icon        string   `json:"icon"`
	Tooltip     string   `json:"tooltip"`
	AsDropdown  bool     `json:"asDropdown"`
	IncludeVars bool     `json:"includeVars"`
	KeepTime    bool     `json:"keepTime"`
	TargetBlank bool     `json:"targetBlank"`
}

type grid struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

type panel struct {
	ID              int         `json:"id"`
	Type            string      `json:"type"`
	Title           string      `json:"title"`
	Description     string      `json:"description,omitempty"`
	GridPos         grid        `json:"gridPos"`
	Datasource      *datasource `json:"datasource,omitempty"`
	Interval        string      `json:"interval,omitempty"`
	Targets         []target    `json:"targets,omitempty"`
	FieldConfig     *config     `json:"fieldConfig,omitempty"`
	Options         object      `json:"options,omitempty"`
	Transformations []object    `json:"transformations,omitempty"`
	Collapsed       *bool       `json:"collapsed,omitempty"` // of rows
	Panels          *[]panel    `json:"panels,omitempty"`    // of rows
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// influxdb is the lab's, by the uid under which it is provisioned.
func influxdb() *datasource { return &datasource{"influxdb", "influxdb"} }

type target struct {
	RefID      string      `json:"refId"`
	Datasource *datasource `json:"datasource"`
	Query      string      `json:"query"`
}

type config struct {
	Defaults  object     `json:"defaults"`
	Overrides []override `json:"overrides"`
}

type override struct {
	Matcher    object     `json:"matcher"`
	Properties []property `json:"properties"`
}

type property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}

func dashboardOf(b *boards.Board) dashboard {
	d := dashboard{
		UID: UID(b), Title: b.Title, Description: b.Description, Tags: []string{"ltlab"}, SchemaVersion: schemaVersion, Version: 1,
		GraphTooltip: 1, Refresh: "5s", Timezone: "browser", Time: span{"now-1h", "now"},
	}
	if b.Depth == boards.WarRoom {
		d.Time.From = "now-15m"
	}
	others := "ltlab"
	switch b.Tool {
	case "":
		d.Tags = append(d.Tags, "k6", "artillery")
	case "artillery":
		d.Refresh = "10s" // its periods' length
		fallthrough
	default:
		d.Tags, others = append(d.Tags, b.Tool), b.Tool
	}
	d.Links = []link{{Type: "dashboards", Title: "Boards", Tags: []string{others}, Icon: "external link", Tooltip: "other boards of the same run",
		AsDropdown: false, IncludeVars: true, KeepTime: true}}
	d.Annotations = object{"list": annotations(b)}
	d.Templating = object{"list": variables(b)}
	d.Panels = layOut(b)
	return d
}

// id numbers a panel by its name, so that links to it, and what somebody wrote about it, outlive every new order.
func id(b *boards.Board, name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(b.ID + "/" + name)) // a hash takes everything
	return int(h.Sum32()&0x7fffffff) | 1
}

func variables(b *boards.Board) []object {
	list := []object{}
	for _, c := range flux.Choices(b) {
		v := object{
			"type": "query", "name": c.Name, "datasource": influxdb(), "query": c.Text, "definition": "", "refresh": 2, "sort": 0,
			"hide": 0, "multi": false, "includeAll": false, "regex": "", "skipUrlSync": false, "options": []object{}, "current": object{"text": "", "value": ""},
		}
		delete(v, "definition")
		if v["label"] = c.Label; c.Label == "" { // what a choice comes to: nothing to choose, and no part of the address
			delete(v, "label")
			v["hide"], v["skipUrlSync"] = 2, true
		}
		list = append(list, v)
	}
	return list
}

func annotations(b *boards.Board) []object {
	note := func(name, color, query string) object {
		return object{"name": name, "enable": true, "hide": false, "iconColor": color, "datasource": influxdb(),
			"target": object{"refId": "Anno", "query": query, "limit": 100, "matchAny": false, "tags": []string{}, "type": "tags"}}
	}
	list := []object{note("Run", "blue", flux.Events())}
	for i := range b.Shades {
		list = append(list, note("Short of CPU: "+b.Shades[i].Query.Label, "rgba(150, 150, 150, 0.4)", flux.Shade(b, i)))
	}
	return list
}

// layOut puts panels on Grafana's 24 columns, in the board's order; the list of runs comes last.
func layOut(b *boards.Board) []panel {
	var out []panel
	y := 0
	heading := func(title string) {
		collapsed := false
		out = append(out, panel{ID: id(b, "row "+title), Type: "row", Title: title, GridPos: grid{1, 24, 0, y}, Collapsed: &collapsed, Panels: &[]panel{}})
		y++
	}
	for _, r := range b.Rows {
		if r.Title != "" {
			heading(r.Title)
		}
		x, high := 0, 0
		for i := range r.Panels {
			p := &r.Panels[i]
			g := panelOf(b, p)
			width := 2 * p.Width
			if p.Width == 0 { // what is left over goes to the last
				if width = 24 / len(r.Panels); i == len(r.Panels)-1 {
					width = 24 - x
				}
			}
			g.GridPos = grid{height(b, p), width, x, y}
			x, high = x+width, max(high, g.GridPos.H)
			out = append(out, g)
		}
		y += high
	}
	heading("Runs")
	list := runs(b)
	list.GridPos = grid{8, 24, 0, y}
	return append(out, list)
}

func height(b *boards.Board, p *boards.Panel) int {
	h := 8
	switch p.Kind {
	case boards.Stat:
		h = 5
	case boards.Heatmap, boards.Spectrum:
		h = 9
	}
	if b.Depth == boards.WarRoom {
		h += 2
	}
	return h
}

// why is what a panel without data says.
func why(p *boards.Panel) string {
	s := p.Absent
	if s == "" {
		s = "this run has no metric " + strings.Trim(p.Queries[0].Metric, "()")
	}
	if p.Withheld != "" {
		s = p.Withheld + ", or " + s
	}
	if p.Kind.Over() {
		s += ", or nothing of it in the time shown"
	}
	return s
}
