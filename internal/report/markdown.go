package report

import (
	"context"
	"fmt"
	"html"
	"sort"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// How much of a kind a run's part shows.
const (
	mostLimits  = 50
	mostFailed  = 20
	mostFigures = 60
)

// Markdown is the runs as Markdown for a comment: verdicts, thresholds, the figures side by side, and small charts of text.
// Names stand in code spans, so that none of them mentions somebody, links or becomes HTML. What a comment has no room for is
// left out whole, which its first line says: verdicts have a place before figures, those before thresholds, and charts the last.
func Markdown(ctx context.Context, runs []Run, src figure.Source) ([]byte, error) {
	page := room{left: mostText}
	var heads []string
	for i := range runs {
		text := head(&runs[i])
		if !page.take(text, mostText/2) {
			page.runs = runs[i:]
			break
		}
		heads = append(heads, text)
	}
	runs = runs[:len(heads)]
	columns := sort.Search(len(runs), func(n int) bool { return size(figures(runs[:n+1])) > page.left-mostText/4 })
	table := figures(runs[:columns])
	page.take(table, 0)
	page.lacks("figures", len(runs)-columns)
	var out strings.Builder
	for i := range runs {
		out.WriteString(heads[i])
		for _, of := range []struct{ part, text string }{{"warnings", warnings(&runs[i])}, {"thresholds", limits(&runs[i])}, {"failed checks", failed(&runs[i])}} {
			if page.take(of.text, 0) {
				out.WriteString(of.text)
			} else {
				page.lacks(of.part, 1)
			}
		}
	}
	out.WriteString(table)
	for i := range runs {
		if runs[i].Board == nil {
			continue
		}
		all, err := sparks(ctx, src, *runs[i].Board)
		if err != nil {
			return nil, err
		}
		if text := charts(&runs[i], all, len(heads) > 1); page.take(text, 0) {
			out.WriteString(text)
		} else {
			page.lacks("charts", 1)
		}
	}
	return []byte(page.says() + out.String()), nil
}

// head is what a run is, and what it comes to.
func head(r *Run) string {
	sign := map[boards.Level]string{boards.Good: "✓", boards.Warn: "?", boards.Bad: "✗"}[r.Verdict.Level]
	facts := []string{"run " + code(r.ID), code(strings.TrimSpace(r.Tool + " " + r.Version)), "project " + code(r.Project)}
	if r.Target != "" {
		facts = append(facts, "target "+code(r.Target))
	}
	return fmt.Sprintf("## %s %s: %s\n\n%s, started %s\n\n", sign, code(r.Scenario), plain(r.Verdict.Text), strings.Join(facts, ", "), started(r.Start))
}

// warnings, limits and failed are what a reader of a run's figures must know, its thresholds, and the checks that failed.
func warnings(r *Run) string {
	var out strings.Builder
	for i, w := range r.Warnings {
		if i == mostFailed {
			fmt.Fprintf(&out, "> and %d more\n", len(r.Warnings)-i)
			break
		}
		fmt.Fprintf(&out, "> %s\n>\n", code(w))
	}
	if len(r.Warnings) > 0 {
		out.WriteString("\n")
	}
	return out.String()
}

func limits(r *Run) string {
	if len(r.Limits) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("| | threshold | |\n| :-: | --- | --- |\n")
	for i := range r.Limits[:min(len(r.Limits), mostLimits)] {
		t := &r.Limits[i]
		sign, word, _ := verdictOf(t)
		fmt.Fprintf(&out, "| %s | %s | %s |\n", sign, cell(t.Metric+": "+t.Expression), word)
	}
	more(&out, len(r.Limits)-mostLimits, "thresholds")
	return out.String()
}

func failed(r *Run) string {
	var all []analysis.Check
	for _, c := range r.Checks {
		if c.Fails > 0 {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("| | check | failed | of |\n| :-: | --- | --: | --: |\n")
	for _, c := range all[:min(len(all), mostFailed)] {
		fmt.Fprintf(&out, "| ✗ | %s | %s | %s |\n", cell(c.Name), unit.Number(float64(c.Fails)), unit.Number(float64(c.Passes+c.Fails)))
	}
	more(&out, len(all)-mostFailed, "checks")
	return out.String()
}

func more(out *strings.Builder, n int, what string) {
	if n > 0 {
		fmt.Fprintf(out, "\nand %d more %s\n", n, what)
	}
	out.WriteString("\n")
}

// figures is a table with a column for each run.
func figures(runs []Run) string {
	if len(runs) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("| figure |")
	for i := range runs {
		if len(runs) == 1 {
			out.WriteString(" whole run |")
		} else {
			fmt.Fprintf(&out, " %s |", cell(runs[i].ID))
		}
	}
	out.WriteString("\n| --- |" + strings.Repeat(" --: |", len(runs)) + "\n")
	all := names(runs)
	for _, name := range all[:min(len(all), mostFigures)] {
		title := plain(name)
		if status, ok := strings.CutPrefix(name, OfStatus); ok {
			title = plain(OfStatus) + cell(status)
		}
		fmt.Fprintf(&out, "| %s |", title)
		for i := range runs {
			fmt.Fprintf(&out, " %s |", plain(runs[i].figure(name)))
		}
		out.WriteString("\n")
	}
	more(&out, len(all)-mostFigures, "figures")
	return out.String()
}

// charts are a run's small charts, folded up.
func charts(r *Run, all []spark, several bool) string {
	if len(all) == 0 {
		return ""
	}
	var out strings.Builder
	title := "Over time"
	if several {
		title += ": run <code>" + html.EscapeString(line(r.ID)) + "</code>"
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
