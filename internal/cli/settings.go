package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
)

// settings are the lab's settings as they count in the folder where the user is.
type settings struct {
	config.Sources
	running  bool     // the lab runs, well or not
	boards   string   // address of the running lab's boards, "" without
	warnings []string // never nil
}

// settings reads everything that sets something.
func (d *Deps) settings(ctx context.Context) (*settings, error) {
	cwd, err := d.Getwd()
	if err != nil {
		return nil, err
	}
	project, err := findProject(cwd, cwd)
	if err != nil {
		return nil, err
	}
	env, err := d.env()
	if err != nil {
		return nil, err
	}
	notes := warnings(env)
	_, st, err := d.running(ctx)
	var p *problem.Problem
	if ctx.Err() == nil && errors.As(err, &p) && noEngine(p) { // settings can be read, and mended, without it
		notes, st, err = append(notes, p.What+", where the lab was left running"), &lab.Status{State: engine.Absent}, nil
	}
	if err != nil {
		return nil, err
	}
	s := &settings{running: running(st), boards: st.URL(engine.Boards), warnings: notes}
	s.Sources = config.Sources{Getenv: d.Getenv, Project: project, Env: env, Running: map[string]string{
		config.BaseURL: st.URL(engine.ToyAPI), config.InfluxURL: st.URL("influxdb"), config.GrafanaURL: st.URL("grafana"),
	}}
	for _, v := range s.All() {
		if err := v.Check(); err != nil {
			s.warnings = append(s.warnings, v.Origin.String()+": "+err.Error())
		}
	}
	return s, nil
}

// env is the lab's .env.
func (d *Deps) env() (*config.EnvFile, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	f, err := config.ReadEnv(h)
	if err != nil {
		return nil, settingsProblem(err)
	}
	return f, nil
}

// warnings are an .env's notes.
func warnings(f *config.EnvFile) []string {
	out := []string{}
	for _, n := range f.Notes {
		out = append(out, n.String())
	}
	return out
}

// warn shows warnings to people; in a document they stand by themselves.
func (d *Deps) warn(texts []string) {
	progress := d.IO.Progress(d.json)
	for _, text := range texts {
		progress(term.Event{Warn: true, Text: text})
	}
}

// settingsProblem is what a user is told about an error of the lab's own settings.
func settingsProblem(err error) error {
	var file *config.FileError
	var unusable *config.UnusableError
	var unknown *config.KeyError
	var value *config.ValueError
	switch {
	case errors.As(err, &file):
		return problem.SettingsInvalid(file)
	case errors.As(err, &unusable):
		return problem.SettingsUnusable(unusable.Path, unusable.Err)
	case errors.As(err, &unknown), errors.As(err, &value):
		return problem.SettingRefused(err)
	}
	return err
}

// findProject is the ltlab.yaml that holds for a folder, nil when there is none.
func findProject(dir, cwd string) (*config.Project, error) {
	p, err := config.FindProject(dir, cwd)
	var file *config.FileError
	var unusable *config.UnusableError
	if errors.As(err, &file) || errors.As(err, &unusable) {
		return nil, problem.ProjectFileInvalid(err)
	}
	return p, err
}

// findScenario looks for -s where -p says, in the scenarios folder of the project's ltlab.yaml, and among those shipped.
// The project is nil where no ltlab.yaml holds for the scenario.
func findScenario(cwd, dir, name string, shipped runner.Shipped) (*runner.Scenario, *config.Project, error) {
	base := absolute(cwd, dir)
	path := absolute(base, name)
	there := exists(path)
	if there {
		base = filepath.Dir(path)
	}
	project, err := findProject(base, cwd)
	if err != nil {
		return nil, nil, err
	}
	if !there && project != nil && project.Scenarios != "" && filepath.IsLocal(name) && (dir == "" || within(base, project.Scenarios)) {
		for _, file := range []string{name, name + shipped.Ext} {
			if exists(filepath.Join(project.Scenarios, file)) {
				s, err := runner.FindScenario(cwd, project.Scenarios, file, shipped)
				return s, project, err
			}
		}
	}
	s, err := runner.FindScenario(cwd, dir, name, shipped)
	if err != nil || s.Shipped {
		project = nil
	}
	return s, project, err
}

// absolute is a path as seen from a folder.
func absolute(from, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(from, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
