package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

var began = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

// made is a record made up for a test, and its truth.
type made struct {
	t       testing.TB
	folder  record.Folder
	tool    *record.Writer
	run     *record.RunWriter
	rng     *rand.Rand
	sketch  func() *record.Sketch
	series  []record.Series
	kinds   []record.Kind
	seconds int64
	period  int64
	truth   map[string][]float64 // raw durations by name
	codes   map[string]int64     // requests by name and status
}

// makeRun begins a record of a run of k6 (period 1) or Artillery (period 10) with so many endpoints.
func makeRun(t testing.TB, runs record.Runs, id string, period int64, endpoints int) *made {
	t.Helper()
	folder, err := runs.Create(id)
	must(t, err)
	m := &made{t: t, folder: folder, rng: rand.New(rand.NewPCG(8, 9)), period: period, truth: map[string][]float64{}, codes: map[string]int64{}}
	m.run, err = record.CreateRun(folder.Run())
	must(t, err)
	m.tool, err = record.Create(folder.Tool())
	must(t, err)
	tool := "k6"
	if period > 1 {
		tool = "artillery"
	}
	must(t, m.run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: id, Tool: tool, Engine: "embedded",
		Project: "shop", Scenario: record.Scenario{Name: "main.js"}, Target: "http://127.0.0.1:1", Time: began.Add(-time.Second)}}))
	m.tool.Header(record.Header{Format: record.Format, Run: id, Tool: tool, Mapping: record.DefaultMapping(), Start: began, Period: int(period)})
	index, err := record.DefaultMapping().Index()
	must(t, err)
	m.sketch = func() *record.Sketch { return record.NewSketch(index) }
	for i, name := range []string{"http_reqs", "http_req_failed", "vus", rows.MainLatency(tool), "waiting", "sending"} {
		kind := []record.Kind{record.Counter, record.Rate, record.Gauge, record.Trend, record.Trend, record.Trend}[i]
		m.tool.Metric(record.Metric{ID: i, Name: name, Kind: kind, Unit: "ms"})
		for e := range endpoints {
			for _, status := range []string{"200", "500"} {
				if kind == record.Gauge && (e > 0 || status != "200") {
					continue
				}
				s := record.Series{ID: len(m.series), Metric: i, Tags: map[string]string{
					"name": fmt.Sprintf("GET /%d", e), "scenario": "default", "status": status}}
				m.tool.Series(s)
				m.series, m.kinds = append(m.series, s), append(m.kinds, kind)
			}
		}
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// more writes n more seconds or periods; every fifth is followed by a late line of one half a minute before.
func (m *made) more(n int64) {
	m.t.Helper()
	for range n {
		m.line(m.seconds)
		if m.seconds%5 == 4 {
			m.line(max(0, m.seconds-30/m.period))
		}
		vus := 3.5
		m.tool.Load(record.Load{T: m.seconds * m.period, AskedVUs: &vus, VUs: 3, Iterations: 7})
		m.seconds++
	}
	must(m.t, m.tool.Flush())
}

func (m *made) line(second int64) {
	var all []record.Bucket
	for i, kind := range m.kinds {
		tags := m.series[i].Tags
		k := record.Bucket{Series: i, Kind: kind, N: 1 + m.rng.Int64N(4)}
		if tags["status"] == "500" && m.rng.IntN(3) > 0 {
			continue
		}
		switch kind {
		case record.Counter:
			k.Sum = float64(k.N)
			m.codes[tags["name"]+" "+tags["status"]] += k.N
		case record.Rate:
			k.Sum = float64(m.rng.Int64N(k.N + 1))
		case record.Gauge:
			k.Last, k.Min, k.Max = 5, 4, 9
		case record.Trend:
			k.Sketch, k.Min, k.Max = m.sketch(), math.Inf(1), math.Inf(-1)
			for range k.N {
				v := math.Exp(m.rng.NormFloat64() + 3)
				k.Sum, k.Min, k.Max = k.Sum+v, min(k.Min, v), max(k.Max, v)
				must(m.t, k.Sketch.Add(v))
				if m.series[i].Metric == 3 {
					m.truth[tags["name"]] = append(m.truth[tags["name"]], v)
				}
			}
		}
		all = append(all, k)
	}
	m.tool.Second(second*m.period, all)
}

// finish writes both closing lines.
func (m *made) finish() *made {
	m.t.Helper()
	emitted := int64(7)
	ledger := record.Ledger{Emitted: &emitted, Recorded: 7}
	m.tool.Note(record.Note{T: 1, ID: "series-folded", Text: "too many"})
	m.tool.End(record.End{Thresholds: []record.Threshold{{Metric: "m", OK: true}}, Ledger: ledger})
	must(m.t, m.tool.Close())
	must(m.t, m.run.Write(record.RunLine{End: &record.RunEnd{Exit: 99, Ledger: ledger, Warnings: []record.Warning{{ID: "w"}}}}))
	must(m.t, m.run.Close())
	return m
}

// built is what a Builder makes of the record, by row.
func (m *made) built() map[string]rows.Row {
	m.t.Helper()
	tail, err := record.OpenTail(m.folder.Tool())
	must(m.t, err)
	defer tail.Close()
	b := rows.NewBuilder()
	out := map[string]rows.Row{}
	put := func(all []rows.Row) {
		for _, r := range all {
			out[rowID(r.Metric, r.Rollup, r.Window, r.Tags, r.T)] = r
		}
	}
	must(m.t, tail.Each(func(l record.ToolLine) error {
		all, err := b.Apply(l)
		put(all)
		return err
	}))
	put(b.Finish())
	return out
}

func rowID(metric string, rollup rows.Rollup, w rows.Window, tags map[string]string, t int64) string {
	return fmt.Sprintf("%s/%s/%s/%v/%d", metric, rollup, w, tags, t)
}

// agree compares what the store says of a run with what a Builder makes of its record, in both directions.
func (m *made) agree(r *Reader) {
	m.t.Helper()
	ctx := context.Background()
	want := m.built()
	if run, err := r.Run(ctx, m.folder.ID()); err == nil && run.State == Running { // rows of Whole come with the end
		maps.DeleteFunc(want, func(_ string, row rows.Row) bool { return row.Rollup == rows.Whole })
	}
	finest := rows.Second
	if m.period > 1 {
		finest = rows.Period
	}
	metrics, err := r.Metrics(ctx, m.folder.ID())
	must(m.t, err)
	left, wrong := map[string]bool{}, 0
	fields := []string{"count", "sum", "passes", "ratio", "last", "mean", "min", "max", "p50", "p90", "p95", "p99", "p999"}
	for id, w := range want {
		for _, f := range fields {
			if _, ok := w.Field(f); ok {
				left[id+" "+f] = true
			}
		}
	}
	for _, metric := range metrics {
		if rows.IsInfra(metric.Name) { // what of it must be there is compared by usedIs
			continue
		}
		for _, rollup := range []rows.Rollup{rows.ByRun, rows.ByScenario, rows.ByName, rows.ByStatus, rows.BySeries, rows.Whole} {
			for _, window := range []rows.Window{finest, rows.Minute, rows.Run} {
				for _, field := range fields {
					if _, ok := (&rows.Row{Kind: metric.Kind, Count: 1}).Field(field); !ok || window == rows.Minute && rollup == rows.BySeries {
						continue
					}
					got, err := r.Select(ctx, m.folder.ID(), Query{Metric: metric.Name, Field: field, Rollup: rollup, Window: window})
					must(m.t, err)
					for _, s := range got {
						for _, p := range s.Points {
							id := rowID(metric.Name, rollup, window, s.Tags, p.T)
							row := want[id]
							v, ok := row.Field(field)
							if !ok || !left[id+" "+field] || math.Abs(p.V-v) > 1e-7*math.Abs(v) {
								if wrong++; wrong < 10 {
									m.t.Errorf("%s %s is %v in the store, want %v", id, field, p.V, v)
								}
							}
							delete(left, id+" "+field)
						}
					}
				}
			}
		}
	}
	for id := range left {
		if wrong++; wrong < 10 {
			m.t.Errorf("%s is not in the store", id)
		}
	}
	if wrong > 0 {
		m.t.Errorf("%d values of %d rows are wrong", wrong, len(want))
	}
}

func openStore(t testing.TB) (*Store, record.Runs) {
	t.Helper()
	dir := t.TempDir()
	s := reopen(t, filepath.Join(dir, "store.db"))
	return s, record.Runs(filepath.Join(dir, "runs"))
}

func reopen(t testing.TB, path string) *Store {
	t.Helper()
	s, recovered, err := Open(path)
	must(t, err)
	if recovered != nil {
		t.Fatalf("the store was recovered: %v", recovered)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// steps follows to the end of what is there.
func step(t testing.TB, f *Follow, want bool) {
	t.Helper()
	done, err := f.Step(context.Background())
	must(t, err)
	if done != want {
		t.Fatalf("done is %v, want %v", done, want)
	}
}

func never(string) bool { return false }

func fileSize(t testing.TB, path string) int64 {
	t.Helper()
	var n int64
	for _, suffix := range []string{"", "-wal"} {
		if st, err := os.Stat(path + suffix); err == nil {
			n += st.Size()
		}
	}
	return n
}
