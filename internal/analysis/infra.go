package analysis

import (
	"fmt"
	"math"

	"github.com/ltlab/ltlab/internal/record"
)

// A second counts as saturated when the load generator used GeneratorLimit or more of the CPU that it may use, or the whole
// machine HostLimit or more of its own: what was measured then may be the generator's delay, not the target's.
//
// k6 asks for "at least 20% idle cycles (up to 80% used by k6, 20% idle)", for without them "the result metrics" have "a much
// larger response time than in reality" (grafana.com/docs/k6, Running large tests); Artillery warns of itself above 80 %
// (artillery.io/docs/faq, High CPU warnings). The host's limit is higher: it need not be short of CPU while others work.
const (
	GeneratorLimit = 0.80
	HostLimit      = 0.90
)

// A run is saturated when a twentieth of its seconds is, for then its p95 may be the generator's, and so many of them in a
// row, for a burst at the start says nothing.
const (
	saturatedShare = 0.05
	saturatedRow   = 3
)

// Usage is what one source used over the run.
type Usage struct {
	Name      string            `json:"name"`
	Kind      record.SourceKind `json:"kind"`
	Generator bool              `json:"generator"`
	CPUs      *float64          `json:"cpus"`       // cores that it may use; nil: not known
	MemoryMay *uint64           `json:"memory_may"` // bytes that it may use; nil: not known
	CPU       *Level            `json:"cpu"`        // cores; nil here and below: never measured
	Memory    *Level            `json:"memory"`     // bytes
	RX        *Level            `json:"rx"`         // bytes a second
	TX        *Level            `json:"tx"`
}

// Level is a value over the seconds in which it was measured.
type Level struct {
	Seconds int64   `json:"seconds"`
	Mean    float64 `json:"mean"`
	Max     float64 `json:"max"`
}

// Saturation says how long the CPU was short.
type Saturation struct {
	Measured  int64 // seconds
	Generator int64 // seconds in which the load generator was at its limit
	Host      int64 // seconds in which the machine was
	Either    int64
	Row       int64 // the longest row of saturated seconds
}

// Sustained says whether the run's figures are in doubt.
func (s *Saturation) Sustained() bool {
	return s.Row >= saturatedRow && float64(s.Either) >= saturatedShare*float64(s.Measured)
}

// Warning is what the reader of the run's figures must know, "" when CPU was not short.
func (s *Saturation) Warning() string {
	if !s.Sustained() {
		return ""
	}
	which := fmt.Sprintf("the load generator used %.0f %% or more of its CPU in %d of %d seconds", 100*GeneratorLimit, s.Generator, s.Measured)
	switch {
	case s.Generator == 0:
		which = fmt.Sprintf("this machine's CPU was %.0f %% busy or more in %d of %d seconds", 100*HostLimit, s.Host, s.Measured)
	case s.Host > 0:
		which += fmt.Sprintf(", and the machine was %.0f %% busy or more in %d", 100*HostLimit, s.Host)
	}
	return which + ": latencies may be the generator's own, and the load less than asked for"
}

// usages adds up what sources used.
type usages struct {
	list []*usage
	of   map[int]*usage
	sat  Saturation
	row  int64
	last int64 // end of the last second measured
}

type usage struct {
	source record.Source
	levels [4]level
}

type level struct {
	n        int64
	sum, max float64
}

func (l *level) add(v float64) {
	if math.IsNaN(v) {
		return
	}
	l.n++
	l.sum += v
	l.max = math.Max(l.max, v)
}

func (l *level) level() *Level {
	if l.n == 0 {
		return nil
	}
	return &Level{Seconds: l.n, Mean: l.sum / float64(l.n), Max: l.max}
}

func (u *usages) take(l record.RunLine) {
	switch {
	case l.Source != nil:
		if u.of == nil {
			u.of = map[int]*usage{}
		}
		if known := u.of[l.Source.ID]; known != nil {
			known.source = *l.Source
			return
		}
		u.of[l.Source.ID] = &usage{source: *l.Source}
		u.list = append(u.list, u.of[l.Source.ID])
	case l.Infra != nil:
		u.second(l.Infra)
	}
}

func (u *usages) second(s *record.Infra) {
	var measured, generator, host bool
	for _, v := range s.Uses {
		of := u.of[v.Source]
		if of == nil {
			continue // its declaration was lost; the figures of others are whole
		}
		for i, v := range []float64{v.CPU, v.Memory, v.RX, v.TX} {
			of.levels[i].add(v)
		}
		if of.source.CPUs <= 0 || math.IsNaN(v.CPU) {
			continue
		}
		share := v.CPU / of.source.CPUs
		switch {
		case of.source.Generator:
			measured, generator = true, generator || share >= GeneratorLimit
		case of.source.Kind == record.HostSource:
			measured, host = true, host || share >= HostLimit
		}
	}
	if !measured {
		return
	}
	if s.T != u.last+1 {
		u.row = 0
	}
	u.last = s.T
	u.sat.Measured++
	if generator {
		u.sat.Generator++
	}
	if host {
		u.sat.Host++
	}
	if !generator && !host {
		u.row = 0
		return
	}
	u.sat.Either++
	u.row++
	u.sat.Row = max(u.sat.Row, u.row)
}

func (u *usages) usage() []Usage {
	var out []Usage
	for _, v := range u.list {
		s := v.source
		one := Usage{Name: s.Name, Kind: s.Kind, Generator: s.Generator,
			CPU: v.levels[0].level(), Memory: v.levels[1].level(), RX: v.levels[2].level(), TX: v.levels[3].level()}
		if s.CPUs > 0 {
			one.CPUs = &s.CPUs
		}
		if s.Memory > 0 {
			one.MemoryMay = &s.Memory
		}
		out = append(out, one)
	}
	return out
}
