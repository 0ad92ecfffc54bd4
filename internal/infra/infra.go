// Package infra measures what the machine, the load generator and the lab's services use while a run goes on: CPU, memory
// and network, once a second, for the run's record.
//
// What could not be measured is a gap, never a zero: a counter that fell, a container that came or went, a source that did
// not answer for too long.
package infra

import (
	"context"
	"math"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// every is how long a second is.
const every = time.Second

// later is how many seconds after its end a second is written: by then slow sources have told of it, too.
const later = 2

// waitFor is how long probes are waited for; what comes later counts for the next time.
const waitFor = 900 * time.Millisecond

// Reading is how the counters of one source stand. NaN is not known.
type Reading struct {
	Source record.Source // its ID is the sampler's matter
	ID     string        // changes when the counters are another's: a container's id, a process's number
	At     time.Time     // when the counters were read
	CPU    float64       // seconds used so far
	Memory float64       // bytes now
	RX     float64       // bytes so far
	TX     float64
}

// Container is the kind of source that an engine measures.
const Container = record.ContainerSource

// Unknown is a reading of nothing yet.
func Unknown(name string, kind record.SourceKind) Reading {
	nan := math.NaN()
	return Reading{Source: record.Source{Name: name, Kind: kind}, CPU: nan, Memory: nan, RX: nan, TX: nan}
}

// Probe reads some sources. It is asked by one goroutine at a time, about once a second, and answers with what it read since:
// of a source nothing, one reading or several in order.
type Probe interface {
	Read() []Reading
}

// Sampler takes a sample of its probes each second.
type Sampler struct {
	// Probes are those of a run, which ctx ends; pid is the tool's process, 0 when it runs in a container.
	Probes func(ctx context.Context, run string, pid int) []Probe
}

// Watch samples until ctx ends. Seconds count from start; each line is handed to write, whose error is the writer's matter:
// it keeps what it could not write.
func (s *Sampler) Watch(ctx context.Context, run string, pid int, start time.Time, write func(record.RunLine) error) {
	var askers []*asker
	for _, p := range s.Probes(ctx, run, pid) {
		askers = append(askers, &asker{probe: p, answer: make(chan []Reading, 1)})
	}
	g := gauges{start: start}
	past := func() int64 { return int64(time.Since(start) / every) }
	written := past()
	until := func(t int64) {
		for ; written < t; written++ {
			for _, l := range g.second(written + 1) {
				_ = write(l)
			}
		}
	}
	g.add(read(ctx, askers))
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		wake.Reset(time.Until(start.Add(time.Duration(past()+1) * every)))
		select {
		case <-ctx.Done():
			until(past())
			return
		case <-wake.C:
		}
		g.add(read(ctx, askers))
		until(past() - later)
	}
}

// asker asks one probe, and does not ask again before it has answered.
type asker struct {
	probe  Probe
	busy   bool
	answer chan []Reading
}

func (a *asker) take(r []Reading) []Reading {
	a.busy = false
	return r
}

// read asks all probes at once and takes what comes in time.
func read(ctx context.Context, askers []*asker) (all []Reading) {
	ctx, cancel := context.WithTimeout(ctx, waitFor)
	defer cancel()
	for _, a := range askers {
		if !a.busy {
			a.busy = true
			go func() { a.answer <- a.probe.Read() }()
		}
	}
	for _, a := range askers {
		select {
		case r := <-a.answer:
			all = append(all, a.take(r)...)
			continue
		default: // time may be up because of another
		}
		select {
		case r := <-a.answer:
			all = append(all, a.take(r)...)
		case <-ctx.Done():
		}
	}
	return all
}
