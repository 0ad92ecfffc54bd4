// Package model reads Grafana's dashboards as JSON: what is a dashboard at all, and where its panels, queries, variables and
// annotations are, in the schemas of old and new. Numbers stay the digits that they were written with.
package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Object is a JSON object.
type Object = map[string]any

// ErrOther is JSON that is no dashboard, such as a package.json that lies beside one.
var ErrOther = errors.New("it is JSON, but no dashboard: it has neither panels nor rows")

// File is a dashboard's file: the dashboard itself, without what it was wrapped in for an API or an import.
type File struct {
	Board    Object
	UID      string // "" for none
	Title    string
	Inputs   []Input
	Elements Object // library panels that came with it, by uid
}

// Input is what Grafana's import would ask for: a datasource, or a constant's value.
type Input struct {
	Name   string
	Kind   string // datasource or constant
	Plugin string // of a datasource
	Value  string // of a constant
}

// Parse reads a dashboard. JSON that is none is ErrOther; all other errors say what is wrong with the JSON, with its line.
func Parse(content []byte) (*File, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("it is empty")
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	var document any
	err := d.Decode(&document)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = fmt.Errorf("line %d: there is more behind the end of the JSON", line(content, d.InputOffset()))
		}
	} else {
		err = located(content, d.InputOffset(), err)
	}
	if err != nil {
		return nil, err
	}
	board, ok := document.(Object)
	if !ok {
		return nil, ErrOther
	}
	return open(board)
}

// open takes a dashboard out of what it is wrapped in.
func open(o Object) (*File, error) {
	inputs := o["__inputs"]
	uid := ""
	if inner, ok := o["dashboard"].(Object); ok && !isBoard(o) { // what the API takes and gives
		o = inner
		if _, there := o["__inputs"]; there {
			inputs = o["__inputs"]
		}
	}
	if spec, ok := o["spec"].(Object); ok && !isBoard(o) { // a resource of Grafana's newer API
		meta, _ := o["metadata"].(Object)
		uid, o = Text(meta, "name"), spec
	}
	if _, ok := o["elements"].(Object); ok && o["layout"] != nil {
		return nil, errors.New("it is of Grafana's schema v2, which Grafana does not read from files: export it in the classic schema")
	}
	if !isBoard(o) {
		return nil, ErrOther
	}
	f := &File{Board: o, UID: Text(o, "uid"), Title: Text(o, "title")}
	if f.UID == "" {
		f.UID = uid
	}
	if strings.TrimSpace(f.Title) == "" {
		return nil, errors.New("the dashboard has no title, without which Grafana does not take it")
	}
	for _, in := range objects(inputs) {
		f.Inputs = append(f.Inputs, Input{Text(in, "name"), Text(in, "type"), Text(in, "pluginId"), Text(in, "value")})
	}
	f.Elements, _ = o["__elements"].(Object)
	return f, nil
}

// isBoard says whether an object is a dashboard and no wrapper of one, and no other file that has panels.
func isBoard(o Object) bool {
	for _, key := range []string{"panels", "rows"} {
		if _, ok := o[key].([]any); ok {
			return true
		}
	}
	return o["schemaVersion"] != nil && o["title"] != nil // an empty one
}

// Text is an object's text at a key, "" where there is none.
func Text(o Object, key string) string {
	s, _ := o[key].(string)
	return s
}

func objects(list any) (out []Object) {
	all, _ := list.([]any)
	for _, v := range all {
		if o, ok := v.(Object); ok {
			out = append(out, o)
		}
	}
	return out
}

// Panels are all panels that may show something: those in rows too, not the rows.
func Panels(board Object) iter.Seq[Object] {
	return func(yield func(Object) bool) { panels(board, yield) }
}

func panels(in Object, yield func(Object) bool) bool {
	for _, row := range objects(in["rows"]) { // schemas before 16
		if !panels(row, yield) {
			return false
		}
	}
	for _, p := range objects(in["panels"]) {
		if Text(p, "type") != "row" && !yield(p) {
			return false
		}
		if !panels(Object{"panels": p["panels"]}, yield) {
			return false
		}
	}
	return true
}

// Within are the rows and panels that lie in a dashboard, a row or a panel, and not in another one of it.
func Within(in Object) []Object { return append(objects(in["rows"]), objects(in["panels"])...) }

// Targets are a panel's queries.
func Targets(panel Object) []Object { return objects(panel["targets"]) }

// Annotations are a dashboard's.
func Annotations(board Object) []Object { return inList(board, "annotations") }

// Variables are a dashboard's.
func Variables(board Object) []Object { return inList(board, "templating") }

func inList(board Object, key string) []Object {
	of, _ := board[key].(Object)
	return objects(of["list"])
}

// Query is the text of a variable's query, "" where it has none that is text.
func Query(variable Object) string {
	if of, ok := variable["query"].(Object); ok {
		return Text(of, "query")
	}
	return Text(variable, "query")
}

// Strings puts every text in a value, at any depth, through f. Those at the keys of a query are left out when queries is false.
func Strings(value any, queries bool, f func(string) string) any {
	switch v := value.(type) {
	case string:
		return f(v)
	case Object:
		for key, in := range v {
			if queries || key != "query" && key != "rawSql" && key != "expr" {
				v[key] = Strings(in, queries, f)
			}
		}
	case []any:
		for i := range v {
			v[i] = Strings(v[i], queries, f)
		}
	}
	return value
}

// Write is a dashboard as a file: indented, keys in order, so that the same one always gives the same bytes.
func Write(board Object) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(board)
	return out.Bytes(), err
}

// located says in which line the JSON is wrong.
func located(content []byte, offset int64, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("line %d: %s", line(content, syntax.Offset), syntax.Error())
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("line %d: it ends too early", line(content, int64(len(bytes.TrimSpace(content)))))
	}
	return fmt.Errorf("line %d: %w", line(content, offset), err)
}

func line(content []byte, offset int64) int {
	return 1 + bytes.Count(content[:min(max(0, offset), int64(len(content)))], []byte("\n"))
}
