package boards

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/rows"
)

// A title ends with the statistic and the window it covers.
var titled = regexp.MustCompile(`^\S.* \(.+, (each second|each 10 s|each window|each minute|whole run)\)$`)

// says is what a title calls a query's window: the finest one differs between tools, but not for what sources used.
func (q *Query) says(tool string) string {
	switch {
	case q.Window == rows.Run:
		return "whole run"
	case q.Window == rows.Minute:
		return "each minute"
	case q.Window != rows.Second:
		return ""
	case rows.IsInfra(q.Metric) || tool == "k6":
		return "each second"
	case tool == "artillery":
		return "each 10 s"
	}
	return "each window"
}

// What may be read from rows, and from what does not come from rows. Not the mean: it hides what a board is for.
var fields = map[string][]string{
	"":     {"value", "count", "sum", "passes", "ratio", "last", "min", "max", "p50", "p90", "p95", "p99", "p999"},
	Load:   {"asked_vus", "asked_rate", "vus", "iterations", "dropped"},
	Ledger: {"emitted", "recorded", "lost"},
}

// Validate says everything that is wrong with a board, nil when nothing is.
func (b *Board) Validate() error {
	var errs []error
	if b.ID == "" || b.Title == "" || b.Description == "" {
		errs = append(errs, fmt.Errorf("board %q: id, title and description must not be empty", b.ID))
	}
	for i := range b.Shades {
		for _, err := range b.Shades[i].Query.faults() {
			errs = append(errs, fmt.Errorf("board %q, shade %d: %w", b.ID, i, err))
		}
	}
	seen := map[string]bool{}
	b.Panels(func(p *Panel) {
		for _, err := range p.faults(b.Tool) {
			errs = append(errs, fmt.Errorf("board %q, panel %q: %w", b.ID, p.ID, err))
		}
		if seen[p.ID] {
			errs = append(errs, fmt.Errorf("board %q: two panels %q", b.ID, p.ID))
		}
		seen[p.ID] = true
	})
	for i, row := range b.Rows {
		width := 0
		for _, p := range row.Panels {
			width += p.Width
		}
		if len(row.Panels) == 0 || width > 12 {
			errs = append(errs, fmt.Errorf("board %q, row %d: %d panels of together %d columns, want some and at most 12", b.ID, i, len(row.Panels), width))
		}
	}
	return errors.Join(errs...)
}

func (p *Panel) faults(tool string) (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.ID == "" || p.Description == "" || len(p.Queries) == 0 {
		add("id, description and queries must not be empty")
	}
	if !slices.Contains([]Kind{Stat, Timeseries, Bars, Table, Heatmap, Spectrum}, p.Kind) {
		add("unknown kind %q", p.Kind)
	}
	if !titled.MatchString(p.Title) {
		add("title %q does not end with (statistic, window)", p.Title)
	}
	if whole, none := p.Key != "" && p.KeyTitle != "" && p.Limit > 0, p.Key == "" && p.KeyTitle == "" && p.Limit == 0; p.Kind == Table && !whole || p.Kind != Table && !none {
		add("tables, and only they, have a key, its title and a limit")
	}
	labels := map[string]bool{}
	for i := range p.Queries {
		q := &p.Queries[i]
		for _, err := range q.faults() {
			add("query %d (%s): %w", i, q.Label, err)
		}
		if !slices.Contains(Units(), q.UnitIn(p)) {
			add("query %d (%s): unknown unit %q", i, q.Label, q.UnitIn(p))
		}
		if labels[q.Label] {
			add("two queries %q", q.Label)
		}
		labels[q.Label] = true
		if said := q.says(tool); !strings.HasSuffix(p.Title, ", "+said+")") && q.Calc != Largest {
			add("query %d (%s): reads windows of %s, which the title does not say", i, q.Label, q.Window)
		}
		if (q.Field == "value") != (p.Kind == Spectrum) || p.Kind == Heatmap && (len(p.Queries) > 1 || q.Field != "count") {
			add("query %d (%s): field %s is not what a %s shows", i, q.Label, q.Field, p.Kind)
		}
		if (q.Metric == Any) != (p.Key == MetricKey) {
			add("query %d (%s): every metric is of a table with a line for each", i, q.Label)
		}
		if (q.Window == rows.Run) == p.Kind.Over() && q.Calc != Largest {
			add("query %d (%s): a %s does not show windows of %s", i, q.Label, p.Kind, q.Window)
		}
		if q.Each != "" && p.Kind != Timeseries {
			add("query %d (%s): lines for each %s are of a time series", i, q.Label, q.Each)
		}
		if q.Only == "" && q.By != "" && p.Kind != Bars && q.By != p.Key {
			add("query %d (%s): answers for each %s, where one is wanted", i, q.Label, q.By)
		}
	}
	return errs
}

func (q *Query) faults() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	source := ""
	if q.Metric == Load || q.Metric == Ledger {
		source = q.Metric
	}
	if q.Metric == "" || !slices.Contains(fields[source], q.Field) {
		add("unknown field %q of metric %q", q.Field, q.Metric)
	}
	if q.says("") == "" || !slices.Contains([]rows.Rollup{rows.ByRun, rows.ByScenario, rows.ByName, rows.BySeries}, q.Rollup) {
		add("unknown roll-up %q or window %q", q.Rollup, q.Window)
	}
	if !slices.Contains([]Calc{AsIs, PerSecond, AtOnce, Share, Largest}, q.Calc) || !slices.Contains([]Class{"", Failed, NoAnswer, Answered, Limited, Unreached}, q.Only) {
		add("unknown calculation %q or class %q", q.Calc, q.Only)
	}
	if q.Each != "" && (q.By != "" || q.Arithmetic() || q.Rollup == rows.BySeries && q.Counted() || q.Rollup != rows.BySeries && string(q.Rollup) != q.Each) {
		add("a line for each %s is of a row by itself: of that roll-up, or of a gauge's series", q.Each)
	}
	if q.By != "" && !q.Counted() {
		add("only counts may be summed by a tag, not %s", q.Field)
	}
	if (q.Calc == Share) != (q.By != "" && q.Only != "" && q.Calc == Share) || (q.Only != "" && q.By == "") {
		add("a class is one of a tag's values, and a share is a class's")
	}
	if (q.Calc == PerSecond || q.Calc == AtOnce) && !q.Counted() {
		add("only counts have a rate, not %s", q.Field)
	}
	for n, of := range [][]Query{q.Plus, q.Minus, q.Over} {
		for i := range of {
			t := &of[i]
			held := t.If != nil && (n < 2 || q.Window != rows.Run) // only what divides figures of the run may be held back
			if t.Rollup != q.Rollup || t.Window != q.Window || t.Arithmetic() || held || t.By != "" && t.Only == "" || t.Each != "" {
				add("%s, which it is computed with, is not one row of its roll-up and window", t.Metric)
			}
			for _, err := range t.faults() {
				add("computed with %s: %w", t.Metric, err)
			}
		}
	}
	if q.Arithmetic() && q.Field == "ratio" {
		add("a ratio is not computed with")
	}
	if q.If != nil {
		if q.If.Rollup != q.Rollup || q.If.Window != q.Window || q.If.Other != q.Other {
			add("its condition is of another roll-up, window or run")
		}
		for _, err := range q.If.faults() {
			add("its condition: %w", err)
		}
	}
	if q.Ink != "" && !slices.Contains(Inks(), q.Ink) {
		add("unknown ink %q", q.Ink)
	}
	return errs
}
