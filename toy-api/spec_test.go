package toyapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A node is a part of openapi.json.
type node map[string]any

// parseSpec reads openapi.json once for all tests; nobody changes the result.
var parseSpec = sync.OnceValue(func() (doc node) {
	if err := json.Unmarshal(Spec(), &doc); err != nil {
		panic(err)
	}
	return doc
})

// at walks down the keys and follows references; nil when there is nothing.
func (doc node) at(from node, keys ...string) node {
	for _, key := range keys {
		next, _ := from[key].(map[string]any)
		from = doc.resolve(next)
	}
	return from
}

func (doc node) resolve(n node) node {
	for {
		ref, ok := n["$ref"].(string)
		if !ok {
			return n
		}
		n = doc.at(doc, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
}

// inputs returns a schema of every input of an operation, by place and name.
func (doc node) inputs(t *testing.T, op node) map[string]node {
	t.Helper()
	found := map[string]node{}
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		p := doc.resolve(p.(map[string]any))
		schema := maps.Clone(doc.at(p, "schema"))
		schema["required"] = p["required"] == true
		found[p["in"].(string)+" "+p["name"].(string)] = schema
	}
	body := doc.at(op, "requestBody", "content", "application/json", "schema")
	required, _ := body["required"].([]any)
	for name := range doc.at(body, "properties") {
		schema := maps.Clone(doc.at(body, "properties", name))
		schema["required"] = slices.Contains(required, any(name))
		found["body "+name] = schema
	}
	return found
}

// TestSpecIsInStep compares the route table with openapi.json both ways:
// routes, methods, parameters, their types, ranges, defaults and choices.
func TestSpecIsInStep(t *testing.T) {
	doc := parseSpec()
	described := map[string]bool{}
	for path := range doc.at(doc, "paths") {
		for method := range doc.at(doc, "paths", path) {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	for _, e := range newServer(t, Config{}).endpoints() {
		name := e.method + " " + e.path
		if !described[name] {
			t.Errorf("%s is not described", name)
		}
		delete(described, name)
		op := doc.at(doc, "paths", e.path, strings.ToLower(e.method))
		if op["summary"] != e.summary {
			t.Errorf("%s: summary is %q here, %q there", name, e.summary, op["summary"])
		}
		if _, limited := doc.at(op, "responses")["429"]; limited == e.exempt {
			t.Errorf("%s: exempt from the limit is %v here, a 429 there is %v", name, e.exempt, limited)
		}
		inputs := doc.inputs(t, op)
		for _, p := range e.params {
			key := string(p.in) + " " + p.name
			schema, ok := inputs[key]
			if !ok {
				t.Errorf("%s: %s is not described", name, key)
				continue
			}
			delete(inputs, key)
			compareParam(t, name, p, schema)
		}
		for key := range inputs {
			t.Errorf("%s: %s is described but not read", name, key)
		}
	}
	for name := range described {
		t.Errorf("%s is described but not served", name)
	}
}

func compareParam(t *testing.T, endpoint string, p param, schema node) {
	t.Helper()
	want := node{"type": string(p.kind), "required": p.required, "default": p.def}
	switch {
	case p.enum != nil:
		choices := []any{}
		for _, c := range p.enum {
			choices = append(choices, c)
		}
		want["enum"] = choices
	case p.kind == text:
		want["minLength"], want["maxLength"] = p.min, p.max
	default:
		want["minimum"], want["maximum"] = p.min, p.max
	}
	if p.email {
		want["format"] = "email"
	}
	for _, key := range []string{"type", "required", "default", "enum", "minLength", "maxLength", "minimum", "maximum", "format"} {
		here, _ := json.Marshal(want[key])
		there, _ := json.Marshal(schema[key])
		if string(here) != string(there) {
			t.Errorf("%s: %s of %s is %s here, %s there", endpoint, key, p.name, here, there)
		}
	}
}

// checkAnswer holds an answer to the description of its route: status,
// content type, and the fields of the object.
func checkAnswer(t testing.TB, s *Server, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	doc, rt := parseSpec(), s.find(r)
	responses := doc.at(doc, "paths", rt.path, strings.ToLower(strings.Replace(r.Method, "HEAD", "GET", 1)), "responses")
	if responses == nil { // 404 and 405
		return
	}
	status := strconv.Itoa(w.Code)
	response := doc.at(responses, status)
	if response == nil {
		response = doc.at(responses, status[:1]+"XX")
	}
	if response == nil {
		t.Errorf("%s %s: status %s is not described", r.Method, rt.path, status)
		return
	}
	if response["content"] == nil {
		if w.Body.Len() > 0 {
			t.Errorf("%s %s: a body that is not described: %q", r.Method, rt.path, w.Body)
		}
		return
	}
	schema := doc.at(response, "content", w.Header().Get("Content-Type"), "schema")
	if rt.path == "/metrics" || rt.path == "/openapi.json" {
		return
	}
	if schema == nil {
		t.Errorf("%s %s: content type %q is not described", r.Method, rt.path, w.Header().Get("Content-Type"))
		return
	}
	answer := decode[map[string]any](t, w)
	for name := range answer {
		if doc.at(schema, "properties", name) == nil {
			t.Errorf("%s %s: field %s is not described", r.Method, rt.path, name)
		}
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := answer[name.(string)]; !ok {
			t.Errorf("%s %s: field %s is missing", r.Method, rt.path, name)
		}
	}
}

func TestSpecIsServed(t *testing.T) {
	w := do(t, newServer(t, Config{}), "GET", "/openapi.json", "")
	if w.Code != http.StatusOK || w.Body.String() != string(Spec()) {
		t.Errorf("got %d and %d bytes", w.Code, w.Body.Len())
	}
}

// TestReadmeIsInStep finds every route and parameter in the README's tables.
func TestReadmeIsInStep(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range newServer(t, Config{}).endpoints() {
		row := "| `" + e.method + " " + e.path + "` |"
		_, rest, found := strings.Cut(string(readme), row)
		if !found {
			t.Errorf("the README has no row %s", row)
			continue
		}
		line, _, _ := strings.Cut(rest, "\n")
		for _, p := range e.params {
			if !strings.Contains(line, "`"+p.name+"`") {
				t.Errorf("the README's row %s lacks `%s`", row, p.name)
			}
		}
	}
}
