package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/doctor"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/node"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
)

// patient is the user's lab as the doctor sees it: it looks, and does not even close an .env that others may read.
func (d *Deps) patient(h config.Home, offline bool) (*doctor.Patient, error) {
	cwd, err := d.Getwd()
	if err != nil {
		return nil, err
	}
	self, err := d.Executable()
	if err != nil {
		return nil, err
	}
	full, err := d.docker(h)
	if err != nil {
		return nil, err
	}
	read := func() (*config.EnvFile, error) {
		b, err := os.ReadFile(h.Env())
		if errors.Is(err, fs.ErrNotExist) {
			return config.ParseEnv(h.Env(), nil)
		}
		if err != nil {
			return nil, problem.SettingsUnusable(h.Env(), err)
		}
		f, err := config.ParseEnv(h.Env(), bytes.TrimPrefix(b, []byte("\uFEFF"))) // as ReadEnv
		if err != nil {
			return nil, settingsProblem(err)
		}
		return f, nil
	}
	full.Settings = func() (config.Sources, error) { // as labSettings, which closes the file
		f, err := read()
		if err != nil {
			return config.Sources{}, err
		}
		return config.Sources{Env: f, Getenv: func(name string) string {
			if strings.HasPrefix(name, "LTLAB_") {
				return d.Getenv(name)
			}
			return ""
		}}, nil
	}
	p := &doctor.Patient{
		Lab: d.labName(), Named: d.named != "", Home: h, Docker: full, Embedded: d.embedded(h), Self: self, Version: version.String(),
		Path: filepath.SplitList(d.Getenv("PATH")), Dir: cwd, Getenv: d.Getenv, Offline: offline,
		Project: sync.OnceValues(func() (*config.Project, error) { return findProject(cwd, cwd) }),
		K6:      func() (string, error) { return runner.FindK6(d.Getenv("LTLAB_K6"), self) },
		Alive: func(run string) bool {
			return runner.Alive(record.Folder(filepath.Join(string(h.Runs()), run)))
		},
		Start: func(ctx context.Context) error {
			_, err := full.Start(ctx, engine.Options{Timeout: time.Minute}, func(term.Event) {})
			return err
		},
		Sync: func(ctx context.Context, folders []string) error {
			l, err := d.dashboardLab(ctx, true)
			if err != nil {
				return err
			}
			_, failed, err := l.links.Sync(ctx, folders, false, l.world)
			for _, f := range failed {
				err = errors.Join(err, f.Err)
			}
			return err
		},
		Refill: func(ctx context.Context) error { return catchUp(ctx, h, func(term.Event) {}) },
	}
	p.Settings = func() (config.Sources, error) {
		f, err := read()
		if err != nil {
			return config.Sources{}, err
		}
		project, err := p.Project()
		if err != nil {
			project = nil // a check of its own says so
		}
		return config.Sources{Getenv: d.Getenv, Project: project, Env: f}, nil
	}
	p.Running = func(ctx context.Context) (*lab.Lab, *lab.Status, error) {
		l, err := d.lab(ctx)
		if err != nil {
			return nil, nil, err
		}
		if l.Engine.Name() == full.Name() {
			l.Engine = full
		}
		st, err := l.Status(ctx)
		return l, st, err
	}
	var once sync.Once
	var tool *node.Tool
	var toolErr error
	p.Artillery = func(ctx context.Context) (*node.Tool, error) {
		once.Do(func() {
			cache, _ := node.CacheDir(d.Getenv)
			tool, toolErr = node.Find(context.WithoutCancel(ctx), node.Options{
				Artillery: d.Getenv("LTLAB_ARTILLERY"), Node: d.Getenv("LTLAB_NODE"), Scenario: cwd, Cache: cache, Environ: d.Environ(),
			})
		})
		return tool, toolErr
	}
	p.Iterate = func(ctx context.Context) (string, error) { return d.iterate(ctx, p) }
	return p, nil
}

// iteration is the smallest scenario that does what all do.
const iteration = `import http from 'k6/http';
export const options = { vus: 1, iterations: 1 };
export default function () {
  if (__ENV.BASE_URL) http.get(__ENV.BASE_URL + '/health');
}
`

// iterate makes one iteration of k6 where a run would make it, in a folder of its own that goes with it.
func (d *Deps) iterate(ctx context.Context, p *doctor.Patient) (string, error) {
	dir, err := os.MkdirTemp("", "ltlab-doctor-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	project := filepath.Join(dir, "project")
	runs := record.Runs(filepath.Join(dir, "runs"))
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(project, 0o755), os.Mkdir(string(runs), 0o755), os.WriteFile(filepath.Join(project, "iteration.js"), []byte(iteration), 0o644)); err != nil {
		return "", err
	}
	quiet := *d.quietly()
	o := &runOptions{deps: &quiet, tool: k6Tool(), runner: runnerAuto, engine: "auto", noGate: true}
	scenario, err := runner.FindScenario(project, project, "iteration.js", o.tool.shipped)
	if err != nil {
		return "", err
	}
	spec := &runner.Spec{Engine: "embedded", Scenario: scenario, Dir: project, Environ: d.Environ(), Stdout: quiet.IO.Out, Stderr: quiet.IO.Err}
	l, st, err := p.Running(ctx)
	if err != nil { // an engine that is gone: another check says so
		l, st = &lab.Lab{Name: d.labName(), Home: p.Home, Engine: p.Embedded}, &lab.Status{State: engine.Absent}
	}
	if toy := st.URL(engine.ToyAPI); toy != "" {
		spec.Target, spec.Vars = toy, []string{config.BaseURL + "=" + toy}
	} else {
		spec.Vars = []string{config.BaseURL + "="}
	}
	r := &runner.Runner{Runs: runs, Kill: d.Kill}
	if r.Place, err = o.place(ctx, l, st, spec, func(term.Event) {}); err != nil {
		return "", err
	}
	out, err := r.Run(ctx, spec)
	if err != nil {
		return "", err
	}
	if out.Problem != nil {
		return "", out.Problem
	}
	where := "on this machine"
	if _, boxed := r.Place.(*runner.Container); boxed {
		where = "in a container of the lab"
	}
	called := "no request, for no toy API runs"
	if spec.Target != "" {
		called = "one request to " + spec.Target
	}
	return fmt.Sprintf("%s, with %s: %d samples, all recorded", where, called, out.Summary.Ledger.Recorded), nil
}

// quietly is the same without anybody to listen: what k6 prints in an examination is nobody's.
func (d *Deps) quietly() *Deps {
	return &Deps{
		IO: &term.IO{In: strings.NewReader(""), Out: new(strings.Builder), Err: new(strings.Builder)}, Getenv: d.Getenv, Environ: d.Environ,
		Getwd: d.Getwd, Executable: d.Executable, Kill: d.Kill, named: d.named,
	}
}
