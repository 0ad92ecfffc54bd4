package output

import (
	"encoding/binary"
	"maps"
	"math"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// maxCached bounds the cache of k6's tag sets: a script with a new URL for each request makes endless many.
const maxCached = 4096

// seenByRequest is how many metrics k6 samples for a request.
const seenByRequest = 9

// maxScanned is how many metrics of a tag set are searched one by one; a map is faster above.
const maxScanned = 16

// role is what a series means to the load of the run, beyond being recorded.
type role int

const (
	plain role = iota
	virtualUsers
	iterations
	droppedIterations
	iterationDuration // tells when an iteration began
	requestDuration   // tells when a request began
	setupSample       // tells when setup was not over yet
)

// series is a metric with the tags that are recorded with it.
type series struct {
	id       int
	kind     metrics.MetricType
	limit    float64 // the largest magnitude that can be recorded
	folded   bool
	role     role
	scenario string

	in     *second // of the last sample, with the bucket it went to
	bucket *bucket

	rawTime *int64 // of its last raw sample in InfluxDB
}

// tagset is one of k6's tag sets with the series that it was seen with.
type tagset struct {
	tags *metrics.TagSet
	kept map[string]string // what remains after folding
	key  string            // of that
	raw  *influx.Text      // of its raw samples; nil before the first
	seen []member
	many map[*metrics.Metric]*series // all of seen, once they are many
}

type member struct {
	metric *metrics.Metric
	series *series
}

// catalog finds the series of samples and declares new ones in the record.
type catalog struct {
	w          *record.Writer
	folder     *folder
	thresholds *thresholds
	trendLimit float64

	cache   map[*metrics.TagSet]*tagset
	metrics map[*metrics.Metric]int
	series  map[string]*series // by metric and tags
	scratch []byte
}

func newCatalog(w *record.Writer, f *folder, t *thresholds, trendLimit float64) *catalog {
	return &catalog{
		w: w, folder: f, thresholds: t, trendLimit: trendLimit,
		cache:   map[*metrics.TagSet]*tagset{},
		metrics: map[*metrics.Metric]int{},
		series:  map[string]*series{},
	}
}

func (c *catalog) tagset(tags *metrics.TagSet) *tagset {
	if set, ok := c.cache[tags]; ok {
		return set
	}
	if len(c.cache) >= maxCached {
		clear(c.cache)
	}
	kept, _ := c.folder.fold(tags.Map())
	c.scratch = appendKey(c.scratch[:0], kept)
	set := &tagset{tags: tags, kept: kept, key: string(c.scratch), seen: make([]member, 0, seenByRequest)}
	c.cache[tags] = set
	return set
}

// find returns a metric's series. Samples of one kind come in the same order each time, so the i-th is tried first.
func (c *catalog) find(set *tagset, m *metrics.Metric, i int) *series {
	if i < len(set.seen) && set.seen[i].metric == m {
		return set.seen[i].series
	}
	if set.many != nil {
		if s, ok := set.many[m]; ok {
			return s
		}
	} else {
		for _, k := range set.seen {
			if k.metric == m {
				return k.series
			}
		}
	}
	c.thresholds.observe(m, set.tags)
	s := c.declared(m, set)
	set.seen = append(set.seen, member{m, s})
	switch {
	case set.many != nil:
		set.many[m] = s
	case len(set.seen) > maxScanned:
		set.many = map[*metrics.Metric]*series{}
		for _, k := range set.seen {
			set.many[k.metric] = k.series
		}
	}
	return s
}

// declared returns the series for a metric and a tag set, new when there is none and room for one.
func (c *catalog) declared(m *metrics.Metric, set *tagset) *series {
	id := c.metric(m)
	c.scratch = append(binary.AppendUvarint(c.scratch[:0], uint64(id)), set.key...)
	if s, ok := c.series[string(c.scratch)]; ok {
		return s
	}
	tags, folded := c.folder.fold(set.tags.Map())
	if len(c.series) >= maxSeries {
		coarse := c.folder.coarse(tags)
		tags, folded = coarse, folded || !maps.Equal(coarse, tags)
	}
	s, ok := c.lookup(id, tags)
	if !ok && len(c.series) >= maxSeries+maxCoarse {
		tags, folded = c.folder.blank(), true
		s, ok = c.lookup(id, tags)
	}
	if ok {
		return s
	}
	s = &series{
		id: len(c.series), kind: m.Type, folded: folded, role: roleOf(m, tags), scenario: tags["scenario"], limit: math.MaxFloat64,
	}
	if m.Type == metrics.Trend {
		s.limit = c.trendLimit
	}
	c.series[string(c.scratch)] = s
	c.w.Series(record.Series{ID: s.id, Metric: id, Tags: tags})
	return s
}

func (c *catalog) lookup(metric int, tags map[string]string) (*series, bool) {
	c.scratch = appendKey(binary.AppendUvarint(c.scratch[:0], uint64(metric)), tags)
	s, ok := c.series[string(c.scratch)]
	return s, ok
}

func (c *catalog) metric(m *metrics.Metric) int {
	if id, ok := c.metrics[m]; ok {
		return id
	}
	id := len(c.metrics)
	c.metrics[m] = id
	c.w.Metric(record.Metric{ID: id, Name: m.Name, Kind: record.Kind(m.Type.String()), Unit: unit(m.Contains)})
	return id
}

func unit(v metrics.ValueType) string {
	switch v {
	case metrics.Time:
		return "ms"
	case metrics.Data:
		return "bytes"
	}
	return ""
}

func roleOf(m *metrics.Metric, tags map[string]string) role {
	// A script's own group may be called setup, too, but it runs in a scenario.
	if _, running := tags["scenario"]; !running && tags["group"] == "::setup" {
		return setupSample
	}
	switch m.Name {
	case metrics.VUsName:
		return virtualUsers
	case metrics.IterationsName:
		return iterations
	case metrics.DroppedIterationsName:
		return droppedIterations
	case metrics.IterationDurationName:
		return iterationDuration
	case metrics.HTTPReqDurationName:
		return requestDuration
	}
	return plain
}
