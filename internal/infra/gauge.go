package infra

import (
	"math"
	"slices"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// apart is how far two readings may be from each other for what lies between them to be known. Between them a counter is
// taken to rise evenly, so that a source with a clock of its own, as a Docker engine's, has a value for every second.
const apart = 2500 * time.Millisecond

// fresh is how old a reading of memory may be.
const fresh = 1500 * time.Millisecond

// gauges turns readings into what was used in each second.
type gauges struct {
	start time.Time
	list  []*gauge
}

// gauge is one source.
type gauge struct {
	source   record.Source
	declared record.Source // as the record has it
	readings []Reading     // as far back as a second needs them
}

// add takes readings, those of one source in order.
func (g *gauges) add(readings []Reading) {
	for i := range readings {
		r := &readings[i]
		at := slices.IndexFunc(g.list, func(k *gauge) bool { return k.source.Name == r.Source.Name })
		if at < 0 {
			at = len(g.list)
			g.list = append(g.list, &gauge{source: record.Source{ID: at + 1, Name: r.Source.Name}})
		}
		g.list[at].add(r)
	}
}

func (k *gauge) add(r *Reading) {
	if last := len(k.readings) - 1; last >= 0 {
		if k.readings[last].ID != r.ID {
			k.readings = k.readings[:0] // another's counters
		} else if !r.At.After(k.readings[last].At) {
			return
		}
	}
	id := k.source.ID
	k.source = r.Source
	k.source.ID = id
	k.readings = append(k.readings, *r)
}

// second is what was used in the second that ends t seconds after the start: declarations of sources that are new or have
// changed, and a sample, if anything was measured. Seconds are asked for in order.
func (g *gauges) second(t int64) (lines []record.RunLine) {
	from := g.start.Add(time.Duration(t-1) * every)
	sample := record.Infra{T: t}
	for _, k := range g.list {
		use, some := k.use(from, from.Add(every))
		if !some {
			continue
		}
		if k.declared != k.source {
			k.declared = k.source
			source := k.source
			lines = append(lines, record.RunLine{Source: &source})
		}
		sample.Uses = append(sample.Uses, use)
	}
	if len(sample.Uses) > 0 {
		lines = append(lines, record.RunLine{Infra: &sample})
	}
	return lines
}

// use is what the source used from one time to another; readings from before that are forgotten.
func (k *gauge) use(from, to time.Time) (u record.Use, some bool) {
	for len(k.readings) > 1 && !k.readings[1].At.After(from) {
		k.readings = k.readings[1:]
	}
	nan := math.NaN()
	u = record.Use{Source: k.source.ID, CPU: nan, Memory: nan, RX: nan, TX: nan}
	last, end := 0, 0 // the last reading of the second, or from before it; the first at its end or behind
	for i := range k.readings {
		if !k.readings[i].At.After(to) {
			last = i
		}
		if end == 0 && !k.readings[i].At.Before(to) {
			end = i
		}
	}
	if r := k.readings[last]; !r.At.After(to) && to.Sub(r.At) < fresh {
		u.Memory = r.Memory
	}
	if end > 0 && !k.readings[0].At.After(from) {
		pairs := k.readings[:end+1]
		u.CPU = mean(pairs, from, to, func(r *Reading) float64 { return r.CPU })
		if all := k.source.CPUs; u.CPU > all && u.CPU < 1.1*all { // clocks and counters are coarse: nobody uses more than all
			u.CPU = all
		}
		u.RX = mean(pairs, from, to, func(r *Reading) float64 { return r.RX })
		u.TX = mean(pairs, from, to, func(r *Reading) float64 { return r.TX })
	}
	return u, !math.IsNaN(u.CPU) || !math.IsNaN(u.Memory) || !math.IsNaN(u.RX) || !math.IsNaN(u.TX)
}

// mean is by how much a counter rose a second: NaN where it is not known or fell, for then it was begun anew.
func mean(readings []Reading, from, to time.Time, counter func(*Reading) float64) float64 {
	sum := 0.0
	for i := range readings[1:] {
		a, b := &readings[i], &readings[i+1]
		length := b.At.Sub(a.At)
		rise := counter(b) - counter(a)
		if length > apart || !(rise >= 0) {
			return math.NaN()
		}
		within := earlier(b.At, to).Sub(laterOf(a.At, from))
		sum += rise * float64(within) / float64(length)
	}
	return sum / to.Sub(from).Seconds()
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
