package report

import (
	"net/url"
	"time"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// What the summary's template asks for.

func number(n int64) string { return unit.Number(float64(n)) }

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func word(t record.Threshold) string {
	_, word, _ := verdictOf(&t)
	return word
}

func level(t record.Threshold) boards.Level {
	_, _, level := verdictOf(&t)
	return level
}

// Several says whether there are runs to compare.
func (p *page) Several() bool { return len(p.Runs) > 1 }

// Part is a run's boards, or the summary, in the page's head.
type Part struct{ Name, Address, Run string }

// Parts are the summary and each run that has boards.
func (p *page) Parts() []Part {
	out := []Part{{"Summary", "#", ""}}
	for i := range p.Runs {
		r := &p.Runs[i]
		at, ok := p.Sheets[r.ID]
		if !ok {
			continue
		}
		name := "Boards"
		if p.Several() {
			name += " of " + short(r.ID, 40)
		}
		out = append(out, Part{name, at, url.PathEscape(r.ID)})
	}
	return out
}

// Row is a figure's name and its values, one a run.
type Row struct {
	Name   string
	Values []string
}

// Rows are the table of figures.
func (p *page) Rows() (out []Row) {
	for _, name := range p.Names {
		row := Row{Name: name}
		for i := range p.Runs {
			row.Values = append(row.Values, p.Runs[i].figure(name))
		}
		out = append(out, row)
	}
	return out
}

// Look is the class of the run's state: running, finished, failed (a damaged record, too) or interrupted.
func (r *Run) Look() string {
	if r.State == analysis.Damaged || r.State == analysis.Finished && r.Verdict.Level != boards.Good {
		return "failed"
	}
	return string(r.State)
}
