package runner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
)

// Artillery's exit codes that mean something to ltlab.
const (
	artilleryRefused = 1   // the script; or ensure, when the run has ended
	artilleryFlags   = 2   // a flag
	artilleryWorker  = 11  // a worker threw: the processor, an engine
	artilleryExpect  = 21  // an expectation failed
	artilleryStopped = 130 // SIGINT
	artilleryEnded   = 143 // SIGTERM
)

// Unstarted is mostly a script or a flag that Artillery does not take.
func (a *Artillery) Unstarted(s *Spec, exit int, how string) *problem.Problem {
	switch {
	case how != "":
		return problem.ArtilleryUnusable(s.Binary, errors.New(how+" before its record began"))
	case exit == artilleryFlags, exit == 0 && len(s.Args) > 0: // for example --help behind --
		return problem.ArtilleryFlagRejected(a.Redact(s.Args))
	case exit == 0:
		return problem.ArtilleryUnusable(s.Binary, errors.New("it ended without an error and without a record"))
	case exit == artilleryRefused:
		return problem.ArtilleryScriptInvalid(s.Scenario.Name)
	}
	return a.failed(s, exit)
}

func (a *Artillery) failed(s *Spec, exit int) *problem.Problem {
	if exit == artilleryWorker {
		return problem.ArtilleryScriptFailed(s.Scenario.Name)
	}
	return problem.ArtilleryFailed(exit)
}

// Killed keeps what the record has.
func (*Artillery) Killed(how, run string) *problem.Problem { return problem.ArtilleryKilled(how, run) }

// Verdict takes a target that never answered, and then users of whom none got to its end, for the cause of whatever ensure and
// expect say.
func (a *Artillery) Verdict(s *Spec, o *Outcome) *problem.Problem {
	unmet, failed := unmet(o.Summary), analysis.Failed(o.Summary)
	switch {
	case o.Tool == artilleryStopped, o.Tool == artilleryEnded: // and ltlab did not ask for it
		o.Summary.State = analysis.Interrupted
		return problem.ArtilleryKilled("something else told it to end", o.Folder.ID())
	case o.Tool != 0 && o.Tool != artilleryRefused && o.Tool != artilleryExpect:
		return a.failed(s, o.Tool)
	case !o.Summary.Answered() && (o.Summary.Requests > 0 || !broken(o.Summary.Load.VUsers)):
		p := problem.NothingAnswered(a.Name(), o.Summary.Requests, redactURL(s.Target))
		if errors := mostly(o.Summary.Errors); errors != "" {
			p.Why += "; " + errors
		}
		return p
	case broken(o.Summary.Load.VUsers):
		return problem.VUsersFailed(o.Summary.Load.VUsers.Failed, mostly(o.Summary.Errors))
	case len(failed) > 0:
		if len(unmet) > 0 {
			o.warn("expect-failed", strings.Join(unmet, "; "))
		}
		return problem.EnsureFailed(failed)
	case len(unmet) > 0:
		return problem.ExpectFailed(unmet)
	case o.Tool != 0:
		return a.failed(s, o.Tool)
	}
	return nil
}

// broken says whether there were virtual users and every one failed.
func broken(v *analysis.VUsers) bool { return v != nil && v.Failed > 0 && v.Completed == 0 }

// unmet are the expectations that failed.
func unmet(sum *analysis.Summary) []string {
	var out []string
	for _, c := range sum.Checks {
		if c.Fails > 0 && strings.HasPrefix(c.Name, "expect ") {
			out = append(out, fmt.Sprintf("%s: %d of %d failed", c.Name, c.Fails, c.Passes+c.Fails))
		}
	}
	return out
}

// mostly is the most frequent error, with its number.
func mostly(errors map[string]int64) string {
	name, n, all := "", int64(0), int64(0)
	for e, count := range errors {
		all += count
		if count > n || count == n && e < name {
			name, n = e, count
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d errors are %s", n, all, name)
}

// Orphaned is that of SIGINT.
func (*Artillery) Orphaned() int { return artilleryStopped }

// NotReached is said by the preload.
func (*Artillery) NotReached() string { return "ltlab: unreachable: " }

// Inside looks at where Artillery reads and writes.
func (*Artillery) Inside(s *Spec) error {
	for _, v := range flagValues(s.Args, "--config", "-c", "--input", "-i", "--payload", "-p", "--dotenv") {
		return problem.FileOutsideContainer("artillery", v) // read from the working folder, which is empty in there
	}
	if v := flagValue(s.Args, "--output", "-o"); strings.HasPrefix(v, "/") {
		return problem.FileOutsideContainer("artillery", v)
	}
	if v := flagValue(s.Args, "--target", "-t"); address.Loopback(address.Host(v)) {
		return problem.TargetOnLocalhost("artillery", redactURL(v))
	}
	return nil
}

// Ignored is nothing: Artillery's own variables are few, and -e passes them.
func (*Artillery) Ignored(*Spec) string { return "" }

// Redact takes away the values of flags that hold data or keys, and passwords and tokens in URLs.
func (*Artillery) Redact(args []string) []string {
	out := make([]string, len(args))
	hide := false
	for i, arg := range args {
		name, _, has := strings.Cut(arg, "=")
		secret := name == "-v" || name == "--variables" || name == "--overrides" || name == "--key"
		switch {
		case hide:
			out[i], hide = "***", false
		case secret && has:
			out[i] = name + "=***"
		case strings.HasPrefix(arg, "-v") && !secret:
			out[i] = "-v***"
		default:
			out[i], hide = redactURL(arg), secret
		}
	}
	return out
}
