package runner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// k6's exit codes that mean something to ltlab.
const (
	exitThresholds = 99
	exitAborted    = 105
	exitScript     = 107
	exitUnknown    = 255 // k6 did not get so far as to know: its flags or a file they name
)

// notStarted is the problem of a tool that ended before its record began.
func notStarted(tool Tool, exit int, signal string, s *Spec) *problem.Problem {
	if b, ok := tool.(*boxed); ok {
		if p := b.unbegun(exit); p != nil {
			return p
		}
	}
	switch {
	case signal != "":
		return problem.ToolUnusable(s.Binary, fmt.Errorf("%s before its record began", signal))
	case exit == 0 && len(s.Args) > 0: // for example --help behind --
		return problem.FlagRejected(redact(s.Args))
	case exit == 0:
		return problem.ToolUnusable(s.Binary, errors.New("it ended without an error and without a record"))
	}
	return toolFailed(exit, s)
}

// toolFailed is the problem of a tool that ended with an exit code other than 0.
func toolFailed(exit int, s *Spec) *problem.Problem {
	switch {
	case exit == exitUnknown && len(s.Args) == 0:
		return problem.ScriptUnloadable(s.Scenario.Name)
	case exit == exitUnknown:
		if path := missingFile(s.Dir, s.Args); path != "" {
			return problem.ToolFileMissing(path)
		}
		return problem.FlagRejected(redact(s.Args))
	case exit == exitScript:
		return problem.ScriptFailed(s.Scenario.Name)
	case exit < 97 || exit > 110:
		return problem.ToolUnusable(s.Binary, fmt.Errorf("it ended with exit code %d, which k6 does not use", exit))
	}
	return problem.ToolFailed(exit)
}

func (o *Outcome) warn(id, text string) {
	o.Warnings = append(o.Warnings, record.Warning{ID: id, Text: text})
}

// judge reads the record and says what the run comes to. k6's own verdict wins over ltlab's; among ltlab's, data that
// is not whole says less than a target that never answered.
func (o *Outcome) judge(s *Spec, interrupted, signal string) error {
	sum, err := analysis.Summarize(o.Folder, false)
	if err != nil {
		return err
	}
	o.Summary = sum
	sum.State = analysis.Finished
	if interrupted != "" || signal != "" {
		sum.State = analysis.Interrupted
	}
	for _, n := range sum.Notes {
		o.warn(n.ID, n.Text)
	}
	if short := sum.Saturation.Warning(); short != "" {
		o.warn("generator-saturated", short)
	}
	unevaluated := analysis.Unevaluated(sum)
	if len(unevaluated) > 0 {
		o.warn("threshold-not-evaluated", "no sample matched "+strings.Join(unevaluated, ", "))
	}
	if sum.Unanswered != nil && *sum.Unanswered > 0 {
		o.warn("unanswered", fmt.Sprintf("%d of %d requests got no answer; k6 counts a refused connection as 0 ms", *sum.Unanswered, sum.Requests))
	}
	incomplete := analysis.Incomplete(sum, o.Requests)
	if sum.State == analysis.Interrupted && signal == "" {
		incomplete = analysis.Incomplete(sum, nil) // k6's summary may be of a moment before its output's end
	}
	switch {
	case interrupted != "":
		kept := fmt.Sprintf("the run up to here is kept as %s", o.Folder.ID())
		if incomplete != "" {
			kept += "\n" + incomplete
		}
		o.Problem = problem.RunInterrupted(kept)
	case signal != "":
		o.Problem = problem.ToolKilled(signal, o.Folder.ID())
	case o.Tool == exitThresholds:
		o.Problem = problem.ThresholdsFailed(analysis.Failed(sum))
	case o.Tool != 0:
		o.Problem = toolFailed(o.Tool, s)
	case !sum.Answered():
		o.Problem = problem.NothingAnswered(sum.Requests, redactURL(s.Target))
	case s.Strict && len(unevaluated) > 0:
		o.Problem = problem.ThresholdsUnevaluated(unevaluated)
	case incomplete != "":
		o.Problem = problem.DataIncomplete(incomplete)
	}
	if incomplete != "" && (o.Problem == nil || o.Problem.ID != "data-incomplete") {
		o.warn("data-incomplete", incomplete)
	}
	return nil
}
