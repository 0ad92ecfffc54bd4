package rows

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Metrics of what sources used. Each is a gauge whose series have the tags source, kind, part (service: a container or a
// process; machine: all else) and, where it is "true", generator; its rows are of roll-up BySeries and window Second, in runs
// of any tool.
const (
	InfraCPU    = "infra_cpu"       // cores, the second's mean
	InfraShare  = "infra_cpu_share" // the same, of the cores that the source may use
	InfraMemory = "infra_memory"    // bytes, at the second's end
	InfraRX     = "infra_rx"        // bytes a second
	InfraTX     = "infra_tx"
)

// IsInfra says whether a metric is one of these.
func IsInfra(metric string) bool { return strings.HasPrefix(metric, "infra_") }

// InfraSecond is the second of the tool's clock that most of a sample was in: negative before the tool's start. Samples count
// from ltlab's start of the run.
func InfraSecond(s *record.Infra, ltlab, tool time.Time) int64 {
	return int64(math.Floor(float64(s.T-1) - tool.Sub(ltlab).Seconds() + 0.5))
}

// Infra turns infrastructure samples of one record into rows.
type Infra struct {
	builder *Builder
	sources map[int]*used
}

// used is a source with the templates of its rows, made when first needed.
type used struct {
	record.Source
	rows map[string]*Row
}

// NewInfra returns one whose rows have keys beside those of the builder.
func NewInfra(b *Builder) *Infra { return &Infra{builder: b, sources: map[int]*used{}} }

// Declare takes a source, new or changed.
func (in *Infra) Declare(s record.Source) {
	if u := in.sources[s.ID]; u != nil && u.Name == s.Name && u.Kind == s.Kind && u.Generator == s.Generator {
		u.Source = s
		return
	}
	in.sources[s.ID] = &used{Source: s, rows: map[string]*Row{}}
}

// Second returns the rows of a sample whose second begins at t. What is not known has no row.
func (in *Infra) Second(t int64, s *record.Infra) []Row {
	var out []Row
	for _, v := range s.Uses {
		u := in.sources[v.Source]
		if u == nil {
			continue
		}
		share := math.NaN()
		if u.CPUs > 0 {
			share = v.CPU / u.CPUs
		}
		for _, m := range []struct {
			metric, unit string
			value        float64
		}{
			{InfraCPU, "cores", v.CPU}, {InfraShare, "", share}, {InfraMemory, "bytes", v.Memory}, {InfraRX, "bytes", v.RX}, {InfraTX, "bytes", v.TX},
		} {
			if math.IsNaN(m.value) || m.metric == InfraShare && u.Kind != record.HostSource && !u.Generator {
				continue
			}
			r := *in.template(u, m.metric, m.unit)
			r.T, r.Count = t, 1
			r.Last, r.Min, r.Max = m.value, m.value, m.value
			out = append(out, r)
		}
	}
	return out
}

func (in *Infra) template(u *used, metric, unit string) *Row {
	r := u.rows[metric]
	if r == nil {
		tags := map[string]string{"source": u.Name, "kind": string(u.Kind), "part": "service"}
		if u.Kind == record.HostSource || u.Kind == record.LoopbackSource {
			tags["part"] = "machine"
		}
		if u.Generator {
			tags["generator"] = strconv.FormatBool(true)
		}
		made := in.builder.template(record.Metric{Name: metric, Kind: record.Gauge, Unit: unit}, BySeries, tags)
		made.Window = Second
		r = &made
		u.rows[metric] = r
	}
	return r
}
