package web

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

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
		d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "link"}, xml.HTMLEntity // HTML's attributes may lack values
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s: %v", path, err)
				break
			}
		}
	}
}

func TestNoValueBreaksAPage(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	m := newMemory(t, w)
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, math.MaxFloat64, 5e-324, 0}
	for i := range m.rows[w.id] {
		r := &m.rows[w.id][i]
		if v := odd[i%len(odd)]; r.Metric == "http_req_duration" {
			r.Min, r.Max, r.P50, r.P90, r.P95, r.P99 = v, v, v, v, v, v
		} else if r.Metric == "data_sent" {
			r.Sum = v
		}
	}
	h := New(Config{Store: m, Port: port})
	for _, path := range []string{"/", "/runs/" + w.id, "/api/runs/" + w.id + "/board"} {
		page := get(t, h, path)
		for _, bad := range []string{"NaN", "Inf"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s contains %q", path, bad)
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
	for _, path := range []string{"/", "/runs/" + w.id, "/runs/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/%3Cscript%3E", "/runs/" + w.id + `?theme=%22%3E%3Cscript%3E&from=%3Cscript%3E`,
		"/runs/" + w.id + "/k6-war-room", "/runs/" + w.id + "/k6-pro?endpoint=%22%3E%3Cscript%3E&scenario=%3Cscript%3E", "/runs/" + w.id + "/compare?with=%3Cscript%3E",
		"/runs/" + w.id + "/%3Cscript%3E"} {
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

func TestADamagedStoreComesWithItsCure(t *testing.T) {
	for err, want := range map[error]string{store.ErrDamaged: "ltlab start", &store.VersionError{Have: 9}: "ltlab stop"} {
		h := New(Config{Store: &memory{err: fmt.Errorf("page 7: %w", err)}, Port: port})
		if got := ask(h, "GET", "127.0.0.1:3081", "/"); got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), "<pre>"+want+"</pre>") {
			t.Errorf("%v: %d\n%s", err, got.Code, got.Body)
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

func TestTheListForgetsWhatIsNoLongerTrue(t *testing.T) {
	w := small("20260301-1")
	m := newMemory(t, w)
	h := New(Config{Store: m, Port: port})
	before := get(t, h, "/")
	if again := get(t, h, "/"); again != before {
		t.Errorf("the list of a finished run changed:\n%s\n%s", before, again)
	}
	longer := small("20260301-1")
	longer.seconds = 60
	m.runs, m.rows[w.id] = nil, nil
	f, err := longer.write(t.TempDir())
	if err == nil {
		err = m.take(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	var requests int64
	for _, n := range longer.statuses {
		requests += n
	}
	if want := fmt.Sprintf(`data-value="%d"`, requests); !strings.Contains(get(t, h, "/"), want) {
		t.Errorf("the list of the run imported again has not %s", want)
	}
}
