package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// newStore takes worlds into a real store and returns a reader of it.
func newStore(t *testing.T, worlds ...*world) *store.Reader {
	t.Helper()
	dir := t.TempDir()
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, w := range worlds {
		f, err := w.write(dir)
		if err != nil {
			t.Fatal(err)
		}
		follow := s.NewFollow(f)
		t.Cleanup(follow.Close)
		if done, err := follow.Step(context.Background()); err != nil || done == w.open {
			t.Fatalf("run %s: done %v, %v", w.id, done, err)
		}
	}
	return openReader(t, filepath.Join(dir, "store.db"))
}

func openReader(t *testing.T, path string) *store.Reader {
	t.Helper()
	r, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// flatten names every leaf of a JSON document by its path.
func flatten(t *testing.T, text string) map[string]any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%.300s", err, text)
	}
	out := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(path+"."+k, e)
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), e)
			}
		default:
			out[path] = v
		}
	}
	walk("", v)
	return out
}

func TestTheRunStoreGivesTheFiguresOfTheRows(t *testing.T) {
	arrival, down, open, long := small("20260301-1"), small("20260301-2"), small("20260301-3"), small("20260301-4")
	arrival.arrival, arrival.unanswered = true, 0.1
	down.unanswered, down.checks = 1, false
	open.open = true
	long.seconds, long.rate = 400, 5
	worlds := []*world{arrival, down, open, long, {id: "20260301-5", open: true}}
	want := New(Config{Store: newMemory(t, worlds...), Port: port})
	got := New(Config{Store: newStore(t, worlds...), Port: port})
	paths := []string{"/api/runs"}
	for _, w := range worlds {
		for _, query := range []string{"", "?points=20", "?from=5&to=17"} {
			paths = append(paths, "/api/runs/"+w.id+"/board"+query)
		}
	}
	for _, path := range paths {
		is, should := flatten(t, get(t, got, path)), flatten(t, get(t, want, path))
		for k, v := range should {
			a, ok := is[k].(float64)
			b, _ := v.(float64)
			if ok && math.Abs(a-b) > 1e-6*math.Abs(b) || !ok && is[k] != v { // the store keeps 7 digits of trends
				t.Errorf("%s: %s is %v, want %v", path, k, is[k], v)
			}
		}
		if len(is) != len(should) {
			t.Errorf("%s: %d figures, want %d", path, len(is), len(should))
		}
	}
}

func TestPageAndToolsSeeTheSameFigures(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	h := New(Config{Store: newStore(t, w), Port: port})
	page := get(t, h, "/runs/"+w.id)
	var board struct {
		Panels []struct {
			ID    string
			Stats []struct{ Value *float64 }
			Table *struct{ Rows []struct{ Values []*float64 } }
		}
	}
	if err := json.Unmarshal([]byte(get(t, h, "/api/runs/"+w.id+"/board")), &board); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, p := range board.Panels {
		var values []*float64
		for _, s := range p.Stats {
			values = append(values, s.Value)
		}
		if p.Table != nil {
			for _, r := range p.Table.Rows {
				values = append(values, r.Values...)
			}
		}
		shown := exact.FindAllStringSubmatch(panel(t, page, p.ID), -1)
		if len(shown) != len(values) {
			t.Errorf("panel %s shows %d values, tools see %d", p.ID, len(shown), len(values))
			continue
		}
		for i, v := range values {
			if text, _ := json.Marshal(v); string(text) != shown[i][1] && !(v == nil && shown[i][1] == "") {
				t.Errorf("panel %s shows %q, tools see %s", p.ID, shown[i][1], text)
			}
			compared++
		}
	}
	if compared < 40 {
		t.Errorf("only %d values compared", compared)
	}
}

func TestThinnedLinesKeepTheHighestOfEachSpan(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.seconds, w.rate = 330, 8
	h := New(Config{Store: newStore(t, w), Port: port})
	for query, step := range map[string]int{"?points=70": 5, "?points=70&from=33": 5, "": 1} {
		var board struct {
			Panels []struct {
				ID, Foot string
				Grid     struct{ Start, Step, From, To int }
				Lines    []struct {
					Label  string
					Values []*float64
				}
			}
		}
		if err := json.Unmarshal([]byte(get(t, h, "/api/runs/"+w.id+"/board"+query)), &board); err != nil {
			t.Fatal(err)
		}
		for _, p := range board.Panels {
			if p.ID != "percentiles" {
				continue
			}
			if p.Grid.Step != step || strings.Contains(p.Foot, "each point: largest of 5 s") != (step == 5) {
				t.Errorf("%q: a value covers %d s, said as %q, want %d", query, p.Grid.Step, p.Foot, step)
			}
			for i, v := range p.Lines[0].Values {
				var want float64
				for s := max(p.Grid.From, p.Grid.Start+i*step); s < min(p.Grid.To, p.Grid.Start+(i+1)*step); s++ {
					want = math.Max(want, w.highest[s])
				}
				if v == nil || math.Abs(*v-want) > 1e-6*want {
					t.Errorf("%q: %s from second %d on is %v, want %g", query, p.Lines[0].Label, p.Grid.Start+i*step, v, want)
				}
			}
		}
	}
}

func TestABoardFollowsItsRunThroughARestartOfTheServer(t *testing.T) {
	dir := t.TempDir()
	w := small("20260301-120000-aaaaaa")
	whole, err := w.write(dir)
	if err != nil {
		t.Fatal(err)
	}
	tool, err := os.ReadFile(whole.Tool())
	if err != nil {
		t.Fatal(err)
	}
	run, err := os.ReadFile(whole.Run())
	if err != nil {
		t.Fatal(err)
	}
	part, err := record.Runs(filepath.Join(dir, "live")).Create(w.id)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	s, _, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	follow := s.NewFollow(part)
	defer follow.Close()
	// grow makes the record so many bytes long and shows it on a server that has only just started.
	grow := func(toolBytes, runLines int) string {
		lines := bytes.SplitAfter(run, []byte("\n"))
		for name, b := range map[string][]byte{part.Tool(): tool[:toolBytes], part.Run(): bytes.Join(lines[:runLines], nil)} {
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := follow.Step(context.Background()); err != nil {
			t.Fatal(err)
		}
		return get(t, New(Config{Store: openReader(t, path), Port: port}), "/runs/"+w.id+"/live")
	}
	if page := grow(bytes.IndexByte(tool, '\n')+1, 1); !strings.Contains(page, "the run has just begun") {
		t.Errorf("before the first second the board says %.2000s", page)
	}
	half := value(t, panel(t, grow(len(tool)/2, 1), "requests"))
	if all := value(t, panel(t, grow(len(tool), 1), "requests")); half <= 0 || half >= all {
		t.Errorf("requests went from %v to %v", half, all)
	}
	if page := grow(len(tool), bytes.Count(run, []byte("\n"))); !strings.Contains(page, `data-every="0"`) || !strings.Contains(page, ">finished<") {
		t.Error("the board does not see the end")
	}
}

func TestWithoutAStoreTheLabIsEmpty(t *testing.T) {
	h := New(Config{Store: openReader(t, filepath.Join(t.TempDir(), "none.db")), Port: port})
	if page := get(t, h, "/"); !strings.Contains(page, "no runs yet") {
		t.Errorf("the list is %s", page)
	}
	if got := ask(h, "GET", "127.0.0.1:3081", "/runs/any"); got.Code != http.StatusNotFound {
		t.Errorf("an unknown run: %d", got.Code)
	}
}
