package rows_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// sample is one raw measurement, as a tool would hand it to its output.
type sample struct {
	series int
	t      int64 // start of its bucket, or nowhere
	v      float64
}

// nowhere is the time of samples that are in no second.
const nowhere = math.MinInt64

// world is a made-up record and the raw samples behind it.
type world struct {
	t       *testing.T
	period  int
	metrics []record.Metric
	series  []record.Series
	samples []sample
	lines   []record.ToolLine
}

func newWorld(t *testing.T, tool string, period int) *world {
	w := &world{t: t, period: period}
	w.lines = append(w.lines, record.ToolLine{Header: &record.Header{
		Format: record.Format, Tool: tool, Mapping: record.DefaultMapping(), Period: period}})
	return w
}

func (w *world) metric(name string, kind record.Kind, unit string) int {
	m := record.Metric{ID: len(w.metrics), Name: name, Kind: kind, Unit: unit}
	w.metrics = append(w.metrics, m)
	w.lines = append(w.lines, record.ToolLine{Metric: &m})
	return m.ID
}

func (w *world) add(metric int, tags map[string]string) int {
	s := record.Series{ID: len(w.series), Metric: metric, Tags: tags}
	w.series = append(w.series, s)
	w.lines = append(w.lines, record.ToolLine{Series: &s})
	return s.ID
}

// second writes one line of second t with these samples.
func (w *world) second(t int64, samples []sample) {
	index, err := record.DefaultMapping().Index()
	if err != nil {
		w.t.Fatal(err)
	}
	buckets := map[int]*record.Bucket{}
	for _, s := range samples {
		k := buckets[s.series]
		if k == nil {
			kind := w.metrics[w.series[s.series].Metric].Kind
			k = &record.Bucket{Series: s.series, Kind: kind, Min: s.v, Max: s.v}
			if kind == record.Trend {
				k.Sketch = record.NewSketch(index)
			}
			buckets[s.series] = k
		}
		k.N++
		k.Sum += s.v
		k.Last, k.Min, k.Max = s.v, min(k.Min, s.v), max(k.Max, s.v)
		if k.Sketch != nil {
			if err := k.Sketch.Add(s.v); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	line := &record.Second{T: t, Unplaced: t == nowhere}
	for _, id := range slices.Sorted(maps.Keys(buckets)) {
		line.Buckets = append(line.Buckets, *buckets[id])
	}
	w.lines = append(w.lines, record.ToolLine{Second: line})
	w.samples = append(w.samples, samples...)
}

// id names a row in tests.
func id(r rows.Row) string {
	return fmt.Sprintf("%s/%s/%s/%d/%v", r.Metric, r.Rollup, r.Window, r.T, r.Tags)
}

// build feeds the record to a Builder and returns the last version of every row. Every few lines it looks at the running
// rows, as a live board does, and empties the line's sketches, as a caller that pools them does.
func (w *world) build() map[string]rows.Row {
	w.t.Helper()
	got := map[string]rows.Row{}
	put := func(all []rows.Row) {
		for _, r := range all {
			got[id(r)] = r
		}
	}
	b := rows.NewBuilder()
	progress := map[string]rows.Row{}
	for i, l := range w.lines {
		out, err := b.Apply(l)
		if err != nil {
			w.t.Fatal(err)
		}
		put(out)
		if l.Second != nil {
			for _, k := range l.Second.Buckets {
				if k.Sketch != nil {
					k.Sketch.Clear()
				}
			}
		}
		if i%7 == 0 {
			put(b.Running())
		}
		if i%5 == 0 {
			for _, r := range b.Progress() {
				progress[id(r)] = r
			}
		}
	}
	put(b.Finish())
	for _, r := range b.Progress() {
		progress[id(r)] = r
	}
	w.progressed(got, progress)
	return got
}

// progressed asserts that what Progress returned on the way comes to the rows of the run.
func (w *world) progressed(got, progress map[string]rows.Row) {
	w.t.Helper()
	for id, r := range got {
		if r.Window == rows.Run && r.Rollup != rows.BySeries && progress[id].Count != r.Count {
			w.t.Errorf("%s: Progress has %d samples, Finish %d", id, progress[id].Count, r.Count)
		}
		delete(progress, id)
	}
	if len(progress) > 0 {
		w.t.Errorf("Progress has %d rows that Finish has not", len(progress))
	}
}

func floorDiv(a, b int64) int64 { return int64(math.Floor(float64(a) / float64(b))) }

// exact computes every row from the raw samples, the slow and plain way.
func (w *world) exact() map[string]rows.Row {
	type group struct {
		row     rows.Row
		samples []sample
	}
	groups := map[string]*group{}
	for _, s := range w.samples {
		series := w.series[s.series]
		m := w.metrics[series.Metric]
		for _, rollup := range []rows.Rollup{rows.ByRun, rows.ByScenario, rows.ByName, rows.ByStatus, rows.BySeries, rows.Whole} {
			tags := map[string]string{}
			switch rollup {
			case rows.BySeries:
				tags = series.Tags
			case rows.Whole:
				if m.Kind != record.Counter && m.Kind != record.Rate {
					continue
				}
				tags = series.Tags
			case rows.ByScenario, rows.ByName, rows.ByStatus:
				v, ok := series.Tags[string(rollup)]
				if rollup == rows.ByStatus && (m.Kind != record.Counter || !ok && m.Name != "http_reqs") || rollup != rows.ByStatus && !ok {
					continue
				}
				tags[string(rollup)] = v
			}
			finest := rows.Second
			if w.period > 1 {
				finest = rows.Period
			}
			for window, t := range map[rows.Window]int64{finest: s.t, rows.Minute: 60 * floorDiv(s.t, 60), rows.Run: 0} {
				placed := s.t != nowhere
				if rollup == rows.Whole && window != rows.Run || rollup == rows.BySeries && (window == rows.Minute || (window == rows.Run) == placed) || !placed && window != rows.Run {
					continue
				}
				row := rows.Row{Metric: m.Name, Kind: m.Kind, Unit: m.Unit, Rollup: rollup, Window: window, T: t, Tags: tags}
				g := groups[id(row)]
				if g == nil {
					g = &group{row: row}
					groups[id(row)] = g
				}
				g.samples = append(g.samples, s)
			}
		}
	}
	want := map[string]rows.Row{}
	for id, g := range groups {
		g.row.Count = int64(len(g.samples))
		switch g.row.Kind {
		case record.Gauge:
			exactGauge(&g.row, g.samples)
		default:
			exactValues(&g.row, g.samples)
		}
		want[id] = g.row
	}
	return want
}

func exactValues(r *rows.Row, samples []sample) {
	var v []float64
	for _, s := range samples {
		v = append(v, s.v)
		r.Sum += s.v
	}
	slices.Sort(v)
	at := func(q float64) float64 { return v[int(q*float64(len(v)-1))] }
	switch r.Kind {
	case record.Rate:
		r.Passes, r.Sum = int64(r.Sum), 0
	case record.Trend:
		r.Min, r.Max = v[0], v[len(v)-1]
		r.P50, r.P90, r.P95, r.P99, r.P999 = at(0.5), at(0.9), at(0.95), at(0.99), at(0.999)
	}
}

// exactGauge follows the doc of Builder: sums each second, then takes the seconds in order.
func exactGauge(r *rows.Row, samples []sample) {
	type one struct{ last, min, max float64 }
	seconds := map[int64]map[int]*one{}
	for _, s := range samples {
		if seconds[s.t] == nil {
			seconds[s.t] = map[int]*one{}
		}
		o := seconds[s.t][s.series]
		if o == nil {
			o = &one{s.v, s.v, s.v}
			seconds[s.t][s.series] = o
		}
		o.last, o.min, o.max = s.v, min(o.min, s.v), max(o.max, s.v)
	}
	for i, t := range slices.Sorted(maps.Keys(seconds)) {
		var last, low, high float64
		for _, o := range seconds[t] {
			last, low, high = last+o.last, o.min, o.max
		}
		if len(seconds[t]) > 1 {
			low, high = last, last
		}
		if i == 0 {
			r.Min, r.Max = low, high
		}
		r.Last, r.Min, r.Max = last, min(r.Min, low), max(r.Max, high)
	}
}

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*math.Abs(want)+1e-300
}

// compare says how rows differ: counts must be equal, sums too but for the order of addition, percentiles within 1 %.
func compare(got, want map[string]rows.Row) []string {
	var wrong []string
	bad := func(id, field string, g, w any) {
		wrong = append(wrong, fmt.Sprintf("%s: %s is %v, want %v", id, field, g, w))
	}
	for id, w := range want {
		g, ok := got[id]
		if !ok {
			bad(id, "row", "missing", "there")
			continue
		}
		if g.Kind != w.Kind || g.Unit != w.Unit || g.Key == 0 {
			bad(id, "kind, unit or key", g, w)
		}
		if g.Count != w.Count || g.Passes != w.Passes {
			bad(id, "count and passes", [2]int64{g.Count, g.Passes}, [2]int64{w.Count, w.Passes})
		}
		if !near(g.Sum, w.Sum, 1e-9) || !near(g.Last, w.Last, 1e-12) || g.Min != w.Min && g.Kind != record.Gauge {
			bad(id, "sum, last and min", [3]float64{g.Sum, g.Last, g.Min}, [3]float64{w.Sum, w.Last, w.Min})
		}
		if !near(g.Min, w.Min, 1e-12) || !near(g.Max, w.Max, 1e-12) {
			bad(id, "min and max", [2]float64{g.Min, g.Max}, [2]float64{w.Min, w.Max})
		}
		for _, p := range [][2]float64{{g.P50, w.P50}, {g.P90, w.P90}, {g.P95, w.P95}, {g.P99, w.P99}, {g.P999, w.P999}} {
			if !near(p[0], p[1], record.Accuracy*1.0001) {
				bad(id, "percentile", p[0], p[1])
			}
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			bad(id, "row", "there", "missing")
		}
	}
	slices.Sort(wrong)
	return wrong
}

func (w *world) check() map[string]rows.Row {
	w.t.Helper()
	got := w.build()
	if wrong := compare(got, w.exact()); len(wrong) > 0 {
		w.t.Errorf("%d of %d rows differ from the raw samples, among them\n%s",
			len(wrong), len(got), strings.Join(wrong[:min(len(wrong), 10)], "\n"))
	}
	return got
}

// k6World has the metrics and tags of a k6 run; late is the share of samples that come in a line of their own, up to
// 70 seconds later, as long as their minute or the one after it lasts.
func k6World(t *testing.T, seconds int64, late float64) *world {
	w := newWorld(t, "k6", 1)
	rng := rand.New(rand.NewPCG(1, 2))
	var draw []func() (int, float64)
	reqs := w.metric("http_reqs", record.Counter, "")
	duration := w.metric("http_req_duration", record.Trend, "ms")
	failed := w.metric("http_req_failed", record.Rate, "")
	for i := range 4 {
		name, scenario := fmt.Sprintf("https://api.test/%d", i), []string{"browse", "buy"}[i%2]
		for _, status := range []string{"200", "500"} {
			tags := map[string]string{"name": name, "scenario": scenario, "status": status, "method": "GET"}
			r, d, f := w.add(reqs, tags), w.add(duration, tags), w.add(failed, tags)
			draw = append(draw,
				func() (int, float64) { return r, 1 },
				func() (int, float64) { return d, math.Exp(rng.NormFloat64() + float64(i)) },
				func() (int, float64) { return f, float64(rng.IntN(2)) })
		}
	}
	data := w.add(w.metric("data_received", record.Counter, "bytes"), map[string]string{"group": ""})
	strange := w.add(w.metric("balance", record.Trend, ""), map[string]string{"scenario": "buy"})
	vus := w.add(w.metric("vus", record.Gauge, ""), nil)
	queue := w.metric("queue", record.Gauge, "")
	q1 := w.add(queue, map[string]string{"name": "a", "scenario": "browse"})
	q2 := w.add(queue, map[string]string{"name": "b", "scenario": "browse"})
	draw = append(draw,
		func() (int, float64) { return data, float64(rng.IntN(5000)) },
		func() (int, float64) { return strange, 1000 * rng.NormFloat64() * float64(rng.IntN(3)) },
		func() (int, float64) { return vus, float64(rng.IntN(100)) },
		func() (int, float64) { return q1, rng.Float64() },
		func() (int, float64) { return q2, rng.Float64() })
	type parcel struct {
		at      int64
		samples []sample
	}
	var waiting []parcel
	for t := range seconds {
		if t/60 == 3 || t%17 == 5 {
			continue // a minute and some seconds without anything
		}
		var now, later []sample
		for range 120 {
			series, v := draw[rng.IntN(len(draw))]()
			s := sample{series, t, v}
			if rng.Float64() < late {
				later = append(later, s)
			} else {
				now = append(now, s)
			}
		}
		w.second(t, now)
		if len(later) > 0 {
			waiting = append(waiting, parcel{min(t+1+rng.Int64N(70), 60*(t/60)+119), later})
		}
		for i := 0; i < len(waiting); i++ {
			if p := waiting[i]; p.at <= t {
				if p.samples[0].t/60 >= t/60-1 {
					w.second(p.samples[0].t, p.samples)
				}
				waiting = slices.Delete(waiting, i, i+1)
				i--
			}
		}
	}
	slices.SortFunc(waiting, func(a, b parcel) int { return cmp.Compare(a.at, b.at) })
	for _, p := range waiting {
		if p.samples[0].t/60 >= (seconds-1)/60-1 {
			w.second(p.samples[0].t, p.samples)
		}
	}
	return w
}
