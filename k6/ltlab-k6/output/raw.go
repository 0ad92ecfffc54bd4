package output

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/influx"
)

// Bounds of raw samples on their way: a pack is closed at the first two or when the interval is over, and what waits for
// InfluxDB takes no more than maxQueued bytes, compressed.
const (
	maxPackLines = influx.MaxLines
	maxPackBytes = 1 << 20
	maxQueued    = 24 << 20
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

// open looks at how many samples come, and after which time: the budget is spread evenly over them.
func (r *raw) open(batch []metrics.SampleContainer, passed time.Duration) {
	if r.set.rawLimit == unlimited {
		r.take = 1
		return
	}
	n := 0
	for _, c := range batch {
		n += len(c.GetSamples())
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
		m = influx.NewText(influx.AppendMeasurement(nil, influx.Measurement(s.Metric.Name)))
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
