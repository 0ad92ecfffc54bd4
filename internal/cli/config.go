package cli

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/term"
)

type configOptions struct {
	deps    *Deps
	origin  bool
	secrets bool
}

func newConfig(d *Deps) *cobra.Command {
	o := &configOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the lab's settings and where each value comes from",
		Long: "Shows every setting as it counts here and now. The first that has a value wins: a flag, the environment, the\n" +
			"project's ltlab.yaml, the lab's own .env, the default. A project's .env is never read.\n\n" +
			"A run never takes its database from the environment: an INFLUXDB_URL in somebody's shell is shown here, but it\n" +
			"sends no run to a foreign database.",
		Example: "  ltlab config --origin\n  ltlab config --json --show-secrets",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runConfig(cmd.Context(), o) },
	}
	cmd.Flags().BoolVar(&o.origin, "origin", false, "say where each value comes from")
	cmd.Flags().BoolVar(&o.secrets, "show-secrets", false, "show tokens and passwords as they are")
	return cmd
}

type configDoc struct {
	Schema   int             `json:"schema"`
	File     string          `json:"file"` // the lab's .env, whether it is there or not
	Settings []configSetting `json:"settings"`
	Project  *configProject  `json:"project"` // null without an ltlab.yaml
	Warnings []string        `json:"warnings"`
}

type configSetting struct {
	Key    string        `json:"key"`
	Value  *string       `json:"value"` // null when nothing sets it
	Secret bool          `json:"secret"`
	Help   string        `json:"help"`
	Origin config.Origin `json:"origin"`
}

type configProject struct {
	File       string            `json:"file"`
	Project    string            `json:"project"`
	Scenarios  string            `json:"scenarios"`
	Dashboards string            `json:"dashboards"`
	Target     string            `json:"target"`
	SLOs       map[string]string `json:"slos"`
}

func runConfig(ctx context.Context, o *configOptions) error {
	d := o.deps
	s, err := d.settings(ctx)
	if err != nil {
		return err
	}
	doc := configDoc{Schema: Schema, File: s.Env.Path, Warnings: s.warnings}
	for _, v := range s.All() {
		c := configSetting{Key: v.Key.Name, Secret: v.Key.Secret, Help: v.Key.Help, Origin: v.Origin}
		if v.Value != "" {
			text := o.shown(v)
			c.Value = &text
		}
		doc.Settings = append(doc.Settings, c)
	}
	if p := s.Project; p != nil {
		target := o.shown(config.Value{Value: p.Target})
		doc.Project = &configProject{File: p.Path, Project: p.Name, Scenarios: p.Scenarios, Dashboards: p.Dashboards, Target: target, SLOs: p.SLOs}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	d.warn(s.warnings)
	return o.write(&doc, s.Project)
}

func (o *configOptions) shown(v config.Value) string {
	if o.secrets {
		return v.Value
	}
	return v.Masked()
}

func (o *configOptions) write(doc *configDoc, p *config.Project) error {
	out := o.deps.IO.Out
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(key, value, origin string) {
		if o.origin {
			value += "\t" + o.deps.IO.OutTint().Dim(origin)
		}
		fmt.Fprintf(w, "%s\t%s\n", key, value)
	}
	for _, s := range doc.Settings {
		value, origin := "-", "not set"
		if s.Value != nil {
			value, origin = *s.Value, s.Origin.String()
		}
		row(s.Key, value, origin)
	}
	if err := w.Flush(); err != nil || p == nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", p.Path)
	at := func(key string) string { return fmt.Sprintf("line %d", p.Line(key)) }
	for _, v := range []struct{ key, value string }{
		{"project", p.Name}, {"scenarios", relative(p, p.Scenarios)}, {"dashboards", relative(p, p.Dashboards)}, {"target", doc.Project.Target},
	} {
		if v.value != "" {
			row("  "+v.key, v.value, at(v.key))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.SLOs)) {
		row("  slos: "+name, p.SLOs[name], at("slos"))
	}
	return w.Flush()
}

// relative is a folder as the project's file names it.
func relative(p *config.Project, path string) string {
	rel, err := filepath.Rel(filepath.Dir(p.Path), path)
	if err != nil || path == "" {
		return path
	}
	return rel
}
