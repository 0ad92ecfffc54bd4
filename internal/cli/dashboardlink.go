package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newDashboardLink(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "link [DIR|FILE]...",
		Short: "Show a project's dashboards in the lab's Grafana",
		Long: "Copies the dashboards of folders, and of folders in them, or of single files into the folder that Grafana watches, with the lab's\n" +
			"datasource and uids of their own. They are there seconds later. Without an argument it is the folder that the project's\n" +
			"ltlab.yaml names. Nothing is linked unless every file is in order. What was linked under another name, as of a project that was\n" +
			"renamed, is linked under the new one alone.",
		Example: "  ltlab dashboard link ./dashboards\n  ltlab dashboard link ../shop/dashboards ../bank/grafana/checkout.json",
		RunE:    func(cmd *cobra.Command, args []string) error { return runDashboardLink(cmd.Context(), d, args) },
	}
}

type dashboardDoc struct {
	Schema  int             `json:"schema"`
	OK      bool            `json:"ok"`
	Exit    int             `json:"exit"`
	Grafana *string         `json:"grafana"` // its address, null where it does not run
	Links   []dashboardLink `json:"links"`
	Problem *problemed      `json:"problem"`
}

type dashboardLink struct {
	Folder     string           `json:"folder"` // in Grafana
	Project    string           `json:"project"`
	Root       string           `json:"root"`
	Sources    []string         `json:"sources"`
	State      dashboards.State `json:"state"`
	Why        string           `json:"why,omitempty"`      // of a state that is not well
	Replaced   []string         `json:"replaced,omitempty"` // folders of links that had a source of it under another name
	Repair     bool             `json:"repair"`             // the copies have what lint --fix repaired
	Empty      int              `json:"empty"`              // panels, variables and annotations that will be empty
	Misleading int              `json:"misleading"`
	Dashboards []dashboardBoard `json:"dashboards"`

	found tallied
}

type dashboardBoard struct {
	Title string  `json:"title"`
	File  string  `json:"file"`
	UID   string  `json:"uid"`
	From  string  `json:"from_uid"` // the uid in the project's file
	Copy  string  `json:"copy"`     // the lab's file
	URL   *string `json:"url"`      // null where Grafana does not run
}

// document is a link with what lint found, nil where nothing was looked at.
func (l *dashboardLab) document(v *dashboards.Link, checked []dashboards.Checked) dashboardLink {
	out := dashboardLink{Folder: v.Folder, Project: v.Project, Root: v.Root, Sources: v.Sources, State: dashboards.InStep, Repair: v.Repair, Dashboards: []dashboardBoard{}}
	out.take(checked)
	for i := range v.Boards {
		b := &v.Boards[i]
		doc := dashboardBoard{Title: b.Title, File: b.File, UID: b.UID, From: b.From, Copy: l.links.Copy(v, b)}
		if url := l.url(b.UID); url != "" {
			doc.URL = &url
		}
		out.Dashboards = append(out.Dashboards, doc)
	}
	return out
}

// take counts what lint found.
func (v *dashboardLink) take(checked []dashboards.Checked) {
	v.found = tally(checked)
	v.Empty, v.Misleading = v.found.empty, v.found.misleading
}

func (l *dashboardLab) doc() dashboardDoc {
	doc := dashboardDoc{Schema: Schema, OK: true, Links: []dashboardLink{}}
	if l.grafana != "" {
		doc.Grafana = &l.grafana
	}
	return doc
}

func runDashboardLink(ctx context.Context, d *Deps, args []string) error {
	sources, err := d.sources("link", args)
	if err != nil {
		return err
	}
	l, err := d.dashboardLab(ctx, true)
	if err != nil {
		return err
	}
	if _, err := l.read(); err != nil {
		return err
	}
	done, err := l.links.Link(ctx, sources, l.world)
	if err != nil {
		return d.dashboardProblem("link", l.home, err)
	}
	doc := l.doc()
	for i := range done {
		v := l.document(&done[i].Link, done[i].Checked)
		v.Replaced = done[i].Replaced
		doc.Links = append(doc.Links, v)
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	for i := range doc.Links {
		d.writeLinked(&doc.Links[i])
	}
	d.sayGrafana(l)
	return nil
}

// writeLinked shows what was linked or read anew.
func (d *Deps) writeLinked(v *dashboardLink) {
	fmt.Fprintf(d.IO.Out, "%s: %s\n", printable(v.Folder), count(float64(len(v.Dashboards)))+plural(len(v.Dashboards), " dashboard"))
	if len(v.Replaced) > 0 {
		fmt.Fprintf(d.IO.Out, "  no longer linked as %s\n", printable(strings.Join(v.Replaced, ", ")))
	}
	for _, b := range v.Dashboards {
		line := "  " + printable(b.Title)
		if b.URL != nil {
			line += "   " + *b.URL
		}
		fmt.Fprintln(d.IO.Out, line)
	}
	if s := v.found.summary(); s != "" {
		fmt.Fprintf(d.IO.Out, "  %s: ltlab dashboard lint %s\n", s, shellWord(v.Folder))
	}
}

// sayGrafana warns where nobody shows what is linked.
func (d *Deps) sayGrafana(l *dashboardLab) {
	if l.grafana == "" {
		d.IO.Progress(d.json)(term.Event{Warn: true, Text: "linked dashboards need Grafana, and " + l.without + ": " + l.way.Run})
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

func newDashboardUnlink(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "unlink PROJECT|DIR|FILE",
		Short: "Take a project's dashboards out of the lab",
		Long:  "Removes the lab's copies. The project's files stay as they are, and so do dashboards of other projects.",
		Args:  oneArg("project or path"),
		RunE:  func(cmd *cobra.Command, args []string) error { return runDashboardUnlink(cmd.Context(), d, args[0]) },
	}
}

type unlinkDoc struct {
	Schema int `json:"schema"`
	*dashboards.Unlinked
}

func runDashboardUnlink(ctx context.Context, d *Deps, name string) error {
	l, err := d.dashboardLab(ctx, false)
	if err != nil {
		return err
	}
	links, err := l.read()
	if err != nil {
		return err
	}
	path, err := d.resolved(name)
	if err != nil {
		return err
	}
	if _, err := dashboards.Find(links, name, path); err != nil {
		return notLinked(name, links)
	}
	done, err := l.links.Unlink(ctx, name, path, l.world)
	if errors.Is(err, dashboards.ErrUnlinked) { // by another command, since
		return notLinked(name, nil)
	}
	if err != nil {
		return d.dashboardProblem("link", l.home, err)
	}
	if d.json {
		return term.JSON(d.IO.Out, unlinkDoc{Schema, done})
	}
	fmt.Fprintf(d.IO.Out, "%s: %d%s taken out; the project's files are as they were\n", printable(done.Folder), done.Boards, plural(done.Boards, " dashboard"))
	if done.Why != "" {
		d.IO.Progress(false)(term.Event{Service: printable(done.Folder), Warn: true,
			Text: fmt.Sprintf("the other sources could not be read again, and %d%s of them stayed as before: %s", done.Kept, plural(done.Kept, " dashboard"), unbroken(done.Why))})
	}
	return nil
}

// resolved is a path as links have it. What is not there any more is taken as it is written.
func (d *Deps) resolved(name string) (string, error) {
	cwd, err := d.Getwd()
	if err != nil {
		return "", err
	}
	return dashboards.Resolved(absolute(cwd, name)), nil
}

func notLinked(name string, links []dashboards.Link) error {
	var all []string
	for i := range links {
		all = append(all, printable(links[i].Folder))
	}
	return problem.DashboardsNotLinked(printable(name), all)
}
