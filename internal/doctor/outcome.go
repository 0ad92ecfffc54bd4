package doctor

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ltlab/ltlab/internal/problem"
)

// Counts are how many checks came to each status.
func Counts(all []Outcome) map[Status]int {
	n := map[Status]int{Pass: 0, Skip: 0, Warn: 0, Fail: 0}
	for _, o := range all {
		n[o.Status]++
	}
	return n
}

// Failed are the ids of the checks that failed.
func Failed(all []Outcome) (ids []string) {
	for _, o := range all {
		if o.Status == Fail {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// many is a number of things, in words.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func pass(format string, args ...any) Result {
	return Result{Status: Pass, Evidence: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) Result {
	return Result{Status: Skip, Evidence: fmt.Sprintf(format, args...)}
}

func warn(evidence string, fix ...problem.Step) Result {
	return Result{Status: Warn, Evidence: evidence, Fix: fix}
}

// fails is a check that found what has a page of that id.
func fails(id, evidence string, fix ...problem.Step) Result {
	return Result{Status: Fail, Problem: id, Evidence: evidence, Fix: fix}
}

// of is an error as an answer: a problem with its own fix, or what the fallback says.
func of(err error, fix ...problem.Step) Result {
	var p *problem.Problem
	if !errors.As(err, &p) {
		p = problem.From(err)
		if p.ID == "internal" {
			return Result{Status: Fail, Evidence: err.Error(), Fix: fix}
		}
	}
	evidence := p.What
	if p.Why != "" {
		evidence += ": " + p.Why
	}
	if len(fix) == 0 {
		fix = p.Fix
	}
	return Result{Status: Fail, Problem: p.ID, Evidence: evidence, Fix: fix}
}

// step is a way out; who is root needs no sudo, and often has none.
func step(say, run string) problem.Step {
	if os.Getuid() == 0 {
		run = strings.ReplaceAll(run, "sudo ", "")
	}
	return problem.Step{Say: say, Run: run}
}
