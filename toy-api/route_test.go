package toyapi

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		method, target, body string
		status               int
		contains             string
	}{
		{"GET", "/", "", 200, `"path": "/slow"`},
		{"GET", "/health", "", 200, `{"status":"ok"}`},
		{"GET", "/fast", "", 200, `{"ok":true,"route":"/fast"}`},
		{"GET", "/fast?_=123&nonsense=x", "", 200, `{"ok":true,"route":"/fast"}`},
		{"HEAD", "/fast", "", 200, ``},
		{"GET", "/slow?ms=0", "", 200, `"delay_ms":0`},
		{"GET", "/slow?ms=1.5", "", 200, `"delay_ms":1.5`},
		{"GET", "/error?rate=0", "", 200, `{"ok":true,"route":"/error"}`},
		{"GET", "/error?rate=1", "", 500, `"code":"injected"`},
		{"GET", "/error?rate=1&status=404", "", 404, `"code":"injected"`},
		{"GET", "/error?rate=1&status=599", "", 599, `"code":"injected"`},
		{"GET", "/cpu?iterations=1000&seed=7", "", 200, `"result":"87995fe68102a5b7"`},
		{"GET", "/io?ops=2&ms=0.5&jitter=0", "", 200, `"ops_ms":[0.5,0.5]`},
		{"GET", "/limited", "", 200, `{"ok":true,"route":"/limited"}`},
		{"GET", "/users?limit=1", "", 200, `{"users":[{"id":1,"name":"Ada Abara","email":"ada.abara@example.com"}],"page":1,"limit":1,"total":50}`},
		{"GET", "/users?page=3&limit=20", "", 200, `"id":50`},
		{"GET", "/users?page=1000000&limit=100", "", 200, `"users":[]`},
		{"GET", "/users/50", "", 200, `{"id":50,"name":"Juno Engel","email":"juno.engel@example.com"}`},
		{"GET", "/users/51", "", 404, `"code":"not_found"`},
		{"POST", "/users", `{"name":"Zoë","email":"zoe@example.com"}`, 201, `{"id":51,"name":"Zoë","email":"zoe@example.com"}`},
		{"DELETE", "/users/1", "", 204, ``},
		{"DELETE", "/users/51", "", 404, `"code":"not_found"`},
		{"GET", "/jobs", "", 200, `{"jobs":[],"page":1,"limit":20,"total":0}`},
		{"POST", "/jobs", ``, 202, `"kind":"io"`},
		{"POST", "/jobs", `{"kind":"cpu"}`, 202, `"kind":"cpu"`},
		{"GET", "/jobs/1", "", 404, `"code":"not_found"`},
		{"DELETE", "/jobs/1", "", 404, `"code":"not_found"`},
		{"GET", "/metrics", "", 200, `toyapi_http_requests_in_flight 1`},
		{"GET", "/openapi.json", "", 200, `"openapi": "3.1.0"`},
	} {
		t.Run(c.method+" "+c.target+" "+c.body, func(t *testing.T) {
			w := do(t, newServer(t, Config{}), c.method, c.target, c.body)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.contains) {
				t.Errorf("got %d %s\nwant %d with %s", w.Code, w.Body, c.status, c.contains)
			}
		})
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	s := newServer(t, Config{})
	for _, path := range []string{"/nope", "/fast/", "//fast", "/users/1/2", "/users/", "/jobs/1%2F2", "/a/b/c"} {
		wantFault(t, do(t, s, "GET", path, ""), http.StatusNotFound, "not_found", "")
	}
	for target, allow := range map[string]string{
		"POST /fast":      "GET, HEAD",
		"PUT /users":      "GET, HEAD, POST",
		"PATCH /users/1":  "GET, HEAD, DELETE",
		"OPTIONS /jobs/1": "GET, HEAD, DELETE",
		"DELETE /metrics": "GET, HEAD",
		"BREW /":          "GET, HEAD",
	} {
		method, path, _ := strings.Cut(target, " ")
		w := do(t, s, method, path, "")
		wantFault(t, w, http.StatusMethodNotAllowed, "method_not_allowed", "")
		if got := w.Header().Get("Allow"); got != allow {
			t.Errorf("%s: Allow is %q, want %q", target, got, allow)
		}
	}
}

// send puts a value into the named input of an endpoint and all others aside.
func send(t *testing.T, s *Server, e endpoint, p param, value string) *httptest.ResponseRecorder {
	t.Helper()
	path := strings.Replace(e.path, "{id}", "1", 1)
	switch p.in {
	case inPath:
		return do(t, s, e.method, strings.Replace(e.path, "{id}", value, 1), "")
	case inQuery:
		return do(t, s, e.method, path+"?"+p.name+"="+value, "")
	default:
		return do(t, s, e.method, path, `{`+strconv.Quote(p.name)+`:`+value+`}`)
	}
}

// TestBadInput gives every input of every endpoint what it must refuse.
func TestBadInput(t *testing.T) {
	s := newServer(t, Config{})
	for _, e := range s.endpoints() {
		for _, p := range e.params {
			var bad []string
			switch {
			case p.kind == text && p.in == inBody:
				bad = []string{`""`, `1`, `true`, `null`, `[]`, `{}`, `"` + strings.Repeat("x", int(p.max)+1) + `"`}
			case p.kind == text:
				bad = []string{"", strings.Repeat("x", int(p.max)+1), "%ff"}
			case p.in == inBody:
				bad = []string{`"1"`, `true`, `null`, `[]`, `{}`, `1e999`}
			case p.in == inQuery:
				bad = []string{"", "abc", "NaN", "Inf", "-Inf", "1e999", "0&" + p.name + "=0", "%20" + "1"}
			default:
				bad = []string{"abc", "1e3", "99999999999999999999"}
			}
			if p.kind != text {
				bad = append(bad, strconv.FormatFloat(p.min-1, 'f', -1, 64), strconv.FormatFloat(p.max+1, 'f', -1, 64))
			}
			if p.kind == integer {
				bad = append(bad, strconv.FormatFloat(p.min, 'f', -1, 64)+".5")
			}
			if p.email {
				bad = append(bad, `"nobody"`, `"Eve <eve@example.com>"`, `"a@b\nc"`)
			}
			for _, value := range bad {
				t.Run(e.method+e.path+"/"+p.name+"="+truncate(value), func(t *testing.T) {
					if e.path == "/users" && p.name == "email" {
						w := do(t, s, "POST", "/users", `{"name":"Eve","email":`+value+`}`)
						wantFault(t, w, http.StatusBadRequest, "bad_parameter", "email")
						return
					}
					wantFault(t, send(t, s, e, p, value), http.StatusBadRequest, "bad_parameter", p.name)
				})
			}
		}
	}
}

// TestRangesInclude the values at both ends; it parses only, as /slow would
// otherwise take its longest.
func TestRangesInclude(t *testing.T) {
	for _, e := range newServer(t, Config{}).endpoints() {
		for _, p := range e.params {
			if p.kind == text {
				continue
			}
			for _, v := range []float64{p.min, p.max} {
				a := args{params: e.params}
				if err := a.set(&p, strconv.FormatFloat(v, 'f', -1, 64)); err != nil || a.number(p.name) != v {
					t.Errorf("%s %s: %s=%v gives %v, error %v", e.method, e.path, p.name, v, a.given, err)
				}
			}
		}
	}
}

func TestBadBodies(t *testing.T) {
	s := newServer(t, Config{})
	for body, want := range map[string]struct {
		status          int
		code, parameter string
	}{
		`{"name":"Eve"}`:            {400, "bad_parameter", "email"},
		``:                          {400, "bad_parameter", "name"},
		`{`:                         {400, "bad_body", ""},
		`null`:                      {400, "bad_body", ""},
		`[]`:                        {400, "bad_body", ""},
		`"x"`:                       {400, "bad_body", ""},
		`{} {}`:                     {400, "bad_body", ""},
		`{}]`:                       {400, "bad_body", ""},
		strings.Repeat("[", 20_000): {400, "bad_body", ""},
		`{"name":"Eve","email":"eve@example.com","id":1}`:      {400, "unknown_field", "id"},
		`{"name":"` + strings.Repeat("x", maxBodyBytes) + `"}`: {413, "body_too_large", ""},
	} {
		w := do(t, s, "POST", "/users", body)
		t.Run(truncate(body), func(t *testing.T) { wantFault(t, w, want.status, want.code, want.parameter) })
	}
	for ct, status := range map[string]int{
		"application/json":                  201,
		"application/json; charset=utf-8":   201,
		"application/x-www-form-urlencoded": 415,
		"nonsense/":                         415,
	} {
		r := httptest.NewRequest("POST", "/users", strings.NewReader(`{"name":"Eve","email":"eve@example.com"}`))
		r.Header.Set("Content-Type", ct)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("content type %q gives %d, want %d", ct, w.Code, status)
		}
	}
	wantFault(t, do(t, s, "GET", "/slow?ms=%zz", ""), http.StatusBadRequest, "bad_query", "")
}

func TestPayload(t *testing.T) {
	s := newServer(t, Config{})
	data := func(target string) string {
		return decode[workReply](t, do(t, s, "GET", target, "")).Data
	}
	for _, route := range []string{"/fast?", "/slow?ms=0&", "/io?ms=0&jitter=0&"} {
		one, same, other := data(route+"bytes=1000&seed=1"), data(route+"bytes=1000&seed=1"), data(route+"bytes=1000&seed=2")
		if len(one) != 1000 || one != same || one == other {
			t.Errorf("%s: %d bytes, same seed equal %v, other seed equal %v", route, len(one), one == same, one == other)
		}
		if got := data(route + "bytes=0"); got != "" {
			t.Errorf("%s: bytes=0 gives %q", route, got)
		}
	}
	if got := len(data("/fast?bytes=1048576")); got != 1<<20 {
		t.Errorf("the largest payload has %d bytes", got)
	}
}

// outcomes are the status codes of n requests.
func outcomes(t *testing.T, s *Server, target string, n int) (codes []int) {
	for range n {
		codes = append(codes, do(t, s, "GET", target, "").Code)
	}
	return codes
}

func TestSeedsRepeat(t *testing.T) {
	a, b := newServer(t, Config{}), newServer(t, Config{})
	first, again := outcomes(t, a, "/error?rate=0.5&seed=7", 40), outcomes(t, b, "/error?rate=0.5&seed=7", 40)
	failures := 0
	for i := range first {
		if first[i] != again[i] {
			t.Fatalf("request %d: %d and %d", i, first[i], again[i])
		}
		if got := do(t, a, "GET", "/error?rate=0.5&seed=7&n="+strconv.Itoa(i), "").Code; got != first[i] {
			t.Errorf("n=%d gives %d, the sequence %d", i, got, first[i])
		}
		if first[i] == 500 {
			failures++
		}
	}
	if failures == 0 || failures == len(first) {
		t.Errorf("%d of %d failed at a rate of one half", failures, len(first))
	}
	delay := func(s *Server) float64 {
		return *decode[workReply](t, do(t, s, "GET", "/slow?ms=0&jitter=3&seed=9", "")).DelayMS
	}
	if x, y := delay(a), delay(a); x == y || x != delay(b) || y != delay(b) {
		t.Errorf("delays %v and %v do not repeat on another server", x, y)
	}
}

// TestDrawsAreUniform looks at the first draw of neighboring positions, as
// /error uses them: mean, share below 0.3 and correlation with the next one.
func TestDrawsAreUniform(t *testing.T) {
	const n = 100_000
	a := args{given: map[string]any{"seed": 42.0}}
	var sum, below, product, last float64
	for i := range n {
		v := source(a, uint64(i)).Float64()
		sum += v
		if v < 0.3 {
			below++
		}
		product += (v - 0.5) * (last - 0.5)
		last = v
	}
	// Four standard errors each.
	if mean := sum / n; math.Abs(mean-0.5) > 4*math.Sqrt(1.0/12/n) {
		t.Errorf("mean %v", mean)
	}
	if share := below / n; math.Abs(share-0.3) > 4*math.Sqrt(0.21/n) {
		t.Errorf("%v are below 0.3", share)
	}
	if r := product / n * 12; math.Abs(r) > 4/math.Sqrt(n) {
		t.Errorf("neighbors correlate by %v", r)
	}
}

func TestRecentForgetsTheOldest(t *testing.T) {
	r := newRecent[string, int](2)
	made := 0
	get := func(key string) int { return r.get(key, func() int { made++; return made }) }
	get("a")
	get("b")
	get("a")
	get("c") // b goes
	if get("a") != 1 || get("c") != 3 || get("b") != 4 || len(r.items) != 2 {
		t.Errorf("a=%d c=%d b=%d, %d items", get("a"), get("c"), get("b"), len(r.items))
	}
}
