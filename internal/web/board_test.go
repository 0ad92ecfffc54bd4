package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
)

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
		"requests": float64(requests), "request-rate": float64(requests) / w.length(), "failed": float64(failed) / float64(requests),
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

func TestAnIdleGapCountsNoneAndHasNoLatency(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.idle = [2]int{10, 20}
	h := newHandler(t, w)
	page := get(t, h, "/runs/"+w.id)
	if got := panel(t, page, "rate"); !strings.Contains(got, ",0,0,0,0,0,0,0,0,0,0,") {
		t.Errorf("the gap's seconds count something: %s", got)
	}
	if got := panel(t, page, "percentiles"); !strings.Contains(got, ",,,,,,,,,,,") {
		t.Errorf("the gap's seconds have a latency: %s", got)
	}
	page = get(t, h, "/runs/"+w.id+"?from=12&to=18")
	if got := panel(t, page, "percentiles"); !strings.Contains(got, "nothing was measured from 0:12 to 0:18") {
		t.Errorf("inside the gap the panel shows %s", got)
	}
}

func TestOnlyARunningRunMoves(t *testing.T) {
	open, done := small("20260301-120000-aaaaaa"), small("20260301-120100-bbbbbb")
	open.open = true
	h := newHandler(t, open, done)
	if live := get(t, h, "/runs/"+open.id+"/live"); !strings.HasPrefix(live, "<main") || !strings.Contains(live, `data-every="50"`) {
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

func TestEachBoardsPanelsAreOnItsPage(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	page := get(t, newHandler(t, w), "/runs/"+w.id)
	boards.For("k6").Panels(func(p *boards.Panel) { panel(t, page, p.ID) })
}
