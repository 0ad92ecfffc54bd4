package report

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
)

// most is how many annotations there are of one kind; GitHub shows ten of a step.
const most = 10

// GitHub is the runs as annotations of GitHub Actions, one a line: errors for runs that did not pass and each of their
// thresholds, warnings for what else a reader must know, a notice for a run that passed.
func GitHub(runs []Run) []byte {
	var out strings.Builder
	for i := range runs {
		r := &runs[i]
		title := r.Scenario + " (" + r.ID + ")"
		level := map[boards.Level]string{boards.Good: "notice", boards.Warn: "warning", boards.Bad: "error"}[r.Verdict.Level]
		annotate(&out, level, title, r.Verdict.Text)
		said := 0
		for j := range r.Limits {
			t := &r.Limits[j]
			if _, word, level := verdictOf(t); level != boards.Good && said < most {
				said++
				annotate(&out, "error", title, fmt.Sprintf("threshold %s: %s was %s", t.Metric, t.Expression, word))
			}
		}
		said = 0
		for _, c := range r.Checks {
			if c.Fails > 0 && said < most {
				said++
				annotate(&out, "warning", title, fmt.Sprintf("check %s: %d of %d failed", c.Name, c.Fails, c.Passes+c.Fails))
			}
		}
		for _, w := range r.Warnings[:min(len(r.Warnings), most)] {
			annotate(&out, "warning", title, w)
		}
	}
	return []byte(out.String())
}

var (
	inData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotate writes a workflow command. Whatever a name holds, it stays in its place.
func annotate(out *strings.Builder, level, title, text string) {
	fmt.Fprintf(out, "::%s title=%s::%s\n", level, inProperty.Replace(short(clean(title), 200)), inData.Replace(short(clean(text), 1000)))
}
