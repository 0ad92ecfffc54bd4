package influx

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// Measurements that are not metrics.
const (
	measureInfo      = "run_info"
	measureLoad      = "run_load"
	measureHeat      = "run_heat"
	measureQuantiles = "run_quantiles"
	measureEvents    = "run_events"
	measureLedger    = "ltlab_ledger"
)

var ownMeasurements = []string{measureInfo, measureLoad, measureHeat, measureQuantiles, measureEvents, measureLedger}

// ownTags are set on rows by us, or mean something to Flux; a scenario's tag of that name gets an underscore behind.
var ownTags = []string{"project", "rollup", "run", "window", "time", "_measurement", "_field"}

// points writes the lines of one run. Tags are in order, which saves InfluxDB sorting them.
type points struct {
	run, project string
	start        int64       // of the run, in ms since the epoch
	finest       rows.Window // of what is measured: Second or Period

	prefixes [][]byte // by rows.Row.Key: measurement and tags but for the window
	heat     map[string][][]byte
	spectra  map[string][][]byte
	loads    []byte
}

// newPoints are those of a record's run, whose scenario it also finds. What goes into tags must be the same whoever pushes it,
// so the record itself says it.
func newPoints(folder record.Folder, h *record.Header) (p points, scenario string, err error) {
	p = points{run: h.Run, project: h.Project, start: h.Start.UnixMilli(), finest: rows.Second}
	if h.Period > 1 {
		p.finest = rows.Period
	}
	if p.run == "" {
		p.run = folder.ID()
	}
	run, err := record.ReadRun(folder.Run())
	switch {
	case errors.Is(err, fs.ErrNotExist): // a record of k6 alone
		err = nil
	case err == nil && run.Start != nil:
		scenario = run.Start.Scenario.Name
		if p.project == "" {
			p.project = run.Start.Project
		}
	}
	return p, scenario, err
}

// Measurement is a metric's; one that a scenario called as we call ours gets an underscore behind.
func Measurement(metric string) string {
	if slices.Contains(ownMeasurements, metric) {
		return metric + "_"
	}
	return metric
}

// prefix is the beginning of lines with those tags besides the run's.
func (p *points) prefix(measurement string, tags map[string]string) []byte {
	all := map[string]string{"run": p.run, "project": p.project}
	maps.Copy(all, tags)
	b := AppendMeasurement(nil, measurement)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		b = AppendTag(b, 0, k, all[k])
	}
	return b
}

// at is a moment of the run in ms since the epoch.
func (p *points) at(seconds float64) int64 { return p.start + int64(seconds*1000) }

// row appends a row. Without a value of its kind it is none.
func (p *points) row(b []byte, r *rows.Row) []byte {
	for len(p.prefixes) <= r.Key {
		p.prefixes = append(p.prefixes, nil)
	}
	head := p.prefixes[r.Key]
	if head == nil {
		head = p.prefix(Measurement(r.Metric), rowTags(r))
		p.prefixes[r.Key] = head
	}
	line := len(b)
	b = append(append(b, head...), ",window="...)
	f := fields{b: append(b, r.Window...)}
	switch r.Kind {
	case record.Counter:
		f.int("count", r.Count)
		f.float("sum", r.Sum)
	case record.Rate:
		f.int("count", r.Count)
		f.int("passes", r.Passes)
	case record.Gauge:
		f.float("last", r.Last)
		f.float("min", r.Min)
		f.float("max", r.Max)
	case record.Trend:
		f.int("count", r.Count)
		f.float("sum", r.Sum)
		f.float("min", r.Min)
		f.float("max", r.Max)
		f.float("p50", r.P50)
		f.float("p90", r.P90)
		f.float("p95", r.P95)
		f.float("p99", r.P99)
		f.float("p999", r.P999)
	}
	return f.end(line, p.start+r.T*1000)
}

func rowTags(r *rows.Row) map[string]string {
	tags := map[string]string{"rollup": string(r.Rollup)}
	for k, v := range r.Tags {
		if slices.Contains(ownTags, k) {
			k += "_"
		}
		tags[k] = v
	}
	return tags
}

// heats appends a line for each bin of a row's heat that has values; n is how many.
func (p *points) heats(b []byte, r *rows.Row) (out []byte, n int) {
	if r.Heat == nil {
		return b, 0
	}
	heads := p.heat[r.Metric]
	if heads == nil {
		for i := range r.Heat {
			le := strconv.FormatFloat(rows.HeatBound(i+1), 'g', 3, 64)
			heads = append(heads, p.prefix(measureHeat, map[string]string{"metric": r.Metric, "le": le, "window": string(r.Window)}))
		}
		if p.heat == nil {
			p.heat = map[string][][]byte{}
		}
		p.heat[r.Metric] = heads
	}
	for i, count := range r.Heat {
		if line := len(b); count > 0 {
			f := fields{b: append(b, heads[i]...)}
			f.int("count", count)
			b = f.end(line, p.start+r.T*1000)
			n++
		}
	}
	return b, n
}

// load appends the load of a second or a period.
func (p *points) load(b []byte, l *record.Load) []byte {
	if p.loads == nil {
		p.loads = p.prefix(measureLoad, map[string]string{"window": string(p.finest)})
	}
	line := len(b)
	f := fields{b: append(b, p.loads...)}
	for _, asked := range []struct {
		name  string
		value *float64
	}{{"asked_vus", l.AskedVUs}, {"asked_peak", l.AskedPeak}, {"asked_rate", l.AskedRate}} {
		if asked.value != nil {
			f.float(asked.name, *asked.value)
		}
	}
	f.float("vus", l.VUs)
	f.int("iterations", l.Iterations)
	f.int("dropped", l.Dropped)
	return f.end(line, p.start+l.T*1000)
}

// quantiles appends a metric's spectrum.
func (p *points) quantiles(b []byte, s *rows.Spectrum) []byte {
	heads := p.spectra[s.Metric]
	if heads == nil {
		for _, q := range rows.Quantiles() {
			heads = append(heads, p.prefix(measureQuantiles, map[string]string{"metric": s.Metric, "q": strconv.FormatFloat(q, 'g', -1, 64)}))
		}
		if p.spectra == nil {
			p.spectra = map[string][][]byte{}
		}
		p.spectra[s.Metric] = heads
	}
	for i, head := range heads {
		line := len(b)
		f := fields{b: append(b, head...)}
		f.float("value", s.Values[i])
		b = f.end(line, p.start)
	}
	return b
}

// info is what is known of the run: its beginning, how long load has gone on, and in the end when it was over.
type info struct {
	tool, version string
	scenario      string
	over          bool
	seconds       float64 // of load, see record.Span
	end           int64   // in ms since the epoch
}

func (p *points) info(b []byte, i *info) []byte {
	line := len(b)
	f := fields{b: append(b, p.prefix(measureInfo, nil)...)}
	f.text("tool", i.tool)
	f.text("tool_version", i.version)
	f.text("scenario", i.scenario)
	f.int("start", p.start)
	if i.over {
		f.int("end", i.end)
	}
	if i.over || i.seconds > 0 {
		f.float("seconds", i.seconds)
	}
	return f.end(line, p.start)
}

// event appends something that happened at a moment in ms since the epoch.
func (p *points) event(b []byte, id, text string, ms int64) []byte {
	line := len(b)
	f := fields{b: append(b, p.prefix(measureEvents, map[string]string{"id": id})...)}
	f.text("text", text)
	return f.end(line, ms)
}

// ledger appends what became of the samples, and of the rows on their way here.
func (p *points) ledger(b []byte, l *record.Ledger, s *record.Sink) []byte {
	line := len(b)
	f := fields{b: append(b, p.prefix(measureLedger, nil)...)}
	if l.Emitted != nil {
		f.int("emitted", *l.Emitted)
	}
	f.int("recorded", l.Recorded)
	f.int("late", l.Late)
	if l.Unplaced > 0 {
		f.int("unplaced", l.Unplaced)
	}
	f.int("folded", l.Folded)
	f.int("lost", l.LostTotal())
	f.int("written", s.Written)
	f.int("retried", s.Retried)
	f.int("refused", s.Refused)
	if s.Raw != nil {
		f.int("raw_written", s.Raw.Written)
		f.int("raw_shed", s.Raw.ShedTotal())
	}
	return f.end(line, p.start)
}
