package output

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

const sec, ms = time.Second, time.Millisecond

func TestEachKindOfMetricIsAddedUpBySeriesAndSecond(t *testing.T) {
	r := newRig(t, plan{})
	reqs := r.metric("http_reqs", metrics.Counter)
	sent := r.metric("data_sent", metrics.Counter, metrics.Data)
	vus := r.metric("vus", metrics.Gauge)
	failed := r.metric("http_req_failed", metrics.Rate)
	took := r.metric("http_req_duration", metrics.Trend, metrics.Time)
	r.emit(reqs, 100*ms, 1, "name", "a", "url", "http://x/1", "vu", "1", "iter", "0", "group", "")
	r.emit(reqs, 200*ms, 1, "name", "a", "url", "http://x/2", "vu", "2", "iter", "9", "group", "")
	r.emit(reqs, 999*ms, 1, "name", "b")
	r.emit(reqs, 1000*ms, 1, "name", "a")
	r.emit(sent, 10*ms, 17)
	for _, v := range []float64{3, 7, 1, 4} {
		r.emit(vus, 500*ms, v)
	}
	for _, v := range []float64{0, 1, 0, 2} {
		r.emit(failed, 500*ms, v)
	}
	for v := range 100 {
		r.emit(took, 1500*ms, float64(100-v))
	}
	p := r.endAt(1900*ms, nil)

	if h := p.header; h.Run != "a-run" || h.Tool != "k6" || h.Period != 1 || !h.Start.Equal(epoch) {
		t.Errorf("header %+v", h)
	}
	if len(p.seconds) != 2 || p.seconds[0].T != 0 || p.seconds[1].T != 1 {
		t.Fatalf("seconds %+v", p.seconds)
	}
	if b := p.total("http_reqs", map[string]string{"name": "a"}, 0); b.N != 2 || b.Sum != 2 {
		t.Errorf("a in second 0: %+v", b)
	}
	if b := p.total("http_reqs", map[string]string{"name": "a"}, 1); b.N != 1 {
		t.Errorf("a in second 1: %+v", b)
	}
	if got := p.tagSets("http_reqs"); len(got) != 2 || len(got[0]) != 1 {
		t.Errorf("series of http_reqs: %v, want only name a and b", got)
	}
	if b := p.total("vus", nil); b.N != 4 || b.Last != 4 || b.Min != 1 || b.Max != 7 {
		t.Errorf("gauge %+v", b)
	}
	if b := p.total("http_req_failed", nil); b.N != 4 || b.Sum != 2 {
		t.Errorf("rate %+v", b)
	}
	b := p.total("http_req_duration", nil)
	if b.N != 100 || b.Sum != 5050 || b.Min != 1 || b.Max != 100 {
		t.Errorf("trend %+v", b)
	}
	if q := record.Quantile(b.Sketch, 0.9, b.Min, b.Max); math.Abs(q-90)/90 > record.Accuracy {
		t.Errorf("90th percentile %v, want 90 within 1 %%", q)
	}
	for _, m := range p.metrics {
		want := map[string]string{"http_req_duration": "ms", "data_sent": "bytes"}[m.Name]
		if m.Unit != want {
			t.Errorf("unit of %s is %q, want %q", m.Name, m.Unit, want)
		}
	}
	p.wantLedger(113, record.Ledger{Recorded: 113})
	if e := p.end; e.T != 1.9 || *e.Exit != 0 || e.Error != "" {
		t.Errorf("end %+v", e)
	}
}

func TestContainersOfEveryKindAreRead(t *testing.T) {
	r := newRig(t, plan{})
	m := r.metric("hits", metrics.Counter)
	s := metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: m, Tags: r.tags()}, Time: epoch, Value: 1}
	r.AddMetricSamples([]metrics.SampleContainer{
		s, metrics.Samples{s, s}, metrics.ConnectedSamples{Samples: []metrics.Sample{s, s, s}}, ownContainer{s, s, s, s},
	})
	r.endAt(sec, nil).wantLedger(10, record.Ledger{Recorded: 10})
}

type ownContainer []metrics.Sample

func (c ownContainer) GetSamples() []metrics.Sample { return c }

func TestASecondIsWrittenOnceShortlyAfterItsEnd(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	r.emit(n, 900*ms, 1)
	r.flushAt(1000 * ms)
	r.emit(n, 950*ms, 1)
	r.flushAt(1249 * ms)
	if p := parse(t, r.path); len(p.seconds) != 0 || len(p.loads) != 0 {
		t.Errorf("written too early: %+v", p.seconds)
	}
	r.flushAt(1250 * ms)
	p := parse(t, r.path)
	if len(p.seconds) != 1 || p.total("hits", nil).N != 2 || len(p.loads) != 1 {
		t.Errorf("second 0 at 1.25 s: %+v, loads %+v", p.seconds, p.loads)
	}
	if p.end != nil {
		t.Error("the record of a run that goes on has an end")
	}
}

func TestSamplesFromBeforeTheStartCountInSecondZero(t *testing.T) {
	r := newRig(t, plan{})
	r.emit(r.metric("hits", metrics.Counter), -5*time.Second, 1)
	p := r.endAt(sec, nil)
	if b := p.total("hits", nil, 0); b.N != 1 {
		t.Errorf("second 0: %+v", p.seconds)
	}
}

func TestSamplesFromTheFutureCountNow(t *testing.T) {
	r := newRig(t, plan{})
	r.emit(r.metric("hits", metrics.Counter), time.Hour, 1)
	p := r.endAt(2500*ms, nil)
	if b := p.total("hits", nil, 2); b.N != 1 {
		t.Errorf("second 2: %+v", p.seconds)
	}
}

func TestALateSampleOpensItsSecondAgainWhileItsMinuteIsHeld(t *testing.T) {
	for _, at := range []time.Duration{30 * sec, 59 * sec, 64999 * ms} {
		r := newRig(t, plan{})
		n := r.metric("hits", metrics.Counter)
		r.emit(n, 1500*ms, 1)
		r.flushAt(10 * sec)
		r.flushAt(at - 100*ms)
		r.emit(n, 1600*ms, 2)
		r.emit(n, 2600*ms, 4)
		r.flushAt(at)
		p := parse(t, r.path)
		if b := p.total("hits", nil, 1); b.N != 2 || b.Sum != 3 {
			t.Errorf("at %v second 1 has %+v", at, b)
		}
		if b := p.total("hits", nil, 2); b.Sum != 4 {
			t.Errorf("at %v second 2 has %+v", at, b)
		}
		r.endAt(at, nil).wantLedger(3, record.Ledger{Recorded: 3})
	}
}

func TestASampleLaterThanItsMinuteCountsInTheOldestOpenSecond(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	r.flushAt(64900 * ms)
	r.emit(n, 1500*ms, 1)
	r.emit(n, 1600*ms, 1)
	r.emit(n, 64800*ms, 1)
	r.flushAt(65 * sec)
	p := r.endAt(65*sec, nil)
	if b := p.total("hits", nil, 64); b.N != 3 {
		t.Errorf("second 64 has %+v of %+v", b, p.seconds)
	}
	p.wantLedger(3, record.Ledger{Recorded: 3, Late: 2})
	if len(p.notes) != 1 || p.notes[0].ID != "samples-late" {
		t.Errorf("notes %+v", p.notes)
	}
}

func TestBucketsAreReusedEmpty(t *testing.T) {
	r := newRig(t, plan{})
	took := r.metric("took", metrics.Trend)
	for s := range 20 {
		for v := range 50 {
			r.emit(took, time.Duration(s)*sec, float64(s*1000+v+1), "name", fmt.Sprint(v%3))
		}
		r.flushAt(time.Duration(s)*sec + 500*ms)
	}
	p := r.endAt(20*sec, nil)
	for s := range 20 {
		b := p.total("took", nil, int64(s))
		first, last := float64(s*1000+1), float64(s*1000+50)
		if b.N != 50 || b.Sum != 25*(first+last) || b.Min != first || b.Max != last || b.Sketch.GetCount() != 50 {
			t.Errorf("second %d: %+v with %v values", s, b, b.Sketch.GetCount())
		}
		if q, err := b.Sketch.GetValueAtQuantile(0); err != nil || math.Abs(q-b.Min)/b.Min > 1.001*record.Accuracy {
			t.Errorf("second %d: smallest %v, want %v", s, q, b.Min)
		}
	}
}

func TestNegativeValuesAreLegal(t *testing.T) {
	r := newRig(t, plan{})
	d := r.metric("drift", metrics.Trend)
	for v := -50; v <= 50; v++ {
		r.emit(d, 0, float64(v))
	}
	r.emit(r.metric("balance", metrics.Counter), 0, -3)
	p := r.endAt(sec, nil)
	b := p.total("drift", nil)
	if q := record.Quantile(b.Sketch, 0.1, b.Min, b.Max); b.N != 101 || b.Min != -50 || math.Abs(q+40)/40 > record.Accuracy {
		t.Errorf("10th percentile %v of %+v", q, b)
	}
	if b := p.total("balance", nil); b.Sum != -3 {
		t.Errorf("counter %+v", b)
	}
	p.wantLedger(102, record.Ledger{Recorded: 102})
}

func TestValuesThatNoBucketHoldsAreCountedAsLost(t *testing.T) {
	r := newRig(t, plan{})
	for i, kind := range []metrics.MetricType{metrics.Counter, metrics.Gauge, metrics.Rate, metrics.Trend} {
		m := r.metric(fmt.Sprintf("m%d", i), kind)
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			r.emit(m, 0, v)
		}
		r.emit(m, 0, 1)
	}
	r.emit(r.metric("huge", metrics.Trend), 0, math.MaxFloat64) // finite, but above any sketch's bins
	r.emit(r.metric("most", metrics.Counter), 0, math.MaxFloat64)
	p := r.endAt(sec, nil)
	p.wantLedger(18, record.Ledger{Recorded: 5, Lost: map[string]int64{"invalid value": 13}})
	if b := p.total("m3", nil); b.N != 1 || b.Max != 1 {
		t.Errorf("trend %+v", b)
	}
	if len(p.notes) != 1 || p.notes[0].ID != "value-invalid" {
		t.Errorf("notes %+v", p.notes)
	}
}

func TestAStepOfTheWallClockIsRecorded(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	r.flushAt(1 * sec)
	r.step = 400 * ms // slewing
	r.flushAt(2 * sec)
	r.step = time.Hour
	r.emit(n, 2100*ms, 1)
	r.flushAt(3 * sec)
	r.step = 0
	r.flushAt(4 * sec)
	r.flushAt(5 * sec)
	p := r.endAt(6*sec, nil)
	want := []record.Clock{{T: 3, StepMS: 3_599_600}, {T: 4, StepMS: -3_600_000}}
	if !slices.Equal(p.clocks, want) {
		t.Errorf("clocks %+v, want %+v", p.clocks, want)
	}
	if b := p.total("hits", nil, 2); b.N != 1 {
		t.Errorf("seconds moved with the wall clock: %+v", p.seconds)
	}
}

func TestTheEndHoldsTheExitCode(t *testing.T) {
	code := func(c int) *int { return &c }
	failed := errext.WithExitCodeIfNone(errors.New("thresholds crossed"), exitcodes.ThresholdsHaveFailed)
	for _, c := range []struct {
		err  error
		code *int
		text string
	}{
		{nil, code(0), ""},
		{failed, code(99), "thresholds crossed"},
		{fmt.Errorf("wrapped: %w", failed), code(99), "wrapped: thresholds crossed"},
		{errors.New("nobody knows"), nil, "nobody knows"},
	} {
		e := newRig(t, plan{}).endAt(sec, c.err).end
		if e.Error != c.text || (e.Exit == nil) != (c.code == nil) || (e.Exit != nil && *e.Exit != *c.code) {
			t.Errorf("%v: %+v", c.err, e)
		}
	}
}

func TestARunOfNoSamplesHasALedger(t *testing.T) {
	r := newRig(t, plan{})
	r.endAt(300*ms, nil).wantLedger(0, record.Ledger{})
	if warned := r.logged(logrus.WarnLevel); len(warned) != 0 {
		t.Errorf("warnings %q", warned)
	}
}
