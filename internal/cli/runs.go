package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
)

func newRuns(d *Deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List, show, export, import, push and delete runs",
		Long:  "A run is named by its id, a unique beginning of it, last, or last~N (N runs before the last).",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRunsList(d), newRunsShow(d), newRunsExport(d), newRunsImport(d), newRunsPush(d), newRunsDelete(d))
	return cmd
}

// runNames completes runs' ids.
func runNames(d *Deps) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		h, err := d.home()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		folders, _ := h.Runs().List()
		ids := []string{"last"}
		for _, f := range folders {
			ids = append(ids, f.ID())
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}

type listDoc struct {
	Schema int       `json:"schema"`
	Runs   []listRun `json:"runs"` // newest first
}

type listRun struct {
	Run      string         `json:"run"`
	State    analysis.State `json:"state"`
	Tool     string         `json:"tool"`
	Project  string         `json:"project"`
	Scenario string         `json:"scenario"`
	Start    time.Time      `json:"start"`
	Exit     *int           `json:"exit"`     // null while it runs, or when nobody wrote the end
	Requests *int64         `json:"requests"` // in the record; null as for exit
	Bytes    int64          `json:"bytes"`
	Damage   string         `json:"damage,omitempty"`
}

func newRunsList(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the runs, newest first", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return runRunsList(d) },
	}
}

func runRunsList(d *Deps) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	folders, err := h.Runs().List()
	if err != nil {
		return err
	}
	doc := listDoc{Schema: Schema, Runs: []listRun{}}
	for i := range folders {
		doc.Runs = append(doc.Runs, listed(folders[len(folders)-1-i]))
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	if len(doc.Runs) == 0 {
		fmt.Fprintln(d.IO.Out, "no runs yet; make one:   ltlab k6 -s smoke.js")
		return nil
	}
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tSTATE\tEXIT\tREQUESTS\tPROJECT\tSCENARIO\tSTARTED (UTC)\tSIZE")
	for _, r := range doc.Runs {
		exit, requests := "-", "-"
		if r.Exit != nil {
			exit = fmt.Sprint(*r.Exit)
		}
		if r.Requests != nil {
			requests = count(float64(*r.Requests))
		}
		state := string(r.State)
		if r.Damage != "" {
			state = "damaged"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Run, state, exit, requests, printable(r.Project), printable(r.Scenario),
			r.Start.UTC().Format("2006-01-02 15:04:05"), bytesText(r.Bytes))
	}
	return w.Flush()
}

// listed is a run by its run.ndjson alone, so that a list of hundreds is quick.
func listed(f record.Folder) listRun {
	out := listRun{Run: f.ID(), State: analysis.Interrupted, Bytes: f.Size()}
	run, err := record.ReadRun(f.Run())
	if err != nil {
		out.Damage = err.Error()
		return out
	}
	if s := run.Start; s != nil {
		out.Tool, out.Project, out.Scenario, out.Start = s.Tool, s.Project, s.Scenario.Name, s.Time
	}
	out.State = analysis.StateOf(run, run.End == nil && runner.Alive(f), f.Closed())
	if run.End != nil {
		out.Exit, out.Requests = standing(out.State, run.End), &run.End.Recorded
	}
	if out.State == analysis.Damaged {
		out.Damage = "the tool's side of the record has no end"
	}
	return out
}

// standing is a run's exit code as its record stands: one that ended well and is not whole any more proves nothing.
func standing(state analysis.State, end *record.RunEnd) *int {
	exit := end.Exit
	if state == analysis.Damaged && exit == problem.OK {
		exit = problem.Incomplete
	}
	return &exit
}

func bytesText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

func newRunsShow(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "Show what came of a run", Args: oneArg("run"), ValidArgsFunction: runNames(d),
		RunE: func(cmd *cobra.Command, args []string) error { return runRunsShow(cmd.Context(), d, args[0]) },
	}
}

func runRunsShow(ctx context.Context, d *Deps, name string) error {
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	f, err := l.Home.Runs().Find(name)
	if err != nil {
		return err
	}
	doc, err := readRunDoc(f, st.URL(engine.Boards))
	if err != nil {
		return err
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	writeRun(d.IO, doc)
	return nil
}

// readRunDoc is what the record of a run says now; a damaged one says it as a warning.
func readRunDoc(f record.Folder, boards string) (*runDoc, error) {
	s, err := analysis.Summarize(f, runner.Alive(f))
	if err != nil {
		return nil, err
	}
	doc := newRunDoc(f, s, boards)
	if s.Damage != nil {
		doc.Warnings = append(doc.Warnings, record.Warning{ID: "record-corrupt", Text: s.Damage.Error() + "; the figures are of what stands before"})
	}
	if s.State == analysis.Damaged {
		text := s.Missing
		if s.ToolEnd == nil {
			text += "; whether thresholds held is not known"
		}
		doc.Warnings = append(doc.Warnings, record.Warning{ID: "data-incomplete", Text: text})
	}
	return doc, nil
}

func newRunsExport(d *Deps) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "export RUN", Short: "Pack a run into one compressed file", Args: oneArg("run"), ValidArgsFunction: runNames(d),
		RunE: func(cmd *cobra.Command, args []string) error { return runRunsExport(cmd.Context(), d, args[0], out) },
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "the `file` to write; default: the run's id with .ltlab.tar.zst")
	return cmd
}

type fileDoc struct {
	Schema int    `json:"schema"`
	Run    string `json:"run"`
	File   string `json:"file,omitempty"`
	Record string `json:"record,omitempty"`
	Bytes  int64  `json:"bytes,omitempty"`
}

func runRunsExport(ctx context.Context, d *Deps, name, out string) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	f, err := h.Runs().Find(name)
	if err != nil {
		return err
	}
	if runner.Alive(f) {
		return problem.RunActive(f.ID())
	}
	if out == "" {
		out = f.ID() + ".ltlab.tar.zst"
	}
	file, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return problem.ExportExists(out)
	}
	if err != nil {
		return problem.ExportUnwritable(out, err)
	}
	err = record.Export(f, ctxWriter{ctx, file})
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(out) // half an export looks like a whole one
		return err
	}
	st, err := os.Stat(out)
	if err != nil {
		return err
	}
	if d.json {
		return term.JSON(d.IO.Out, fileDoc{Schema: Schema, Run: f.ID(), File: out, Bytes: st.Size()})
	}
	fmt.Fprintf(d.IO.Out, "run %s is in %s (%s)\n", f.ID(), out, bytesText(st.Size()))
	return nil
}

func newRunsImport(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Unpack an exported run", Args: oneArg("file"),
		RunE: func(cmd *cobra.Command, args []string) error { return runRunsImport(cmd.Context(), d, args[0]) },
	}
}

func runRunsImport(ctx context.Context, d *Deps, path string) error {
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return problem.ImportInvalid(path, err)
	}
	defer file.Close()
	f, err := l.Home.Runs().Import(ctxReader{ctx, file})
	if errors.Is(err, record.ErrExists) {
		return problem.RunExists(f.ID())
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p := problem.ImportInvalid(path, err)
		if other := problem.From(err); other.ID != "internal" && other.ID != "record-corrupt" { // a full disk, a newer format: say that
			p = other
		}
		return p
	}
	if st.URL(engine.Boards) != "" {
		progress := d.IO.Progress(d.json)
		if err := catchUp(ctx, l.Home, progress); err != nil { // the run is in all the same
			progress(term.Event{Service: engine.Boards, Warn: true, Text: "do not have all runs yet: " + err.Error()})
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, fileDoc{Schema: Schema, Run: f.ID(), Record: string(f)})
	}
	fmt.Fprintf(d.IO.Out, "run %s is in %s\n", f.ID(), filepath.Dir(string(f)))
	return nil
}

// ctxReader and ctxWriter end a long copy at Ctrl-C.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

type ctxWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c ctxWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}
