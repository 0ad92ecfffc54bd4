package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/report"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// reportOf is what a report says of a run, with the figures of `runs show` in its words.
func reportOf(d *runDoc) report.Run {
	r := report.Run{
		ID: d.Run, Tool: printable(d.Tool), Version: printable(d.Version), Project: printable(d.Project), Scenario: printable(d.Scenario),
		Target: printable(d.Target), State: d.State, Start: d.Start, Seconds: d.Summary.Seconds, Verdict: verdictText(d), Figures: reportFigures(d),
		Limits: d.Thresholds, Checks: d.Checks, Judged: d.Tool == analysis.Artillery,
	}
	figureLines(func(name, format string, args ...any) {
		r.Lines = append(r.Lines, report.Line{Name: name, Text: fmt.Sprintf(format, args...)})
	}, term.Tint{}, d)
	for _, w := range d.Warnings {
		r.Warnings = append(r.Warnings, printable(strings.ReplaceAll(w.Text, "\n", "; ")))
	}
	if r.Scenario == "" {
		r.Scenario = "(no scenario)"
	}
	return r
}

// verdictText is what a run comes to. A run that has no end is judged by nobody.
func verdictText(d *runDoc) report.Verdict {
	var crossed []string
	for _, t := range d.Thresholds {
		if !t.OK || !t.Evaluated {
			crossed = append(crossed, t.Metric)
		}
	}
	switch {
	case d.State == analysis.Running:
		return report.Verdict{Level: report.Open, Text: "still running; this is what there is so far"}
	case d.State == analysis.Damaged:
		why := "the record does not add up"
		if d.Ledger.Emitted == nil {
			why = "how many samples were emitted is not known"
		}
		return report.Verdict{Level: report.Failed, Text: "data incomplete: " + why}
	case d.State == analysis.Interrupted:
		return report.Verdict{Level: report.Failed, Text: "interrupted; this is what there is up to then"}
	case d.OK && d.Summary.Requests == 0:
		return report.Verdict{Level: report.Passed, Text: "passed, without a request"}
	case d.OK:
		return report.Verdict{Level: report.Passed, Text: "passed"}
	}
	says := fmt.Sprintf("failed, exit %d", *d.Exit)
	switch {
	case len(crossed) > 0:
		says += fmt.Sprintf(": %d of %d thresholds not held", len(crossed), len(d.Thresholds))
	case *d.Exit == problem.Incomplete:
		says += ": the data is incomplete"
	case *d.Exit == problem.Verdict && d.Summary.Requests > 0 && d.Summary.TTFB == nil:
		says += ": no request was answered"
	case *d.Exit == problem.Verdict:
		says += ": a check decided so"
	}
	byLimits := *d.Exit == problem.Thresholds && len(crossed) > 0 &&
		!slices.ContainsFunc(d.Warnings, func(w record.Warning) bool { return w.ID == "data-incomplete" })
	return report.Verdict{Level: report.Failed, Text: says, ByLimits: byLimits}
}

// reportFigures are a run's figures by name, each formatted as `runs show` has it.
func reportFigures(d *runDoc) (out []report.Figure) {
	add := func(name, text string) { out = append(out, report.Figure{Name: name, Text: text}) }
	s := &d.Summary
	add("requests", count(float64(s.Requests)))
	if s.RPS != nil {
		add("request rate", figure(*s.RPS)+"/s")
	}
	add("length", unit.Length(s.Seconds))
	if s.FailedRatio != nil {
		add("failed", fmt.Sprintf("%s (%s %%)", count(float64(*s.Failed)), figure(100**s.FailedRatio)))
		add("without an answer", count(float64(*s.Unanswered)))
	}
	latency := func(metric string, l *analysis.Latency) {
		add(metric+" p50", millis(l.P50))
		add(metric+" p90", millis(l.P90))
		add(metric+" p95", millis(l.P95))
		add(metric+" p99", millis(l.P99))
		add(metric+" max", millis(l.Max))
	}
	if s.HTTPDuration != nil {
		latency(httpDuration, s.HTTPDuration)
	}
	if s.TTFB != nil {
		latency(s.TTFB.Metric, &s.TTFB.Latency)
	}
	for _, code := range slices.Sorted(maps.Keys(s.Codes)) {
		name := report.OfStatus + printable(code)
		if code == "0" {
			continue // is "without an answer"
		}
		add(name, count(float64(s.Codes[code])))
	}
	var passes, fails int64
	for _, c := range d.Checks {
		passes, fails = passes+c.Passes, fails+c.Fails
	}
	if passes+fails > 0 {
		add("checks passed", fmt.Sprintf("%s of %s", count(float64(passes)), count(float64(passes+fails))))
	}
	add("iterations", count(float64(d.Load.Iterations)))
	if d.Load.Dropped > 0 {
		add("iterations never started", count(float64(d.Load.Dropped)))
	}
	if d.Load.VUsers == nil && d.Load.VUsMax > 0 { // a run shorter than a second has no reading
		add("most VUs", count(d.Load.VUsMax))
	}
	add("samples recorded", count(float64(d.Ledger.Recorded)))
	if d.Ledger.Emitted != nil {
		add("samples lost", count(float64(d.Ledger.Lost)))
	}
	return out
}
