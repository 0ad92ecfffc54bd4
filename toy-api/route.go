package toyapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// An endpoint is a method of a path. Its params are all it reads of a request;
// openapi.json describes the same, which a test holds it to.
type endpoint struct {
	method  string
	path    string // fixed, or with {id} at its end
	summary string
	params  []param
	exempt  bool // the limit over all routes does not count it
	handle  func(w http.ResponseWriter, r *http.Request, a args) error
}

// Inputs that several endpoints share.
var (
	idParam    = param{name: "id", in: inPath, kind: integer, min: 1, max: maxSafe, required: true}
	pageParam  = param{name: "page", in: inQuery, kind: integer, min: 1, max: 1e6, def: 1.0}
	limitParam = param{name: "limit", in: inQuery, kind: integer, min: 1, max: 100, def: 20.0}
	seedParam  = param{name: "seed", in: inQuery, kind: integer, min: 0, max: maxSafe}
	bytesParam = param{name: "bytes", in: inQuery, kind: integer, min: 0, max: 1 << 20, def: 0.0}
	stepParam  = param{name: "n", in: inQuery, kind: integer, min: 0, max: maxSafe}
)

func millisParam(name string, in place, high, def float64) param {
	return param{name: name, in: in, kind: number, min: 0, max: high, def: def}
}

func iterationsParam(in place) param {
	return param{name: "iterations", in: in, kind: integer, min: 1, max: 1e8, def: 1e6}
}

func rateParam(in place, def float64) param {
	return param{name: "rate", in: in, kind: number, min: 0, max: 1, def: def}
}

// endpoints is the whole API.
func (s *Server) endpoints() []endpoint {
	get, post, del := http.MethodGet, http.MethodPost, http.MethodDelete
	bodySeed := seedParam
	bodySeed.in = inBody
	return []endpoint{
		{method: get, path: "/", summary: "List the routes", exempt: true, handle: s.root},
		{method: get, path: "/health", summary: "Tell that the server answers", exempt: true, handle: s.health},
		{method: get, path: "/fast", summary: "Answer at once", handle: s.fast,
			params: []param{bytesParam, seedParam}},
		{method: get, path: "/slow", summary: "Answer after a delay", handle: s.slow,
			params: []param{millisParam("ms", inQuery, 30_000, 500), millisParam("jitter", inQuery, 30_000, 0),
				bytesParam, seedParam, stepParam}},
		{method: get, path: "/error", summary: "Fail at a given rate", handle: s.fail,
			params: []param{rateParam(inQuery, 0.3),
				{name: "status", in: inQuery, kind: integer, min: 400, max: 599, def: 500.0}, seedParam, stepParam}},
		{method: get, path: "/cpu", summary: "Compute", handle: s.cpu,
			params: []param{iterationsParam(inQuery), seedParam}},
		{method: get, path: "/io", summary: "Wait for a shared pool of connections, then for answers one after another", handle: s.io,
			params: []param{{name: "ops", in: inQuery, kind: integer, min: 1, max: 10, def: 3.0},
				millisParam("ms", inQuery, 1000, 10), millisParam("jitter", inQuery, 1000, 10),
				bytesParam, seedParam, stepParam}},
		{method: get, path: "/limited", summary: "Answer as long as a token bucket lets through", handle: s.limited,
			params: []param{{name: "rate", in: inQuery, kind: number, min: 0.001, max: 1e6, def: 10.0},
				{name: "burst", in: inQuery, kind: integer, min: 1, max: 1e6, def: 10.0},
				{name: "key", in: inQuery, kind: text, min: 1, max: 64, def: "default"}}},
		{method: get, path: "/users", summary: "List users, by id", handle: s.listUsers,
			params: []param{pageParam, limitParam}},
		{method: post, path: "/users", summary: "Create a user", handle: s.createUser,
			params: []param{{name: "name", in: inBody, kind: text, min: 1, max: 100, required: true},
				{name: "email", in: inBody, kind: text, min: 3, max: 254, required: true, email: true}}},
		{method: get, path: "/users/{id}", summary: "Get a user", handle: s.getUser, params: []param{idParam}},
		{method: del, path: "/users/{id}", summary: "Delete a user", handle: s.deleteUser, params: []param{idParam}},
		{method: get, path: "/jobs", summary: "List jobs, newest first", handle: s.listJobs,
			params: []param{{name: "state", in: inQuery, kind: text, enum: states}, pageParam, limitParam}},
		{method: post, path: "/jobs", summary: "Queue a job", handle: s.createJob,
			params: []param{{name: "kind", in: inBody, kind: text, enum: []string{"cpu", "io", "mixed"}, def: "io"},
				millisParam("ms", inBody, 30_000, 100), millisParam("jitter", inBody, 30_000, 0),
				iterationsParam(inBody), rateParam(inBody, 0), bodySeed}},
		{method: get, path: "/jobs/{id}", summary: "Get a job", handle: s.getJob, params: []param{idParam}},
		{method: del, path: "/jobs/{id}", summary: "Cancel a job", handle: s.cancelJob, params: []param{idParam}},
		{method: get, path: "/metrics", summary: "Metrics for Prometheus", exempt: true, handle: s.scrape},
		{method: get, path: "/openapi.json", summary: "This description", exempt: true, handle: s.openAPI},
	}
}

// A route is a path with all its methods.
type route struct {
	path      string
	endpoints []endpoint
	allow     string
	metrics   *routeMetrics
}

func newRoutes(endpoints []endpoint, m *metrics) map[string]*route {
	routes := map[string]*route{}
	for _, e := range endpoints {
		rt := routes[e.path]
		if rt == nil {
			rt = &route{path: e.path, metrics: m.route(e.path)}
			routes[e.path] = rt
		}
		rt.endpoints = append(rt.endpoints, e)
	}
	for _, rt := range routes {
		var allowed []string
		for _, e := range rt.endpoints {
			allowed = append(allowed, e.method)
			if e.method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		rt.allow = strings.Join(allowed, ", ")
	}
	return routes
}

// find needs no http.ServeMux: its redirects and plain-text errors would not be JSON.
func (s *Server) find(r *http.Request) *route {
	path := r.URL.Path
	if rt := s.routes[path]; rt != nil {
		return rt
	}
	if i := strings.LastIndexByte(path, '/'); i > 0 && i+1 < len(path) {
		if rt := s.routes[path[:i]+"/{id}"]; rt != nil {
			r.SetPathValue("id", path[i+1:])
			return rt
		}
	}
	return s.unmatched
}

// serve answers every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w}
	rt := s.find(r)
	s.metrics.inFlight.Add(1)
	defer s.finish(rt, rec, start)
	if err := s.answer(rt, rec, r); err != nil {
		writeError(rec, err)
	}
}

func (s *Server) answer(rt *route, w http.ResponseWriter, r *http.Request) error {
	if rt == s.unmatched {
		return &fault{status: http.StatusNotFound, code: "not_found", message: "no such route, see /"}
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet // net/http drops the body
	}
	for i := range rt.endpoints {
		e := &rt.endpoints[i]
		if e.method != method {
			continue
		}
		if s.limit != nil && !e.exempt {
			if err := admit(w, s.limit); err != nil {
				return err
			}
		}
		a, err := parseArgs(e.params, w, r)
		if err != nil {
			return err
		}
		return e.handle(w, r, a)
	}
	w.Header().Set("Allow", rt.allow)
	return &fault{status: http.StatusMethodNotAllowed, code: "method_not_allowed",
		message: fmt.Sprintf("%s allows %s", rt.path, rt.allow)}
}

// finish counts the request. A panic becomes a plain 500, or an aborted
// connection when part of an answer has gone out.
func (s *Server) finish(rt *route, rec *recorder, start time.Time) {
	cause := recover()
	begun := rec.status != 0
	if cause != nil {
		s.metrics.panics.Inc()
		s.cfg.Logger.Error("handler panicked", "route", rt.path, "cause", cause, "stack", string(debug.Stack()))
		if !begun {
			writeError(rec, fmt.Errorf("panic: %v", cause))
		}
	}
	s.metrics.inFlight.Add(-1)
	rt.metrics.observe(rec.status, time.Since(start))
	if cause != nil && begun {
		panic(http.ErrAbortHandler)
	}
}

// newIndex builds the answer of /.
func newIndex(endpoints []endpoint) []byte {
	type item struct {
		Method     string   `json:"method"`
		Path       string   `json:"path"`
		Summary    string   `json:"summary"`
		Parameters []string `json:"parameters"`
	}
	items := []item{}
	for _, e := range endpoints {
		names := []string{}
		for _, p := range e.params {
			names = append(names, p.name)
		}
		items = append(items, item{e.method, e.path, e.summary, names})
	}
	// Strings always encode.
	data, _ := json.MarshalIndent(map[string]any{"service": "toy-api", "openapi": "/openapi.json", "routes": items}, "", "  ")
	return append(data, '\n')
}
