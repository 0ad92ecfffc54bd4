package dashboards

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// Datasource is the uid and the type of the one datasource that the lab's Grafana has.
const Datasource = "influxdb"

// rewrite makes of a project's dashboard the lab's copy: its own uid, the lab's datasource, and nothing that only Grafana's
// import would fill in. uids are the new ones of all the project's dashboards by those in their files. An
// error says why its library panels cannot be put in.
func rewrite(f *model.File, uid string, uids map[string]string) (model.Object, error) {
	r := newRewriter(f)
	values := map[string]string{}
	for _, in := range f.Inputs {
		if in.Kind == "constant" {
			values["${"+in.Name+"}"] = in.Value
		}
	}
	b := f.Board
	if err := inline(b, f.Elements); err != nil {
		return nil, err
	}
	for _, key := range []string{"__inputs", "__requires", "__elements", "iteration", "meta"} {
		delete(b, key)
	}
	if len(values) > 0 {
		model.Strings(b, true, func(s string) string {
			for name, value := range values {
				s = strings.ReplaceAll(s, name, value)
			}
			return s
		})
	}
	model.Strings(b, false, func(s string) string { return follow(s, uids) })
	r.board(b)
	b["id"], b["uid"], b["version"] = nil, uid, 1
	return b, nil
}

var address = regexp.MustCompile(`(^|/)(d|d-solo)/([A-Za-z0-9_-]+)`)

// follow makes a link to a dashboard of the same project one to its copy.
func follow(s string, uids map[string]string) string {
	if !strings.Contains(s, "d/") && !strings.Contains(s, "d-solo/") {
		return s
	}
	return address.ReplaceAllStringFunc(s, func(m string) string {
		parts := address.FindStringSubmatch(m)
		if to := uids[parts[3]]; to != "" {
			return parts[1] + parts[2] + "/" + to
		}
		return m
	})
}

type rewriter struct {
	inputs    map[string]string // plugin of each input that is a datasource
	variables map[string]string // plugin of each variable that is one
	away      []string          // uids and names of InfluxDBs that are none of the lab's
}

func newRewriter(f *model.File) *rewriter {
	r := &rewriter{inputs: map[string]string{}, variables: map[string]string{}}
	for _, in := range f.Inputs {
		if in.Kind == "datasource" {
			r.inputs[in.Name] = in.Plugin
		}
	}
	for _, v := range model.Variables(f.Board) {
		if model.Text(v, "type") == "datasource" {
			r.variables[model.Text(v, "name")] = model.Query(v)
		}
	}
	return r
}

// board makes every datasource of a dashboard the lab's where it means an InfluxDB.
func (r *rewriter) board(b model.Object) {
	for p := range model.Panels(b) {
		r.panel(p)
	}
	for _, a := range model.Annotations(b) {
		target, _ := a["target"].(model.Object)
		r.point(a, target)
		if target != nil && target["datasource"] != nil {
			r.point(target, target)
		}
	}
	for _, v := range model.Variables(b) {
		r.variable(v)
	}
}

func (r *rewriter) panel(p model.Object) {
	targets := model.Targets(p)
	var first model.Object
	if len(targets) > 0 {
		first = targets[0]
	}
	if p["datasource"] != nil || first != nil {
		r.point(p, first)
	}
	for _, t := range targets {
		if t["datasource"] != nil {
			r.point(t, t)
		}
	}
}

func (r *rewriter) variable(v model.Object) {
	switch model.Text(v, "type") {
	case "query", "adhoc", "groupby":
		if v["datasource"] != nil || model.Query(v) != "" {
			r.point(v, model.Object{"query": model.Query(v)})
		}
	case "datasource":
		if model.Query(v) == Datasource { // there is one: whatever was chosen elsewhere is not here
			v["current"] = model.Object{"text": "InfluxDB", "value": Datasource, "selected": true}
			v["options"], v["regex"], v["multi"], v["includeAll"] = []any{}, "", false, false
		}
	}
}

// point makes an object's datasource the lab's where it means an InfluxDB. Others stay what they are: the lab has none of
// them, and lint says so.
func (r *rewriter) point(o, target model.Object) {
	if r.influx(o["datasource"], target) {
		if name := r.foreign(o["datasource"]); name != "" && !slices.Contains(r.away, name) {
			r.away = append(r.away, name)
		}
		o["datasource"] = model.Object{"type": Datasource, "uid": Datasource}
	}
}

// built are Grafana's own datasources, and what it calls several at once.
var built = []string{"grafana", "-- grafana --", "-- mixed --", "-- dashboard --", "mixed", "dashboard", "__expr__", "datasource"}

func (r *rewriter) influx(ref any, target model.Object) bool {
	switch v := ref.(type) {
	case nil:
		return true // the default one, which is the lab's
	case string:
		return r.named(v, target)
	case model.Object:
		uid, kind := model.Text(v, "uid"), model.Text(v, "type")
		switch {
		case slices.Contains(built, strings.ToLower(uid)), slices.Contains(built, strings.ToLower(kind)):
			return false
		case kind == "" || strings.ContainsRune(kind, '$'):
			return r.named(uid, target)
		}
		return kind == Datasource
	}
	return false
}

// foreign is the name of an InfluxDB that the lab's Grafana does not have, "" for its own.
func (r *rewriter) foreign(ref any) string {
	name, _ := ref.(string)
	if o, ok := ref.(model.Object); ok {
		name = model.Text(o, "uid")
	}
	if _, ok := r.variables[inner(name)]; ok && inner(name) != name || slices.Contains([]string{Datasource, "InfluxDB", "default"}, name) {
		return ""
	}
	return name
}

// inner is a variable's name without the signs around it.
func inner(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(name, "[["), "]]"), "$"), "{"), "}")
}

// named decides by a datasource's name, which may be a variable's; of what is unknown here, by what it is asked.
func (r *rewriter) named(name string, target model.Object) bool {
	if slices.Contains(built, strings.ToLower(name)) {
		return false
	}
	for _, known := range []map[string]string{r.inputs, r.variables} {
		if plugin, ok := known[inner(name)]; ok && inner(name) != name {
			return plugin == Datasource
		}
	}
	return target == nil || target["expr"] == nil && target["rawSql"] == nil
}
