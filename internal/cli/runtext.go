package cli

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/term"
)

// writeRun is a run for people: the same figures as the document, rounded for reading.
func writeRun(s *term.IO, d *runDoc) {
	t := s.OutTint()
	state := t.Good(string(d.State))
	if d.State == analysis.Interrupted || d.State == analysis.Damaged {
		state = t.Warn(string(d.State))
	}
	fmt.Fprintf(s.Out, "\n%s · %s %s · %s · %s · %s\n\n", t.Bold("run "+d.Run), printable(d.Tool), printable(d.Version), printable(d.Project), printable(d.Scenario), state)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(s.Out, "  %s %s\n", t.Dim(fmt.Sprintf("%-11s", name)), fmt.Sprintf(format, args...))
	}
	figureLines(line, t, d)
	for _, f := range d.Files {
		line("file", "%s", printable(f))
	}
	line("record", "%s", d.Record)
	if d.Board != nil {
		line("board", "%s", *d.Board)
	}
}

// figureLines are the lines that say something of the run, wherever it lies.
func figureLines(line func(string, string, ...any), t term.Tint, d *runDoc) {
	line("load", "%s", loadText(&d.Load))
	sum := &d.Summary
	line("requests", "%s", requestsText(t, sum))
	if len(sum.Codes) > 0 {
		line("codes", "%s", codesText(t, sum.Codes))
	}
	if len(sum.Errors) > 0 {
		line("errors", "%s", t.Bad(errorsText(sum.Errors)))
	}
	latencyLines(line, t, d)
	if len(d.Checks) > 0 {
		checksText(line, t, d.Checks)
	}
	for i, v := range d.Thresholds {
		name := "thresholds"
		if i > 0 {
			name = ""
		}
		line(name, "%s", thresholdText(t, v))
	}
	if d.unjudged {
		line("thresholds", "%s", t.Warn("not known: the tool's end is not in the record"))
	}
	line("ledger", "%s", ledgerText(t, &d.Ledger))
	for _, name := range slices.Sorted(maps.Keys(d.Ledger.Sinks)) {
		line(name, "%s", sinkText(t, d.Run, d.Ledger.Sinks[name]))
	}
	if text := machineText(t, d.Infra); text != "" {
		line("cpu", "%s", text)
	}
	for _, w := range d.Warnings {
		line("warning", "%s", t.Warn(printable(strings.ReplaceAll(w.Text, "\n", "; "))))
	}
}

func thresholdText(t term.Tint, v record.Threshold) string {
	text := printable(v.Metric + ": " + v.Expression)
	switch {
	case !v.Evaluated:
		return t.Warn("? ") + text + t.Warn("  not evaluated: no sample matched")
	case v.OK:
		return t.Good("✓ ") + text
	}
	return t.Bad("✗ " + text)
}

func ledgerText(t term.Tint, l *ledgerDoc) string {
	var text string
	switch {
	case l.Emitted == nil:
		text = t.Warn(amount(float64(l.Recorded), "sample") + " recorded; how many were emitted is not known")
	case *l.Emitted == l.Recorded:
		text = amount(float64(l.Recorded), "sample") + " emitted, all recorded"
	default:
		text = t.Bad(fmt.Sprintf("%s samples emitted, %s recorded, %s lost", count(float64(*l.Emitted)), count(float64(l.Recorded)), count(float64(l.Lost))))
	}
	if l.Unplaced > 0 {
		text += fmt.Sprintf(" · %s in no period", count(float64(l.Unplaced)))
	}
	if l.Folded > 0 {
		text += fmt.Sprintf(" · %s folded into %s", count(float64(l.Folded)), record.Other)
	}
	if l.ToolRequests != nil {
		text += " · the tool counts " + amount(float64(*l.ToolRequests), "request")
	}
	return text
}

// sinkText is what became of a run on its way into a database.
func sinkText(t term.Tint, run string, s record.Sink) string {
	text := count(float64(s.Written)) + " lines written"
	if s.Retried > 0 {
		text += fmt.Sprintf(" · %s sent again", count(float64(s.Retried)))
	}
	switch {
	case s.Refused > 0:
		text += " · " + t.Bad(fmt.Sprintf("%s refused: %s", count(float64(s.Refused)), printable(s.Error)))
	case !s.Done:
		text += " · " + t.Bad("not all there: "+printable(s.Error)) + ":   ltlab runs push " + run
	default:
		text += ", all there"
	}
	if s.Raw != nil {
		text += fmt.Sprintf(" · %s raw samples", count(float64(s.Raw.Written)))
		for _, why := range slices.Sorted(maps.Keys(s.Raw.Shed)) {
			text += fmt.Sprintf(", %s left out: %s", count(float64(s.Raw.Shed[why])), printable(why))
		}
	}
	return text
}

// count groups digits: 1,234,567.
func count(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	whole, frac, has := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if has {
		return whole + "." + frac
	}
	return whole
}

// figure shows three significant digits, and whole numbers above that.
func figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return count(math.Round(v))
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1 || a == 0:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// millis shows a duration given in milliseconds.
func millis(ms float64) string {
	switch {
	case ms < 1:
		return strconv.FormatFloat(ms*1000, 'f', 0, 64) + " µs"
	case ms < 1000:
		return figure(ms) + " ms"
	}
	return figure(ms/1000) + " s"
}

// visible keeps control characters of names away from the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
}

// printable is what is visible of a name, and of a long one its beginning.
func printable(s string) string {
	const limit = 200
	s = visible(s)
	if r := []rune(s); len(r) > limit {
		s = string(r[:limit]) + "…"
	}
	return s
}
