package gate

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

// Reason is what ended a wait.
type Reason string

// The reasons.
const (
	Exited      Reason = "exited"
	OutOfMemory Reason = "out-of-memory"
	Restarting  Reason = "restarting"
	TimedOut    Reason = "timed-out"
)

// Failure is a wait that ended before every service did its work.
type Failure struct {
	Unready // the service that ended it; at a time-out the first that was not ready
	Reason  Reason
	Code    int           // the container's exit code, where it exited
	After   time.Duration // since the wait began
	Others  []Unready     // at a time-out: what else was not ready
}

// Unready is a service that did not come to do its work.
type Unready struct {
	Service string
	Shows   string // what its probe waited for
	Saw     string // what the probe last saw instead; "" when no attempt has ended
	LogTail string // the last lines of its log; "" when there are none
}

func (w *wait) unready(i int) Unready {
	return Unready{Service: w.targets[i].Name, Shows: w.targets[i].Shows, Saw: w.last[i]}
}

func (w *wait) exited(ctx context.Context, i int, e Exit) error {
	f := &Failure{Unready: w.unready(i), Reason: Exited, Code: e.Code, After: time.Since(w.began)}
	switch {
	case e.OOM:
		f.Reason = OutOfMemory
	case e.Restarting:
		f.Reason = Restarting
	}
	return w.withLogs(ctx, f)
}

func (w *wait) timedOut(ctx context.Context) error {
	f := &Failure{Reason: TimedOut, After: time.Since(w.began)}
	for i := range w.targets {
		switch {
		case w.ready[i]:
		case f.Service == "":
			f.Unready = w.unready(i)
		default:
			f.Others = append(f.Others, w.unready(i))
		}
	}
	return w.withLogs(ctx, f)
}

// withLogs adds the logs, all at once; an engine that does not answer must not hold up the news.
func (w *wait) withLogs(ctx context.Context, f *Failure) error {
	if w.o.Logs == nil {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, logLimit)
	defer cancel()
	var wg sync.WaitGroup
	for _, u := range f.all() {
		wg.Go(func() { u.LogTail = strings.TrimRight(w.o.Logs(ctx, u.Service, logTailSize), "\n") })
	}
	wg.Wait()
	return f
}

func (f *Failure) all() []*Unready {
	all := []*Unready{&f.Unready}
	for i := range f.Others {
		all = append(all, &f.Others[i])
	}
	return all
}

func (f *Failure) Error() string { return f.what() + ": " + f.why() }

// Unwrap is the problem that a user is shown.
func (f *Failure) Unwrap() error { return problem.LabUnhealthy(f.what(), f.why(), f.logs()) }

func (f *Failure) what() string {
	after := f.After.Round(100 * time.Millisecond)
	switch f.Reason {
	case TimedOut:
		var names []string
		for _, u := range f.all() {
			names = append(names, u.Service)
		}
		return fmt.Sprintf("%s did not become ready in %s", strings.Join(names, ", "), after)
	case OutOfMemory:
		return fmt.Sprintf("%s ran out of memory before it was ready", f.Service)
	case Restarting:
		return fmt.Sprintf("%s stops again and again", f.Service)
	}
	return fmt.Sprintf("%s stopped before it was ready", f.Service)
}

func (f *Failure) why() string {
	var lines []string
	switch f.Reason {
	case TimedOut:
	case OutOfMemory:
		lines = append(lines, fmt.Sprintf("the kernel killed its container after %.1fs", f.After.Seconds()))
	default:
		lines = append(lines, fmt.Sprintf("its container exited with code %d after %.1fs", f.Code, f.After.Seconds()))
	}
	for _, u := range f.all() {
		saw := u.Saw
		if saw == "" {
			saw = "nothing yet"
		}
		lines = append(lines, fmt.Sprintf("%s: waited for %q, last saw: %s", u.Service, u.Shows, saw))
	}
	return strings.Join(lines, "\n")
}

// logs are the log tails, under their services' names when there are several.
func (f *Failure) logs() string {
	var out []string
	for _, u := range f.all() {
		for line := range strings.Lines(u.LogTail) {
			if len(f.Others) > 0 {
				line = u.Service + " | " + line
			}
			out = append(out, strings.TrimRight(line, "\r\n"))
		}
	}
	return strings.Join(out, "\n")
}
