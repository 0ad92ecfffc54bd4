package influx

import (
	"errors"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// watched begins a run.ndjson beside a fixture's record: ltlab started 2 s before the tool.
func watched(t *testing.T, f *fixture) *record.RunWriter {
	t.Helper()
	w, err := record.CreateRun(f.folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	write(t, w, record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "the-run", Project: "shop", Time: start.Add(-2 * time.Second)}})
	write(t, w, record.RunLine{Source: &record.Source{ID: 1, Name: "k6", Kind: record.ProcessSource, Generator: true, CPUs: 2}})
	return w
}

func write(t *testing.T, w *record.RunWriter, l record.RunLine) {
	t.Helper()
	if err := w.Write(l); err != nil {
		t.Fatal(err)
	}
}

func used(t *testing.T, w *record.RunWriter, second int64, cpu float64) {
	t.Helper()
	write(t, w, record.RunLine{Infra: &record.Infra{T: second, Uses: []record.Use{{Source: 1, CPU: cpu, Memory: 1e6, RX: math.NaN(), TX: math.NaN()}}}})
}

const (
	cpuOfK6  = "infra_cpu,generator=true,kind=process,part=service,project=shop,rollup=series,run=the-run,source=k6,window=second "
	shareOf  = "infra_cpu_share,generator=true,kind=process,part=service,project=shop,rollup=series,run=the-run,source=k6,window=second "
	memoryOf = "infra_memory,generator=true,kind=process,part=service,project=shop,rollup=series,run=the-run,source=k6,window=second "
)

func TestWhatAToolDoesNotKnowIsSentForIt(t *testing.T) {
	var down atomic.Bool
	d := newDatabase(t, func(*http.Request, []string) (int, string) {
		if down.Load() {
			return 503, "down"
		}
		return 0, ""
	})
	f := newFixture(t)
	w := watched(t, f)
	l := NewLive(f.folder, d.target(), true)
	defer l.Close()
	used(t, w, 1, 9) // before the tool's second 0
	if err := l.Step(t.Context()); err != nil || len(d.got("short")) != 0 {
		t.Fatalf("%v, %d lines before the tool's record has begun", err, len(d.got("short")))
	}
	f.second(0, 10)
	used(t, w, 3, 0.5)
	if err := l.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	has(t, d.got("short"), cpuOfK6+"last=0.5,min=0.5,max=0.5 1700000000123")
	down.Store(true)
	l.step = 50 * time.Millisecond
	used(t, w, 4, 1)
	write(t, w, record.RunLine{Event: &record.Event{Time: start.Add(1500 * time.Millisecond), ID: "interrupted", Text: "Ctrl-C"}})
	if err := l.Step(t.Context()); !errors.As(err, new(*UnreachableError)) || !strings.Contains(l.Sink().Error, "503 down") {
		t.Errorf("%v: %+v", err, l.Sink())
	}
	down.Store(false)
	used(t, w, 5, 1.5)
	sent := record.Sink{Written: 1000, Retried: 5, Through: 77, Done: true, Raw: &record.RawSink{Written: 3}}
	sink, err := l.Finish(t.Context(), sent)
	if err != nil || !sink.Whole() || sink.Error != "" || sink.Through != 77 || sink.Raw != sent.Raw {
		t.Fatalf("%v: %+v", err, sink)
	}
	got := latest(d.got("short"))
	want(t, got, cpuOfK6+"1700000001123", "last=1,min=1,max=1")
	want(t, got, shareOf+"1700000002123", "last=0.75,min=0.75,max=0.75")
	want(t, got, memoryOf+"1700000002123", "last=1000000,min=1000000,max=1000000")
	want(t, got, "run_events,id=interrupted,project=shop,run=the-run 1700000001623", `text="Ctrl-C"`)
	if n := len(d.got("short")); len(got) != n || n != 3*3+1 || sink.Written != int64(1000+n) {
		t.Errorf("%d lines, %d points, %+v", n, len(got), sink)
	}
}

func TestWhatAToolCouldNotSendIsSentWithTheRest(t *testing.T) {
	d := newDatabase(t, nil)
	f := newFixture(t)
	w := watched(t, f)
	f.second(0, 10)
	through := toolSize(t, f.folder)
	f.second(1, 10)
	f.close(2, 62)
	used(t, w, 3, 0.5)
	l := NewLive(f.folder, d.target(), true)
	defer l.Close()
	for range 2 { // as often as one likes
		sink, err := l.Finish(t.Context(), record.Sink{Written: 100, Through: through, Error: "down"})
		if err != nil || !sink.Whole() || sink.Error != "" || sink.Written != int64(100+len(d.got("short"))) || sink.Through != toolSize(t, f.folder) {
			t.Fatalf("%v: %+v of %d lines", err, sink, len(d.got("short")))
		}
	}
	got := latest(d.got("short"))
	if _, again := got["http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000000123"]; again || got[cpuOfK6+"1700000000123"] == "" {
		t.Errorf("second 0 again: %v; what k6 used: %q", again, got[cpuOfK6+"1700000000123"])
	}
	want(t, got, "http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000001123", "count=10i,sum=10")
	want(t, got, "http_reqs,project=shop,rollup=run,run=the-run,window=run 1700000000123", "count=20i,sum=20")
}

func TestAnInfluxDBThatRefusesWhatLtlabSawIsNotDone(t *testing.T) {
	d := newDatabase(t, func(*http.Request, []string) (int, string) { return 401, `{"message":"unauthorized access"}` })
	f := newFixture(t)
	w := watched(t, f)
	used(t, w, 3, 0.5)
	f.flush()
	l := NewLive(f.folder, d.target(), true)
	defer l.Close()
	if err := l.Step(t.Context()); !errors.As(err, new(*RefusedError)) {
		t.Errorf("error %v", err)
	}
	sink, err := l.Finish(t.Context(), record.Sink{Done: true, Written: 7})
	if !errors.As(err, new(*RefusedError)) || sink.Done || !strings.Contains(sink.Error, "does not take the token") || sink.Written != 7 {
		t.Errorf("%v: %+v", err, sink)
	}
}

func TestADamagedLogIsSentUpToThereAndTheRowsAllTheSame(t *testing.T) {
	d := newDatabase(t, nil)
	f := newFixture(t)
	f.second(0, 10)
	w := watched(t, f)
	used(t, w, 3, 0.5)
	l := NewLive(f.folder, d.target(), false)
	defer l.Close()
	if err := l.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(f.folder.Run(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("noise\n"); err != nil {
		t.Fatal(err)
	}
	f.second(1, 10)
	if err := l.Step(t.Context()); !errors.As(err, new(*record.CorruptError)) {
		t.Errorf("error %v", err)
	}
	sink, err := l.Finish(t.Context(), record.Sink{})
	if !errors.As(err, new(*record.CorruptError)) || sink.Done || !strings.Contains(sink.Error, "byte") {
		t.Errorf("%v: %+v", err, sink)
	}
	got := latest(d.got("short"))
	want(t, got, cpuOfK6+"1700000000123", "last=0.5,min=0.5,max=0.5")
	want(t, got, "http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000001123", "count=10i,sum=10")
}

func TestTheRunSoFarIsWrittenWhileItGoesOn(t *testing.T) {
	d := newDatabase(t, nil)
	f := newFixture(t)
	p := NewPush(f.folder, NewSender(d.target()))
	defer p.Close()
	var counts []string
	for i := range int64(13) {
		f.second(i, 10)
		if err := p.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := latest(d.got("short")); i == 11 {
			want(t, got, "http_reqs,project=shop,rollup=status,run=the-run,status=200,window=second 1700000011123", "count=10i,sum=10")
			want(t, got, "http_reqs,project=shop,rollup=status,run=the-run,status=200,window=run 1700000000123", "count=100i,sum=100")
			want(t, got, `http_req_failed,name=a\ b,project=shop,rollup=whole,run=the-run,run_=theirs,scenario=s,status=200,window=run 1700000000123`, "count=100i,passes=10i")
			want(t, got, "run_quantiles,metric=http_req_duration,project=shop,q=1,run=the-run 1700000000123", "value=10")
			want(t, got, "run_info,project=shop,run=the-run 1700000000123", `tool="k6",tool_version="v2",start=1700000000123i,seconds=10`)
		}
	}
	for _, line := range d.got("short") {
		if rest, ok := strings.CutPrefix(line, "http_reqs,project=shop,rollup=run,run=the-run,window=run "); ok {
			counts = append(counts, strings.Fields(rest)[0])
		}
	}
	if !slices.Equal(counts, []string{"count=50i,sum=50", "count=100i,sum=100"}) {
		t.Errorf("the run was written with %v", counts)
	}
	before := len(d.got("short"))
	f.close(13, 13*31)
	if err := p.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want(t, latest(d.got("short")), "http_reqs,project=shop,rollup=run,run=the-run,window=run 1700000000123", "count=130i,sum=130")
	if n := len(d.got("short")) - before; n > 75 { // a whole record that is sent at once is written once
		t.Errorf("the end took %d lines", n)
	}
}
