package cli

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/term"
)

// amount is a number of things: "1 iteration", "2 iterations".
func amount(n float64, one string) string {
	if n != 1 {
		one += "s"
	}
	return count(n) + " " + one
}

func loadText(l *analysis.Load) string {
	var parts []string
	switch {
	case l.VUsers != nil:
		parts = append(parts, fmt.Sprintf("up to %s at a period's end", amount(l.VUsMax, "VU")))
	case l.AskedVUsMax != nil && l.VUsMax == 0: // a run may be over before the tool's first reading
		parts = append(parts, fmt.Sprintf("up to %s asked", amount(*l.AskedVUsMax, "VU")))
	case l.AskedVUsMax != nil:
		parts = append(parts, fmt.Sprintf("up to %s asked, %s seen", amount(*l.AskedVUsMax, "VU"), count(l.VUsMax)))
	case l.VUsMax > 0:
		parts = append(parts, fmt.Sprintf("up to %s", amount(l.VUsMax, "VU")))
	}
	if l.AskedIterations != nil {
		parts = append(parts, fmt.Sprintf("%s asked, %d finished, %d never started", amount(math.Round(*l.AskedIterations), "iteration"), l.Iterations, l.Dropped))
	} else {
		parts = append(parts, amount(float64(l.Iterations), "iteration"))
	}
	if v := l.VUsers; v != nil {
		parts = append(parts, fmt.Sprintf("vusers: %s created, %s completed, %s failed, %s skipped",
			count(float64(v.Created)), count(float64(v.Completed)), count(float64(v.Failed)), count(float64(v.Skipped))))
	}
	return strings.Join(parts, " · ")
}

func requestsText(t term.Tint, s *summaryDoc) string {
	text := count(float64(s.Requests))
	if s.RPS != nil {
		text += fmt.Sprintf(" · %s/s over %.1f s", figure(*s.RPS), s.Seconds)
	}
	if s.FailedRatio == nil {
		if s.Requests > 0 {
			text += " · failed: not known, the scenario switched the status tag off"
		}
		return text
	}
	failed := fmt.Sprintf("%s failed (%s %%)", count(float64(*s.Failed)), figure(100**s.FailedRatio))
	if *s.Failed > 0 {
		failed = t.Bad(failed)
	}
	text += " · " + failed
	if *s.Unanswered > 0 {
		text += " · " + t.Bad(count(float64(*s.Unanswered))+" without an answer")
	}
	return text
}

func codesText(t term.Tint, codes map[string]int64) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		name := printable(code)
		if code == "0" {
			name = "no answer"
		}
		part := fmt.Sprintf("%s: %s", name, count(float64(codes[code])))
		if !analysis.OKCode(code) {
			part = t.Bad(part)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " · ")
}

// maxErrors is how many kinds of errors are told of, the most frequent first.
const maxErrors = 10

func errorsText(errors map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(errors), func(a, b string) int {
		return cmp.Or(cmp.Compare(errors[b], errors[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, name := range names[:min(len(names), maxErrors)] {
		parts = append(parts, fmt.Sprintf("%s: %s", printable(name), count(float64(errors[name]))))
	}
	if n := len(names) - maxErrors; n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, " · ")
}

// latencyLines has the same lines for both tools, each latency with the name of its metric.
func latencyLines(line func(string, string, ...any), t term.Tint, d *runDoc) {
	sum := &d.Summary
	switch {
	case sum.HTTPDuration != nil:
		line("latency", "%s", latencyText(sum.HTTPDuration)+t.Dim("   "+httpDuration))
	case sum.TTFB != nil && d.Tool == analysis.Artillery:
		line("latency", "not known: Artillery measures up to the first byte")
	case sum.Requests > 0:
		line("latency", "none: no request was answered")
	}
	if sum.TTFB != nil {
		line("ttfb", "%s", latencyText(&sum.TTFB.Latency)+t.Dim("   "+sum.TTFB.Metric))
	}
}

func latencyText(l *analysis.Latency) string {
	return fmt.Sprintf("p50 %s · p90 %s · p95 %s · p99 %s · max %s", millis(l.P50), millis(l.P90), millis(l.P95), millis(l.P99), millis(l.Max))
}

// maxFailing is how many failing checks are listed by name.
const maxFailing = 10

func checksText(line func(string, string, ...any), t term.Tint, checks []analysis.Check) {
	var passes, all int64
	var failing []analysis.Check
	for _, c := range checks {
		passes += c.Passes
		all += c.Passes + c.Fails
		if c.Fails > 0 {
			failing = append(failing, c)
		}
	}
	text := fmt.Sprintf("%s of %s passed", count(float64(passes)), count(float64(all)))
	if len(failing) > 0 {
		text = t.Bad(text)
	}
	line("checks", "%s", text)
	for _, c := range failing[:min(len(failing), maxFailing)] {
		line("", "%s %s: %s of %s failed", t.Bad("✗"), printable(c.Name), count(float64(c.Fails)), count(float64(c.Passes+c.Fails)))
	}
	if n := len(failing) - maxFailing; n > 0 {
		line("", "and %d more", n)
	}
}
