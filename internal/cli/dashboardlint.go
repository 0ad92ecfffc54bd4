package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

type dashboardLintOptions struct {
	deps *Deps
	fix  bool
}

func newDashboardLint(d *Deps) *cobra.Command {
	o := &dashboardLintOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "lint [PROJECT|DIR|FILE]...",
		Short: "Say which panels will be empty or mislead, and why",
		Long: "Measures dashboards, linked or not, against what the lab writes, and, where its InfluxDB runs, against what that holds. Without\n" +
			"an argument it is all that is linked, else the folder that ltlab.yaml names. Ends with 17 where something will be empty.\n" +
			"--fix repairs what can be repaired, in the lab's copies alone; later syncs do so, too.",
		Example: "  ltlab dashboard lint ./dashboards\n  ltlab dashboard lint shop --fix",
		RunE:    func(cmd *cobra.Command, args []string) error { return runDashboardLint(cmd.Context(), o, args) },
	}
	cmd.Flags().BoolVar(&o.fix, "fix", false, "repair the lab's copies of linked dashboards")
	return cmd
}

type lintDoc struct {
	Schema     int             `json:"schema"`
	OK         bool            `json:"ok"` // nothing will be empty
	Exit       int             `json:"exit"`
	Asked      bool            `json:"asked"`      // InfluxDB was asked what it holds
	Grafana    bool            `json:"grafana"`    // it runs: else nobody shows these dashboards
	Empty      int             `json:"empty"`      // panels, variables and annotations that will be empty
	Misleading int             `json:"misleading"` // and those that mislead
	Fixed      int             `json:"fixed"`      // findings that are repaired in the lab's copies
	Dashboards []lintDashboard `json:"dashboards"`
	Problem    *problemed      `json:"problem"`
}

type lintDashboard struct {
	Folder   string         `json:"folder,omitempty"` // of the link
	Title    string         `json:"title"`
	File     string         `json:"file"`
	UID      string         `json:"uid,omitempty"` // of the copy
	Findings []lint.Finding `json:"findings"`
}

func runDashboardLint(ctx context.Context, o *dashboardLintOptions, args []string) error {
	d := o.deps
	l, err := d.dashboardLab(ctx, true)
	if err != nil {
		return err
	}
	checked, err := o.checked(ctx, l, args)
	if err != nil {
		return d.dashboardProblem("lint", l.home, err)
	}
	doc := lintDoc{Schema: Schema, OK: true, Asked: l.asked != nil && l.asked.Err == nil, Grafana: l.grafana != "", Dashboards: []lintDashboard{}}
	n := tally(checked)
	doc.Empty, doc.Misleading = n.empty, n.misleading
	for _, c := range checked {
		v := lintDashboard{Folder: c.Folder, Title: c.Title, File: c.File, UID: c.UID, Findings: append([]lint.Finding{}, c.Findings...)}
		for _, f := range v.Findings {
			if f.Fixed {
				doc.Fixed++
			}
		}
		doc.Dashboards = append(doc.Dashboards, v)
	}
	var p *problem.Problem
	if doc.Empty > 0 {
		p = problem.DashboardsEmpty(doc.Empty, n.repairable)
		doc.OK, doc.Exit, doc.Problem = false, p.Exit, problemDoc(p)
	}
	if d.json {
		return errors.Join(term.JSON(d.IO.Out, doc), shownWith(p))
	}
	if l.asked != nil && l.asked.Err != nil {
		d.IO.Progress(d.json)(term.Event{Service: engine.InfluxDB, Warn: true, Text: "could not be asked what it holds: " + unbroken(l.asked.Err.Error())})
	}
	o.write(&doc, n)
	d.sayGrafana(l)
	if p != nil {
		return p
	}
	return nil
}

// checked are the dashboards that are meant. Errors of links and sources are those of package dashboards.
func (o *dashboardLintOptions) checked(ctx context.Context, l *dashboardLab, args []string) (out []dashboards.Checked, err error) {
	d := o.deps
	links, err := l.read()
	if err != nil {
		return nil, err
	}
	var meant []*dashboards.Link
	var others []string
	for _, name := range args {
		path, err := d.resolved(name)
		if err != nil {
			return nil, err
		}
		v, err := dashboards.Find(links, name, path)
		if err == nil {
			meant = append(meant, v)
			continue
		}
		if _, err := os.Stat(path); o.fix || err != nil && !strings.ContainsAny(name, `/\`) { // a project's name has neither
			return nil, notLinked(name, links)
		}
		others = append(others, name)
	}
	if len(args) == 0 {
		for i := range links {
			meant = append(meant, &links[i])
		}
	}
	if len(meant) == 0 && o.fix {
		return nil, notLinked("any project's", nil)
	}
	if o.fix {
		return o.repaired(ctx, l, meant)
	}
	for _, v := range meant {
		some, err := dashboards.Lint(v, l.world)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	if len(meant) > 0 && len(others) == 0 {
		return out, nil
	}
	sources, err := d.sources("lint", others)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		some, err := dashboards.LintSource(s, l.world)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	return out, nil
}

// repaired are links whose copies were made anew with repairs.
func (o *dashboardLintOptions) repaired(ctx context.Context, l *dashboardLab, meant []*dashboards.Link) (out []dashboards.Checked, err error) {
	var folders []string
	for _, v := range meant {
		folders = append(folders, v.Folder)
	}
	done, failed, err := l.links.Sync(ctx, folders, true, l.world)
	if err != nil {
		return nil, err
	}
	for _, v := range done {
		out = append(out, v.Checked...)
	}
	var all error
	for _, f := range failed {
		all = errors.Join(all, f.Err)
	}
	return out, all
}

func (o *dashboardLintOptions) write(doc *lintDoc, n tallied) {
	d := o.deps
	t := d.IO.OutTint()
	for _, b := range doc.Dashboards {
		if len(b.Findings) == 0 {
			continue
		}
		fmt.Fprintf(d.IO.Out, "%s   %s\n", t.Bold(printable(b.Title)), t.Dim(d.shortened(b.File)))
		for _, f := range b.Findings {
			word := t.Bad("empty   ")
			if f.Effect == lint.Misleads {
				word = t.Warn("misleads")
			}
			if f.Fixed {
				word = t.Good("repaired")
			}
			fmt.Fprintf(d.IO.Out, "  %s  %s: %s\n", word, where(&f), unbroken(f.Why))
			switch {
			case f.Fixed:
				fmt.Fprintf(d.IO.Out, "            in the lab's copy %s\n", unbroken(f.Repair))
			case f.Repair != "" && b.Folder != "":
				fmt.Fprintf(d.IO.Out, "            with --fix, in the lab's copy %s\n", unbroken(f.Repair))
			}
		}
	}
	clean := !slices.ContainsFunc(doc.Dashboards, func(b lintDashboard) bool { return len(b.Findings) > 0 })
	fmt.Fprintf(d.IO.Out, "%d%s", len(doc.Dashboards), plural(len(doc.Dashboards), " dashboard"))
	if s := n.summary(); s != "" {
		fmt.Fprint(d.IO.Out, "; "+s)
	} else if clean {
		fmt.Fprint(d.IO.Out, "; nothing will be empty or mislead")
	}
	if doc.Fixed > 0 {
		fmt.Fprintf(d.IO.Out, "; repaired: %d", doc.Fixed)
	}
	if !doc.Asked {
		fmt.Fprint(d.IO.Out, " (measured against what the lab writes; no InfluxDB to ask what it holds)")
	}
	fmt.Fprintln(d.IO.Out)
}

// where is the place of a finding.
func where(f *lint.Finding) string {
	s := f.Part
	if f.Panel != "" {
		s += fmt.Sprintf(" %q", printable(f.Panel))
	}
	if f.Query != "" {
		s += ", query " + printable(f.Query)
	}
	return s
}

// unbroken is a sentence about somebody's dashboard on one line: it may be long, and does nothing to a terminal.
func unbroken(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return '?'
		}
		return r
	}, s)
}
