package problem

import "fmt"

// VUsersFailed is a run of Artillery in which no virtual user got to its end; errors says what mostly happened to them, "" when
// that is not known.
func VUsersFailed(failed int64, errors string) *Problem {
	why := fmt.Sprintf("%d virtual users failed, and none got to the end of its scenario", failed)
	if errors != "" {
		why += "; " + errors
	}
	return &Problem{ID: "vusers-failed", Exit: Verdict,
		What: "every virtual user failed", Why: why,
		Fix: []Step{{Say: "mend what that error names, in the script, its processor or the target; see them all", Run: "ltlab runs show last"}}}
}

func artilleryUsersExamples() []*Problem { return []*Problem{VUsersFailed(10, "")} }
