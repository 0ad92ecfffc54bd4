package runner

import (
	"errors"
	"fmt"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
)

// k6's exit codes that mean something to ltlab.
const (
	exitThresholds = 99
	exitAborted    = 105
	exitScript     = 107
	exitUnknown    = 255 // k6 did not get so far as to know: its flags or a file they name
)

// Unstarted is mostly a script or a flag that k6 does not take.
func (k K6) Unstarted(s *Spec, exit int, how string) *problem.Problem {
	switch {
	case how != "":
		return problem.ToolUnusable(s.Binary, fmt.Errorf("%s before its record began", how))
	case exit == 0 && len(s.Args) > 0: // for example --help behind --
		return problem.FlagRejected(k.Redact(s.Args))
	case exit == 0:
		return problem.ToolUnusable(s.Binary, errors.New("it ended without an error and without a record"))
	}
	return k.failed(s, exit)
}

// failed is the problem of an exit code other than 0.
func (k K6) failed(s *Spec, exit int) *problem.Problem {
	switch {
	case exit == exitUnknown && len(s.Args) == 0:
		return problem.ScriptUnloadable(s.Scenario.Name)
	case exit == exitUnknown:
		if path := missingFile(s.Dir, s.Args); path != "" {
			return problem.ToolFileMissing(path)
		}
		return problem.FlagRejected(k.Redact(s.Args))
	case exit == exitScript:
		return problem.ScriptFailed(s.Scenario.Name)
	case exit < 97 || exit > 110:
		return problem.ToolUnusable(s.Binary, fmt.Errorf("it ended with exit code %d, which k6 does not use", exit))
	}
	return problem.ToolFailed(exit)
}

// Killed keeps what the record has.
func (K6) Killed(how, run string) *problem.Problem { return problem.ToolKilled(how, run) }

// Verdict takes k6's exit code first.
func (k K6) Verdict(s *Spec, o *Outcome) *problem.Problem {
	switch {
	case o.Tool == exitThresholds:
		return problem.ThresholdsFailed(analysis.Failed(o.Summary))
	case o.Tool != 0:
		return k.failed(s, o.Tool)
	case !o.Summary.Answered():
		return problem.NothingAnswered(k.Name(), o.Summary.Requests, redactURL(s.Target))
	}
	return nil
}

// Orphaned is k6's code for a run that was aborted.
func (K6) Orphaned() int { return exitAborted }

// NotReached is said by ltlab-k6.
func (K6) NotReached() string { return "ltlab-k6: unreachable: " }
