// Package output is k6's output "ltlab": it turns samples into the lines of a run's tool.ndjson (see internal/record) and,
// where an address is set, into rows and raw samples in InfluxDB.
//
// k6 hands samples over every 50 ms; they are only put aside then. One goroutine adds them up by series and second and
// writes each second once, [grace] after its end, so that neither the load nor the record grows with the request rate.
package output

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/metrics"
	k6output "go.k6.io/k6/v2/output"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// Name is what -o selects the output by.
const Name = "ltlab"

// Settings come from k6's environment.
const (
	envRecord  = "LTLAB_RECORD"  // path of the tool.ndjson to write; required without InfluxDB
	envRun     = "LTLAB_RUN"     // the run's id; default: the base name of the record's folder
	envProject = "LTLAB_PROJECT" // the project's name, may be empty; set by every ltlab that starts k6
	envParent  = "LTLAB_PARENT"  // pid of the ltlab that started k6, or "stdin"; unset: nobody is watched
)

// flushEvery divides a second, so that a second is closed as soon as its grace, twice as long, is over.
const flushEvery = 125 * time.Millisecond

// Output implements k6's output interfaces.
type Output struct {
	name       string // "ltlab" or "xk6-influxdb"
	path, run  string
	project    string
	byLtlab    bool          // ltlab started k6
	temporary  bool          // the record goes when InfluxDB has it all
	influx     *sinkSettings // nil: the record only
	parent     parent        // must live on
	ended      bool          // the parent was found gone
	stopTest   func(error)   // ends the test in order
	plan       plan
	thresholds *thresholds
	log        logrus.FieldLogger
	clock      clock

	mu      sync.Mutex
	arrived []metrics.SampleContainer // since the last flush
	spare   []metrics.SampleContainer // the buffer that the last flush emptied

	recorder *recorder
	sink     *sink
	stop     chan struct{}
	stopped  chan struct{}
}

var (
	_ k6output.WithTestRunStop       = (*Output)(nil)
	_ k6output.WithStopWithTestError = (*Output)(nil)
	_ k6output.WithThresholds        = (*Output)(nil)
)

// New reads the settings.
func New(p k6output.Params) (*Output, error) {
	set, err := readSinkSettings(p.OutputType, p.JSONConfig, p.Environment, p.ConfigArgument)
	if err != nil {
		return nil, misconfigured(err)
	}
	o := &Output{
		name: p.OutputType, influx: set, log: p.Logger, clock: systemClock(), path: p.Environment[envRecord], run: p.Environment[envRun],
		project: p.Environment[envProject], thresholds: newThresholds(!p.RuntimeOptions.NoThresholds.Bool),
	}
	if _, o.byLtlab = p.Environment[envProject]; o.byLtlab && o.name == Preset { // that run's record and rows are the output ltlab's
		o.path = ""
		if set != nil {
			set.rawOnly = true
		}
	}
	switch {
	case o.path == "" && set == nil:
		return nil, misconfigured(errors.New(envRecord + " is not set: it must hold the path of the record to write"))
	case o.path == "":
		o.temporary = true
	default:
		if o.path, err = filepath.Abs(o.path); err != nil {
			return nil, misconfigured(err)
		}
		o.run = cmp.Or(o.run, o.folder().ID())
	}
	if o.plan, err = newPlan(p.ScriptOptions); err != nil {
		return nil, misconfigured(err)
	}
	if o.parent, err = newParent(p.Environment[envParent], os.Stdin); err != nil {
		return nil, misconfigured(err)
	}
	return o, nil
}

// folder is the record's.
func (o *Output) folder() record.Folder { return record.Folder(filepath.Dir(o.path)) }

func misconfigured(err error) error {
	return errext.WithExitCodeIfNone(err, exitcodes.InvalidConfig)
}

// Description is what k6 prints of the output before the run.
func (o *Output) Description() string {
	var parts []string
	if !o.temporary {
		parts = append(parts, o.path)
	}
	if o.influx != nil {
		parts = append(parts, o.influx.target.URL)
	}
	return fmt.Sprintf("%s (%s)", o.name, strings.Join(parts, ", "))
}

// SetThresholds keeps the script's thresholds; k6 writes its verdicts into them.
func (o *Output) SetThresholds(all map[string]metrics.Thresholds) { o.thresholds.set(all) }

// SetTestRunStopCallback keeps what ends the test.
func (o *Output) SetTestRunStopCallback(stop func(error)) { o.stopTest = stop }

// Start creates the record and begins to write it. A disk that is full already ends the test before any load.
func (o *Output) Start() error {
	if err := o.open(); err != nil {
		return err
	}
	o.stop, o.stopped = make(chan struct{}), make(chan struct{})
	go o.loop()
	return nil
}

func (o *Output) open() error {
	if o.temporary {
		folder, err := spool()
		if err != nil {
			return misconfigured(fmt.Errorf("%s needs a temporary folder: %w", o.name, err))
		}
		o.path, o.run = folder.Tool(), cmp.Or(o.run, folder.ID())
	}
	w, err := record.Create(o.path)
	if err != nil {
		return misconfigured(fmt.Errorf("%s cannot be written as %s says: %w", o.name, envRecord, err))
	}
	o.recorder, err = newRecorder(w, o.clock, o.plan, o.thresholds, o.log, record.Header{
		Format: record.Format, Run: o.run, Project: o.project, Tool: "k6", ToolVersion: version(), Mapping: record.DefaultMapping(), Period: 1,
	})
	if err != nil {
		_ = w.Close() // the first error tells more
		return err
	}
	if o.influx != nil {
		o.sink = newSink(o.influx, o.folder(), o.run, o.parent.given, o.recorder.wall, o.log)
		o.recorder.raw = o.sink.raw
	}
	return nil
}

func (o *Output) loop() {
	defer close(o.stopped)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.flush()
			o.watchParent()
		case <-o.stop:
			return
		}
	}
}

// watchParent ends the test once the ltlab that started it is gone: load must not go on unseen. A parent-death signal
// would not do, for Linux sends one for each dying thread, and a second one is k6's hard stop.
func (o *Output) watchParent() {
	if !o.parent.given || o.ended || !o.parent.gone() {
		return
	}
	o.ended = true
	err := errors.New("ltlab, which started this run, is gone")
	o.stopTest(errext.WithExitCodeIfNone(errext.WithAbortReasonIfNone(err, errext.AbortedByOutput), exitcodes.ExternalAbort))
}

// AddMetricSamples puts samples aside; it never waits for the disk.
func (o *Output) AddMetricSamples(samples []metrics.SampleContainer) {
	o.mu.Lock()
	o.arrived = append(o.arrived, samples...)
	o.mu.Unlock()
}

func (o *Output) flush() {
	o.mu.Lock()
	batch := o.arrived
	o.arrived = o.spare
	o.mu.Unlock()
	o.recorder.flush(batch)
	clear(batch) // k6's samples can go
	o.spare = batch[:0]
}

// Stop ends the record of a test without an error.
func (o *Output) Stop() error { return o.StopWithTestError(nil) }

// StopWithTestError writes what is left and the record's end. k6 has judged its thresholds by then.
func (o *Output) StopWithTestError(testErr error) error {
	close(o.stop)
	<-o.stopped
	o.flush()
	end := o.recorder.last(testErr)
	if o.sink == nil {
		_ = o.recorder.close(end) // told already; the record without its end says the same
		return nil
	}
	sent := o.sink.finish(&end)
	if o.recorder.refused { // then rows were made of less than all seconds
		sent.Done, sent.Error = false, "the record could not be written"
	}
	end.Ledger.Sinks = map[string]record.Sink{influx.Name: sent}
	_ = o.recorder.close(end)
	if o.temporary {
		o.discard(sent)
	}
	return nil
}

// version is the linked k6's, as `k6 version` prints it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path != "go.k6.io/k6/v2" {
			continue
		}
		if m.Replace != nil {
			return m.Replace.Version
		}
		return m.Version
	}
	return ""
}
