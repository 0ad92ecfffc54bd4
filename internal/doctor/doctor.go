// Package doctor finds out what is wrong with a lab, and around it. A check does the real thing, as a start and a run do it
// with the same probes, and says what it saw; what is wrong has a fix, a command where there is one.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

// Status is what a check came to.
type Status string

// The outcomes, the best first. Only Fail makes an examination fail.
const (
	Pass Status = "pass"
	Skip Status = "skip" // it does not apply, or a check that it needs did not pass
	Warn Status = "warn" // it works, and may not for long
	Fail Status = "fail"
)

// groups are those of checks, in the order in which they are shown.
var groups = []string{"binary", "engine", "resources", "network", "files", "lab", "embedded", "tools"}

// Check is one question that the doctor asks.
type Check struct {
	ID    string // kebab-case, unique
	Group string
	Title string                       // what is proved when it passes
	Needs []string                     // checks that must not fail or be skipped, or this one is skipped
	Idle  func(context.Context) string // why it does not apply, "" where it does; asked before its parents; may be nil
	Limit time.Duration                // of Run; 0: twenty seconds
	Run   func(context.Context) Result
}

// Result is a check's answer.
type Result struct {
	Status   Status
	Evidence string         // what was seen, in a line or several
	Problem  string         // the id of the problem's page; "" for none
	Fix      []problem.Step // of what fails or warns
	Repair   *Repair        // a safe way to mend it; nil: there is none
}

// Repair mends what a check found. It removes nothing that anybody could miss.
type Repair struct {
	Say string                                // what it is going to do
	Do  func(context.Context) (string, error) // what it did
}

// Outcome is a check with its answer.
type Outcome struct {
	Check
	Result
	Took time.Duration
}

// Options bound an examination.
type Options struct {
	Only   []string // these checks and what they need; empty: all
	AtOnce int      // checks at the same time; 0: 4
	Clean  func(string) string
	Late   func(ids []string) // called when ctx has ended and these checks still run
}

// usual is how long a check may take that says nothing else.
const usual = 20 * time.Second

// UnknownError is a check's name that is none.
type UnknownError struct{ Name, Nearest string }

func (e *UnknownError) Error() string {
	text := fmt.Sprintf("there is no check %q", e.Name)
	if e.Nearest != "" {
		text += fmt.Sprintf("; did you mean %s", e.Nearest)
	}
	return text
}

// Examine asks the checks, several at the same time, each after those that it needs; answers have the order of the checks.
// A name in Only that is no check is an *UnknownError. When ctx ends no other check begins, and those that run get a while to clear
// up behind themselves: the error is the end's cause, or an *UnclearedError with that cause.
func Examine(ctx context.Context, checks []Check, o Options) ([]Outcome, error) {
	checks, err := pick(checks, o.Only)
	if err != nil {
		return nil, err
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 4
	}
	if o.Clean == nil {
		o.Clean = func(s string) string { return s }
	}
	out := make([]Outcome, len(checks))
	done := map[string]chan struct{}{}
	at := map[string]int{}
	for i, c := range checks {
		done[c.ID], at[c.ID] = make(chan struct{}), i
	}
	room := make(chan struct{}, o.AtOnce)
	var work ward
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			defer close(done[c.ID])
			out[i].Check = c
			if ctx.Err() == nil && c.Idle != nil {
				if why := c.Idle(ctx); why != "" {
					out[i].Result = Result{Status: Skip, Evidence: o.Clean(why)}
					return
				}
			}
			for _, need := range c.Needs {
				parent, known := done[need]
				if !known { // the caller's list does not have it, so it has nothing to say
					continue
				}
				<-parent
				if r := &out[at[need]]; r.Status == Fail || r.Status == Skip {
					out[i].Result = Result{Status: Skip, Evidence: because(r)}
					return
				}
			}
			room <- struct{}{}
			defer func() { <-room }()
			if ctx.Err() != nil {
				return
			}
			began := time.Now()
			out[i].Result = work.ask(ctx, c)
			out[i].Took = time.Since(began)
			out[i].Evidence = o.Clean(out[i].Evidence)
			out[i].Fix = slices.Clone(out[i].Fix)
			for j, f := range out[i].Fix {
				out[i].Fix[j] = problem.Step{Say: o.Clean(f.Say), Run: o.Clean(f.Run)}
			}
		})
	}
	asked := make(chan struct{})
	go func() {
		wg.Wait()
		close(asked)
	}()
	select {
	case <-asked:
		if ctx.Err() == nil {
			return out, nil
		}
	case <-ctx.Done():
	}
	return nil, work.cleared(ctx, asked, o.Late)
}

// because is why a check is skipped: its parent's own reason when that was skipped, too.
func because(parent *Outcome) string {
	if parent.Status == Skip {
		return parent.Evidence
	}
	return "needs " + parent.ID + ", which failed"
}

// pick are the checks of those names with all that they need, in the order of the list.
func pick(checks []Check, names []string) ([]Check, error) {
	if len(names) == 0 {
		return checks, nil
	}
	var all []string
	for _, c := range checks {
		all = append(all, c.ID)
	}
	want := map[string]bool{}
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, &UnknownError{Name: n, Nearest: Nearest(n, all)}
		}
		want[n] = true
	}
	for grown := true; grown; {
		grown = false
		for _, c := range checks {
			for _, need := range c.Needs {
				if want[c.ID] && !want[need] {
					want[need], grown = true, true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool { return !want[c.ID] }), nil
}

// Nearest is the name that is most like one that was given, "" when none is.
func Nearest(name string, names []string) string {
	best, score := "", 0
	for _, n := range names {
		if s := shared(strings.ToLower(name), n); s > score {
			best, score = n, s
		}
	}
	if score < 40 {
		return ""
	}
	return best
}

// shared is how alike two names are, in percent: their pairs of letters.
func shared(a, b string) int {
	pairs := func(s string) map[string]int {
		all := map[string]int{}
		s = "^" + s + "$"
		for i := range len(s) - 1 {
			all[s[i:i+2]]++
		}
		return all
	}
	pa, pb, both := pairs(a), pairs(b), 0
	for p, n := range pa {
		both += min(n, pb[p])
	}
	return 200 * both / (len(a) + len(b) + 2)
}
