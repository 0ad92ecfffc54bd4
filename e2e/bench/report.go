package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what is known at the end.
type report struct {
	machine  machine
	programs []string // what was measured, with versions
	date     time.Time
	results  []result
	target   string // of make, that writes the page
}

// cells are a figure's median, range, rounds, goal and verdict.
func (f *figure) cells() []string {
	if f.err != nil {
		return []string{"-", "-", "0", f.aim(), "not measured"}
	}
	low, high := f.values[0], f.values[0]
	for _, v := range f.values {
		low, high = min(low, v), max(high, v)
	}
	m := median(f.values)
	return []string{
		f.number(fmt.Sprintf("%.*f", f.digits, m)),
		fmt.Sprintf("%.*f to %.*f", f.digits, low, f.digits, high),
		fmt.Sprint(len(f.values)),
		f.aim(),
		f.goal.verdict(m),
	}
}

// aim is a figure's goal with its unit.
func (f *figure) aim() string {
	if f.goal.none {
		return f.goal.String()
	}
	return f.number(f.goal.String())
}

func (f *figure) number(text string) string {
	if f.unit == "" {
		return text
	}
	return text + " " + f.unit
}

var heads = []string{"mark", "figure", "median", "range", "rounds", "goal", "verdict"}

// rows are the table below heads.
func (r *report) rows() [][]string {
	var rows [][]string
	for _, res := range r.results {
		for _, f := range res.figures {
			rows = append(rows, append([]string{res.id, f.name}, f.cells()...))
		}
	}
	return rows
}

// busy names the marks before which others used more of the machine than is quiet, "" when none.
func (r *report) busy() string {
	var loud []string
	for _, res := range r.results {
		if res.others > busyLimit {
			loud = append(loud, fmt.Sprintf("%s (%.0f %%)", res.id, 100*res.others))
		}
	}
	if loud == nil {
		return ""
	}
	return "The machine was busy: other programs used its CPU just before " + strings.Join(loud, ", ") + ". These figures are not to be trusted."
}

// misses are one line for each figure that does not hold.
func (r *report) misses() []string {
	var lines []string
	for _, res := range r.results {
		for _, f := range res.figures {
			switch m := median(f.values); {
			case f.err != nil:
				lines = append(lines, fmt.Sprintf("%s, %s: not measured: %v", res.id, f.name, f.err))
			case f.goal.gap(m) != 0:
				lines = append(lines, fmt.Sprintf("%s, %s: %s where %s was the goal, %s", res.id, f.name,
					f.number(fmt.Sprintf("%.*f", f.digits, m)), f.aim(), f.goal.verdict(m)))
			}
		}
	}
	return lines
}

// text prints the report for a terminal.
func (r *report) text(w io.Writer) error {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(heads, "\t"))
	for _, row := range r.rows() {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, res := range r.results {
		for _, f := range res.figures {
			for _, n := range f.notes {
				fmt.Fprintf(w, "%s: %s\n", res.id, n)
			}
		}
	}
	for _, line := range append(r.misses(), r.busy()) {
		if line != "" {
			fmt.Fprintln(w, line)
		}
	}
	return nil
}

// markdown is a page of docs/.
func (r *report) markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# Benchmarks\n")
	p("Written by `make %s`. Programs that are compared take turns on the same machine (A B B A), and a ratio is of two in the same round.", r.target)
	p("The median of the rounds counts; the range is from the lowest to the highest round. All load stays on 127.0.0.1.\n")
	p("- Machine: %s, %d cores, %s of memory, %s", r.machine.cpu, r.machine.cores, r.machine.memory, r.machine.os)
	p("- Programs: %s", strings.Join(append(r.programs, r.machine.golang), ", "))
	p("- Date: %s", r.date.UTC().Format(time.DateOnly))
	if busy := r.busy(); busy != "" {
		p("\n**%s**", busy)
	}
	p("\n| %s |", strings.Join(heads, " | "))
	p("|%s", strings.Repeat(" --- |", len(heads)))
	for _, row := range r.rows() {
		p("| %s |", strings.ReplaceAll(strings.Join(row, " | "), "\n", " "))
	}
	p("\n## What misses its goal\n")
	misses := r.misses()
	if misses == nil {
		p("Nothing.")
	}
	for _, line := range misses {
		p("- %s", strings.ReplaceAll(line, "\n", " "))
	}
	p("\n## How each is measured")
	for _, res := range r.results {
		p("\n**%s**: %s. %s", res.id, res.versus, res.how)
		first := true
		for _, f := range res.figures {
			for _, n := range f.notes {
				if first {
					p("")
				}
				first = false
				p("- %s", n)
			}
		}
	}
	return b.String()
}
