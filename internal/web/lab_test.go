package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

const port = 3081

func newMemory(t *testing.T, worlds ...*world) *memory {
	t.Helper()
	m := &memory{rows: map[string][]rows.Row{}, load: map[string][]record.Load{}, spectra: map[string]map[string][]float64{}}
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
