package rows_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

func TestRowsOfAK6RunMatchItsRawSamples(t *testing.T) {
	k6World(t, 400, 0).check()
}

func TestLateSamplesChangeTheirWholeRows(t *testing.T) {
	k6World(t, 400, 0.1).check()
}

func TestRowsOfAnArtilleryRunMatchItsRawSamples(t *testing.T) {
	w := newWorld(t, "artillery", 10)
	rng := rand.New(rand.NewPCG(3, 4))
	response := w.add(w.metric("http.response_time", record.Trend, "ms"), nil)
	codes := w.add(w.metric("http.codes.200", record.Counter, ""), map[string]string{"scenario": "spike"})
	for at := int64(-4); at < 300; at += 10 { // periods follow the clock, so the first begins before the run
		var all []sample
		for range 500 {
			all = append(all, sample{response, at, float64(1 + rng.IntN(400))}, sample{codes, at, 1})
		}
		w.second(at, all)
	}
	got := w.check()
	if _, ok := got["http.response_time/run/minute/-60/map[]"]; !ok {
		t.Error("the period that begins before the run has no minute of its own")
	}
}

func TestWhatNoPeriodHasIsInTheRunAlone(t *testing.T) {
	for name, periods := range map[string]int64{"beside periods": 9, "alone": 0} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "artillery", 10)
			rng := rand.New(rand.NewPCG(5, 6))
			response := w.add(w.metric("http.response_time", record.Trend, "ms"), nil)
			codes := w.metric("http.codes", record.Counter, "")
			ok, lost := w.add(codes, map[string]string{"status": "200"}), w.add(codes, map[string]string{"status": "500"})
			checks := w.add(w.metric("checks", record.Rate, ""), map[string]string{"check": "expect contentType", "scenario": "spike"})
			some := func(at int64, n int) (all []sample) {
				for range n {
					all = append(all, sample{response, at, float64(1 + rng.IntN(400))}, sample{ok, at, 1}, sample{checks, at, float64(rng.IntN(2))})
				}
				return all
			}
			for i := range periods {
				w.second(10*i-4, some(10*i-4, 200))
			}
			w.second(nowhere, append(some(nowhere, 300), sample{lost, nowhere, 1}))
			got := w.check()
			if n := got["http.response_time/run/run/0/map[]"].Count; n != 300+200*periods {
				t.Errorf("%d samples are in the run, want %d", n, 300+200*periods)
			}
		})
	}
}

func TestSpectraHaveWhatNoPeriodHas(t *testing.T) {
	w := newWorld(t, "artillery", 10)
	s := w.add(w.metric("http.response_time", record.Trend, "ms"), nil)
	w.second(-4, []sample{{s, -4, 3}})
	w.second(nowhere, []sample{{s, nowhere, 700}})
	b := rows.NewBuilder()
	for _, l := range w.lines {
		if _, err := b.Apply(l); err != nil {
			t.Fatal(err)
		}
	}
	if v := b.Spectra()[0].Values; v[0] != 3 || v[len(v)-1] != 700 {
		t.Errorf("from %v to %v, want from 3 to 700", v[0], v[len(v)-1])
	}
}

func TestValuesAtTheEndsOfTheRange(t *testing.T) {
	w := newWorld(t, "k6", 1)
	s := w.add(w.metric("m", record.Trend, ""), nil)
	c := w.add(w.metric("c", record.Counter, ""), nil)
	huge := []sample{{s, 0, 1e308}, {s, 0, -1e308}, {s, 0, 0}, {s, 0, 1e-300}, {c, 0, 1e308}}
	w.second(0, huge)
	w.second(0, []sample{{c, 0, 1e308}})
	got := w.build()
	r := got["m/run/run/0/map[]"]
	if r.Min != -1e308 || r.Max != 1e308 || !near(r.P999, 1e-300, record.Accuracy) {
		t.Errorf("got min %v, max %v, p999 %v", r.Min, r.Max, r.P999)
	}
	if sum := got["c/run/run/0/map[]"].Sum; sum != math.MaxFloat64 {
		t.Errorf("a sum beyond all numbers is %v, want the largest number", sum)
	}
}

func TestATrendWithoutAnyValueInItsSketchHasItsMaximumAsPercentile(t *testing.T) {
	w := newWorld(t, "k6", 1)
	s := w.add(w.metric("m", record.Trend, ""), nil)
	w.lines = append(w.lines, record.ToolLine{Second: &record.Second{Buckets: []record.Bucket{{Series: s, N: 1, Sum: 1.7e308, Min: 1.7e308, Max: 1.7e308}}}})
	if r := w.build()["m/run/second/0/map[]"]; r.P50 != 1.7e308 || r.Count != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestMinutesAreReturnedOnceTheyCanNoLongerChange(t *testing.T) {
	w := newWorld(t, "k6", 1)
	s := w.add(w.metric("n", record.Counter, ""), nil)
	for _, at := range []int64{0, 59, 60, 119, 120, 180, 600} {
		w.second(at, []sample{{s, at, 1}})
	}
	b := rows.NewBuilder()
	var closed [][]int64
	for _, l := range w.lines {
		out, err := b.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		var minutes []int64
		for _, r := range out {
			if r.Window == rows.Minute {
				minutes = append(minutes, r.T)
			}
		}
		if l.Second != nil {
			closed = append(closed, minutes)
		}
	}
	want := [][]int64{nil, nil, nil, nil, {0}, {60}, {120, 180}}
	if !slices.EqualFunc(closed, want, slices.Equal) {
		t.Errorf("closed %v, want %v", closed, want)
	}
}

func TestSamplesOfAClosedMinuteAreCountedInTheOldestSecondHeld(t *testing.T) {
	w := newWorld(t, "k6", 1)
	s := w.add(w.metric("n", record.Counter, ""), nil)
	for _, at := range []int64{5, 70, 125, 130, 6} { // the last one's minute closed at 125
		w.second(at, []sample{{s, at, 1}})
	}
	got := w.build()
	for id, want := range map[string]int64{
		"n/run/second/70/map[]": 2, "n/run/minute/60/map[]": 2, "n/run/minute/0/map[]": 1, "n/run/run/0/map[]": 5} {
		if got[id].Count != want {
			t.Errorf("%s counts %d, want %d", id, got[id].Count, want)
		}
	}
	if _, ok := got["n/run/second/6/map[]"]; ok {
		t.Error("a second of a closed minute has a row")
	}
}

func TestALineReturnsOnlyRowsOfItsOwnSecond(t *testing.T) {
	w := newWorld(t, "k6", 1)
	a := w.add(w.metric("a", record.Counter, ""), nil)
	c := w.add(w.metric("c", record.Counter, ""), nil)
	w.second(3, []sample{{a, 3, 1}, {c, 3, 1}})
	w.second(4, []sample{{a, 4, 1}})
	w.second(3, []sample{{a, 3, 1}})
	b := rows.NewBuilder()
	var last []rows.Row
	for _, l := range w.lines {
		var err error
		if last, err = b.Apply(l); err != nil {
			t.Fatal(err)
		}
	}
	if len(last) != 2 {
		t.Fatalf("got %d rows, want series and run of one counter", len(last))
	}
	for _, r := range last {
		if r.Metric != "a" || r.T != 3 || r.Count != 2 {
			t.Errorf("got %s at %d with count %d, want a at 3 with 2", r.Metric, r.T, r.Count)
		}
	}
}

func TestHeatCountsTheMainLatencyInLogBins(t *testing.T) {
	w := newWorld(t, "k6", 1)
	s := w.add(w.metric("http_req_duration", record.Trend, "ms"), map[string]string{"name": "x"})
	other := w.add(w.metric("http_req_waiting", record.Trend, "ms"), nil)
	values := []float64{-1, 0, 0.01, 0.12, 1.2, 12, 12, 1e5, 1e9}
	var all []sample
	for _, v := range values {
		all = append(all, sample{s, 0, v}, sample{other, 0, v})
	}
	w.second(0, all)
	got := w.build()
	heat := got["http_req_duration/run/second/0/map[]"].Heat
	if heat == nil {
		t.Fatal("the main latency has no heat")
	}
	if want := (rows.Heat{0: 4, 4: 1, 8: 2, 23: 2}); *heat != want {
		t.Errorf("got %v, want %v", *heat, want)
	}
	for id, r := range got {
		if r.Heat != nil && id != "http_req_duration/run/second/0/map[]" {
			t.Errorf("%s has a heat", id)
		}
	}
	if b := rows.HeatBound(8); math.Abs(b-10) > 1e-9 {
		t.Errorf("bin 8 begins at %v ms, want 10", b)
	}
}

func TestSpectraAreTheRunsQuantiles(t *testing.T) {
	w := newWorld(t, "k6", 1)
	w.add(w.metric("idle", record.Trend, "ms"), nil)
	s := w.add(w.metric("http_req_duration", record.Trend, "ms"), nil)
	for at := range int64(100) {
		var all []sample
		for i := range 100 {
			all = append(all, sample{s, at, float64(1 + 100*i + int(at))})
		}
		w.second(at, all)
	}
	b := rows.NewBuilder()
	for _, l := range w.lines {
		if _, err := b.Apply(l); err != nil {
			t.Fatal(err)
		}
	}
	spectra, q := b.Spectra(), rows.Quantiles()
	if len(spectra) != 1 || spectra[0].Metric != "http_req_duration" || len(spectra[0].Values) != 40 || len(q) != 40 {
		t.Fatalf("got %+v for %d quantiles", spectra, len(q))
	}
	if !slices.IsSorted(q) || q[0] != 0 || q[39] != 1 {
		t.Errorf("the quantiles do not ascend from 0 to 1: %v", q)
	}
	for i, v := range spectra[0].Values {
		if want := 1 + math.Floor(q[i]*9999); !near(v, want, 1.0001*record.Accuracy) {
			t.Errorf("quantile %v is %v, want %v", q[i], v, want)
		}
	}
}

func TestLinesThatContradictTheRecordAreErrors(t *testing.T) {
	header := record.ToolLine{Header: &record.Header{Mapping: record.DefaultMapping()}}
	metric := record.ToolLine{Metric: &record.Metric{ID: 1, Name: "m", Kind: record.Counter}}
	series := record.ToolLine{Series: &record.Series{ID: 1, Metric: 1}}
	second := func(ids ...int) record.ToolLine {
		s := &record.Second{}
		for _, id := range ids {
			s.Buckets = append(s.Buckets, record.Bucket{Series: id, N: 1})
		}
		return record.ToolLine{Second: s}
	}
	for name, lines := range map[string][]record.ToolLine{
		"second before the header": {second()},
		"two headers":              {header, header},
		"unknown mapping":          {{Header: &record.Header{}}},
		"metric of unknown kind":   {header, {Metric: &record.Metric{ID: 1, Name: "m", Kind: "histogram"}}},
		"series of unknown metric": {header, series},
		"series twice":             {header, metric, series, series},
		"bucket of unknown series": {header, metric, second(1)},
		"series twice in one line": {header, metric, series, second(1, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			b := rows.NewBuilder()
			var err error
			for _, l := range lines {
				if _, err = b.Apply(l); err != nil {
					break
				}
			}
			if err == nil {
				t.Error("no error")
			}
		})
	}
	b := rows.NewBuilder()
	if out, err := b.Apply(record.ToolLine{}); err != nil || len(out)+len(b.Finish()) != 0 {
		t.Errorf("a line of a kind not known yet: %v, %v", out, err)
	}
}

// wide is a record of seconds in which every one of n trends and counters has a few samples, 500 names at most.
func wide(n int) (declare []record.ToolLine, second record.Second) {
	index, _ := record.DefaultMapping().Index()
	rng := rand.New(rand.NewPCG(5, 6))
	declare = append(declare, record.ToolLine{Header: &record.Header{Tool: "k6", Mapping: record.DefaultMapping()}},
		record.ToolLine{Metric: &record.Metric{ID: 0, Name: "http_reqs", Kind: record.Counter}})
	for m := 1; m <= 7; m++ {
		declare = append(declare, record.ToolLine{Metric: &record.Metric{ID: m, Name: "http_req_" + strconv.Itoa(m), Kind: record.Trend}})
	}
	for i := range n {
		tags := map[string]string{"name": strconv.Itoa(i / 8 % 500), "scenario": "default", "status": strconv.Itoa(i / 4000)}
		declare = append(declare, record.ToolLine{Series: &record.Series{ID: i, Metric: i % 8, Tags: tags}})
		k := record.Bucket{Series: i, Kind: record.Counter, N: 50, Sum: 50}
		if i%8 > 0 {
			k = record.Bucket{Series: i, Kind: record.Trend, N: 50, Min: 1, Max: 1e4, Sketch: record.NewSketch(index)}
			for range 50 {
				v := math.Exp(rng.NormFloat64() + 2)
				k.Sum += v
				_ = k.Sketch.Add(v)
			}
		}
		second.Buckets = append(second.Buckets, k)
	}
	return declare, second
}

func TestMemoryIsBoundedByTwoMinutes(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	declare, second := wide(800)
	before := heap()
	b := rows.NewBuilder()
	for _, l := range declare {
		if _, err := b.Apply(l); err != nil {
			t.Fatal(err)
		}
	}
	grown := map[int64]uint64{}
	for second.T = range 600 {
		if _, err := b.Apply(record.ToolLine{Second: &second}); err != nil {
			t.Fatal(err)
		}
		if second.T == 150 || second.T == 599 {
			grown[second.T] = heap() - before
		}
	}
	if grown[599] > grown[150]*6/5 {
		t.Errorf("%d bytes after 150 seconds, %d after 600", grown[150], grown[599])
	}
	runtime.KeepAlive(b)
}

func benchmarkApply(b *testing.B, n int) {
	declare, second := wide(n)
	builder := rows.NewBuilder()
	for _, l := range declare {
		if _, err := builder.Apply(l); err != nil {
			b.Fatal(err)
		}
	}
	var made int
	b.ReportAllocs()
	for b.Loop() {
		out, err := builder.Apply(record.ToolLine{Second: &second})
		if err != nil {
			b.Fatal(err)
		}
		made += len(out)
		second.T++
	}
	b.ReportMetric(float64(made)/float64(b.N), "rows/op")
}

// A typical run: 20 endpoints with 8 metrics each, closing one second an operation.
func BenchmarkApply160Series(b *testing.B) { benchmarkApply(b, 160) }

func BenchmarkApply5000Series(b *testing.B) { benchmarkApply(b, 5000) }

func BenchmarkRunning160Series(b *testing.B) {
	declare, second := wide(160)
	builder := rows.NewBuilder()
	for _, l := range declare {
		if _, err := builder.Apply(l); err != nil {
			b.Fatal(err)
		}
	}
	for second.T = range 100 {
		if _, err := builder.Apply(record.ToolLine{Second: &second}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		builder.Running()
	}
}
