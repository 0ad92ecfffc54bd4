package store

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

func TestSumsByTagsAreThoseOfTheRequests(t *testing.T) {
	for name, period := range map[string]int64{"k6": 1, "artillery": 10} {
		t.Run(name, func(t *testing.T) {
			s, runs := openStore(t)
			m := makeRun(t, runs, "a", period, 3)
			m.more(130)
			m.finish()
			step(t, s.NewFollow(m.folder), true)
			finest := rows.Second
			if period > 1 {
				finest = rows.Period
			}
			for _, w := range []rows.Window{finest, rows.Minute, rows.Run} {
				got, err := s.SumBy(t.Context(), "a", Query{Metric: "http_reqs", Field: "count", Window: w}, "name", "status")
				must(t, err)
				sums := map[string]int64{}
				points := 0
				for _, series := range got {
					for i, p := range series.Points {
						sums[series.Tags["name"]+" "+series.Tags["status"]] += int64(p.V)
						if i > 0 && p.T <= series.Points[i-1].T {
							t.Fatalf("points of %v are not in order", series.Tags)
						}
					}
					points = max(points, len(series.Points))
				}
				if !maps.Equal(sums, m.codes) {
					t.Errorf("%s: got %v, want %v", w, sums, m.codes)
				}
				if want := map[rows.Window]int64{finest: 130, rows.Minute: (130*period + 59) / 60, rows.Run: 1}[w]; int64(points) != want {
					t.Errorf("%s: %d points, want %d", w, points, want)
				}
			}
			total := int64(0)
			for _, n := range m.codes {
				total += n
			}
			got, err := s.SumBy(t.Context(), "a", Query{Metric: "http_reqs", Field: "sum", Window: rows.Run}, "no-such-tag")
			must(t, err)
			if len(got) != 1 || got[0].Tags["no-such-tag"] != "" || got[0].Points[0] != (Point{0, float64(total)}) {
				t.Errorf("by a tag that none has: %v, want one sum of %d", got, total)
			}
		})
	}
	s, _ := openStore(t)
	if _, err := s.SumBy(t.Context(), "a", Query{Metric: "m", Field: "p95"}, "name"); err == nil || !strings.Contains(err.Error(), "p95") {
		t.Errorf("a sum of percentiles: %v", err)
	}
}

func TestSelectKeepsToTheTimesAndTagsAskedFor(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 3)
	m.more(200)
	step(t, s.NewFollow(m.folder), false)
	q := Query{Metric: "http_reqs", Field: "count", Rollup: rows.BySeries, Window: rows.Second, Where: map[string]string{"name": "GET /1", "status": "200"}, From: 59, To: 121}
	got, err := s.Select(t.Context(), "a", q)
	must(t, err)
	if len(got) != 1 || got[0].Tags["name"] != "GET /1" || got[0].Tags["status"] != "200" {
		t.Fatalf("got %+v", got)
	}
	p := got[0].Points
	if p[0].T != 59 || p[len(p)-1].T != 120 || len(p) != 62 {
		t.Errorf("%d points from %d to %d, want 62 from 59 to 120", len(p), p[0].T, p[len(p)-1].T)
	}
	for name, q := range map[string]Query{
		"no such metric": {Metric: "none", Field: "count", Rollup: rows.ByRun, Window: rows.Second},
		"no such value":  {Metric: "http_reqs", Field: "count", Rollup: rows.BySeries, Window: rows.Second, Where: map[string]string{"name": "x"}},
		"no such field":  {Metric: "http_reqs", Field: "p95", Rollup: rows.ByRun, Window: rows.Second},
		"no such window": {Metric: "http_reqs", Field: "count", Rollup: rows.BySeries, Window: rows.Run},
		"after the end":  {Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: rows.Second, From: 1000},
	} {
		if got, err := s.Select(t.Context(), "a", q); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := s.Select(t.Context(), "none", q); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
}

func TestAQueryDoesNotWalkThroughTheGapOfAStrayClock(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 1)
	m.more(3)
	m.tool.Second(1<<50, []record.Bucket{{Series: 0, Kind: record.Counter, N: 5, Sum: 5}})
	m.tool.Second(-1000, []record.Bucket{{Series: 0, Kind: record.Counter, N: 1, Sum: 1}})
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	m.agree(s.Reader)
}

func TestThePeriodBeforeTheStartIsPartOfTheWhole(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 10, 1)
	m.tool.Second(-4, []record.Bucket{{Series: 0, Kind: record.Counter, N: 5, Sum: 5}})
	m.tool.Second(6, []record.Bucket{{Series: 0, Kind: record.Counter, N: 2, Sum: 2}})
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	m.agree(s.Reader)
	for from, want := range map[int64]int{0: 2, 1: 1} {
		got, err := s.Select(t.Context(), "a", Query{Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: rows.Period, From: from})
		must(t, err)
		if len(got[0].Points) != want {
			t.Errorf("from %d: %v", from, got[0].Points)
		}
	}
}

func TestWhatNoPeriodHasIsPartOfTheRunAlone(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 10, 1)
	requests := func(n int64) []record.Bucket {
		return []record.Bucket{{Series: 0, Kind: record.Counter, N: n, Sum: float64(n)}}
	}
	m.tool.Second(6, requests(2))
	m.tool.Unplaced(90, requests(5))
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	m.agree(s.Reader)
	for w, want := range map[rows.Window]Point{rows.Period: {6, 2}, rows.Minute: {0, 2}, rows.Run: {0, 7}} {
		got, err := s.Select(t.Context(), "a", Query{Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: w})
		must(t, err)
		sums, err := s.SumBy(t.Context(), "a", Query{Metric: "http_reqs", Field: "count", Window: w}, "status")
		must(t, err)
		for _, all := range [][]Series{got, sums} {
			if len(all) != 1 || len(all[0].Points) != 1 || all[0].Points[0] != want {
				t.Errorf("%s: %v, want %v", w, all, want)
			}
		}
	}
	run, err := s.Run(t.Context(), "a")
	must(t, err)
	if run.Seconds != 16 {
		t.Errorf("the run is %d s long, want 16", run.Seconds)
	}
}

func TestLatestIsTheNewestWindow(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 3)
	m.more(90)
	step(t, s.NewFollow(m.folder), false)
	for w, want := range map[rows.Window]int64{rows.Second: 89, rows.Minute: 60, rows.Run: 0} {
		got, err := s.Latest(t.Context(), "a", "http_reqs", rows.ByName, w)
		must(t, err)
		if len(got) != 3 {
			t.Errorf("%s: %d rows, want 3", w, len(got))
		}
		for _, r := range got {
			if r.T != want || r.Metric != "http_reqs" || r.Kind != record.Counter || r.Rollup != rows.ByName || r.Window != w || r.Count == 0 {
				t.Errorf("%s: %+v", w, r)
			}
		}
	}
}

func TestHeatAndSpectraAreKept(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 2)
	m.more(100)
	m.finish()
	step(t, s.NewFollow(m.folder), true)
	heat, err := s.Heat(t.Context(), "a", 0, 0)
	must(t, err)
	built := m.built()
	if len(heat) != 100 {
		t.Fatalf("%d seconds of heat, want 100", len(heat))
	}
	for _, h := range heat {
		if want := built[rowID("http_req_duration", rows.ByRun, rows.Second, map[string]string{}, h.T)].Heat; h.Bins != *want {
			t.Errorf("second %d: %v, want %v", h.T, h.Bins, *want)
		}
	}
	if part, err := s.Heat(t.Context(), "a", 10, 20); err != nil || len(part) != 10 || part[0].T != 10 {
		t.Errorf("a part: %v, %v", part, err)
	}
	values, err := s.Spectrum(t.Context(), "a", "http_req_duration")
	must(t, err)
	all := slices.Sorted(slices.Values(slices.Concat(m.truth["GET /0"], m.truth["GET /1"])))
	for i, q := range rows.Quantiles() {
		if want := all[int(q*float64(len(all)-1))]; math.Abs(values[i]-want) > want*record.Accuracy*1.0001 {
			t.Errorf("quantile %v is %v, want %v", q, values[i], want)
		}
	}
	if values, err := s.Spectrum(t.Context(), "a", "http_reqs"); err != nil || values != nil {
		t.Errorf("a counter has the spectrum %v, %v", values, err)
	}
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	s, runs := openStore(t)
	for _, id := range []string{"b", "c", "a"} {
		folder, err := runs.Create(id)
		must(t, err)
		log, err := record.CreateRun(folder.Run())
		must(t, err)
		start := began
		if id == "a" {
			start = began.AddDate(0, 0, 1)
		}
		must(t, log.Write(record.RunLine{Start: &record.RunStart{Run: id, Time: start}}))
		must(t, log.Write(record.RunLine{End: &record.RunEnd{}}))
		step(t, s.NewFollow(folder), true)
	}
	for limit, want := range map[int][]string{0: {"a", "c", "b"}, 2: {"a", "c"}} {
		all, err := s.Runs(t.Context(), limit)
		must(t, err)
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("limit %d: %v, want %v", limit, ids, want)
		}
	}
}

func TestTagsOfAnyTextReadBack(t *testing.T) {
	for _, tags := range []map[string]string{nil, {"": ""}, {"a": "b", "c": "\x00\n\"🚀<b>"}, {"name": strings.Repeat("x", 64<<10)}} {
		got, err := decodeTags(encodeTags(tags))
		if err != nil || !maps.Equal(got, tags) {
			t.Errorf("%.20q reads back as %.20q, %v", tags, got, err)
		}
	}
	if _, err := decodeTags([]byte{5, 'a'}); !errors.Is(err, errBlock) {
		t.Errorf("tags cut short: %v", err)
	}
}

func TestABlockKeepsItsPointsInOrderAndTheLastOfEach(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	odd := []float64{0, 1, -1, 0.1, 1e9, -1e9, 1 << 31, 1e15, 1e308, -1e308, 5e-324, 1e-40, math.MaxFloat64, 123.456}
	for _, kind := range []record.Kind{record.Counter, record.Rate, record.Gauge, record.Trend} {
		var block []byte
		want := map[int64]rows.Row{}
		for range 500 {
			v := func() float64 { return odd[rng.IntN(len(odd))] }
			r := rows.Row{Kind: kind, Count: rng.Int64()}
			switch kind {
			case record.Counter:
				r.Sum = v()
			case record.Rate:
				r.Passes = rng.Int64N(1 << 50)
			case record.Gauge:
				r.Last, r.Min, r.Max = v(), v(), v()
			case record.Trend:
				r.Sum, r.Min, r.P50, r.P90, r.P95, r.P99, r.P999, r.Max = v(), v(), v(), v(), v(), v(), v(), v()
			}
			at := rng.Int64N(600)
			block, _ = put(block, at, &r)
			if same, changed := put(block, at, &r); changed || len(same) != len(block) {
				t.Fatalf("%s: the same point again changed the block", kind)
			}
			r.T = 6000 + at
			want[r.T] = r
		}
		got := rows.Row{Kind: kind}
		last := int64(-1)
		must(t, each(block, 6000, &got, allValues, func() {
			w := want[got.T]
			delete(want, got.T)
			if got.T <= last {
				t.Fatalf("%s: %d follows %d", kind, got.T, last)
			}
			last = got.T
			if got.Count != w.Count || got.Sum != w.Sum || got.Passes != w.Passes || got.Last != w.Last {
				t.Errorf("%s: got %+v, want %+v", kind, got, w)
			}
			for _, p := range [][2]float64{{got.Min, w.Min}, {got.Max, w.Max}, {got.P50, w.P50}, {got.P999, w.P999}} {
				if math.Abs(p[0]-p[1]) > 1e-7*math.Abs(p[1]) {
					t.Errorf("%s: got %v, want %v", kind, p[0], p[1])
				}
			}
		}))
		if len(want) > 0 {
			t.Errorf("%s: %d points are missing", kind, len(want))
		}
		for cut := range len(block) {
			err := each(block[:cut], 0, &rows.Row{Kind: kind}, allValues, func() {})
			if err != nil && !errors.Is(err, errBlock) {
				t.Fatalf("%s cut at %d: %v", kind, cut, err)
			}
		}
	}
	if err := each([]byte{3, 0, 0, 0xff}, 0, &rows.Row{Kind: record.Trend}, allValues, func() {}); !errors.Is(err, errBlock) {
		t.Errorf("got %v, want errBlock", err)
	}
	if b, at := place(rows.Second, -1); b != -1 || at != 59 {
		t.Errorf("second -1 is at %d of block %d", at, b)
	}
}
