package output

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// database keeps what it is sent, unless it is to answer otherwise.
type database struct {
	*httptest.Server
	mu     sync.Mutex
	lines  []string
	status int  // 0: all is well
	stalls bool // raw samples get no answer
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	d := &database{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text, err := io.ReadAll(z)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if d.stalls && strings.Contains(string(text), " value=") {
			<-r.Context().Done()
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.status != 0 {
			w.WriteHeader(d.status)
			return
		}
		d.lines = append(d.lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *database) answer(status int) {
	d.mu.Lock()
	d.status = status
	d.mu.Unlock()
}

// raw are the raw samples in the database, by measurement and tags: fields and times.
func (d *database) raw() map[string][]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]string{}
	for _, l := range d.lines {
		if strings.Contains(l, "value=") && !strings.HasPrefix(l, "run_quantiles") {
			key, rest, _ := strings.Cut(l, " ")
			out[key] = append(out[key], rest)
		}
	}
	return out
}

func (d *database) settings() *sinkSettings {
	return &sinkSettings{
		target: influx.Target{URL: d.URL, Bucket: "b"}, interval: time.Second, writers: 2, precision: 1, rawLimit: unlimited,
		fields: []tagField{{"vu", "int"}, {"iter", "int"}, {"url", "string"}},
	}
}

// influxRig is a rig that sends, too.
func influxRig(t *testing.T, s *sinkSettings) *rig {
	t.Helper()
	r := newRigWith(t, plan{}, func(o *Output) { o.influx = s })
	return r
}

// finish ends the run as k6 does.
func (r *rig) finish() *parsed {
	r.t.Helper()
	r.stop, r.stopped = make(chan struct{}), make(chan struct{})
	close(r.stopped)
	if err := r.StopWithTestError(nil); err != nil {
		r.t.Fatal(err)
	}
	return parse(r.t, r.path)
}

func (p *parsed) sink() record.Sink {
	p.t.Helper()
	if p.end == nil {
		p.t.Fatal("the record has no end")
	}
	return p.end.Ledger.Sinks[influx.Name]
}

func TestRawSamplesAreWhatTheStockExtensionWrites(t *testing.T) {
	d := newDatabase(t)
	r := influxRig(t, d.settings())
	m := r.metric("http_req_duration", metrics.Trend, metrics.Time)
	tags := r.tags("method", "GET", "name", "a,b", "url", "http://h/?a=\"1\"", "status", "200")
	r.AddMetricSamples([]metrics.SampleContainer{metrics.Sample{
		TimeSeries: metrics.TimeSeries{Metric: m, Tags: tags}, Time: epoch.Add(1500 * time.Millisecond), Value: 12.5,
		Metadata: map[string]string{"vu": "3", "iter": "none", "trace_id": "x"},
	}})
	r.flushAt(2 * time.Second)
	p := r.finish()
	want := map[string][]string{
		`http_req_duration,method=GET,name=a\,b,run=a-run,status=200`: {`url="http://h/?a=\"1\"",value=12.5,vu=3i 1700000001500000000`},
	}
	if got := d.raw(); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if s := p.sink(); !s.Whole() || s.Raw == nil || s.Raw.Written != 1 || s.Raw.ShedTotal() != 0 {
		t.Errorf("%+v", s)
	}
}

func TestThePresetHasNoTagsOfOurs(t *testing.T) {
	d := newDatabase(t)
	s := d.settings()
	s.preset = true
	r := influxRig(t, s)
	r.emit(r.metric("metric", metrics.Counter), time.Second, 1, "run", "mine")
	r.emit(r.metric("run_info", metrics.Counter), time.Second, 1) // is ours
	r.now = 2 * time.Second
	r.finish()
	if got := d.raw(); len(got["metric,run=mine"]) != 1 || len(got["run_info_"]) != 1 {
		t.Errorf("%q", got)
	}
}

// Equal times overwrite each other in InfluxDB, at any precision.
func TestNoTwoRawSamplesOfASeriesShareATime(t *testing.T) {
	for _, precision := range []time.Duration{1, time.Millisecond, time.Second} {
		d := newDatabase(t)
		s := d.settings()
		s.precision = precision
		r := influxRig(t, s)
		m, other := r.metric("metric", metrics.Counter), r.metric("other", metrics.Counter)
		for i := range 1000 {
			for range 3 {
				r.emit(m, time.Duration(i)*700*time.Microsecond, 1, "name", "x", "url", strconv.Itoa(i))
			}
			r.emit(other, time.Duration(i)*700*time.Microsecond, 1)
		}
		r.flushAt(time.Second)
		r.now = 3 * time.Second
		p := r.finish()
		times := map[string]bool{}
		for key, all := range d.raw() {
			for _, v := range all {
				_, ns, _ := strings.Cut(v[strings.Index(v, "value="):], " ")
				times[key+ns] = true
				at, err := strconv.ParseInt(ns, 10, 64)
				if off := at - epoch.UnixNano(); err != nil || off < 0 || off > int64(time.Second) {
					t.Errorf("%s at %s, %v", key, ns, err)
				}
			}
		}
		if len(times) != 4000 || p.sink().Raw.Written != 4000 {
			t.Errorf("precision %s: %d points of 4000 samples, %+v", precision, len(times), p.sink().Raw)
		}
	}
}

func TestRawSamplesAreThinnedEvenlyToTheLimit(t *testing.T) {
	d := newDatabase(t)
	s := d.settings()
	s.rawLimit = 100
	r := influxRig(t, s)
	a, b := r.metric("first", metrics.Counter), r.metric("second", metrics.Counter)
	emitted := int64(0)
	for i := range 100 { // ten seconds
		for j := range 100 {
			r.emit([]*metrics.Metric{a, b}[j%2], time.Duration(i)*100*time.Millisecond, 1)
			emitted++
		}
		r.flushAt(time.Duration(i+1) * 100 * time.Millisecond)
	}
	p := r.finish()
	raw := p.sink().Raw
	if raw.Written+raw.ShedTotal() != emitted || raw.Written < 1000 || raw.Written > 1150 || raw.Shed[shedLimit] != raw.ShedTotal() {
		t.Errorf("%+v of %d samples, at most 100 a second for 10 s", raw, emitted)
	}
	n, m := len(d.raw()["first,run=a-run"]), len(d.raw()["second,run=a-run"])
	if int64(n+m) != raw.Written || n < 400 || m < 400 {
		t.Errorf("%d of a, %d of b", n, m)
	}
	if sum := p.total("first", nil); sum.N != emitted/2 {
		t.Errorf("the record has %d of %d samples: only raw ones may be thinned", sum.N, emitted/2)
	}
}

func TestWhatInfluxDBDoesNotTakeIsShedAndCounted(t *testing.T) {
	for status, why := range map[int]string{http.StatusUnauthorized: shedRefused, http.StatusServiceUnavailable: shedLate} {
		d := newDatabase(t)
		d.answer(status)
		r := influxRig(t, d.settings())
		m := r.metric("metric", metrics.Counter)
		for range 100 {
			r.emit(m, time.Second, 1)
		}
		r.flushAt(2 * time.Second)
		r.sink.patience = 300 * time.Millisecond
		s := r.finish().sink()
		if s.Done || s.Error == "" || s.Raw.Written != 0 || s.Raw.Shed[why] != 100 {
			t.Errorf("%d: %+v, raw %+v", status, s, s.Raw)
		}
	}
}

func TestAnOutageHoldsABoundedNumberOfRawSamples(t *testing.T) {
	d := newDatabase(t)
	d.answer(http.StatusServiceUnavailable)
	r := influxRig(t, d.settings())
	m := r.metric("metric", metrics.Trend)
	n := int64(0)
	for i := range 3_000_000 { // numbers that do not compress
		v := float64(uint64(i)*0x9E3779B97F4A7C15>>12) / 1e6
		r.recorder.raw.open(nil, 0)
		r.recorder.addOne(&metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: m, Tags: r.tags()}, Time: epoch.Add(time.Duration(i) * 1000), Value: v}, 0, 0)
		n++
	}
	raw := r.recorder.raw
	if held := raw.waiting(); held > maxQueued || held < maxQueued/2 {
		t.Errorf("%d bytes are held", held)
	}
	r.sink.patience = 300 * time.Millisecond
	s := r.finish().sink()
	if s.Raw.Shed[shedFull] == 0 || s.Raw.ShedTotal() != n {
		t.Errorf("%+v of %d", s.Raw, n)
	}
}

func TestAStepOfTheWallClockMovesNoSample(t *testing.T) {
	d := newDatabase(t)
	r := influxRig(t, d.settings())
	m := r.metric("http_reqs", metrics.Counter)
	for i := range 10 {
		if i == 5 {
			r.step = -time.Hour
		}
		r.emit(m, time.Duration(i)*time.Second, 1)
		r.flushAt(time.Duration(i) * time.Second)
	}
	r.now = 10 * time.Second
	p := r.finish()
	if len(p.clocks) != 1 || !p.sink().Whole() {
		t.Errorf("%+v, %+v", p.clocks, p.sink())
	}
	seconds := 0
	for _, l := range d.lines {
		for i := range 10 {
			if l == fmt.Sprintf("http_reqs,rollup=run,run=a-run,window=second count=1i,sum=1 %d", epoch.UnixMilli()+int64(i)*1000) {
				seconds++
			}
		}
	}
	if seconds != 10 || len(d.raw()["http_reqs,run=a-run"]) != 10 {
		t.Errorf("%d seconds of 10 are where they belong", seconds)
	}
}

// The wall clock counts once, at the start: rows and raw samples stay together when it steps.
func TestRawSamplesAreOnTheRecordsClock(t *testing.T) {
	d := newDatabase(t)
	r := newRigWith(t, plan{}, func(o *Output) {
		o.influx = d.settings()
		o.clock.wall = func() time.Time { return epoch.Add(time.Hour) }
	})
	r.emit(r.metric("metric", metrics.Counter), time.Second, 1)
	r.now = 2 * time.Second
	r.finish()
	want := fmt.Sprint("value=1 ", epoch.Add(time.Hour+time.Second).UnixNano())
	if got := d.raw()["metric,run=a-run"]; !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}
