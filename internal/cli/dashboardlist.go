package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newDashboardList(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the linked projects and how their dashboards stand",
		Long: "States: in-step; changed, when the project's files are newer than the lab's copies; gone, when the project is not there any\n" +
			"more; broken, when one of its files cannot be linked any more. The copies stay in all of them.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDashboardList(cmd.Context(), d) },
	}
}

func runDashboardList(ctx context.Context, d *Deps) error {
	l, err := d.dashboardLab(ctx, false)
	if err != nil {
		return err
	}
	links, err := l.read()
	if err != nil {
		return err
	}
	doc := l.doc()
	for i := range links {
		v := l.document(&links[i], nil)
		var checked []dashboards.Checked
		v.State, v.Why, checked = l.links.Look(&links[i], l.world)
		v.take(checked)
		doc.Links = append(doc.Links, v)
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	if len(links) == 0 {
		fmt.Fprintln(d.IO.Out, "nothing is linked yet; link a project's dashboards:   ltlab dashboard link DIR")
		return nil
	}
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FOLDER\tDASHBOARDS\tSTATE\tFOUND\tFROM")
	for _, v := range doc.Links {
		found := v.found.summary()
		if found == "" {
			found = "-"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", printable(v.Folder), len(v.Dashboards), v.State, found, printable(strings.Join(v.Sources, ", ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, v := range doc.Links {
		if v.Why != "" {
			d.IO.Progress(false)(term.Event{Service: printable(v.Folder), Warn: true, Text: unbroken(v.Why)})
		}
	}
	d.sayGrafana(l)
	return nil
}

func newDashboardSync(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "sync [PROJECT]...",
		Short: "Read linked dashboards again",
		Long: "Brings the lab's copies in step with the projects' files: changed, new and removed ones. A project that is gone or broken keeps\n" +
			"its copies and keeps no other from being read; the exit code then is 15.",
		RunE: func(cmd *cobra.Command, args []string) error { return runDashboardSync(cmd.Context(), d, args) },
	}
}

// folders are the links that names and paths mean.
func (d *Deps) linked(l *dashboardLab, names []string) (folders []string, err error) {
	links, err := l.read()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		path, err := d.resolved(name)
		if err != nil {
			return nil, err
		}
		v, err := dashboards.Find(links, name, path)
		if err != nil {
			return nil, notLinked(name, links)
		}
		folders = append(folders, v.Folder)
	}
	return folders, nil
}

func runDashboardSync(ctx context.Context, d *Deps, names []string) error {
	l, err := d.dashboardLab(ctx, true)
	if err != nil {
		return err
	}
	folders, err := d.linked(l, names)
	if err != nil {
		return err
	}
	done, failed, err := l.links.Sync(ctx, folders, false, l.world)
	if err != nil {
		return d.dashboardProblem("link", l.home, err)
	}
	doc := l.doc()
	for i := range done {
		doc.Links = append(doc.Links, l.document(&done[i].Link, done[i].Checked))
	}
	var stale []string
	for i := range failed {
		v := l.document(&failed[i].Link, nil)
		v.State, v.Why = dashboards.Judge(failed[i].Err), failed[i].Err.Error()
		doc.Links = append(doc.Links, v)
		stale = append(stale, printable(v.Folder)+": "+unbroken(v.Why))
	}
	var p *problem.Problem
	if len(stale) > 0 {
		p = problem.DashboardsStale(stale)
		doc.OK, doc.Exit, doc.Problem = false, p.Exit, problemDoc(p)
	}
	if d.json {
		return errors.Join(term.JSON(d.IO.Out, doc), shownWith(p))
	}
	for i := range doc.Links {
		if doc.Links[i].State == dashboards.InStep {
			d.writeLinked(&doc.Links[i])
		}
	}
	if len(doc.Links) == 0 {
		fmt.Fprintln(d.IO.Out, "nothing is linked yet; link a project's dashboards:   ltlab dashboard link DIR")
	}
	if p != nil {
		return p
	}
	return nil
}

// shownWith ends a command whose document has the problem already.
func shownWith(p *problem.Problem) error {
	if p == nil {
		return nil
	}
	return &shownError{p.Exit}
}

func newDashboardOpen(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "open [PROJECT]",
		Short: "Say where linked dashboards are, and open them in the browser",
		Long:  "Prints the addresses of a project's dashboards in Grafana, or of all linked ones. On a terminal it opens the first one.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("%s takes at most one project, got %d", cmd.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDashboardOpen(cmd.Context(), d, args) },
	}
}

func runDashboardOpen(ctx context.Context, d *Deps, names []string) error {
	l, err := d.dashboardLab(ctx, false)
	if err != nil {
		return err
	}
	folders, err := d.linked(l, names)
	if err != nil {
		return err
	}
	links, err := l.read()
	if err != nil {
		return err
	}
	if len(links) == 0 {
		return notLinked("any project's", nil)
	}
	if l.grafana == "" {
		return problem.DashboardsNeedGrafana(l.without, l.way)
	}
	doc := l.doc()
	for i := range links {
		if len(folders) == 0 || links[i].Folder == folders[0] {
			doc.Links = append(doc.Links, l.document(&links[i], nil))
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	first := ""
	for _, v := range doc.Links {
		for _, b := range v.Dashboards {
			fmt.Fprintf(d.IO.Out, "%s   %s\n", *b.URL, printable(b.Title))
			if first == "" {
				first = *b.URL
			}
		}
	}
	if d.IO.OutTTY && first != "" {
		if err := opener(first).Run(); err != nil {
			d.IO.Progress(false)(term.Event{Warn: true, Text: "could not be opened in a browser (" + err.Error() + "): open " + first})
		}
	}
	return nil
}
