package output

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

// recorder adds samples up and writes the record. It is used by one goroutine.
type recorder struct {
	w       *record.Writer
	log     logrus.FieldLogger
	clock   clock
	steps   stepDetector
	start   time.Time // second 0 begins here
	wall    time.Time // and what the clock on the wall showed then
	catalog *catalog
	seconds seconds
	load    *load
	raw     *raw // nil: raw samples are not sent

	// Where the last sample went, for the next one mostly goes there, too.
	tags   *tagset
	time   time.Time
	at     time.Duration // time since start
	second *second
	until  time.Duration // second holds from its t to here; 0: look it up

	emitted  int64
	invalid  int64
	recorded int64
	folded   int64
	late     int64
	refused  bool          // the last flush failed
	flushed  time.Duration // when the last flush was
	told     map[string]bool
	lines    []record.Bucket
}

// newRecorder begins the record; an error says that not even its header could be written.
func newRecorder(
	w *record.Writer, c clock, p plan, t *thresholds, log logrus.FieldLogger, h record.Header,
) (*recorder, error) {
	index, err := h.Mapping.Index()
	if err != nil {
		return nil, err
	}
	r := &recorder{
		w: w, log: log, clock: c, start: c.now(), steps: newStepDetector(c), load: newLoad(p), told: map[string]bool{},
		seconds: seconds{newSketch: func() *record.Sketch { return record.NewSketch(index) }},
	}
	r.catalog = newCatalog(w, newFolder(r.warnFolded), t, index.MaxIndexableValue())
	r.wall = c.wall()
	h.Start = r.wall
	w.Header(h)
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("the record cannot be begun: %w", err)
	}
	return r, nil
}

// flush adds samples up and writes the seconds that are over.
func (r *recorder) flush(batch []metrics.SampleContainer) {
	now := r.clock.now().Sub(r.start)
	r.seconds.current = int64(now / time.Second)
	if step := r.steps.step(); step != 0 {
		r.w.Clock(record.Clock{T: r.seconds.current, StepMS: float64(step.Microseconds()) / 1000})
	}
	if r.raw != nil {
		r.raw.open(batch, now-r.flushed)
	}
	r.flushed = now
	for _, c := range batch {
		switch c := c.(type) {
		case *httpext.Trail:
			r.add(c.Samples, now)
		case metrics.Samples:
			r.add(c, now)
		case metrics.ConnectedSamples:
			r.add(c.Samples, now)
		case metrics.Sample:
			r.addOne(&c, 0, now)
		default:
			r.add(c.GetSamples(), now)
		}
	}
	r.closeUntil(now - grace)
	r.flushLines()
	if r.raw != nil {
		r.raw.flush(now)
	}
}

func (r *recorder) add(samples []metrics.Sample, now time.Duration) {
	for i := range samples {
		r.addOne(&samples[i], i, now)
	}
}

// addOne adds the i-th sample of its container.
func (r *recorder) addOne(s *metrics.Sample, i int, now time.Duration) {
	r.emitted++
	if r.tags == nil || r.tags.tags != s.Tags {
		r.tags = r.catalog.tagset(s.Tags)
	}
	of := r.catalog.find(r.tags, s.Metric, i)
	if v := s.Value; !(v <= of.limit && v >= -of.limit) {
		r.refuse(s)
		return
	}
	if s.Time != r.time || r.until == 0 {
		r.locate(s.Time, now)
	}
	b := of.bucket
	if of.in != r.second {
		b = r.seconds.bucket(r.second, of)
	}
	b.add(s.Value)
	if of.role != plain {
		r.load.observe(of, r.at, s.Value)
	}
	if r.raw != nil {
		r.raw.add(s, r.tags, of, r.at, now)
	}
}

// locate finds the second of a sample's time.
func (r *recorder) locate(t time.Time, now time.Duration) {
	r.time = t
	r.at = max(t.Sub(r.start), 0)
	if from := r.until - time.Second; r.until != 0 && r.at >= from && r.at < r.until {
		return
	}
	of := int64(r.at / time.Second)
	sec, late := r.seconds.at(of, now)
	r.second, r.until = sec, time.Duration(of+1)*time.Second
	if late {
		r.until = 0
		r.late++
		r.note("samples-late", "samples came more than a minute late and are counted in the second they came in")
	}
}

// refuse counts a value that no bucket can hold.
func (r *recorder) refuse(s *metrics.Sample) {
	r.invalid++
	r.note("value-invalid", fmt.Sprintf("metric %q got the value %g, which cannot be recorded: it is counted as lost",
		s.Metric.Name, s.Value))
}

// closeUntil writes what late samples added to closed seconds, and the seconds that end until then.
func (r *recorder) closeUntil(end time.Duration) {
	r.until = 0
	for i := 0; i < len(r.seconds.all); {
		if t := r.seconds.all[i].t; t < r.seconds.next {
			r.write(r.seconds.take(t))
			continue
		}
		i++
	}
	for time.Duration(r.seconds.next+1)*time.Second <= end {
		r.closeNext(time.Duration(r.seconds.next+1) * time.Second)
	}
}

// closeNext writes the first open second; the run lasted at least until end.
func (r *recorder) closeNext(end time.Duration) {
	t := r.seconds.next
	r.seconds.next++
	if sec := r.seconds.take(t); sec != nil {
		r.write(sec)
	}
	r.w.Load(r.load.line(t, end))
}

// write hands a second over to the writer.
func (r *recorder) write(sec *second) {
	r.lines = r.lines[:0]
	var n, folded int64
	for _, b := range sec.buckets {
		s := b.series
		r.lines = append(r.lines, record.Bucket{
			Series: s.id, Kind: kinds[s.kind], N: b.n, Sum: b.sum, Min: b.min, Max: b.max, Last: b.last, Sketch: b.sketch,
		})
		n += b.n
		if s.folded {
			folded += b.n
		}
		r.load.count(s.role, b)
	}
	if r.w.Second(sec.t, r.lines) {
		r.recorded += n
		r.folded += folded
	}
	r.seconds.release(sec)
}

var kinds = map[metrics.MetricType]record.Kind{
	metrics.Counter: record.Counter, metrics.Gauge: record.Gauge, metrics.Trend: record.Trend, metrics.Rate: record.Rate,
}

// flushLines brings the lines to the disk, and says when the disk begins and ceases to refuse.
func (r *recorder) flushLines() {
	err := r.w.Flush()
	if refused := err != nil; refused != r.refused {
		r.refused = refused
		if refused {
			r.log.WithError(err).Warn("the run's record cannot be written; the run goes on, and writing is tried again")
		} else {
			r.log.Info("the run's record can be written again")
		}
	}
}

// last writes all seconds that are left and returns the record's closing line.
func (r *recorder) last(testErr error) record.End {
	now := r.clock.now().Sub(r.start)
	r.closeUntil(now)
	r.closeNext(now)
	r.flushLines()
	emitted := r.emitted
	end := record.End{
		T: now.Seconds(), Thresholds: r.catalog.thresholds.verdicts(),
		Ledger: record.Ledger{Emitted: &emitted, Recorded: r.recorded, Late: r.late, Folded: r.folded, Lost: r.lost()},
	}
	end.Exit, end.Error = exit(testErr)
	return end
}

// close ends the record.
func (r *recorder) close(end record.End) error {
	r.w.End(end)
	err := r.w.Close()
	if err != nil {
		r.log.WithError(err).Error("the run's record is not complete: its end could not be written")
	}
	return err
}

func (r *recorder) lost() map[string]int64 {
	lost := map[string]int64{}
	if r.invalid > 0 {
		lost["invalid value"] = r.invalid
	}
	if n := r.w.Dropped(); n > 0 {
		lost["disk"] = n
	}
	return lost
}

// exit is the code that k6 will exit with; nil when the error does not say.
func exit(err error) (code *int, text string) {
	if err == nil {
		return new(int), ""
	}
	var with errext.HasExitCode
	if errors.As(err, &with) {
		c := int(with.ExitCode())
		code = &c
	}
	return code, err.Error()
}

// note warns once in the record.
func (r *recorder) note(id, text string) {
	if !r.told[id] {
		r.told[id] = true
		r.w.Note(record.Note{T: r.seconds.current, ID: id, Text: text})
	}
}

// warnFolded warns of each kind of folding in the record and of the first on the terminal.
func (r *recorder) warnFolded(text string) {
	r.w.Note(record.Note{T: r.seconds.current, ID: "series-folded", Text: text})
	if !r.told["series-folded"] {
		r.told["series-folded"] = true
		r.log.Warn(text)
	}
}
