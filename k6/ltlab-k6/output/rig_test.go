package output

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

// rig is an output with clocks that tests set, fed by hand.
type rig struct {
	*Output
	t    *testing.T
	now  time.Duration // monotonic, since the start
	step time.Duration // of the wall clock
	reg  *metrics.Registry
	log  *logtest.Hook
}

var epoch = time.Unix(1_700_000_000, 0).UTC()

func newRig(t *testing.T, p plan) *rig {
	t.Helper()
	return startRig(t, p, filepath.Join(t.TempDir(), record.ToolFile))
}

func startRig(t *testing.T, p plan, path string) *rig {
	t.Helper()
	return startRigWith(t, p, path, func(*Output) {})
}

func newRigWith(t *testing.T, p plan, change func(*Output)) *rig {
	t.Helper()
	return startRigWith(t, p, filepath.Join(t.TempDir(), record.ToolFile), change)
}

func startRigWith(t *testing.T, p plan, path string, change func(*Output)) *rig {
	t.Helper()
	log, hook := logtest.NewNullLogger()
	r := &rig{t: t, reg: metrics.NewRegistry(), log: hook}
	r.Output = &Output{name: Name, path: path, run: "a-run", plan: p, log: log, thresholds: newThresholds(true), clock: clock{
		now:  func() time.Time { return epoch.Add(r.now) },
		wall: func() time.Time { return epoch.Add(r.now + r.step) },
	}}
	change(r.Output)
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) metric(name string, kind metrics.MetricType, contains ...metrics.ValueType) *metrics.Metric {
	r.t.Helper()
	m, err := r.reg.NewMetric(name, kind, contains...)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

func (r *rig) tags(keyValues ...string) *metrics.TagSet {
	set := r.reg.RootTagSet()
	for i := 0; i < len(keyValues); i += 2 {
		set = set.With(keyValues[i], keyValues[i+1])
	}
	return set
}

// emit hands over one sample of a time since the start.
func (r *rig) emit(m *metrics.Metric, at time.Duration, v float64, keyValues ...string) {
	r.AddMetricSamples([]metrics.SampleContainer{metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: m, Tags: r.tags(keyValues...)}, Time: epoch.Add(at), Value: v,
	}})
}

// flushAt flushes at a time since the start.
func (r *rig) flushAt(at time.Duration) {
	r.now = at
	r.flush()
}

// endAt ends the run and returns its record.
func (r *rig) endAt(at time.Duration, err error) *parsed {
	r.t.Helper()
	r.now = at
	r.flush()
	_ = r.recorder.close(r.recorder.last(err))
	return parse(r.t, r.path)
}

// logged are the messages of a level.
func (r *rig) logged(level logrus.Level) []string {
	var out []string
	for _, e := range r.log.AllEntries() {
		if e.Level == level {
			out = append(out, e.Message)
		}
	}
	return out
}

// parsed is a record as its reader sees it.
type parsed struct {
	t       *testing.T
	header  record.Header
	metrics map[int]record.Metric
	series  map[int]record.Series
	seconds []record.Second
	loads   []record.Load
	clocks  []record.Clock
	notes   []record.Note
	end     *record.End
}

func parse(t *testing.T, path string) *parsed {
	t.Helper()
	tail, err := record.OpenTail(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	p := &parsed{t: t, metrics: map[int]record.Metric{}, series: map[int]record.Series{}}
	err = tail.Each(func(l record.ToolLine) error {
		switch {
		case l.Header != nil:
			p.header = *l.Header
		case l.Metric != nil:
			p.metrics[l.Metric.ID] = *l.Metric
		case l.Series != nil:
			p.series[l.Series.ID] = *l.Series
		case l.Second != nil:
			p.seconds = append(p.seconds, *l.Second)
		case l.Load != nil:
			p.loads = append(p.loads, *l.Load)
		case l.Clock != nil:
			p.clocks = append(p.clocks, *l.Clock)
		case l.Note != nil:
			p.notes = append(p.notes, *l.Note)
		case l.End != nil:
			p.end = l.End
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// total merges all buckets of a metric whose series have these tags, in the seconds given or all.
func (p *parsed) total(metric string, tags map[string]string, seconds ...int64) record.Bucket {
	p.t.Helper()
	var sum record.Bucket
	for _, s := range p.seconds {
		if len(seconds) > 0 && s.T != seconds[0] {
			continue
		}
		for _, b := range s.Buckets {
			if p.metrics[p.series[b.Series].Metric].Name == metric && contains(p.series[b.Series].Tags, tags) {
				p.merge(&sum, b)
			}
		}
	}
	return sum
}

func (p *parsed) merge(sum *record.Bucket, b record.Bucket) {
	p.t.Helper()
	if sum.N == 0 {
		sum.Min, sum.Max = b.Min, b.Max
	}
	sum.N += b.N
	sum.Sum += b.Sum
	sum.Min, sum.Max, sum.Last = min(sum.Min, b.Min), max(sum.Max, b.Max), b.Last
	if b.Sketch == nil {
		return
	}
	if sum.Sketch == nil {
		index, err := p.header.Mapping.Index()
		if err != nil {
			p.t.Fatal(err)
		}
		sum.Sketch = record.NewSketch(index)
	}
	if err := sum.Sketch.MergeWith(b.Sketch); err != nil {
		p.t.Fatal(err)
	}
}

func contains(all, some map[string]string) bool {
	for k, v := range some {
		if all[k] != v {
			return false
		}
	}
	return true
}

// samples is the number of samples in all buckets.
func (p *parsed) samples() int64 {
	var n int64
	for _, s := range p.seconds {
		for _, b := range s.Buckets {
			n += b.N
		}
	}
	return n
}

// tagSets are the tags of a metric's series.
func (p *parsed) tagSets(metric string) []map[string]string {
	var out []map[string]string
	for id := range len(p.series) {
		if p.metrics[p.series[id].Metric].Name == metric {
			out = append(out, p.series[id].Tags)
		}
	}
	return out
}

// wantLedger checks that every sample is accounted for.
func (p *parsed) wantLedger(emitted int64, want record.Ledger) {
	p.t.Helper()
	if p.end == nil {
		p.t.Fatal("the record has no end")
	}
	want.Emitted = &emitted
	got := p.end.Ledger
	if got.Emitted == nil || *got.Emitted != emitted || got.Recorded != want.Recorded || got.Late != want.Late ||
		got.Folded != want.Folded || !maps.Equal(got.Lost, want.Lost) {
		p.t.Errorf("ledger %+v, want %+v with %d emitted", got, want, emitted)
	}
	if got.Recorded+got.LostTotal() != emitted || p.samples() != got.Recorded {
		p.t.Errorf("%d emitted, %d recorded, %d lost, %d in buckets", emitted, got.Recorded, got.LostTotal(), p.samples())
	}
}
