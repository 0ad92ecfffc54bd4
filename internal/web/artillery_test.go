package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// artillery is a lab with a finished run of Artillery, of six periods and some of what none has.
func artillery(t *testing.T) (http.Handler, *recordtest.Artillery) {
	t.Helper()
	dir := t.TempDir()
	a := recordtest.NewArtillery(t, record.Runs(dir), "20260301-art")
	for range 6 {
		a.Period()
	}
	a.Unplaced()
	a.End()
	a.Finish()
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if done, err := s.NewFollow(a.Folder).Step(context.Background()); err != nil || !done {
		t.Fatal(done, err)
	}
	return New(Config{Store: s.Reader, Port: port}), a
}

// wholeFigure is a figure as tools see it.
type wholeFigure struct {
	ID, Empty, Foot string
	Stats           []struct {
		Label string
		Value *float64
	}
	Grid  figure.Grid
	Lines []struct {
		Label  string
		Values []*float64
	}
	Table *struct {
		Columns []struct{ Label string }
		Rows    []struct {
			Key    string
			Values []*float64
		}
	}
	Heat     *struct{ Counts [][]int64 }
	Spectrum *struct {
		Quantiles []float64
		Curves    []struct {
			Label  string
			Values []*float64
		}
	}
}

// panelsAt reads a board for tools, by panel.
func panelsAt(t *testing.T, h http.Handler, path string) map[string]*wholeFigure {
	t.Helper()
	var board struct{ Panels []*wholeFigure }
	if err := json.Unmarshal([]byte(get(t, h, path)), &board); err != nil {
		t.Fatal(err)
	}
	out := map[string]*wholeFigure{}
	for _, p := range board.Panels {
		out[p.ID] = p
	}
	return out
}

func (f *wholeFigure) stat(label string) float64 {
	for _, s := range f.Stats {
		if s.Label == label && s.Value != nil {
			return *s.Value
		}
	}
	return math.NaN()
}

func (f *wholeFigure) cells(key string) map[string]float64 {
	out := map[string]float64{}
	for _, r := range f.Table.Rows {
		for i, v := range r.Values {
			if r.Key == key && v != nil {
				out[f.Table.Columns[i].Label] = *v
			}
		}
	}
	return out
}

func quantile(of []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[int(q*float64(len(sorted)-1))]
}

func near(got, want, within float64) bool { return math.Abs(got-want) <= within*math.Abs(want) }

func TestArtillerysBoardsCountWhatNoPeriodHasInTheWholeRunAlone(t *testing.T) {
	h, a := artillery(t)
	elite, pro := panelsAt(t, h, "/api/runs/20260301-art/board"), panelsAt(t, h, "/api/runs/20260301-art/boards/artillery-pro")
	truth := &a.Truth
	if got := elite["error-names"].cells("ECONNREFUSED")["errors"]; got != float64(truth.Errors) {
		t.Errorf("%v errors, want %d", got, truth.Errors)
	}
	for status, n := range truth.Codes {
		if got := pro["statuses"].cells(status)["answers"]; got != float64(n) {
			t.Errorf("%v answers %s, want %d", got, status, n)
		}
	}
	failed := truth.Codes["404"] + truth.Codes["500"] + truth.Requests - truth.Responses
	if got := elite["failed"].stat(""); got != float64(failed)/float64(truth.Requests) {
		t.Errorf("failed: %v, want %d of %d", got, failed, truth.Requests)
	}
	if got := elite["requests"].stat("requests"); got != float64(truth.Requests) {
		t.Errorf("%v requests, want %d", got, truth.Requests)
	}
	if got, want := elite["latency"].stat(""), quantile(truth.Response, 0.95); !near(got, want, 0.011) {
		t.Errorf("p95 %v, want %v", got, want)
	}
	rate := elite["codes"]
	if len(rate.Lines) != 3 || len(rate.Lines[0].Values) != 6 || *rate.Lines[0].Values[0] != 7 {
		t.Errorf("codes a second: %+v, want 7 of 200 in each of 6 periods", rate.Lines)
	}
}

func TestArtillerysPeriodsBeginBeforeTheRunAndNoneIsLost(t *testing.T) {
	h, a := artillery(t)
	p := panelsAt(t, h, "/api/runs/20260301-art/board")["percentiles"]
	if (p.Grid != figure.Grid{Start: -3, Step: 10, From: -3, To: 57, Window: 10}) {
		t.Errorf("grid %+v", p.Grid)
	}
	for _, l := range p.Lines {
		if l.Label != "p95" {
			continue
		}
		if len(l.Values) != len(a.Truth.Periods) {
			t.Errorf("%d periods, want %d", len(l.Values), len(a.Truth.Periods))
		}
		for i, v := range l.Values {
			if want := quantile(a.Truth.Periods[int64(i*10-3)], 0.95); v == nil || !near(*v, want, 0.011) {
				t.Errorf("p95 of the period at %d is %v, want %v", i*10-3, v, want)
			}
		}
	}
	page := get(t, h, "/runs/20260301-art")
	if part := panel(t, page, "percentiles"); !strings.Contains(part, `data-half="5"`) || strings.Count(part, `<path class="stroke ramp3"`) != 1 {
		t.Errorf("the line of p95 is %s", part)
	}
}

func TestDistributionsHoldEveryValue(t *testing.T) {
	h, a := artillery(t)
	pro := panelsAt(t, h, "/api/runs/20260301-art/boards/artillery-pro")
	var sum, want int64
	for _, bin := range pro["heat"].Heat.Counts {
		for _, n := range bin {
			sum += n
		}
	}
	for _, of := range a.Truth.Periods {
		want += int64(len(of))
	}
	if sum != want {
		t.Errorf("the heat map has %d values, want %d", sum, want)
	}
	s := pro["spectrum"].Spectrum
	if len(s.Curves) != 1 || len(s.Quantiles) != 40 {
		t.Fatalf("the spectrum has %d curves over %d quantiles", len(s.Curves), len(s.Quantiles))
	}
	for i, q := range s.Quantiles {
		if got, want := *s.Curves[0].Values[i], quantile(a.Truth.Response, q); !near(got, want, 0.011) {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	compared := panelsAt(t, h, "/api/runs/20260301-art/boards/compare")
	for id, q := range map[string]float64{"latency-p50": 0.5, "latency-p95": 0.95, "latency-p99": 0.99} {
		if got, want := compared[id].stat(""), quantile(a.Truth.Response, q); !near(got, want, 0.011) {
			t.Errorf("%s of the comparison is %v, want %v", id, got, want)
		}
	}
	zoomed := panelsAt(t, h, "/api/runs/20260301-art/boards/artillery-pro?from=20&to=40")["heat"]
	if zoomed.Grid.Start != 17 || len(zoomed.Heat.Counts[0]) != 3 {
		t.Errorf("from 0:20 to 0:40 the heat map begins at %d and has %d columns, want the periods of 0:17, 0:27 and 0:37", zoomed.Grid.Start, len(zoomed.Heat.Counts[0]))
	}
}

func TestTwoRunsAreComparedFigureByFigure(t *testing.T) {
	one, two, elsewhere := small("20260301-120000-aaaaaa"), small("20260301-120100-bbbbbb"), small("20260301-120200-cccccc")
	two.rate, two.seconds, elsewhere.scenario = 80, 20, "other.js"
	m := newMemory(t, one, two, elsewhere)
	h := New(Config{Store: m, Port: port})
	p := panelsAt(t, h, fmt.Sprintf("/api/runs/%s/boards/compare?with=%s", two.id, one.id))
	count := func(w *world) (n int64) {
		for _, of := range w.statuses {
			n += of
		}
		return n
	}
	if got, other := p["requests"].stat(""), p["requests"].stat("compared"); got != float64(count(two)) || other != float64(count(one)) {
		t.Errorf("%v requests beside %v, want %d beside %d", got, other, count(two), count(one))
	}
	lines := p["rate"].Lines
	if len(lines) != 2 || len(lines[0].Values) != 30 || lines[0].Values[25] != nil || lines[1].Values[25] == nil {
		t.Errorf("after the end of the shorter run its line goes on, or the other's does not: %+v", lines)
	}
	page := get(t, h, "/runs/"+two.id+"/compare?with="+elsewhere.id)
	same, other := strings.Index(page, `value="`+one.id), strings.Index(page, `value="`+elsewhere.id)
	if same < 0 || other < same || strings.Contains(page, `value="`+two.id) {
		t.Error("the runs to compare with do not begin with those of the same scenario, or the run itself is one")
	}
	if got := ask(h, "GET", "127.0.0.1:3081", "/runs/"+two.id+"/compare?with=nope"); got.Code != http.StatusNotFound {
		t.Errorf("compared with a run that is not there: %d", got.Code)
	}
	alone := newHandler(t, small("20260301-120000-aaaaaa"))
	if page := get(t, alone, "/runs/20260301-120000-aaaaaa/compare"); !strings.Contains(page, "no other run to compare with") || !strings.Contains(panel(t, page, "rate"), "<svg") {
		t.Error("a run without another one does not say so")
	}
}

func TestAnEndpointNarrowsWhatIsKnownByEndpoint(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	m := newMemory(t, w)
	h := New(Config{Store: m, Port: port})
	for name, n := range w.byName {
		p := panelsAt(t, h, "/api/runs/"+w.id+"/board?endpoint="+name)
		if got := p["requests"].stat(""); got != float64(n) {
			t.Errorf("%s: %v requests, want %d", name, got, n)
		}
		var codes float64
		for _, l := range p["codes"].Lines {
			for _, v := range l.Values {
				codes += *v
			}
		}
		if codes != float64(n) {
			t.Errorf("%s: the codes add up to %v, want %d", name, codes, n)
		}
		if p["vus"].Foot != "not by endpoint: the whole run" || p["rate"].Foot != "" || len(p["endpoints"].Table.Rows) != 3 {
			t.Errorf("%s: vus say %q, rate %q, the table has %d lines", name, p["vus"].Foot, p["rate"].Foot, len(p["endpoints"].Table.Rows))
		}
	}
	if p := panelsAt(t, h, "/api/runs/"+w.id+"/board?endpoint=nowhere"); p["requests"].Empty == "" && p["requests"].stat("") == p["requests"].stat("") {
		t.Errorf("an endpoint that is not there has %v requests", p["requests"].stat(""))
	}
}

// A board that nobody has seen before is a page with all of its panels, by its definition alone.
func TestABoardIsAPageByItsDefinitionAlone(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	m := newMemory(t, w)
	query := boards.Query{Metric: "http_reqs", Field: "count", Rollup: "run", Window: "second", Label: "all"}
	whole := query
	whole.Window = "run"
	b := &boards.Board{ID: "mine", Title: "Mine", Description: "a board of one test", Tool: "k6", Rows: []boards.PanelRow{{Panels: []boards.Panel{
		{ID: "one", Title: "One (count, each second)", Kind: boards.Timeseries, Unit: boards.RequestRate, Width: 6, Description: "d", Queries: []boards.Query{query}},
		{ID: "two", Title: "Two (count, whole run)", Kind: boards.Stat, Unit: boards.Count, Width: 6, Description: "d", Queries: []boards.Query{whole}},
	}}}}
	if err := b.Validate(); err != nil {
		t.Fatal(err)
	}
	h := New(Config{Store: m, Port: port, Boards: func(string) []boards.Board { return []boards.Board{*b} }})
	page := get(t, h, "/runs/"+w.id+"/mine")
	var n int64
	for _, of := range w.statuses {
		n += of
	}
	if got := value(t, panel(t, page, "two")); got != float64(n) || !strings.Contains(panel(t, page, "one"), "<svg") {
		t.Errorf("the page of a new board shows %v requests, want %d", got, n)
	}
}
