package web

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

const port = 3081

func newMemory(t *testing.T, worlds ...*world) *memory {
	t.Helper()
	m := &memory{rows: map[string][]rows.Row{}, load: map[string][]record.Load{}}
	dir := t.TempDir()
	for _, w := range worlds {
		f, err := w.write(dir)
		if err == nil {
			err = m.take(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func newHandler(t *testing.T, worlds ...*world) http.Handler {
	return New(Config{Store: newMemory(t, worlds...), Port: port})
}

func ask(h http.Handler, method, host, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// get asks for a page that must be there.
func get(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := ask(h, "GET", "127.0.0.1:3081", path)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func small(id string) *world {
	return &world{id: id, seconds: 30, rate: 40, endpoints: []string{"/fast", "/users", "/slow"}, failing: 0.1, checks: true,
		scenario: "ramp.js", project: "shop"}
}

// panel cuts a panel out of a page.
func panel(t *testing.T, page, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `id="panel-`+id+`"`)
	if !ok {
		t.Fatalf("no panel %q", id)
	}
	out, _, _ := strings.Cut(rest, "</section>")
	return out
}

var exact = regexp.MustCompile(`data-value="([^"]*)"`)

// value is the first exact value in a part of a page.
func value(t *testing.T, part string) float64 {
	t.Helper()
	m := exact.FindStringSubmatch(part)
	if m == nil {
		t.Fatalf("no value in %s", part)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheBoardShowsWhatTheRunDid(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	var requests, failed int64
	for status, n := range w.statuses {
		requests += n
		if status == "429" || status == "500" {
			failed += n
		}
	}
	for id, want := range map[string]float64{
		"requests": float64(requests), "request-rate": float64(requests) / 30, "failed": float64(failed) / float64(requests),
		"dropped": 0, "ledger": 0,
	} {
		if got := value(t, panel(t, page, id)); math.Abs(got-want) > 1e-12*want {
			t.Errorf("%s shows %v, want %v", id, got, want)
		}
	}
	table := panel(t, page, "endpoints")
	for name, n := range w.byName {
		_, row, ok := strings.Cut(table, "<bdi>"+name+"</bdi>")
		if !ok {
			t.Errorf("endpoint %s is missing", name)
		} else if got := value(t, row); got != float64(n) {
			t.Errorf("endpoint %s shows %v requests, want %d", name, got, n)
		}
	}
	for _, status := range []string{"200", "201", "429", "500"} {
		if !strings.Contains(panel(t, page, "codes"), `data-label="`+status+`"`) {
			t.Errorf("codes do not show %s", status)
		}
	}
}

func TestPagesAreWellFormedAndFreeOfWhatThePolicyForbids(t *testing.T) {
	h := newHandler(t, small("20260301-120000-aaaaaa"), &world{id: "20260301-120100-bbbbbb", open: true},
		&world{id: "20260301-120200-cccccc", seconds: 20, rate: 10, endpoints: []string{"/"}, unanswered: 1})
	for _, path := range []string{"/", "/live", "/runs/20260301-120000-aaaaaa", "/runs/20260301-120000-aaaaaa/live?from=5&to=9",
		"/runs/20260301-120000-aaaaaa?theme=dark&w=900", "/runs/20260301-120100-bbbbbb", "/runs/20260301-120200-cccccc"} {
		page := get(t, h, path)
		for _, bad := range []string{"NaN", "Inf", " style=", "<style", "onclick", "http://www.w3.org/1999/xlink", "<no value>", "ZgotmplZ"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s contains %q", path, bad)
			}
		}
		d := xml.NewDecoder(strings.NewReader(page))
		d.Strict, d.AutoClose, d.Entity = true, []string{"meta", "link"}, xml.HTMLEntity
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil && !strings.Contains(err.Error(), "attribute name without = in element") {
				t.Errorf("%s: %v", path, err)
				break
			} else if err != nil {
				d.Strict = false
			}
		}
	}
}

func TestNamesOfOthersAreShownAndNeverRun(t *testing.T) {
	nasty := []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, "new\nline", "smile \U0001F600",
		"\u202Eright to left", "bad \xff\xfe bytes", strings.Repeat("long ", 13_000), ""}
	w := small("20260301-120000-aaaaaa")
	w.endpoints, w.scenario, w.project = nasty, nasty[0]+strings.Repeat("x", 65536), nasty[1]
	w.limits = []record.Threshold{{Metric: nasty[0], Expression: nasty[1], Evaluated: true}}
	m := newMemory(t, w)
	m.runs[0].Warnings = []record.Warning{{ID: "w", Text: nasty[0]}}
	m.runs[0].Notes = []record.Note{{ID: "n", Text: nasty[7]}}
	m.runs[0].Target = `javascript:alert("` + nasty[7]
	h := New(Config{Store: m, Port: port})
	for _, path := range []string{"/", "/runs/" + w.id, "/runs/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/%3Cscript%3E", "/runs/" + w.id + `?theme=%22%3E%3Cscript%3E&from=%3Cscript%3E`} {
		page := ask(h, "GET", "localhost:3081", path).Body.String()
		for _, bad := range []string{"<script>", "<img", `' onmouseover='`, `href="javascript:`} {
			if strings.Contains(page, bad) {
				t.Errorf("%s contains %q", path, bad)
			}
		}
		if len(page) > 200_000 {
			t.Errorf("%s has %d bytes: long names are not cut", path, len(page))
		}
	}
	page := get(t, h, "/runs/"+w.id)
	for _, want := range []string{"&lt;script&gt;alert(1)&lt;/script&gt;", "smile \U0001F600", "…"} {
		if !strings.Contains(page, want) {
			t.Errorf("the board does not show %q", want)
		}
	}
}

func TestAnEmptyLabSaysHowToFillIt(t *testing.T) {
	if page := get(t, newHandler(t), "/"); !strings.Contains(page, "ltlab k6 -s smoke.js") {
		t.Errorf("the empty list does not help:\n%s", page)
	}
	if api := get(t, newHandler(t), "/api/runs"); !strings.Contains(api, `"runs":[]`) {
		t.Errorf("the empty list is %s", api)
	}
}

func TestARunWithoutAnyAnswerShowsNoLatency(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.unanswered = 1
	h := newHandler(t, w)
	page := get(t, h, "/runs/"+w.id)
	for _, id := range []string{"latency", "percentiles"} {
		if got := panel(t, page, id); !strings.Contains(got, "no request was answered") || exact.MatchString(got) {
			t.Errorf("%s shows %s", id, got)
		}
	}
	if got := value(t, panel(t, page, "failed")); got != 1 {
		t.Errorf("failed shows %v, want all", got)
	}
	_, row, _ := strings.Cut(panel(t, page, "endpoints"), "<bdi>/fast</bdi>")
	row, _, _ = strings.Cut(row, "</tr>")
	if cells := exact.FindAllStringSubmatch(row, -1); len(cells) != 8 || cells[4][1] != "" || cells[7][1] != "" || cells[3][1] == "0" {
		t.Errorf("the endpoint's cells are %q, want no latencies", cells)
	}
	if list := get(t, h, "/"); !strings.Contains(list, `title="no request was answered, so there is no latency to show"`) {
		t.Error("the list shows a latency")
	}
}

func TestRequestsWithoutAnswerAreSaidBesideThePercentiles(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.unanswered = 0.05
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	want := fmt.Sprintf("%d requests without an answer are among them", w.statuses["0"])
	if w.statuses["0"] == 0 || !strings.Contains(panel(t, page, "percentiles"), want) {
		t.Errorf("percentiles do not say %q", want)
	}
}

func TestAPanelWithoutDataSaysWhy(t *testing.T) {
	bare := small("20260301-120000-aaaaaa")
	bare.checks = false
	begun := &world{id: "20260301-120100-bbbbbb", open: true}
	dead := &world{id: "20260301-120200-cccccc"}
	h := newHandler(t, bare, begun, dead)
	for path, want := range map[string]string{
		"/runs/" + bare.id:                       "this scenario has made no checks",
		"/runs/" + begun.id:                      "the run has just begun",
		"/runs/" + dead.id:                       "the record of this run holds no data",
		"/runs/" + bare.id + "?from=0&to=30":     "this scenario has made no checks",
		"/runs/" + begun.id + "?from=10&to=3000": "the run has just begun",
	} {
		page := get(t, h, path)
		for _, id := range []string{"checks-rate", "checks", "checks-passed"} {
			if !strings.Contains(panel(t, page, id), want) {
				t.Errorf("%s: panel %s does not say %q", path, id, want)
			}
		}
	}
}

func TestOnlyARunningRunMoves(t *testing.T) {
	open, done := small("20260301-120000-aaaaaa"), small("20260301-120100-bbbbbb")
	open.open = true
	h := newHandler(t, open, done)
	if live := get(t, h, "/runs/"+open.id+"/live"); !strings.HasPrefix(live, "<main") || !strings.Contains(live, `data-every="1000"`) {
		t.Errorf("a running run's part is %.200s", live)
	}
	if page := get(t, h, "/runs/"+done.id); !strings.Contains(page, `data-every="0"`) {
		t.Error("a finished run's page goes on asking")
	}
	if page := get(t, h, "/runs/"+open.id); !strings.Contains(panel(t, page, "ledger"), "when the run ends") {
		t.Error("a running run has a ledger")
	}
}

func TestTwoHundredEndpointsAreCapped(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.rate, w.endpoints = 600, nil
	for i := range 200 {
		w.endpoints = append(w.endpoints, fmt.Sprintf("/item/%03d", i))
	}
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	table := panel(t, page, "endpoints")
	if got := strings.Count(table, "<bdi>/item/"); got != 50 {
		t.Errorf("%d endpoints shown, want 50", got)
	}
	if want := fmt.Sprintf("%d more, with fewer requests", len(w.byName)-50); !strings.Contains(table, want) {
		t.Errorf("the table does not say %q", want)
	}
	var counts []float64
	for _, row := range strings.Split(table, "<tr>")[2:] {
		counts = append(counts, value(t, row))
	}
	if !slices.IsSortedFunc(counts, func(a, b float64) int { return int(b - a) }) {
		t.Errorf("endpoints are not sorted by requests: %v", counts)
	}
}

func TestAPageThatIsNotThereHelps(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	h := newHandler(t, w)
	for path, want := range map[string]string{"/runs/nope": "nope", "/elsewhere": "/elsewhere", "/static/nope.js": "nope.js"} {
		got := ask(h, "GET", "127.0.0.1:3081", path)
		if got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), want) || !strings.Contains(got.Body.String(), `href="/runs/`+w.id) {
			t.Errorf("GET %s: %d\n%s", path, got.Code, got.Body)
		}
	}
	got := ask(h, "GET", "127.0.0.1:3081", "/api/runs/nope/board")
	var body struct{ Error string }
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil || got.Code != http.StatusNotFound || !strings.Contains(body.Error, "nope") {
		t.Errorf("%d %s (%v)", got.Code, got.Body, err)
	}
}

func TestAStoreThatCannotBeReadIsSaid(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	m := newMemory(t, w)
	m.err = errors.New("the disk burns")
	h := New(Config{Store: m, Port: port})
	for _, path := range []string{"/", "/runs/" + w.id, "/api/runs", "/api/runs/" + w.id + "/board"} {
		if got := ask(h, "GET", "127.0.0.1:3081", path); got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), "the disk burns") {
			t.Errorf("GET %s: %d\n%s", path, got.Code, got.Body)
		}
	}
}

func TestTheListShowsEachRunsState(t *testing.T) {
	done, failed, broken, open := small("20260301-1"), small("20260301-2"), small("20260301-3"), small("20260301-4")
	m := newMemory(t, done, failed, broken, open) // the newest is first
	m.runs[2].Exit = 99
	m.runs[1].State = store.Interrupted
	m.runs[0].State = store.Running
	page := get(t, New(Config{Store: m, Port: port}), "/?theme=dark")
	_, body, _ := strings.Cut(page, "<tbody>")
	lines := strings.Split(body, "<tr>")[1:]
	for i, want := range []string{"running", "interrupted", "finished, exit 99", "finished"} {
		if !strings.Contains(lines[i], ">"+want+"<") || !strings.Contains(lines[i], `/runs/`+m.runs[i].ID+`?theme=dark"`) {
			t.Errorf("line %d is not %s:\n%s", i, want, lines[i])
		}
	}
}

func TestEachBoardsPanelsAreOnItsPage(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	boards.For("k6").Panels(func(p *boards.Panel) { panel(t, page, p.ID) })
}
