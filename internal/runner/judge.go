package runner

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

func (o *Outcome) warn(id, text string) {
	o.Warnings = append(o.Warnings, record.Warning{ID: id, Text: text})
}

// judge reads the record and says what the run comes to. The tool's own verdict wins over ltlab's; among ltlab's, data that
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
		text := fmt.Sprintf("%d of %d requests got no answer", *sum.Unanswered, sum.Requests)
		if sum.Tool == "k6" {
			text += "; k6 counts a refused connection as 0 ms"
		}
		o.warn("unanswered", text)
	}
	if text := analysis.Unplaced(sum); text != "" {
		o.warn("periods-unplaced", text)
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
		o.Problem = s.Program.Killed(signal, o.Folder.ID())
	default:
		o.Problem = s.Program.Verdict(s, o)
	}
	switch {
	case o.Problem != nil:
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
