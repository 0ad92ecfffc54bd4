package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

// tool is a load-testing tool as a command knows it.
type tool struct {
	name    string // of the command, of its service, in records
	tags    string // what --tag does
	shipped runner.Shipped
	// program finds it for a run on this machine: the file that the record names, and how it is called. It asks for neither
	// when the run is in a container.
	program func(ctx context.Context, o *runOptions, spec *runner.Spec, here bool) (binary string, p runner.Program, err error)
}

// runOptions are the flags of a run.
type runOptions struct {
	deps     *Deps
	tool     tool
	scenario string
	dir      string
	env      []string
	envFiles []string
	tags     []string
	project  string
	id       string
	engine   string
	strict   bool // k6 only
	noGate   bool
	// noPreflight leaves out what is checked before a run; else preflightIn is how long that may take
	noPreflight bool
	preflightIn time.Duration
	runner      string
	args        []string // behind --
}

// runTool makes a run of a tool and says what came of it.
func runTool(ctx context.Context, o *runOptions) error {
	d := o.deps
	spec, err := o.spec()
	if err != nil {
		return err
	}
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	gate, err := o.admit(l, st)
	if err != nil {
		return err
	}
	if spec.Scenario.Shipped && spec.Target == "" {
		if spec.Target = st.URL(engine.ToyAPI); spec.Target == "" {
			return problem.LabNotRunning("the shipped scenario " + spec.Scenario.Name + " calls the lab's toy API unless BASE_URL names another target")
		}
		spec.Vars = append(spec.Vars, "BASE_URL="+spec.Target)
	}
	if o.engine != "embedded" {
		if spec.Sink, err = d.sink(st); err != nil {
			return err
		}
	}
	progress := d.IO.Progress(d.json)
	if at, ok := strings.CutPrefix(st.URL(engine.Telegraf), "udp://"); ok && o.engine != "embedded" {
		spec.StatsD = &runner.Address{Here: at, Inside: fmt.Sprintf("%s:%d", engine.Telegraf, compose.StatsD)}
	}
	r := &runner.Runner{
		Runs: l.Home.Runs(), Kill: d.Kill, Watch: o.watch(l, st), Gate: gate,
		Note: func(text string) { progress(term.Event{Warn: true, Text: text}) },
	}
	if !o.noPreflight {
		r.Preflight = o.preflightIn
	}
	if d.debug {
		r.Debug = func(text string) { progress(term.Event{Text: text}) }
	}
	if r.Place, err = o.place(ctx, l, st, spec, progress); err != nil {
		return o.named(err)
	}
	board, refill := "", func() error { return nil }
	if running(st) { // beside a lab on Docker too: `ltlab ui` shows its runs live
		s, recovered, err := store.Open(l.Home.Store())
		if err != nil { // the run matters more than its board
			progress(term.Event{Service: engine.Boards, Warn: true, Text: "will not show this run: " + err.Error()})
		} else {
			defer s.Close()
			if recovered != nil {
				warnRecovered(recovered, progress)
				refill = func() error { return fill(ctx, s, l.Home, progress) }
			}
			r.Follow = func(f record.Folder) runner.Follower { return s.NewFollow(f) }
			board = st.URL(engine.Boards)
		}
	}
	r.Began = func(f record.Folder) {
		text := "run " + f.ID()
		if board != "" {
			text += " · live on " + runURL(board, f.ID())
		} else if spec.Sink != nil {
			text += " · rows go to " + spec.Sink.URL
		} else {
			text += " · no lab is running: record only"
		}
		progress(term.Event{Text: text})
	}
	r.Sends = func() { progress(term.Event{Service: "influxdb", Text: "is sent what it does not have yet"}) }
	d.inRun.Store(true)
	out, err := r.Run(ctx, spec)
	d.inRun.Store(false)
	if err != nil {
		return o.named(err)
	}
	if out.Problem != nil {
		out.Problem = o.fixed(out.Problem)
	}
	if err := refill(); err != nil && ctx.Err() == nil {
		progress(term.Event{Service: engine.Boards, Warn: true, Text: "do not have all runs yet: " + err.Error()})
	}
	doc := newRunDoc(out.Folder, out.Summary, board)
	doc.finish(out)
	if d.json {
		if err := term.JSON(d.IO.Out, doc); err != nil {
			return err
		}
	} else {
		writeRun(d.IO, doc)
		if out.Problem != nil {
			fmt.Fprintln(d.IO.Err)
			d.show(out.Problem)
		}
	}
	if out.Problem != nil {
		return &shownError{out.Problem.Exit}
	}
	return nil
}

// named is an error whose fixes name the scenario that was given.
func (o *runOptions) named(err error) error {
	var p *problem.Problem
	if !errors.As(err, &p) {
		return err
	}
	return o.fixed(p)
}

// fixed is a problem whose fixes name the scenario that was given.
func (o *runOptions) fixed(p *problem.Problem) *problem.Problem {
	given := "-s " + shellWord(o.scenario)
	if o.dir != "" {
		given = "-p " + shellWord(o.dir) + " " + given
	}
	out := *p
	out.Fix = slices.Clone(p.Fix)
	for i := range out.Fix {
		words := strings.Fields(out.Fix[i].Run)
		if at := slices.Index(words, "FILE"); at > 0 && words[at-1] == "-s" && !slices.Contains(words, "-p") {
			words = slices.Concat(words[:at-1], []string{given}, words[at+1:])
			out.Fix[i].Run = strings.Join(words, " ")
		}
	}
	return &out
}

// gateIn is how long a running lab has to show that it does its work, before a run.
const gateIn = 15 * time.Second

// admit returns what says whether the lab is fit for a run: numbers measured beside a sick service tell nothing. Without a lab, or
// beside one that was not asked for, the run is recorded all the same: there is nothing to ask.
func (o *runOptions) admit(l *lab.Lab, st *lab.Status) (func(context.Context) error, error) {
	switch {
	case o.engine == "docker" && l.Engine.Name() != "docker" && running(st):
		return nil, problem.OtherEngine(o.engine, l.Engine.Name())
	case o.engine == "docker" && !running(st):
		return nil, problem.LabNotRunning("--engine docker runs beside a lab on Docker")
	case !running(st), o.noGate, o.engine == "embedded" && l.Engine.Name() != "embedded":
		return nil, nil
	}
	return func(ctx context.Context) error { return l.Engine.Gate(ctx, gateIn, func(term.Event) {}) }, nil
}

// notDocker is the problem of who wants a container of a lab that has none.
func notDocker(st *lab.Status) error {
	if !running(st) {
		return problem.LabNotRunning("--runner docker runs in the network of a lab on Docker")
	}
	return problem.NeedsDocker("--runner docker", "the lab runs embedded")
}

func runURL(board, id string) string { return board + "/runs/" + id }

// spec turns flags into a run; everything that can be refused is refused here, before anything is made.
func (o *runOptions) spec() (*runner.Spec, error) {
	d := o.deps
	if err := checkEngine(o.engine); err != nil {
		return nil, err
	}
	if err := checkRunner(o.runner); err != nil {
		return nil, err
	}
	if o.scenario == "" {
		return nil, &usageError{fmt.Errorf("no scenario given: -s FILE, or a shipped one (%s)", strings.Join(o.tool.shipped.Names, ", "))}
	}
	cwd, err := d.Getwd()
	if err != nil {
		return nil, err
	}
	scenario, project, err := findScenario(cwd, o.dir, o.scenario, o.tool.shipped)
	if err != nil {
		return nil, err
	}
	vars, err := o.vars(cwd)
	if err != nil {
		return nil, err
	}
	tags, err := parseTags(o.tags)
	if err != nil {
		return nil, err
	}
	spec := &runner.Spec{
		ID: o.id, Engine: "embedded", Scenario: scenario, Dir: cwd, Environ: d.Environ(), Vars: vars,
		Args: o.args, Tags: tags, Project: o.project, Strict: o.strict, Stdout: d.IO.Out, Stderr: d.IO.Err,
	}
	if d.json {
		spec.Stdout = d.IO.Err // stdout is the document's
	}
	if spec.Project == "" && project != nil {
		spec.Project = project.Name
	}
	if err := o.aim(spec, project); err != nil {
		return nil, err
	}
	return spec, nil
}

// aim sets the run's target. The scenario sees flags and the environment anyway; what a file sets is added to its variables.
func (o *runOptions) aim(spec *runner.Spec, project *config.Project) error {
	env, err := o.deps.env()
	if err != nil {
		return err
	}
	o.deps.warn(warnings(env))
	sources := config.Sources{Flags: map[string]config.Flag{}, Getenv: o.deps.Getenv, Project: project, Env: env}
	for _, v := range spec.Vars {
		if name, value, _ := strings.Cut(v, "="); name == config.BaseURL {
			sources.Flags[name] = config.Flag{Name: "-e", Value: value}
		}
	}
	target := sources.Value(config.BaseURL)
	spec.Target = target.Value
	if from := target.Origin.From; from == config.FromProject || from == config.FromLab {
		if err := target.Check(); err != nil {
			return problem.SettingsInvalid(fmt.Errorf("%s: %w", target.Origin.At, err))
		}
		spec.Vars = append(spec.Vars, config.BaseURL+"="+target.Value)
	}
	return nil
}
