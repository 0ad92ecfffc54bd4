package output

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// Bounds of raw samples on their way: a pack is closed at the first two or when the interval is over, and what waits for
// InfluxDB takes no more than maxQueued bytes, compressed.
const (
	maxPackLines = influx.MaxLines
	maxPackBytes = 1 << 20
	maxQueued    = 32 << 20
)

// Why raw samples were not written.
const (
	shedLimit   = "over the limit"
	shedFull    = "InfluxDB too slow or away"
	shedRefused = "refused by InfluxDB"
	shedLate    = "not sent before the end"
)

// raw sends samples as the stock extension does: a point a sample, in the metric's measurement, with its value. Samples
// are packed in the recorder's goroutine and sent by others. What finds no room or no time is shed and counted.
type raw struct {
	set   *sinkSettings
	run   string // the value of the tag run; "" has none
	start int64  // wall clock of second 0, in ns

	packer  influx.Packer
	begun   time.Duration // of the pack at hand
	metrics map[*metrics.Metric]*influx.Text
	times   map[string]*int64 // by series: the last sample's time
	more    []byte

	due    float64  // samples that may be sent by now
	take   float64  // share of the batch at hand that is sent
	random rand.PCG // which ones: every so many-th would always be the same metric

	limited int64 // samples over the limit

	to *influx.Sender

	mu      sync.Mutex
	full    *sync.Cond // queue has something, or closed
	queue   []pack
	queued  int
	closed  bool
	written int64
	shed    map[string]int64
	spare   [][]byte
	writers sync.WaitGroup
}

type pack struct {
	gz []byte
	n  int
}

func newRaw(set *sinkSettings, run string, start time.Time, to *influx.Sender) *raw {
	r := &raw{
		set: set, run: run, start: start.UnixNano(), to: to, due: float64(set.rawLimit),
		metrics: map[*metrics.Metric]*influx.Text{}, times: map[string]*int64{}, shed: map[string]int64{},
	}
	r.full = sync.NewCond(&r.mu)
	return r
}

// open says how many samples come, and when: the budget is spread evenly over them.
func (r *raw) open(n int, passed time.Duration) {
	if r.set.rawLimit == unlimited {
		r.take = 1
		return
	}
	limit := float64(r.set.rawLimit)
	r.due = min(r.due+limit*passed.Seconds(), limit) // no more than a second's worth is saved up
	r.take = max(0, min(1, r.due/float64(max(n, 1))))
}

// add packs a sample or sheds it. at is its time since the start.
func (r *raw) add(s *metrics.Sample, tags *tagset, of *series, at, now time.Duration) {
	if r.take < 1 && float64(r.random.Uint64()>>11) >= r.take*(1<<53) {
		r.limited++
		return
	}
	r.due--
	if of.rawTime == nil {
		of.rawTime = r.timeOf(s, tags)
	}
	ns := r.start + int64(at)
	ns -= ns % int64(r.set.precision)
	if ns <= *of.rawTime {
		ns = *of.rawTime + 1 // equal times would overwrite each other
	}
	*of.rawTime = ns
	m, ok := r.metrics[s.Metric]
	if !ok {
		m = influx.NewText(influx.AppendMeasurement(nil, s.Metric.Name))
		r.metrics[s.Metric] = m
	}
	if tags.raw == nil {
		tags.raw = influx.NewText(r.text(tags))
	}
	r.more = r.more[:0]
	if s.Metadata != nil {
		r.more = r.appendFields(r.more, func(tag string) (string, bool) { v, ok := s.Metadata[tag]; return v, ok }, true)
	}
	var into []byte
	if r.packer.Lines() == 0 {
		into, r.begun = r.memory(), now
	}
	r.packer.Add(m, tags.raw, s.Value, r.more, ns, into)
	if r.packer.Lines() >= maxPackLines || r.packer.Size() >= maxPackBytes {
		r.enqueue()
	}
}

// text is what all samples of a tag set share: tags, folded as those of series are, and fields up to the value.
func (r *raw) text(tags *tagset) []byte {
	all := tags.tags.Map()
	b := r.appendTags(nil, tags.kept, all)
	b = append(b, ' ')
	b = r.appendFields(b, func(tag string) (string, bool) { v, ok := all[tag]; return v, ok }, false)
	return append(b, "value="...)
}

// isField says whether a tag is sent as a field.
func (r *raw) isField(tag string) bool {
	return slices.ContainsFunc(r.set.fields, func(f tagField) bool { return f.tag == tag })
}

func (r *raw) appendTags(b []byte, kept, all map[string]string) []byte {
	tags := maps.Clone(kept)
	for _, key := range notSeriesTags {
		if v := all[key]; v != "" {
			tags[key] = shorten(v)
		}
	}
	if r.run != "" {
		if v, ok := tags["run"]; ok {
			tags["run_"] = v
		}
		tags["run"] = r.run
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if !r.isField(key) {
			b = influx.AppendTag(b, 0, key, tags[key])
		}
	}
	return b
}

// appendFields appends tags that are fields, each with a comma behind it, or before it where they come last.
func (r *raw) appendFields(b []byte, value func(tag string) (string, bool), last bool) []byte {
	for _, f := range r.set.fields {
		v, ok := value(f.tag)
		if !ok {
			continue
		}
		before := len(b)
		if last {
			b = append(b, ',')
		}
		if b, ok = appendField(b, f, v); !ok {
			b = b[:before]
		} else if !last {
			b = append(b, ',')
		}
	}
	return b
}

// maxFieldBytes is half of what InfluxDB takes as a field's text.
const maxFieldBytes = 32 << 10

// appendField appends a tag as a field of its kind. One that is of another kind is none: InfluxDB would refuse the point.
func appendField(b []byte, f tagField, v string) (out []byte, ok bool) {
	b = append(influx.AppendKey(b, f.tag), '=')
	switch f.kind {
	case "int":
		n, err := strconv.ParseInt(v, 10, 64)
		return append(strconv.AppendInt(b, n, 10), 'i'), err == nil
	case "float":
		n, err := strconv.ParseFloat(v, 64)
		return influx.AppendFloat(b, n), err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	case "bool":
		on, err := strconv.ParseBool(v)
		return strconv.AppendBool(b, on), err == nil
	}
	if len(v) > maxFieldBytes {
		v = shorten(v)
	}
	return influx.AppendString(b, v), true
}

// timeOf is where the last time of the sample's series in InfluxDB is kept: tags that are fields tell no series apart.
func (r *raw) timeOf(s *metrics.Sample, tags *tagset) *int64 {
	key := string(r.appendTags([]byte(s.Metric.Name), tags.kept, nil))
	t, ok := r.times[key]
	if !ok {
		t = new(int64)
		r.times[key] = t
	}
	return t
}

// flush closes a pack that has waited long enough.
func (r *raw) flush(now time.Duration) {
	if r.packer.Lines() > 0 && now-r.begun >= r.set.interval {
		r.enqueue()
	}
}

func (r *raw) enqueue() {
	gz, n := r.packer.Take()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queued+len(gz) > maxQueued {
		r.shed[shedFull] += int64(n)
		r.spare = append(r.spare, gz)
		return
	}
	r.queue = append(r.queue, pack{gz, n})
	r.queued += len(gz)
	r.full.Signal()
}

// waiting is how many bytes wait to be sent.
func (r *raw) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queued
}

func (r *raw) memory() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.spare)
	if n == 0 {
		return nil
	}
	b := r.spare[n-1]
	r.spare = r.spare[:n-1]
	return b
}

// send starts what sends packs until ctx ends.
func (r *raw) send(ctx context.Context) {
	context.AfterFunc(ctx, func() { r.full.Broadcast() })
	for range r.set.writers {
		r.writers.Go(func() {
			for {
				p, ok := r.next(ctx)
				if !ok {
					return
				}
				err := r.to.DeliverPack(ctx, r.set.target.Bucket, influx.Nanoseconds, p.gz, p.n)
				if r.sent(p, err); errors.As(err, new(*influx.RefusedError)) {
					r.pause(ctx)
				}
			}
		})
	}
}

// pause keeps from asking again and again what only a setting changes.
func (r *raw) pause(ctx context.Context) {
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return
	}
	timer := time.NewTimer(r.set.interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *raw) next(ctx context.Context) (p pack, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.closed && ctx.Err() == nil {
		r.full.Wait()
	}
	if len(r.queue) == 0 || ctx.Err() != nil {
		return pack{}, false
	}
	p = r.queue[0]
	r.queue = slices.Delete(r.queue, 0, 1)
	return p, true
}

func (r *raw) sent(p pack, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queued -= len(p.gz)
	switch {
	case err == nil:
		if len(r.spare) < 2*r.set.writers {
			r.spare = append(r.spare, p.gz)
		}
	case errors.As(err, new(*influx.RefusedError)):
		r.shed[shedRefused] += int64(p.n)
	default:
		r.shed[shedLate] += int64(p.n)
	}
	if err == nil {
		r.written += int64(p.n)
	}
}

// end closes the last pack; close then waits until all are sent, or ctx ends.
func (r *raw) end() {
	if r.packer.Lines() > 0 {
		r.enqueue()
	}
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.full.Broadcast()
}

// ledger accounts for all samples, once sending is over.
func (r *raw) ledger() *record.RawSink {
	r.writers.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.queue {
		r.shed[shedLate] += int64(p.n)
	}
	r.queue = nil
	shed := maps.Clone(r.shed)
	if r.limited > 0 {
		shed[shedLimit] = r.limited
	}
	written := r.written
	if n := r.to.Refused(); n > 0 { // lines of packs that were taken otherwise
		shed[shedRefused] += n
		written -= n
	}
	return &record.RawSink{Written: written, Shed: shed}
}
