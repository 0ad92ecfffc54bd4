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
var titled = regexp.MustCompile(`^\S.* \(.+, (each second|each minute|whole run)\)$`)

var windows = map[rows.Window]string{rows.Second: "each second", rows.Minute: "each minute", rows.Run: "whole run"}

// What may be read from rows, and from what does not come from rows. Not the mean: it hides what a board is for.
var fields = map[string][]string{
	"":     {"count", "sum", "passes", "ratio", "last", "min", "max", "p50", "p90", "p95", "p99", "p999"},
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
		for _, err := range p.faults() {
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

func (p *Panel) faults() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.ID == "" || p.Description == "" || len(p.Queries) == 0 {
		add("id, description and queries must not be empty")
	}
	if !slices.Contains([]Kind{Stat, Timeseries, Bars, Table}, p.Kind) {
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
		if said := windows[q.Window]; !strings.HasSuffix(p.Title, ", "+said+")") && q.Calc != Largest {
			add("query %d (%s): reads windows of %s, which the title does not say", i, q.Label, q.Window)
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
	if windows[q.Window] == "" || !slices.Contains([]rows.Rollup{rows.ByRun, rows.ByScenario, rows.ByName, rows.BySeries}, q.Rollup) {
		add("unknown roll-up %q or window %q", q.Rollup, q.Window)
	}
	if !slices.Contains([]Calc{AsIs, PerSecond, Share, Largest}, q.Calc) || !slices.Contains([]Class{"", Failed, NoAnswer, Answered}, q.Only) {
		add("unknown calculation %q or class %q", q.Calc, q.Only)
	}
	if q.Each != "" && (q.By != "" || q.Counted() || q.Rollup != rows.BySeries) {
		add("a line for each %s is of roll-up %s and no count", q.Each, rows.BySeries)
	}
	if q.By != "" && !q.Counted() {
		add("only counts may be summed by a tag, not %s", q.Field)
	}
	if (q.Calc == Share) != (q.By != "" && q.Only != "" && q.Calc == Share) || (q.Only != "" && q.By == "") {
		add("a class is one of a tag's values, and a share is a class's")
	}
	if q.Calc == PerSecond && !q.Counted() {
		add("only counts have a rate, not %s", q.Field)
	}
	if q.If != nil {
		if q.If.Rollup != q.Rollup || q.If.Window != q.Window {
			add("its condition is of another roll-up or window")
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
