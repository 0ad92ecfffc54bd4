// Package preflight is what is checked before a run: what its scenario asks for, against what this machine has. A check either
// finds nothing, or a warning for the run's record, or a problem that makes the run pointless.
package preflight

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// Within is how long all checks together may take unless somebody asks for more. What is not known by then is not checked.
const Within = 2 * time.Second

// Asked is what a scenario asks for, as far as it can be known before it runs.
type Asked struct {
	Users     int           // that it has at once, at least
	MostUsers int           // at most; 0 is not known
	PerUser   uint64        // bytes of memory that a user takes at least; 0 is not known
	Opens     float64       // connections that it opens each second, at its peak and at least; 0 is not known
	Least     time.Duration // how long it takes at least
	Most      time.Duration // at most; 0 is not known
	Target    string        // where its requests surely go, as a URL; "" is not known
	Warnings  []record.Warning
}

// Check is one question, with the name by which it is called when it was not answered.
type Check struct {
	Name string
	Ask  func(context.Context) Finding
}

// Finding is an answer; the zero value is: nothing to say.
type Finding struct {
	Warnings []record.Warning
	Problem  *problem.Problem
	Unknown  string // why there is no answer
}

// Report is what came of all checks.
type Report struct {
	Warnings []record.Warning // in the order of the checks
	Problem  *problem.Problem // of the first check that has one; nil when the run may begin
	Unknown  []string         // "NAME: WHY" of the checks without an answer
}

// Look asks all questions at once and comes back when the last one is answered, one has a problem and those before it none, or the
// time is over.
func Look(ctx context.Context, within time.Duration, checks []Check) Report {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answers := make([]chan Finding, len(checks))
	for i, c := range checks {
		answers[i] = make(chan Finding, 1)
		go func() { answers[i] <- c.Ask(ctx) }()
	}
	var r Report
	for i, c := range checks {
		var f Finding
		select {
		case f = <-answers[i]:
		case <-ctx.Done():
			select {
			case f = <-answers[i]: // both were ready
			default:
				f.Unknown = "no answer within " + within.String()
			}
		}
		if f.Unknown != "" {
			r.Unknown = append(r.Unknown, c.Name+": "+f.Unknown)
		}
		r.Warnings = append(r.Warnings, f.Warnings...)
		if r.Problem = f.Problem; r.Problem != nil {
			return r
		}
	}
	return r
}

// Warn is a finding of one warning.
func Warn(id, text string) Finding {
	return Finding{Warnings: []record.Warning{{ID: id, Text: text}}}
}

// Unknown is a finding of nothing, for a reason.
func Unknown(why string) Finding { return Finding{Unknown: why} }
