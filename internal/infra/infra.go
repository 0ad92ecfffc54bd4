// Package infra measures what the machine, the load generator and the lab's services use while a run goes on: CPU, memory
// and network, once a second, for the run's record.
//
// What could not be measured is a gap, never a zero: a counter that fell, a container that came or went, a source that did
// not answer in time.
package infra

import (
	"context"
	"math"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// every is how long a second is.
const every = time.Second

// answerIn is how long a probe may take; one that takes longer misses its second.
const answerIn = 800 * time.Millisecond

// Reading is how the counters of one source stand. NaN is not known.
type Reading struct {
	Source record.Source // its ID is the sampler's matter
	ID     string        // changes when the counters are another's: a container's id, a process's number
	At     time.Time     // when the counters were read, by whatever clock: only its readings are compared
	CPU    float64       // seconds used so far
	Memory float64       // bytes now
	RX     float64       // bytes so far
	TX     float64
}

// Unknown is a reading of nothing yet.
func Unknown(name string, kind record.SourceKind) Reading {
	nan := math.NaN()
	return Reading{Source: record.Source{Name: name, Kind: kind}, CPU: nan, Memory: nan, RX: nan, TX: nan}
}

// Probe reads some sources. It is asked by one goroutine at a time. What it cannot read is not in its answer.
type Probe interface {
	Read(ctx context.Context) []Reading
}

// Sampler takes a sample of its probes each second.
type Sampler struct {
	// Probes are those of a run; pid is the tool's process, 0 when it runs in a container.
	Probes func(run string, pid int) []Probe
}

// Watch samples until ctx ends. Seconds count from start; each line is handed to write, whose error is the writer's matter:
// it keeps what it could not write.
func (s *Sampler) Watch(ctx context.Context, run string, pid int, start time.Time, write func(record.RunLine) error) {
	var askers []*asker
	for _, p := range s.Probes(run, pid) {
		askers = append(askers, &asker{probe: p, answer: make(chan []Reading, 1)})
	}
	var d differ
	d.take(0, read(ctx, askers)) // what counters stand at
	last := int64(time.Since(start) / every)
	wake := time.NewTimer(time.Until(start.Add(time.Duration(last+1) * every)))
	defer wake.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake.C:
		}
		// The second that has just ended; a wake-up that comes half a second late or more is for the next one.
		if t := int64((time.Since(start) + every/2) / every); t > last {
			last = t
			for _, l := range d.take(t, read(ctx, askers)) {
				_ = write(l)
			}
		}
		wake.Reset(time.Until(start.Add(time.Duration(last+1) * every)))
	}
}

// asker asks one probe, and does not ask again before it has answered.
type asker struct {
	probe  Probe
	busy   bool
	answer chan []Reading
}

// read asks all probes at once and takes what comes in time.
func read(ctx context.Context, askers []*asker) (all []Reading) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	asked := make([]bool, len(askers))
	for i, a := range askers {
		if a.busy {
			select {
			case <-a.answer: // to an older question
				a.busy = false
			default:
				continue
			}
		}
		a.busy, asked[i] = true, true
		go func() { a.answer <- a.probe.Read(ctx) }()
	}
	for i, a := range askers {
		if !asked[i] {
			continue
		}
		select {
		case r := <-a.answer:
			a.busy = false
			all = append(all, r...)
		case <-ctx.Done():
		}
	}
	return all
}
