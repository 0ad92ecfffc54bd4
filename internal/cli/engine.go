package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// engineFlag is the same on every command that can start something.
func engineFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "engine", "auto", "what runs the services: docker, embedded, or auto: Docker where it can, else embedded")
	_ = cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{"auto", "docker", "embedded"}, cobra.ShellCompDirectiveNoFileComp))
}

func checkEngine(name string) error {
	if name != "auto" && name != "docker" && name != "embedded" {
		return &usageError{fmt.Errorf("unknown engine %q: want auto, docker or embedded", name)}
	}
	return nil
}

// embedded is the embedded engine of the user's lab.
func (d *Deps) embedded(h config.Home) *embedded.Engine {
	return &embedded.Engine{Home: h, Executable: d.Executable, Environ: d.Environ}
}

// docker is the Docker engine of the user's lab. It is not dialed before its first use.
func (d *Deps) docker(h config.Home) (*docker.Engine, error) {
	self, err := d.Executable()
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return &docker.Engine{
		Lab: d.labName(), Home: h, Programs: filepath.Join(filepath.Dir(self), "images"),
		Ensure: func() error {
			if _, err := config.Ensure(h); err != nil {
				return settingsProblem(err)
			}
			return nil
		},
		Settings: func() (config.Sources, error) { return d.labSettings(h) },
		Save: func(s []config.Setting) error {
			if err := config.Set(h, s); err != nil {
				return settingsProblem(err)
			}
			return nil
		},
	}, nil
}

// labSettings are the settings under which a lab runs. Nobody's shell chooses its database, so INFLUXDB_ and GRAFANA_ of
// the environment do not count.
func (d *Deps) labSettings(h config.Home) (config.Sources, error) {
	env, err := config.ReadEnv(h)
	if err != nil {
		return config.Sources{}, settingsProblem(err)
	}
	s := config.Sources{Env: env, Getenv: func(name string) string {
		if strings.HasPrefix(name, "LTLAB_") {
			return d.Getenv(name)
		}
		return ""
	}}
	for _, v := range s.All() {
		if err := v.Check(); err != nil {
			return s, problem.SettingsInvalid(fmt.Errorf("%s: %w", v.Origin, err))
		}
	}
	return s, nil
}

// lab is the user's lab with the engine on which it runs; with the embedded one when it does not run.
func (d *Deps) lab(ctx context.Context) (*lab.Lab, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	l := &lab.Lab{Name: d.labName(), Home: h}
	small := d.embedded(h)
	if l.Engine = small; small.Alive() {
		return l, nil
	}
	full, err := d.docker(h)
	if err != nil {
		return nil, err
	}
	there, err := full.Traces(ctx)
	switch {
	case there.Containers, there.Volumes && !exists(h.ServeLock()):
		l.Engine = full
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil && full.Remembered():
		return nil, err // it ran there, and now nobody answers
	}
	return l, nil
}

// running is the lab's status and whether it can be used.
func (d *Deps) running(ctx context.Context) (*lab.Lab, *lab.Status, error) {
	l, err := d.lab(ctx)
	if err != nil {
		return nil, nil, err
	}
	st, err := l.Status(ctx)
	return l, st, err
}

// choose is the lab on the engine that a start should use. A lab that runs keeps its engine; auto takes Docker when an
// engine answers and every image can be had, and else says why not. It adds to o what the start must ask again.
func (d *Deps) choose(ctx context.Context, name string, o *engine.Options, p term.Progress) (*lab.Lab, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	small := d.embedded(h)
	full, err := d.docker(h)
	if err != nil {
		return nil, err
	}
	was := full.Remembered()
	l, err := d.lab(ctx)
	if err != nil {
		return nil, besides(err)
	}
	o.Still = func() error { // another start may have been faster, on the other engine
		switch {
		case l.Engine.Name() == full.Name() && small.Alive():
			return problem.OtherEngine(full.Name(), small.Name())
		case l.Engine.Name() == small.Name() && !was && full.Remembered():
			return problem.OtherEngine(small.Name(), full.Name())
		}
		return nil
	}
	st, err := l.Status(ctx)
	if err != nil {
		return nil, besides(err)
	}
	if st.State != engine.Absent && (st.State != engine.Exited || l.Engine.Name() == "docker") {
		if name != "auto" && name != l.Engine.Name() {
			return nil, problem.OtherEngine(name, l.Engine.Name())
		}
		return l, misfit(l.Engine, o)
	}
	if l.Engine = small; name == "embedded" {
		return l, misfit(small, o)
	}
	why := full.Ready(ctx, *o, p)
	switch {
	case why == nil:
		l.Engine = full
		return l, misfit(full, o)
	case name == "docker":
		return nil, why
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case misfit(small, o) != nil, !environmental(why): // only Docker can do what was asked
		return nil, why
	}
	l.Reason = strings.ReplaceAll(short(why), "\n", "; ")
	p(term.Event{Text: "runs embedded, for " + l.Reason})
	return l, nil
}

// besides is why a lab that was left on Docker cannot be looked at, with the way on: it stays there, so one without Docker is
// another lab.
func besides(err error) error {
	p := problem.From(err)
	if p.ID != "engine-not-found" && p.ID != "engine-no-permission" {
		return err
	}
	p.Fix = slices.Clone(p.Fix)
	p.Fix[len(p.Fix)-1] = problem.Step{Say: "or leave this lab where it is, and use another without Docker", Run: "ltlab start --lab small --engine embedded"}
	return p
}

// misfit refuses a start that asks for what the engine does not have.
func misfit(e engine.Engine, o *engine.Options) error {
	if e.Name() != "docker" && len(o.Only)+len(o.Without) > 0 {
		return problem.NeedsDocker("a start with --only or --without", "the services of the embedded lab are one process")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Ports)) {
		if !slices.Contains(e.Services(), name) {
			return &usageError{fmt.Errorf("--port %s: the %s engine has no such service, only %s", name, e.Name(), strings.Join(e.Services(), ", "))}
		}
	}
	return nil
}

// environmental says whether an error lies in what is around the lab, so that another engine may do.
func environmental(err error) bool {
	var p *problem.Problem
	return errors.As(err, &p) && (p.Exit == problem.Environment || p.Exit == problem.Pull)
}

// short is a problem without its ways out.
func short(err error) string {
	var p *problem.Problem
	if errors.As(err, &p) && p.ID == "image-missing" {
		return p.What + ": " + p.Why
	}
	if errors.As(err, &p) {
		return p.What
	}
	return err.Error()
}
