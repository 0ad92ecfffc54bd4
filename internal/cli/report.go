package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/report"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

type reportOptions struct {
	deps   *Deps
	out    []string
	format string
	force  bool
	github bool
}

// Formats of reports.
const (
	asHTML     = "html"
	asMarkdown = "md"
	asJSON     = "json"
	asJUnit    = "junit"
)

var formatOf = map[string]string{".html": asHTML, ".htm": asHTML, ".md": asMarkdown, ".markdown": asMarkdown, ".json": asJSON, ".xml": asJUnit}

func newReport(d *Deps) *cobra.Command {
	o := &reportOptions{deps: d}
	cmd := &cobra.Command{
		Use: "report RUN...", Short: "Make files of runs that can be sent: HTML, Markdown, JSON, JUnit",
		Long: "Writes what runs came to, with the figures of ltlab runs show. The format goes by the file's name: .html is all boards in one\n" +
			"file that opens anywhere, .md is for a pull request, .json is what runs show --json prints, .xml is JUnit's with a case for\n" +
			"each threshold. Several runs are compared. RUN may also be the path of a record's folder. The exit code is 0 when the report\n" +
			"is written, whatever the runs came to.",
		Example: "  ltlab report last -o report.html\n" +
			"  ltlab report last~1 last -o report.html -o summary.md -o junit.xml\n" +
			"  ltlab report last --format md -o - | gh pr comment --body-file -",
		Args: someArgs("run"), ValidArgsFunction: runNames(d),
		RunE: func(cmd *cobra.Command, args []string) error { return runReport(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.out, "output", "o", nil, "the `file` to write, - for standard output (repeatable); default: report.html")
	f.StringVar(&o.format, "format", "", "html, md, json or junit, where the file's name does not say it")
	f.BoolVar(&o.force, "force", false, "replace files that are there already")
	f.BoolVar(&o.github, "github", false, "print annotations for GitHub Actions, and add the Markdown to the job's summary")
	return cmd
}

// target is a file to write, in a format; "-" is standard output.
type reportTarget struct{ name, path, format string }

type reportDoc struct {
	Schema int          `json:"schema"`
	Runs   []string     `json:"runs"`
	Files  []reportFile `json:"files"`
}

type reportFile struct {
	File   string `json:"file"`
	Format string `json:"format"`
	Bytes  int    `json:"bytes"`
}

func runReport(ctx context.Context, o *reportOptions, names []string) error {
	d := o.deps
	targets, err := o.targets()
	if err != nil {
		return err
	}
	folders, err := d.reported(names)
	if err != nil {
		return err
	}
	if !o.force { // before any work
		for _, t := range targets {
			if st, err := os.Stat(t.path); t.path != "" && err == nil && st.Mode().IsRegular() {
				return o.exists(t.name, names)
			}
		}
	}
	text, err := o.render(ctx, folders, targets)
	if err != nil {
		return err
	}
	if err := writeReports(ctx, d.IO.Out, targets, text, o.force, func(name string) error { return o.exists(name, names) }); err != nil {
		return err
	}
	if o.github {
		return d.annotate(text)
	}
	doc := reportDoc{Schema: Schema, Runs: []string{}, Files: []reportFile{}}
	for _, f := range folders {
		doc.Runs = append(doc.Runs, f.ID())
	}
	for _, t := range targets {
		if t.path != "" {
			doc.Files = append(doc.Files, reportFile{t.name, t.format, len(text[t.format])})
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	for _, f := range doc.Files {
		if len(doc.Files) == len(targets) { // else standard output is the report
			fmt.Fprintf(d.IO.Out, "report of %s is in %s (%s)\n", listOf(doc.Runs), printable(f.File), bytesText(int64(f.Bytes)))
		}
	}
	return nil
}

// listOf is "a, b and c".
func listOf(all []string) string {
	last := len(all) - 1
	if last < 1 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// exists is the problem of a file that is there already, with the command as it was given.
func (o *reportOptions) exists(name string, runs []string) error {
	report := "ltlab report"
	for _, r := range runs {
		report += " " + shellWord(r)
	}
	if o.format != "" {
		report += " --format " + o.format
	}
	again := report
	for _, out := range o.out {
		again += " -o " + shellWord(out)
	}
	if o.github {
		again += " --github"
	}
	return problem.ReportExists(name, report, again)
}

// targets are what -o and --format say.
func (o *reportOptions) targets() ([]reportTarget, error) {
	d := o.deps
	usage := func(format string, args ...any) ([]reportTarget, error) {
		return nil, &usageError{fmt.Errorf(format, args...)}
	}
	if o.format != "" && o.format != asHTML && o.format != asMarkdown && o.format != asJSON && o.format != asJUnit {
		return usage("unknown format %q: want html, md, json or junit", o.format)
	}
	if d.json && o.github {
		return usage("--json and --github both write to standard output: leave one out")
	}
	if len(o.out) == 0 && !o.github {
		o.out = []string{map[string]string{"": "report.html", asHTML: "report.html", asMarkdown: "report.md", asJSON: "report.json", asJUnit: "junit.xml"}[o.format]}
	}
	cwd, err := d.Getwd()
	if err != nil {
		return nil, err
	}
	var out []reportTarget
	seen := map[string]bool{}
	for _, name := range o.out {
		t := reportTarget{name: name, format: formatOf[strings.ToLower(filepath.Ext(name))]}
		if t.format == "" {
			t.format = o.format
		}
		if name == "-" && (d.json || o.github) {
			return usage("-o - writes the report to standard output, where --json or --github has its own lines: leave one out")
		}
		if name != "-" {
			t.path = absolute(cwd, name)
		}
		switch {
		case name == "":
			return usage("-o needs the name of a file")
		case t.format == "":
			return usage("the name %s does not say which format: give --format html, md, json or junit", name)
		case seen[t.path]:
			return usage("-o %s is given twice", name)
		}
		seen[t.path] = true
		out = append(out, t)
	}
	if o.format != "" && len(out) > 0 && !slices.ContainsFunc(out, func(t reportTarget) bool { return t.format == o.format }) {
		return usage("--format %s and the name %s contradict each other: leave one out", o.format, out[0].name)
	}
	return out, nil
}

// reported are the folders of runs, each once.
func (d *Deps) reported(names []string) ([]record.Folder, error) {
	var out []record.Folder
	by := map[string]record.Folder{}
	for _, name := range names {
		f, err := d.recordFolder(name)
		if err != nil {
			return nil, err
		}
		switch had, ok := by[f.ID()]; {
		case ok && had != f:
			return nil, &usageError{fmt.Errorf("two of the records are called %s", f.ID())}
		case !ok:
			by[f.ID()] = f
			out = append(out, f)
		}
	}
	return out, nil
}

// render makes the report in each format that is asked for, before anything is written.
func (o *reportOptions) render(ctx context.Context, folders []record.Folder, targets []reportTarget) (map[string][]byte, error) {
	d := o.deps
	boards := ""
	if _, st, err := d.running(ctx); err == nil { // a report needs no lab, nor one that answers
		boards = st.URL(engine.Boards)
	}
	var docs []*runDoc
	var runs []report.Run
	for _, f := range folders {
		doc, err := readRunDoc(f, boards)
		if err != nil {
			return nil, err
		}
		docs, runs = append(docs, doc), append(runs, reportOf(doc))
	}
	formats := map[string]bool{asMarkdown: o.github}
	for _, t := range targets {
		formats[t.format] = true
	}
	text := map[string][]byte{}
	if o.github {
		text[annotations] = report.GitHub(runs)
	}
	var err error
	if formats[asJSON] {
		if text[asJSON], err = documents(docs); err != nil {
			return nil, err
		}
	}
	if formats[asJUnit] {
		if text[asJUnit], err = report.JUnit(runs); err != nil {
			return nil, err
		}
	}
	if !formats[asHTML] && !formats[asMarkdown] {
		return text, nil
	}
	dir, err := os.MkdirTemp("", "ltlab-report-")
	if err != nil {
		return nil, problem.ReportUnwritable("(a temporary folder)", err)
	}
	defer os.RemoveAll(dir)
	rows, err := reportStore(ctx, filepath.Join(dir, "store.db"), folders, runs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if formats[asHTML] {
		if text[asHTML], err = report.HTML(ctx, runs, rows); err != nil {
			return nil, err
		}
	}
	if formats[asMarkdown] {
		text[asMarkdown], err = report.Markdown(ctx, runs, rows)
	}
	return text, err
}

// reportStore takes the runs into a store of their own, as they are now: the lab's may lack them, and others write it.
func reportStore(ctx context.Context, path string, folders []record.Folder, runs []report.Run) (*store.Store, error) {
	s, _, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	for i, f := range folders {
		err := s.Take(ctx, f, runner.Alive(f))
		if err == nil {
			var run store.Run
			if run, err = s.Run(ctx, f.ID()); err == nil {
				if runs[i].State == analysis.Damaged && run.Exit == problem.OK {
					run.Exit = problem.Incomplete
				}
				runs[i].Board = &run
			} else if errors.Is(err, store.ErrNotFound) { // its record holds nothing yet
				err = nil
			}
		}
		if err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}
