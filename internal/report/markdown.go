package report

import (
	"context"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// A comment on GitHub holds 65,536 characters.
const (
	mostText   = 60_000
	mostLimits = 50
	mostFailed = 20
)

// Markdown is the runs as Markdown for a comment: verdicts, thresholds, the figures side by side, and small charts of text.
// Names stand in code spans, so that none of them mentions somebody, links or becomes HTML. Charts that a comment has no room
// for are left out, which it says.
func Markdown(ctx context.Context, runs []Run, src figure.Source) ([]byte, error) {
	var out strings.Builder
	for i := range runs {
		opening(&out, &runs[i])
	}
	figures(&out, runs)
	left := 0
	for i := range runs {
		if runs[i].Board == nil {
			continue
		}
		all, err := sparks(ctx, src, *runs[i].Board)
		if err != nil {
			return nil, err
		}
		text := charts(&runs[i], all, len(runs) > 1)
		if utf8.RuneCountInString(out.String())+utf8.RuneCountInString(text) > mostText {
			left++
			continue
		}
		out.WriteString(text)
	}
	if left > 0 {
		fmt.Fprintf(&out, "\nThe charts of %d runs are left out: a comment has no room for them. The HTML report has all.\n", left)
	}
	return []byte(out.String()), nil
}

// opening is a run's head, what it comes to, and why.
func opening(out *strings.Builder, r *Run) {
	sign := map[boards.Level]string{boards.Good: "✓", boards.Warn: "?", boards.Bad: "✗"}[r.Verdict.Level]
	fmt.Fprintf(out, "## %s %s: %s\n\n", sign, code(r.Scenario), plain(r.Verdict.Text))
	facts := []string{"run " + code(r.ID), code(strings.TrimSpace(r.Tool + " " + r.Version)), "project " + code(r.Project)}
	if r.Target != "" {
		facts = append(facts, "target "+code(r.Target))
	}
	fmt.Fprintf(out, "%s, started %s\n\n", strings.Join(facts, ", "), started(r.Start))
	for i, w := range r.Warnings {
		if i == mostFailed {
			fmt.Fprintf(out, "> and %d more\n", len(r.Warnings)-i)
			break
		}
		fmt.Fprintf(out, "> %s\n>\n", code(w))
	}
	if len(r.Warnings) > 0 {
		out.WriteString("\n")
	}
	if len(r.Limits) > 0 {
		out.WriteString("| | threshold | |\n| :-: | --- | --- |\n")
		for i := range r.Limits[:min(len(r.Limits), mostLimits)] {
			t := &r.Limits[i]
			sign, word, _ := verdictOf(t)
			fmt.Fprintf(out, "| %s | %s | %s |\n", sign, cell(t.Metric+": "+t.Expression), word)
		}
		more(out, len(r.Limits)-mostLimits, "thresholds")
	}
	var failed []analysis.Check
	for _, c := range r.Checks {
		if c.Fails > 0 {
			failed = append(failed, c)
		}
	}
	if len(failed) > 0 {
		out.WriteString("| | check | failed | of |\n| :-: | --- | --: | --: |\n")
		for _, c := range failed[:min(len(failed), mostFailed)] {
			fmt.Fprintf(out, "| ✗ | %s | %s | %s |\n", cell(c.Name), unit.Number(float64(c.Fails)), unit.Number(float64(c.Passes+c.Fails)))
		}
		more(out, len(failed)-mostFailed, "checks")
	}
}

func more(out *strings.Builder, n int, what string) {
	if n > 0 {
		fmt.Fprintf(out, "\nand %d more %s\n", n, what)
	}
	out.WriteString("\n")
}

// figures is a table with a column for each run.
func figures(out *strings.Builder, runs []Run) {
	out.WriteString("| figure |")
	for i := range runs {
		if len(runs) == 1 {
			out.WriteString(" whole run |")
		} else {
			fmt.Fprintf(out, " %s |", cell(runs[i].ID))
		}
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --: |", len(runs)) + "\n")
	for _, name := range names(runs) {
		fmt.Fprintf(out, "| %s |", plain(name))
		for i := range runs {
			fmt.Fprintf(out, " %s |", plain(runs[i].figure(name)))
		}
		out.WriteString("\n")
	}
	out.WriteString("\n")
}

// charts are a run's small charts, folded up.
func charts(r *Run, all []spark, several bool) string {
	if len(all) == 0 {
		return ""
	}
	var out strings.Builder
	title := "Over time"
	if several {
		title += ": run <code>" + html.EscapeString(clean(r.ID)) + "</code>"
	}
	fmt.Fprintf(&out, "<details><summary>%s</summary>\n\n", title)
	for _, s := range all {
		each := "a character is " + unit.Seconds(s.Step)
		if s.Thin {
			each += ", the largest value of it"
		}
		fmt.Fprintf(&out, "**%s**: %s\n\n| | least | most | from 0 to the most |\n| --- | --: | --: | --- |\n", plain(s.Title), each)
		for _, l := range s.Lines {
			fmt.Fprintf(&out, "| %s | %s | %s | `%s` |\n", cell(l.Label), l.Least, l.Most, l.Text)
		}
		more(&out, s.Folded, "lines")
	}
	out.WriteString("</details>\n\n")
	return out.String()
}

// code is a text as a code span, in which nothing means anything. What would end it is taken into account.
func code(s string) string {
	s = short(strings.Join(strings.Fields(clean(s)), " "), 200)
	if s == "" {
		return none
	}
	longest, run := 0, 0
	for _, c := range s {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is a code span in a table, whose cells end at a bar even there.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// marks are what means something in Markdown.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"|", `\|`, "#", `\#`, "~", `\~`, "@", "@\u200b", "\n", " ", "\r", " ")

// plain is a text of ours that may hold names, without code's look.
func plain(s string) string { return marks.Replace(clean(s)) }
