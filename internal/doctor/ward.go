package doctor

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

// patience is how long checks of an examination that was called off may clear up behind themselves.
const patience = 5 * time.Second

// ward knows which checks run, those included that nobody waits for any more. The zero value is an empty one.
type ward struct {
	mu   sync.Mutex
	runs map[string]bool
	all  sync.WaitGroup
}

// UnclearedError is an examination that was called off, and whose checks with these ids were still at work a while later.
type UnclearedError struct {
	IDs   []string
	cause error
}

func (e *UnclearedError) Error() string {
	return fmt.Sprintf("%v; %s did not come to an end", e.cause, strings.Join(e.IDs, ", "))
}

func (e *UnclearedError) Unwrap() error { return e.cause }

// ask runs a check and makes of a time-out, or of a bug, an answer.
func (w *ward) ask(ctx context.Context, c Check) (r Result) {
	limit := c.Limit
	if limit == 0 {
		limit = usual
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %s", limit))
	defer cancel()
	answer := make(chan Result, 1) // a check that does not listen to its context must not hold up the rest
	w.begin(c.ID)
	go func() {
		defer w.end(c.ID)
		defer func() {
			if v := recover(); v != nil {
				answer <- Result{Status: Fail, Problem: "internal", Evidence: fmt.Sprintf("the check itself broke: %v\n%s", v, debug.Stack()),
					Fix: []problem.Step{{Say: "report this", Run: "ltlab doctor --report report.tar.gz"}}}
			}
		}()
		answer <- c.Run(ctx)
	}()
	select {
	case r = <-answer:
		return r
	case <-ctx.Done():
	}
	select { // it may just be saying so itself
	case r = <-answer:
		return r
	case <-time.After(time.Second):
		return Result{Status: Fail, Evidence: context.Cause(ctx).Error(), Fix: []problem.Step{{Say: "see whether the machine is overloaded, then look again", Run: "ltlab doctor " + c.ID}}}
	}
}

func (w *ward) begin(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == nil {
		w.runs = map[string]bool{}
	}
	w.runs[id] = true
	w.all.Add(1)
}

func (w *ward) end(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.runs, id)
	w.all.Done()
}

// left are the ids of checks that run, sorted.
func (w *ward) left() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.runs))
}

// cleared waits, for a while, until no check begins any more (asked is closed) and none runs; ctx has ended.
func (w *ward) cleared(ctx context.Context, asked <-chan struct{}, late func([]string)) error {
	over := time.After(patience)
	if ids := w.left(); len(ids) > 0 && late != nil {
		late(ids)
	}
	quiet := make(chan struct{})
	go func() {
		<-asked
		w.all.Wait()
		close(quiet)
	}()
	select {
	case <-quiet:
	case <-over:
		if ids := w.left(); len(ids) > 0 {
			return &UnclearedError{IDs: ids, cause: context.Cause(ctx)}
		}
	}
	return context.Cause(ctx)
}
