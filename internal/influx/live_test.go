package influx

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

func artilleryRun(t *testing.T) *recordtest.Artillery {
	return recordtest.NewArtillery(t, record.Runs(t.TempDir()), "the-run")
}

// equal compares the points of a run that was sent while it grew with those of one that was sent at once.
func equal(t *testing.T, live, once []string) {
	t.Helper()
	ours, theirs := latest(live), latest(once)
	if len(ours) != len(theirs) || len(ours) == 0 {
		t.Errorf("%d points live, %d at once", len(ours), len(theirs))
	}
	for key, fields := range theirs {
		if ours[key] != fields && !strings.HasPrefix(key, "ltlab_ledger") {
			t.Errorf("%s: %q live, %q at once", key, ours[key], fields)
		}
	}
}

func has(t *testing.T, lines []string, line string) {
	t.Helper()
	if !slices.Contains(lines, line) {
		t.Errorf("there is no %s", line)
	}
}

func TestAnArtilleryRunSentWhileItGrowsIsTheOneSentAtOnce(t *testing.T) {
	a := artilleryRun(t)
	var down atomic.Bool
	d := newDatabase(t, func(*http.Request, []string) (int, string) {
		if down.Load() {
			return 503, "down"
		}
		return 0, ""
	})
	target := d.target()
	target.Bucket1M = "long"
	l := NewLive(a.Folder, target, false)
	defer l.Close()
	step := func() {
		t.Helper()
		l.step = stepTime
		if err := l.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	step()
	has(t, d.got("short"), `run_events,id=start,project=shop,run=the-run text="the run starts" 1700000003000`)
	for i := range 14 {
		a.Period()
		if down.Store(i == 5 || i == 6); down.Load() {
			l.step = 50 * time.Millisecond
			if err := l.Step(t.Context()); !errors.As(err, new(*UnreachableError)) || l.Sink().Error == "" || l.Sink().Done {
				t.Fatalf("%v: %+v", err, l.Sink())
			}
			continue
		}
		step()
		if l.Sink().Through != toolSize(t, a.Folder) || l.Sink().Error != "" {
			t.Errorf("%+v after period %d", l.Sink(), i)
		}
	}
	n := len(d.got("short"))
	step()
	if more := len(d.got("short")) - n; more != 0 {
		t.Errorf("a step without anything new wrote %d lines", more)
	}
	a.Unplaced()
	a.End()
	a.Finish()
	sink, err := l.Finish(t.Context(), record.Sink{})
	if err != nil || !sink.Whole() || sink.Error != "" {
		t.Fatalf("%v: %+v", err, sink)
	}
	again := newDatabase(t, nil)
	if _, err := Send(t.Context(), a.Folder, Target{URL: again.target().URL, Bucket: "short", Bucket1M: "long"}, 0, nil); err != nil {
		t.Fatal(err)
	}
	short, long := latest(d.got("short")), latest(d.got("long"))
	equal(t, d.got("short"), again.got("short"))
	equal(t, d.got("long"), again.got("long"))

	want(t, short, "http.requests,project=shop,rollup=run,run=the-run,window=period 1700000000000", "count=100i,sum=100")
	want(t, short, "http.codes,project=shop,rollup=series,run=the-run,status=404,window=period 1700000010000", "count=10i,sum=10")
	want(t, short, `endpoint.response_time,name=GET\ /a\ b:c|d.🚀,project=shop,rollup=name,run=the-run,window=period 1700000000000`,
		strings.TrimSpace(short[`endpoint.response_time,name=GET\ /a\ b:c|d.🚀,project=shop,rollup=series,run=the-run,window=period 1700000000000`]))
	want(t, short, `checks,check=expect\ statusCode,project=shop,rollup=series,run=the-run,window=period 1700000000000`, "count=88i,passes=80i")
	want(t, short, "vusers.active,project=shop,rollup=run,run=the-run,window=period 1700000000000", "last=12,min=12,max=12")
	want(t, short, "run_load,project=shop,run=the-run,window=period 1700000000000", "asked_rate=10.5,vus=12,iterations=100i,dropped=5i")
	has(t, d.got("short"), `run_events,id=level,project=shop,run=the-run text="10.5 iterations/s" 1700000000000`)
	want(t, long, "http.requests,project=shop,rollup=run,run=the-run,window=minute 1699999943000", "count=100i,sum=100")
	want(t, long, "http.requests,project=shop,rollup=run,run=the-run,window=minute 1700000003000", "count=600i,sum=600")
	for _, both := range []map[string]string{short, long} {
		want(t, both, "http.requests,project=shop,rollup=run,run=the-run,window=run 1700000003000", "count=1500i,sum=1500")
		want(t, both, "http.codes,project=shop,rollup=series,run=the-run,status=404,window=run 1700000003000", "count=10i,sum=10") // of no period
	}
	for key := range short {
		if strings.Contains(key, "window=second") {
			t.Errorf("a run of periods has %s", key)
		}
	}
	if ledger := short["ltlab_ledger,project=shop,run=the-run 1700000003000"]; !strings.Contains(ledger, ",unplaced=") {
		t.Errorf("ledger %s", ledger)
	}
}

func toolSize(t *testing.T, f record.Folder) int64 {
	t.Helper()
	st, err := os.Stat(f.Tool())
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

func TestAStepBeforeThereIsARecordIsFine(t *testing.T) {
	d := newDatabase(t, nil)
	l := NewLive(record.Folder(t.TempDir()), d.target(), false)
	defer l.Close()
	if err := l.Step(t.Context()); err != nil {
		t.Error(err)
	}
	if s := l.Sink(); s.Written != 0 || s.Done {
		t.Errorf("%+v", s)
	}
}

func TestAStepGivesUpAnInfluxDBThatTakesNothing(t *testing.T) {
	a := artilleryRun(t)
	a.Period()
	release := make(chan struct{})
	defer close(release)
	d := newDatabase(t, nil)
	d.answer = func(*http.Request, []string) (int, string) {
		<-release // no answer at all
		return 0, ""
	}
	l := NewLive(a.Folder, d.target(), false)
	l.step = 20 * time.Millisecond
	defer l.Close()
	for range 3 {
		given := make(chan error, 1)
		go func() { given <- l.Step(t.Context()) }()
		select {
		case err := <-given:
			if !errors.As(err, new(*UnreachableError)) {
				t.Errorf("error %v", err)
			}
		case <-time.After(writeTimeout / 2): // a single write's own bound is longer
			t.Fatal("a step waits for an answer")
		}
	}
	if s := l.Sink(); s.Written != 0 || !strings.Contains(s.Error, "no answer in time") {
		t.Errorf("%+v", s)
	}
}

func TestARunThatBrokeOffCountsWhatIsRecorded(t *testing.T) {
	a := artilleryRun(t)
	a.Period()
	a.Period()
	a.Unplaced()
	d := newDatabase(t, nil)
	if _, err := Send(t.Context(), a.Folder, d.target(), 0, nil); err != nil {
		t.Fatal(err)
	}
	got := latest(d.got("short"))
	ledger := got["ltlab_ledger,project=shop,run=the-run 1700000003000"]
	if said := fmt.Sprintf("recorded=%di,late=0i,unplaced=%di,", a.Truth.Samples, a.Truth.Unplaced); !strings.HasPrefix(ledger, said) {
		t.Errorf("ledger %s, want %s", ledger, said)
	}
	has(t, d.got("short"), `run_events,id=level,project=shop,run=the-run text="10.5 iterations/s" 1700000000000`) // two periods are a level
	has(t, d.got("short"), `run_events,id=end,project=shop,run=the-run text="the run ends" 1700000020000`)        // with its last period
}
