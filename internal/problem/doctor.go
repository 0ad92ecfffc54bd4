package problem

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// ChecksFailed is an examination in which checks failed; each says itself what it saw and what helps. Asked are the checks
// that were named, none for all of them; repairs says whether --fix mends any.
func ChecksFailed(ids, asked []string, repairs bool) *Problem {
	what := "1 check failed"
	if len(ids) != 1 {
		what = fmt.Sprintf("%d checks failed", len(ids))
	}
	fix := Step{Say: "give the command that stands beside each, or have what is safe done", Run: doctor(asked, "--fix")}
	if !repairs {
		fix = Step{Say: "give the command that stands beside each, then look again", Run: doctor(asked)}
	}
	return &Problem{ID: "doctor-failed", Exit: Environment,
		What: what, Why: strings.Join(ids, ", "), Fix: []Step{fix}}
}

// doctor is the command with the checks that were named.
func doctor(checks []string, flags ...string) string {
	return strings.Join(slices.Concat([]string{"ltlab doctor"}, checks, flags), " ")
}

// RepairConsentNeeded is a repair that nobody could agree to.
func RepairConsentNeeded(checks []string) *Problem {
	return &Problem{ID: "terminal-needed", Exit: Usage,
		What: "ltlab doctor --fix asks before it changes anything", Why: "nobody can answer: standard input is no terminal, or --json was given",
		Fix: []Step{{Say: "see what it would do", Run: doctor(checks, "--fix", "--dry-run")}, {Say: "agree on the command line", Run: doctor(checks, "--fix", "--yes")}}}
}

// RepairRefused is a repair that the user was asked for and did not agree to.
func RepairRefused(checks []string) *Problem {
	return &Problem{ID: "not-confirmed", Exit: Usage,
		What: "nothing was repaired", Why: `the answer was not "yes"`,
		Fix: []Step{{Say: "give it again and type the whole word, or agree on the command line", Run: doctor(checks, "--fix", "--yes")}}}
}

// DiagnosisExists is a report whose file is there already.
func DiagnosisExists(path string) *Problem {
	return &Problem{ID: "export-exists", Exit: Usage,
		What: fmt.Sprintf("%s exists already", path), Why: "a report does not overwrite",
		Fix: []Step{{Say: "choose another name", Run: "ltlab doctor --report FILE"}}}
}

// DiagnosisUnwritable is a report that cannot be written where it was asked for.
func DiagnosisUnwritable(path string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "export-unwritable", Exit: Input, Err: err,
		What: fmt.Sprintf("%s cannot be written", path), Why: err.Error(),
		Fix: []Step{{Say: "choose a folder that exists and is yours", Run: "ltlab doctor --report FILE"}}}
}

// StoreDamaged is a store of runs that cannot be read to its end.
func StoreDamaged(path string, err error) *Problem {
	return &Problem{ID: "store-damaged", Exit: Environment, Err: err,
		What: fmt.Sprintf("the store of runs in %s is damaged", path), Why: err.Error(),
		Fix: []Step{{Say: "move it aside and make it again from the runs' records, which are whole", Run: "ltlab doctor store --fix"}}}
}

// StoreTooNew is a store of runs that a later ltlab made.
func StoreTooNew(err error) *Problem {
	return &Problem{ID: "store-too-new", Exit: Environment, Err: err,
		What: "the store of runs was made by a newer ltlab", Why: err.Error(),
		Fix: []Step{{Say: "use that version or a later one", Run: "ltlab version"},
			{Say: "or move it away: this one makes another from the runs' records", Run: "ltlab info"}}}
}

// ExaminationInterrupted is an examination that was called off while these checks did not come to an end: what they made for a
// moment may still be there.
func ExaminationInterrupted(ids []string) *Problem {
	return &Problem{ID: "interrupted", Exit: Interrupted,
		What: "interrupted before " + strings.Join(ids, ", ") + " cleared up",
		Why:  "a stopped container, a folder .ltlab-canary-… where you are, or one of ltlab-… among the temporary files may be left",
		Fix:  []Step{{Say: "remove stopped containers that nobody will use again, once they are a minute old", Run: "ltlab doctor orphans --fix"}}}
}

// TimedOut is something that did not come to an end in the time that it had, where ltlab has no page that says more.
func TimedOut(err error) *Problem {
	what := "something took too long"
	if doing, ok := strings.CutSuffix(err.Error(), ": "+context.DeadlineExceeded.Error()); ok {
		what = "this took too long: " + doing
	}
	return &Problem{ID: "timed-out", Exit: Environment, Err: err, What: what, Why: err.Error(),
		Fix: []Step{{Say: "see whether the machine has processors, memory and disk to spare, then try again", Run: "ltlab doctor cpu memory disk"}}}
}

func doctorExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{ChecksFailed([]string{"store"}, nil, true), RepairConsentNeeded(nil), RepairRefused(nil), DiagnosisExists("FILE"), DiagnosisUnwritable("FILE", err),
		StoreDamaged("FILE", err), StoreTooNew(err), SystemRefused("open FILE", err), NetworkFailed("127.0.0.1:1", err), TimedOut(err), ExaminationInterrupted([]string{"mount"})}
}
