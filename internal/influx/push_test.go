package influx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

var start = time.UnixMilli(1_700_000_000_123).Add(456 * time.Microsecond)

// fixture writes a record by hand.
type fixture struct {
	*record.Writer
	t      *testing.T
	folder record.Folder
}

const (
	requests = iota
	duration
	users
	failed
)

func newFixture(t *testing.T) *fixture {
	t.Helper()
	folder := record.Folder(filepath.Join(t.TempDir(), "the-run"))
	if err := os.Mkdir(string(folder), 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(folder.Tool())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Writer: w, t: t, folder: folder}
	f.Header(record.Header{Format: record.Format, Run: "the-run", Project: "shop", Tool: "k6", ToolVersion: "v2", Mapping: record.DefaultMapping(), Start: start, Period: 1})
	for id, m := range []record.Metric{{Name: "http_reqs", Kind: record.Counter}, {Name: "http_req_duration", Kind: record.Trend, Unit: "ms"}, {Name: "vus", Kind: record.Gauge}, {Name: "http_req_failed", Kind: record.Rate}} {
		m.ID = id
		f.Metric(m)
		tags := map[string]string{"scenario": "s", "name": "a b", "status": "200", "run": "theirs"}
		if m.Kind == record.Gauge {
			tags = nil
		}
		f.Series(record.Series{ID: id, Metric: id, Tags: tags})
	}
	return f
}

// second writes a second with n requests that took 1 to n ms.
func (f *fixture) second(t int64, n int) {
	f.t.Helper()
	index, err := record.DefaultMapping().Index()
	if err != nil {
		f.t.Fatal(err)
	}
	s, sum := record.NewSketch(index), 0.0
	for i := 1; i <= n; i++ {
		sum += float64(i)
		if err := s.Add(float64(i)); err != nil {
			f.t.Fatal(err)
		}
	}
	f.Second(t, []record.Bucket{
		{Series: requests, Kind: record.Counter, N: int64(n), Sum: float64(n)},
		{Series: duration, Kind: record.Trend, N: int64(n), Sum: sum, Min: 1, Max: float64(n), Sketch: s},
		{Series: users, Kind: record.Gauge, N: 1, Last: 7, Min: 5, Max: 9},
		{Series: failed, Kind: record.Rate, N: int64(n), Sum: 1},
	})
	f.flush()
}

func (f *fixture) flush() {
	f.t.Helper()
	if err := f.Flush(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) close(t float64, n int64) {
	f.End(record.End{T: t, Ledger: record.Ledger{Emitted: &n, Recorded: n}})
	f.flush()
}

func latest(lines []string) map[string]string {
	points := map[string]string{}
	for _, l := range lines {
		// The last space that is not escaped divides time, the one before fields.
		at := strings.LastIndex(l, " ")
		key := strings.LastIndex(l[:at], " ")
		points[l[:key]+l[at:]] = l[key+1 : at]
	}
	return points
}

func want(t *testing.T, points map[string]string, key, fields string) {
	t.Helper()
	if got, ok := points[key]; !ok || got != fields {
		t.Errorf("%s is %q, want %q", key, got, fields)
	}
}

func TestARecordBecomesPoints(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	f.second(1, 20)
	f.second(0, 5) // late: the whole row again
	f.second(130, 1)
	vus := 20.0
	for i := range int64(8) {
		f.Load(record.Load{T: i, AskedVUs: &vus, AskedPeak: &vus, VUs: 7, Iterations: 3})
	}
	f.close(131, 108)
	d := newDatabase(t, nil)
	target := d.target()
	target.Bucket1M = "long"
	sink, err := Send(t.Context(), f.folder, target, 0, nil)
	if err != nil || !sink.Whole() || sink.Retried != 0 || sink.Written != int64(len(d.got("short"))+len(d.got("long"))) {
		t.Fatalf("%v: %+v", err, sink)
	}
	short, long := latest(d.got("short")), latest(d.got("long"))
	want(t, short, "http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000000123", "count=15i,sum=15")
	want(t, short, "http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000001123", "count=20i,sum=20")
	want(t, short, `http_reqs,name=a\ b,project=shop,rollup=series,run=the-run,run_=theirs,scenario=s,status=200,window=second 1700000000123`, "count=15i,sum=15")
	want(t, short, `http_req_failed,name=a\ b,project=shop,rollup=name,run=the-run,window=second 1700000130123`, "count=1i,passes=1i")
	want(t, short, "vus,project=shop,rollup=run,run=the-run,window=second 1700000130123", "last=7,min=5,max=9")
	want(t, short, "http_req_duration,project=shop,rollup=run,run=the-run,window=second 1700000130123", "count=1i,sum=1,min=1,max=1,p50=1,p90=1,p95=1,p99=1,p999=1")
	want(t, short, "run_heat,le=1.78,metric=http_req_duration,project=shop,run=the-run,window=second 1700000130123", "count=1i")
	want(t, short, "run_load,project=shop,run=the-run,window=second 1700000003123", "asked_vus=20,asked_peak=20,vus=7,iterations=3i,dropped=0i")
	for _, bucket := range []string{"short", "long"} {
		for _, event := range []string{
			`run_events,id=start,project=shop,run=the-run text="the run starts" 1700000000123`,
			`run_events,id=level,project=shop,run=the-run text="20 VUs" 1700000000123`,
			`run_events,id=end,project=shop,run=the-run text="the run ends" 1700000131123`,
		} {
			if !slices.Contains(d.got(bucket), event) {
				t.Errorf("bucket %s has no %s", bucket, event)
			}
		}
	}
	for _, both := range []map[string]string{short, long} {
		want(t, both, "http_reqs,project=shop,rollup=run,run=the-run,window=run 1700000000123", "count=36i,sum=36")
		want(t, both, "run_quantiles,metric=http_req_duration,project=shop,q=1,run=the-run 1700000000123", "value=20")
		want(t, both, "run_info,project=shop,run=the-run 1700000000123", `tool="k6",tool_version="v2",start=1700000000123i,end=1700000131123i,seconds=131`)
	}
	want(t, long, "http_reqs,project=shop,rollup=run,run=the-run,window=minute 1700000000123", "count=35i,sum=35")
	want(t, long, "http_reqs,project=shop,rollup=run,run=the-run,window=minute 1700000120123", "count=1i,sum=1")
	for key := range short {
		if strings.Contains(key, "window=minute") {
			t.Errorf("the short bucket has %s", key)
		}
	}
	for key := range long {
		if strings.Contains(key, "window=second") {
			t.Errorf("the long bucket has %s", key)
		}
	}
	ledger := short["ltlab_ledger,project=shop,run=the-run 1700000000123"]
	if !strings.HasPrefix(ledger, "emitted=108i,recorded=108i,late=0i,folded=0i,lost=0i,written=") {
		t.Errorf("ledger %s", ledger)
	}
}

func TestAGrowingRecordIsPushedOnceAndInOrder(t *testing.T) {
	f := newFixture(t)
	d := newDatabase(t, nil)
	p := NewPush(f.folder, NewSender(d.target()))
	defer p.Close()
	for i := range int64(5) {
		f.second(i, 10)
		if err := p.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n := int64(155)
	end := record.End{T: 5, Ledger: record.Ledger{Emitted: &n, Recorded: n}}
	if err := p.Finish(t.Context(), &end); err != nil {
		t.Fatal(err)
	}
	s := p.Sink()
	if !s.Whole() || s.Through != f.folder.Size() {
		t.Errorf("%+v of %d bytes", s, f.folder.Size())
	}
	f.End(end)
	f.flush()
	live := d.got("short")
	again := newDatabase(t, nil)
	if _, err := Send(t.Context(), f.folder, again.target(), 0, nil); err != nil {
		t.Fatal(err)
	}
	ours, theirs := latest(live), latest(again.got("short"))
	once := slices.DeleteFunc(slices.Clone(live), func(line string) bool {
		return strings.Contains(line, "window=run ") || strings.HasPrefix(line, "run_quantiles") || strings.HasPrefix(line, "run_info")
	})
	if len(latest(once)) != len(once) || len(once) < 50 || len(ours) != len(theirs) {
		t.Errorf("%d lines, %d points live, %d sent afterwards; only what is of the whole run is written more than once", len(live), len(ours), len(theirs))
	}
	for key, fields := range theirs {
		if ours[key] != fields && !strings.HasPrefix(key, "ltlab_ledger") {
			t.Errorf("%s: %q live, %q afterwards", key, ours[key], fields)
		}
	}
}

func TestWhatIsAcknowledgedIsNotSentAgain(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	d := newDatabase(t, nil)
	p := NewPush(f.folder, NewSender(d.target()))
	defer p.Close()
	if err := p.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	through := p.Sink().Through
	f.second(1, 10)
	rest := newDatabase(t, nil)
	if _, err := Send(t.Context(), f.folder, rest.target(), through, nil); err != nil {
		t.Fatal(err)
	}
	points := latest(rest.got("short"))
	if _, ok := points["http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000000123"]; ok {
		t.Error("second 0 was sent again")
	}
	want(t, points, "http_reqs,project=shop,rollup=run,run=the-run,window=second 1700000001123", "count=10i,sum=10")
	want(t, points, "http_reqs,project=shop,rollup=run,run=the-run,window=run 1700000000123", "count=20i,sum=20")
}

func TestTheLedgerOfARestHasWhatTheToolSent(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	n := int64(31)
	f.End(record.End{T: 1, Ledger: record.Ledger{Emitted: &n, Recorded: n, Sinks: map[string]record.Sink{Name: {Written: 1000, Retried: 20, Refused: 3}}}})
	f.flush()
	for through, want := range map[int64]string{f.folder.Size(): ",written=1000i,retried=20i,refused=3i", 0: ",retried=0i,refused=0i"} {
		d := newDatabase(t, nil)
		if _, err := Send(t.Context(), f.folder, d.target(), through, nil); err != nil {
			t.Fatal(err)
		}
		if got := latest(d.got("short"))["ltlab_ledger,project=shop,run=the-run 1700000000123"]; !strings.Contains(got, want) {
			t.Errorf("from %d on: %q, want %q", through, got, want)
		}
	}
}

func TestAnOutageTakesNoMemoryAndLosesNothing(t *testing.T) {
	f := newFixture(t)
	down := true
	d := newDatabase(t, func(*http.Request, []string) (int, string) {
		if down {
			return 503, "down"
		}
		return 0, ""
	})
	to := NewSender(d.target())
	to.Patience = time.Millisecond
	p := NewPush(f.folder, to)
	defer p.Close()
	held := 0
	for i := range int64(500) {
		f.second(i, 10)
		if err := p.Step(t.Context()); i > 0 && !errors.As(err, new(*UnreachableError)) {
			t.Fatal(err)
		}
		held = max(held, cap(p.short.lines))
		if i == 300 && len(p.short.lines) > 64<<10 {
			t.Errorf("%d bytes are held", len(p.short.lines))
		}
	}
	down = false
	if err := p.Finish(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for key, fields := range latest(d.got("short")) {
		if strings.HasPrefix(key, "http_reqs,project=shop,rollup=run,run=the-run,window=second ") {
			var n int
			if _, err := fmt.Sscanf(fields, "count=%d", &n); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	if sum != 5000 || held > 1<<20 {
		t.Errorf("%d requests of 5000, %d bytes held", sum, held)
	}
}

func TestADamagedRecordIsPushedUpToThere(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	file, err := os.OpenFile(f.folder.Tool(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("noise\n"); err != nil {
		t.Fatal(err)
	}
	d := newDatabase(t, nil)
	_, err = Send(t.Context(), f.folder, d.target(), 0, nil)
	if !errors.As(err, new(*record.CorruptError)) {
		t.Errorf("error %v", err)
	}
	want(t, latest(d.got("short")), "http_reqs,project=shop,rollup=run,run=the-run,window=run 1700000000123", "count=10i,sum=10")

	f.second(1, 10) // behind the damage
	p := NewPush(f.folder, NewSender(d.target()))
	defer p.Close()
	for range 2 {
		if err := p.Step(t.Context()); !errors.As(err, new(*record.CorruptError)) {
			t.Errorf("error %v", err)
		}
	}
	if err := p.Finish(t.Context(), nil); !errors.As(err, new(*record.CorruptError)) || p.Sink().Done {
		t.Errorf("%v, %+v", err, p.Sink())
	}
}

func TestACanceledPushCanGoOn(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	ctx, cancel := context.WithCancel(t.Context())
	d := newDatabase(t, func(*http.Request, []string) (int, string) {
		if ctx.Err() == nil {
			cancel()
			return 503, "down"
		}
		return 0, ""
	})
	p := NewPush(f.folder, NewSender(d.target()))
	defer p.Close()
	if err := p.Finish(ctx, nil); err == nil || p.Sink().Done {
		t.Fatalf("%v, %+v", err, p.Sink())
	}
	if err := p.Finish(t.Context(), nil); err != nil || !p.Sink().Whole() {
		t.Fatalf("%v, %+v", err, p.Sink())
	}
	if ids := slices.Collect(maps.Keys(latest(d.got("short")))); len(ids) != len(d.got("short"))-1 {
		t.Errorf("%d lines, %d points", len(d.got("short")), len(ids))
	}
}

func TestAPushThatIsGivenUpSaysWhatKeptItWaiting(t *testing.T) {
	f := newFixture(t)
	f.second(0, 10)
	ctx, cancel := context.WithCancel(t.Context())
	d := newDatabase(t, nil)
	d.answer = func(*http.Request, []string) (int, string) { return 503, "down" }
	to := NewSender(d.target())
	to.Notify = func(error) { cancel() }
	p := NewPush(f.folder, to)
	defer p.Close()
	for range 2 { // in a wait, and too late for a try
		if err := p.Finish(ctx, nil); err == nil || !strings.Contains(p.Sink().Error, "503 down") {
			t.Errorf("%v; %q", err, p.Sink().Error)
		}
	}
}

func TestRowsAreWrittenWithoutGarbage(t *testing.T) {
	p := &points{run: "r", start: 1}
	row := rows.Row{Metric: "m", Kind: record.Trend, Rollup: rows.ByRun, Window: rows.Second, Key: 1, Count: 10, Sum: 12.5, P50: 1.25, P999: 7.123456789012}
	buf := p.row(make([]byte, 0, 4096), &row)
	if n := testing.AllocsPerRun(100, func() { buf = p.row(buf[:0], &row) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
	if bytes.Count(buf, []byte("\n")) != 1 {
		t.Errorf("%q", buf)
	}
}
