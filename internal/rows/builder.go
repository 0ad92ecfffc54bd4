package rows

import (
	"errors"
	"fmt"

	"github.com/DataDog/sketches-go/ddsketch/mapping"

	"github.com/ltlab/ltlab/internal/record"
)

// Builder turns the lines of one record, in order, into rows.
//
// It holds the seconds of the newest minute and of the one before, so that a second that appears again yields its whole
// rows again: writing rows is idempotent by (Key, Window, T). Minutes before those are closed; what still comes for them
// is counted in the oldest second held. A period is counted in the minute in which it begins. What a record has Unplaced is
// counted in the run alone.
//
// Counters, rates and trends are merged from their series. A gauge's roll-up is, each second, the sum of Last over the
// series that reported in it, so one that reports nothing is no part of that second. Its Min and Max are those of the
// series while there is one; with more the sum is known only at the second's end, and both are Last. Minutes and the run
// have the Last of their latest second with a value and the smallest Min and largest Max of their seconds.
//
// A Builder is used by one goroutine and keeps nothing of the lines it is given.
type Builder struct {
	index  mapping.IndexMapping
	window Window // Second or Period
	main   string // the metric that has a Heat

	metrics map[int]record.Metric
	series  map[int]*series
	rollups map[rollupID]*key
	keys    []*key // the roll-ups in order of appearance
	numbers int    // of Row.Key in use

	wholes   []*whole
	statuses map[int]int // values of tag status kept apart, by metric

	newest  int64   // minute; the one before is open too
	held    []*held // seconds of the open minutes, ascending
	spare   []*held // memory of seconds that are closed
	touched []*key  // roll-ups in the line at hand
	leveled []*key  // roll-ups of gauges in the second at hand
	scratch cell    // a held bucket at hand
	sketch  []byte  // its sketch encoded
}

// series is a series of the record.
type series struct {
	row  Row            // template
	keys []*key         // the roll-ups that it is part of
	next *record.Bucket // its bucket in the line at hand

	unplaced *cell  // what no period has; nil for most
	whole    *whole // counters and rates
}

type rollupID struct {
	metric int
	rollup Rollup
	value  string // of the roll-up's tag
}

// key is a roll-up of a metric.
type key struct {
	Row             // template
	touched bool    // it is in the line at hand
	changed bool    // since the last Progress
	second  cell    // the second at hand
	minutes [2]cell // the open minutes, by their lowest bit
	run     cell

	level  level // gauges: the second at hand
	span   level // gauges: the minute at hand
	closed level // gauges: the run's closed minutes
	total  level // gauges: the run so far, when asked for
}

// NewBuilder returns a builder for one record.
func NewBuilder() *Builder {
	return &Builder{metrics: map[int]record.Metric{}, series: map[int]*series{}, rollups: map[rollupID]*key{}, statuses: map[int]int{}}
}

// Apply takes the record's next line and returns the rows that it made or changed: those of its second, of window
// Second or Period, those of minutes that it closed, and those of series Unplaced, of window Run. Where a gauge changed, all roll-ups of gauges of that second are
// among them. An error says that the line contradicts those before it or makes no sense; the builder is then of no further
// use.
func (b *Builder) Apply(l record.ToolLine) ([]Row, error) {
	switch {
	case l.Header != nil:
		return nil, b.header(l.Header)
	case l.Metric != nil:
		switch l.Metric.Kind {
		case record.Counter, record.Gauge, record.Rate, record.Trend:
			b.metrics[l.Metric.ID] = *l.Metric
		default:
			return nil, fmt.Errorf("metric %s is of unknown kind %q", l.Metric.Name, l.Metric.Kind)
		}
	case l.Series != nil:
		return nil, b.declare(l.Series)
	case l.Second != nil && l.Second.Unplaced:
		return b.unplaced(l.Second.Buckets)
	case l.Second != nil:
		return b.apply(l.Second)
	}
	return nil, nil
}

func (b *Builder) header(h *record.Header) error {
	if b.index != nil {
		return errors.New("a second header")
	}
	index, err := h.Mapping.Index()
	if err != nil {
		return err
	}
	b.index, b.main, b.window = index, MainLatency(h.Tool), Second
	if h.Period > 1 {
		b.window = Period
	}
	return nil
}

// declare adds a series and the roll-ups that it is the first of.
func (b *Builder) declare(d *record.Series) error {
	m, ok := b.metrics[d.Metric]
	if !ok {
		return fmt.Errorf("series %d names metric %d, which was not declared", d.ID, d.Metric)
	}
	if b.series[d.ID] != nil {
		return fmt.Errorf("series %d is declared twice", d.ID)
	}
	s := &series{row: b.template(m, BySeries, d.Tags)}
	s.keys = append(s.keys, b.rollup(m, ByRun, nil))
	for _, r := range []Rollup{ByScenario, ByName} {
		if v, ok := d.Tags[string(r)]; ok {
			s.keys = append(s.keys, b.rollup(m, r, map[string]string{string(r): v}))
		}
	}
	switch m.Kind {
	case record.Counter:
		if v, ok := d.Tags[string(ByStatus)]; ok || HasStatus(m.Name) {
			s.keys = append(s.keys, b.status(m, v))
		}
		s.whole = b.newWhole(m, d.Tags)
	case record.Rate:
		s.whole = b.newWhole(m, d.Tags)
	}
	b.series[d.ID] = s
	return nil
}

func (b *Builder) template(m record.Metric, r Rollup, tags map[string]string) Row {
	b.numbers++
	return Row{Metric: m.Name, Kind: m.Kind, Unit: m.Unit, Rollup: r, Key: b.numbers, Tags: tags}
}

// rollup returns the metric's roll-up of that tag, made if it is new.
func (b *Builder) rollup(m record.Metric, r Rollup, tags map[string]string) *key {
	id := rollupID{m.ID, r, tags[string(r)]}
	if k, ok := b.rollups[id]; ok {
		return k
	}
	k := &key{Row: b.template(m, r, tags)}
	b.rollups[id] = k
	b.keys = append(b.keys, k)
	return k
}
