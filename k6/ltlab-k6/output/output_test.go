package output

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/metrics"
	k6output "go.k6.io/k6/v2/output"

	"github.com/ltlab/ltlab/internal/record"
)

func params(env map[string]string) k6output.Params {
	return k6output.Params{Environment: env, Logger: logrus.New()}
}

func TestTheRecordsPathMustBeGiven(t *testing.T) {
	_, err := New(params(nil))
	var code errext.HasExitCode
	if err == nil || !strings.Contains(err.Error(), "LTLAB_RECORD is not set") || !errors.As(err, &code) || code.ExitCode() != 104 {
		t.Errorf("got %v", err)
	}
}

func TestTheRunIsNamedAfterItsFolderUnlessSaid(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"20260101-a": {envRecord: "/runs/20260101-a/tool.ndjson"},
		"mine":       {envRecord: "/runs/20260101-a/tool.ndjson", envRun: "mine"},
	} {
		o, err := New(params(env))
		if err != nil || o.run != want {
			t.Errorf("run %q, %v, want %q", o.run, err, want)
		}
	}
}

func TestARecordIsNeverOverwritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), record.ToolFile)
	if err := os.WriteFile(path, []byte("precious\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(path, "below", "a", "file")} {
		o, err := New(params(map[string]string{envRecord: p}))
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Start(); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("got %v", err)
		}
	}
	if b, _ := os.ReadFile(path); string(b) != "precious\n" {
		t.Errorf("the file holds %q now", b)
	}
}

func TestTheGoroutineWritesWhatItWasGiven(t *testing.T) {
	path := filepath.Join(t.TempDir(), record.ToolFile)
	o, err := New(params(map[string]string{envRecord: path}))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Start(); err != nil {
		t.Fatal(err)
	}
	reg := metrics.NewRegistry()
	hits := metrics.TimeSeries{Metric: reg.MustNewMetric("hits", metrics.Counter), Tags: reg.RootTagSet()}
	s := metrics.Sample{TimeSeries: hits, Time: o.clock.now(), Value: 1}
	for range 1000 {
		o.AddMetricSamples([]metrics.SampleContainer{s, s})
	}
	if err := o.Stop(); err != nil {
		t.Fatal(err)
	}
	parse(t, path).wantLedger(2000, record.Ledger{Recorded: 2000})
}

func TestTheTestEndsOnceWhenItsLtlabIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		parent string
		want   int
	}{
		"alive": {strconv.Itoa(os.Getppid()), 0}, "gone": {strconv.Itoa(os.Getpid()), 1}, "not given": {"", 0},
	} {
		o, err := New(params(map[string]string{envRecord: "x/tool.ndjson", envParent: c.parent}))
		if err != nil {
			t.Fatal(err)
		}
		stops := 0
		o.SetTestRunStopCallback(func(err error) {
			var code errext.HasExitCode
			if !errors.As(err, &code) || code.ExitCode() != 105 {
				t.Errorf("%s: ends with %v", name, err)
			}
			stops++
		})
		o.watchParent()
		o.watchParent()
		if stops != c.want {
			t.Errorf("%s: ended %d times, want %d", name, stops, c.want)
		}
	}
	if _, err := New(params(map[string]string{envRecord: "x/tool.ndjson", envParent: "me"})); err == nil {
		t.Error("a parent that is no pid is taken")
	}
}

func TestThePresetLeavesTheRecordOfLtlabAlone(t *testing.T) {
	env := map[string]string{envRecord: "/runs/a/tool.ndjson", envProject: "", "K6_INFLUXDB_BUCKET": "b"}
	p := params(env)
	p.OutputType = Preset
	if o, err := New(p); err != nil || !o.temporary || o.path != "" || !o.influx.rawOnly {
		t.Errorf("%+v, %v", o, err)
	}
	delete(env, envProject)
	if o, err := New(p); err != nil || o.temporary || o.influx.rawOnly || o.path != "/runs/a/tool.ndjson" {
		t.Errorf("%+v, %v", o, err)
	}
}
