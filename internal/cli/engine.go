package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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
// engine answers and every image can be had, and else says why not.
func (d *Deps) choose(ctx context.Context, name string, o engine.Options, p term.Progress) (*lab.Lab, error) {
	l, err := d.lab(ctx)
	if err != nil {
		return nil, err
	}
	st, err := l.Status(ctx)
	if err != nil {
		return nil, err
	}
	if st.State != engine.Absent && (st.State != engine.Exited || l.Engine.Name() == "docker") {
		if name != "auto" && name != l.Engine.Name() {
			return nil, problem.OtherEngine(name, l.Engine.Name())
		}
		return l, nil
	}
	if l.Engine = d.embedded(l.Home); name == "embedded" {
		return l, nil
	}
	full, err := d.docker(l.Home)
	if err != nil {
		return nil, err
	}
	why := full.Ready(ctx, o, p)
	switch {
	case why == nil || name == "docker":
		l.Engine = full
		return l, why
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case len(o.Only)+len(o.Without) > 0, !environmental(why): // only Docker can do what was asked
		return nil, why
	}
	p(term.Event{Text: "runs embedded, for " + strings.ReplaceAll(short(why), "\n", "; ")})
	return l, nil
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
