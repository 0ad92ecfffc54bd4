// Package gate decides when a lab's services do their work: a container that runs is not enough, and neither is a port that
// answers. Each service is probed for what it is there for, while its container is watched.
package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/ltlab/ltlab/internal/term"
)

// Target is a service that is waited for.
type Target struct {
	Name  string
	Shows string                      // what a probe that passes shows: "writes and reads back"
	Probe func(context.Context) error // nil error: it does its work; else the text is what was seen instead
}

// Exit is a container that did not keep running.
type Exit struct {
	Service    string
	Code       int
	OOM        bool // the kernel killed it for want of memory
	Restarting bool // the engine starts it again and again
}

// Options are how long is waited, and what is known besides the probes. All but Timeout may be left out.
type Options struct {
	Timeout  time.Duration
	Exits    <-chan Exit                                                 // also those from before; of other services: ignored; closed: no more come
	Logs     func(ctx context.Context, service string, lines int) string // the last lines of a service's log
	Progress term.Progress
}

// How often a service is probed: at first quickly, for a lab that runs passes at once, then less and less.
const (
	firstPause  = 20 * time.Millisecond
	lastPause   = 250 * time.Millisecond
	slower      = 1.2
	probeLimit  = 2 * time.Second // for one attempt
	logLimit    = time.Second     // for all logs
	logTailSize = 15              // lines
)

// Wait returns nil once every target has passed its probe. A container that exits before ends the wait at once, and a
// time-out ends it with everything that was not ready: both as a *Failure. When ctx ends: its cause.
func Wait(ctx context.Context, targets []Target, o Options) error {
	began := time.Now()
	probing, cancel := context.WithCancel(ctx)
	defer cancel()
	saw, passed := make(chan seen), make(chan int)
	for i := range targets {
		go watch(probing, i, targets[i].Probe, saw, passed)
	}
	w := &wait{targets: targets, o: o, began: began, last: make([]string, len(targets)), ready: make([]bool, len(targets))}
	timeout := time.NewTimer(o.Timeout)
	defer timeout.Stop()
	for left := len(targets); left > 0; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s := <-saw:
			w.last[s.target] = s.text
		case i := <-passed:
			left--
			w.ready[i] = true
			w.progress(targets[i])
		case e, open := <-w.o.Exits:
			if !open {
				w.o.Exits = nil
			} else if i := w.find(e.Service); i >= 0 {
				cancel()
				return w.exited(ctx, i, e)
			}
		case <-timeout.C:
			cancel()
			return w.timedOut(ctx)
		}
	}
	return nil
}

// seen is what a probe saw that did not pass.
type seen struct {
	target int
	text   string
}

// watch probes until it passes or the wait is over.
func watch(ctx context.Context, target int, probe func(context.Context) error, saw chan<- seen, passed chan<- int) {
	for pause := firstPause; ; pause = min(time.Duration(float64(pause)*slower), lastPause) {
		attempt, cancel := context.WithTimeout(ctx, probeLimit)
		err := probe(attempt)
		if err != nil && attempt.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", probeLimit)
		}
		cancel()
		if err == nil {
			select {
			case passed <- target:
			case <-ctx.Done():
			}
			return
		}
		select {
		case saw <- seen{target, err.Error()}:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// wait is what is known while Wait waits.
type wait struct {
	targets []Target
	o       Options
	began   time.Time
	last    []string // by target, what its probe last saw
	ready   []bool
}

func (w *wait) find(service string) int {
	for i, t := range w.targets {
		if t.Name == service {
			return i
		}
	}
	return -1
}

func (w *wait) progress(t Target) {
	if w.o.Progress != nil {
		w.o.Progress(term.Event{Service: t.Name, Text: t.Shows, Took: time.Since(w.began)})
	}
}
