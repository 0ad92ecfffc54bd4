package web

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// written is a store with a run of k6 that f writes, second by second; each of its seconds is begun by f itself.
func written(t *testing.T, f func(w *world, to *record.Writer, b *buckets)) (*store.Reader, *world) {
	t.Helper()
	w := small("20260301-120000-aaaaaa")
	w.more = f
	return newStore(t, w), w
}

func TestAPageOfFiveThousandSeriesIsBoundedAndSaysWhatItLeftOut(t *testing.T) {
	const names, metrics = 500, 120
	statuses := []string{"200", "201", "404", "429", "500"}
	r, w := written(t, func(w *world, to *record.Writer, b *buckets) {
		for i := range metrics {
			to.Metric(record.Metric{ID: 100 + i, Name: fmt.Sprintf("custom_%03d", i), Kind: record.Trend, Unit: "ms"})
		}
		for second := range 3 {
			for i := range names {
				for j, status := range statuses {
					tags := map[string]string{"name": fmt.Sprintf("GET /item/%03d", i), "status": status, "method": "GET", "scenario": "default"}
					b.count(reqs, tags, float64(1+i+j))
					b.time(durations, tags, float64(1+i))
				}
			}
			for i := range metrics {
				b.time(100+i, nil, float64(i))
			}
			to.Second(int64(w.seconds+second), b.take())
		}
	})
	h := New(Config{Store: r, Port: port})
	for _, board := range boards.Of("k6") {
		page := get(t, h, "/runs/"+w.id+"/"+board.ID)
		if len(page) > 1<<20 {
			t.Errorf("%s is a page of %d bytes", board.ID, len(page))
		}
		board.Panels(func(p *boards.Panel) {
			part := panel(t, page, p.ID)
			if n := strings.Count(part, "<tr>"); p.Kind == boards.Table && n > p.Limit+1 {
				t.Errorf("%s/%s has %d lines", board.ID, p.ID, n)
			}
			if n := strings.Count(part, `class="stroke`); n > 2*10+5 {
				t.Errorf("%s/%s draws %d strokes", board.ID, p.ID, n)
			}
		})
		for id, want := range map[string]map[string]string{
			"k6-elite": {"endpoints": "more, with fewer requests", "endpoint-rates": "more with smaller values"},
			"k6-pro":   {"endpoint-tails": "more with smaller values", "trends": "more, with"},
		} {
			if id != board.ID {
				continue
			}
			for panelID, say := range want {
				if part := panel(t, page, panelID); !strings.Contains(part, say) {
					t.Errorf("%s/%s does not say %q: %s", id, panelID, say, part)
				}
			}
		}
	}
	page := get(t, h, "/runs/"+w.id+"?endpoint=GET+%2Fitem%2F499")
	if strings.Count(page, `<option value="GET /item/499" selected>`) != 1 {
		t.Error("an endpoint at the end of the list cannot be chosen")
	}
	if !strings.Contains(page, ` disabled>`) || !strings.Contains(page, "more: ?endpoint= of the address names them") {
		t.Error("the list of endpoints does not say that there are more")
	}
}

func TestATimeFarFromAllOthersTakesNoMemory(t *testing.T) {
	const far = 1 << 50
	r, w := written(t, func(w *world, to *record.Writer, b *buckets) {
		for _, at := range []int64{far - 200_000, far} {
			b.count(reqs, map[string]string{"name": "/a", "status": "503", "scenario": "default"}, 1)
			b.time(durations, map[string]string{"name": "/a", "status": "503", "scenario": "default"}, 5)
			to.Second(at, b.take())
		}
		to.Load(record.Load{T: far, VUs: 1})
	})
	h := New(Config{Store: r, Port: port})
	for _, board := range boards.Of("k6") {
		for _, path := range []string{"/runs/" + w.id + "/" + board.ID, "/api/runs/" + w.id + "/boards/" + board.ID} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			get(t, h, path)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
				t.Errorf("%s allocates %d MB", path, took>>20)
			}
		}
	}
	all, err := r.SumBy(context.Background(), w.id, store.Query{Metric: "http_reqs", Field: "count", Window: "second"}, "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Tags["status"] != "503" {
			continue
		}
		if len(s.Points) != 2 || s.Points[0].T != far-200_000 || s.Points[1].T != far {
			t.Errorf("answers of 503 at %v", s.Points)
		}
		return
	}
	t.Errorf("no answers of 503 among %d", len(all))
}
