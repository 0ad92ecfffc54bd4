package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ltlab/ltlab/internal/doctor"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
)

// doctorDoc is what `ltlab doctor` found.
type doctorDoc struct {
	Schema  int                   `json:"schema"`
	OK      bool                  `json:"ok"` // no check failed
	Exit    int                   `json:"exit"`
	Lab     string                `json:"lab"`
	Home    string                `json:"home"`
	Counts  map[doctor.Status]int `json:"counts"`
	Checks  []checkedDoc          `json:"checks"`
	Repairs []repairDoc           `json:"repairs"` // of --fix; done or, with --dry-run, planned
	Report  *string               `json:"report"`  // the file of --report
	Problem *problemed            `json:"problem"`

	asked  []string // the checks that were named
	failed *problem.Problem
}

type checkedDoc struct {
	ID       string         `json:"id"`
	Group    string         `json:"group"`
	Title    string         `json:"title"`
	Status   doctor.Status  `json:"status"` // pass, warn, fail or skip
	Evidence string         `json:"evidence"`
	Problem  string         `json:"problem,omitempty"` // the id of its page
	Fix      []problem.Step `json:"fix"`
	Needs    []string       `json:"needs,omitempty"`
	MS       int64          `json:"ms"`
}

type repairDoc struct {
	Check string `json:"check"`
	Plan  string `json:"plan"`
	Done  bool   `json:"done"`
	Says  string `json:"says,omitempty"` // what it did, or why not
}

func newDoctorDoc(p *doctor.Patient, asked []string, all []doctor.Outcome) *doctorDoc {
	doc := &doctorDoc{Schema: Schema, Lab: p.Lab, Home: string(p.Home), Repairs: []repairDoc{}, asked: asked}
	doc.take(all)
	return doc
}

// take makes the document one of these outcomes.
func (doc *doctorDoc) take(all []doctor.Outcome) {
	doc.OK, doc.Exit, doc.failed, doc.Counts, doc.Checks = true, problem.OK, nil, doctor.Counts(all), []checkedDoc{}
	if ids := doctor.Failed(all); len(ids) > 0 {
		mends := slices.ContainsFunc(all, func(c doctor.Outcome) bool { return c.Status == doctor.Fail && c.Repair != nil })
		doc.failed = problem.ChecksFailed(ids, doc.asked, mends)
		doc.OK, doc.Exit = false, doc.failed.Exit
	}
	doc.Problem = problemDoc(doc.failed)
	for _, c := range all {
		one := checkedDoc{ID: c.ID, Group: c.Group, Title: c.Title, Status: c.Status, Evidence: c.Evidence, Problem: c.Problem, Fix: []problem.Step{}, Needs: c.Needs, MS: c.Took.Milliseconds()}
		if c.Status == doctor.Warn || c.Status == doctor.Fail {
			one.Fix = append(one.Fix, c.Fix...)
		}
		doc.Checks = append(doc.Checks, one)
	}
}

// write shows an examination to people: what is well in a line each, the rest with its way out.
func (o *doctorOptions) write(doc *doctorDoc, all []doctor.Outcome) {
	out, t := o.deps.IO.Out, o.deps.IO.OutTint()
	marks := map[doctor.Status]string{doctor.Pass: t.Good("✓"), doctor.Warn: t.Warn("!"), doctor.Fail: t.Bad("✗"), doctor.Skip: t.Dim("-")}
	group, width := "", 0
	for _, c := range all {
		width = max(width, len(c.ID))
	}
	for _, c := range all {
		if c.Group != group {
			if group != "" {
				fmt.Fprintln(out)
			}
			group = c.Group
			fmt.Fprintln(out, t.Bold(group))
		}
		lines := strings.Split(c.Evidence, "\n")
		for i := range lines {
			lines[i] = printable(lines[i])
		}
		first := lines[0]
		if c.Status == doctor.Skip {
			first = t.Dim(first)
		}
		fmt.Fprintf(out, "  %s %-*s  %s\n", marks[c.Status], width, c.ID, first)
		for _, l := range lines[1:] {
			fmt.Fprintf(out, "    %-*s  %s\n", width, "", l)
		}
		if c.Status != doctor.Warn && c.Status != doctor.Fail {
			continue
		}
		for _, s := range c.Fix {
			text := visible(s.Say)
			if s.Run != "" {
				text += ":   " + t.Bold(visible(s.Run)) // whole, for it is to be given
			}
			fmt.Fprintf(out, "    %-*s  fix: %s\n", width, "", text)
		}
		if c.Problem != "" {
			fmt.Fprintf(out, "    %-*s  %s\n", width, "", t.Dim("more: ltlab explain "+c.Problem))
		}
	}
	n := doc.Counts
	fmt.Fprintf(out, "\n%d%s: %d pass, %d warn, %d fail, %d skipped\n", len(all), plural(len(all), " check"), n[doctor.Pass], n[doctor.Warn], n[doctor.Fail], n[doctor.Skip])
	if doc.Report != nil {
		fmt.Fprintf(out, "the report is in %s; look into it before you send it\n", visible(*doc.Report))
	}
}

func (o *doctorOptions) writeList(all []doctor.Check) error {
	d := o.deps
	if d.json {
		type listed struct {
			ID    string   `json:"id"`
			Group string   `json:"group"`
			Title string   `json:"title"`
			Needs []string `json:"needs"`
		}
		doc := struct {
			Schema int      `json:"schema"`
			Checks []listed `json:"checks"`
		}{Schema: Schema}
		for _, c := range all {
			doc.Checks = append(doc.Checks, listed{c.ID, c.Group, c.Title, append([]string{}, c.Needs...)})
		}
		return term.JSON(d.IO.Out, doc)
	}
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	for _, c := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Group, c.ID, c.Title)
	}
	return w.Flush()
}

// diagnosisFile is a report on its way: it gets its name when it is whole.
type diagnosisFile struct {
	path string
	temp *os.File
}

func createDiagnosis(path string) (*diagnosisFile, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, problem.DiagnosisExists(path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, problem.DiagnosisUnwritable(path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ltlab-report-*") // mode 0600
	if err != nil {
		return nil, problem.DiagnosisUnwritable(path, err)
	}
	return &diagnosisFile{path: path, temp: f}, nil
}

func (r *diagnosisFile) fill(ctx context.Context, p *doctor.Patient, clean *doctor.Redactor, doc *doctorDoc) error {
	a := doctor.NewArchive(r.temp, clean, time.Now().UTC().Truncate(time.Second))
	versions := map[string]string{"ltlab": version.String(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
	if err := errors.Join(p.Report(ctx, a, doc, versions), a.Close(), r.temp.Close()); err != nil {
		return err
	}
	return os.Rename(r.temp.Name(), r.path)
}

// discard takes away what did not become a report.
func (r *diagnosisFile) discard() {
	r.temp.Close()
	os.Remove(r.temp.Name())
}
