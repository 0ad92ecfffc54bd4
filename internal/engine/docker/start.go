package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/grafana"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/gate"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// Start brings the services up and returns when the gate says that each does its work. InfluxDB is provisioned before
// anything that needs its tokens starts; once that is done, everything starts at the same time.
func (e *Engine) Start(ctx context.Context, o engine.Options, p term.Progress) ([]engine.Service, error) {
	services, err := e.pick(o)
	if err != nil {
		return nil, err
	}
	if left := e.remembered().Services; len(left) > 0 && len(o.Only)+len(o.Without) == 0 {
		services = left // a lab that runs stays as it was asked for
	}
	for n := range o.Ports {
		if !slices.Contains(services, n) {
			return nil, problem.BadUsage("ltlab start", fmt.Errorf("--port %s: only %s start", n, strings.Join(services, ", ")))
		}
	}
	if err := e.ensureImages(ctx, services, p); err != nil {
		return nil, err
	}
	return e.bring(ctx, services, o, nil, p)
}

// Restart makes the containers of those services anew, under the settings of now.
func (e *Engine) Restart(ctx context.Context, services []string, timeout time.Duration, p term.Progress) ([]engine.Service, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return nil, e.explain("list the lab's containers", err)
	}
	var there []string
	for _, n := range e.Services() {
		if all.service(n) != nil {
			there = append(there, n)
		}
	}
	if len(there) == 0 {
		return nil, problem.LabNotRunning("it has no containers")
	}
	force := services
	if len(force) == 0 {
		force = there
	}
	for _, n := range force {
		if !slices.Contains(e.Services(), n) {
			return nil, problem.ServiceUnknown(n, e.Services())
		}
		if !slices.Contains(there, n) {
			return nil, problem.LabNotRunning(n + " was left out when the lab started")
		}
	}
	return e.bring(ctx, there, engine.Options{Timeout: timeout}, force, p)
}

// start is one start at work.
type start struct {
	*Engine
	c        *Conn
	src      config.Sources
	before   objects
	services []string
	force    []string // made anew whether or not something changed
	ports    map[string]int
	watch    *watch
	p        term.Progress
	began    time.Time
}

// bring starts the services, and removes what it made when that fails.
func (e *Engine) bring(ctx context.Context, services []string, o engine.Options, force []string, p term.Progress) ([]engine.Service, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := engine.Lock(ctx, e.Home)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if o.Still != nil {
		if err := o.Still(); err != nil {
			return nil, err
		}
	}
	if err := e.Ensure(); err != nil {
		return nil, err
	}
	s := &start{Engine: e, c: c, services: services, force: slices.Clone(force), p: p, began: time.Now()}
	if s.before, err = c.find(ctx, string(e.Home)); err != nil {
		return nil, e.explain("list the lab's containers", err)
	}
	if half := s.before.exchanged(e.Project()); len(half.containers) > 0 {
		if err := c.remove(ctx, half); err != nil {
			return nil, e.explain("remove what an earlier start left half made", err)
		}
		s.before = s.before.without(half)
	}
	if err := s.choosePorts(ctx, o.Ports); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, o.Timeout+spare, errTimeout)
	defer cancel()
	s.watch = c.watch(limited, string(e.Home))
	if err := s.run(limited, o.Ports); err != nil {
		err = s.blame(ctx, err)
		s.undo(ctx, limited.Err() != nil)
		if all, ferr := c.find(context.WithoutCancel(ctx), string(e.Home)); ferr == nil && all.services() == 0 {
			_ = e.forget() // what ran before is gone, too, as after a restart that failed
		}
		return nil, err
	}
	return e.Status(ctx)
}

func (s *start) run(ctx context.Context, exact map[string]int) error {
	if slices.Contains(s.services, engine.Grafana) {
		if err := s.Home.MakeDashboards(); err != nil {
			return problem.HomeUnusable(string(s.Home), err)
		}
		if err := grafana.WriteBoards(s.Home.OwnDashboards()); err != nil {
			return problem.HomeUnusable(s.Home.OwnDashboards(), err)
		}
	}
	if slices.Contains(s.services, engine.InfluxDB) {
		if err := s.database(ctx, exact); err != nil {
			return err
		}
	}
	if err := s.up(ctx, s.services, exact); err != nil {
		return err
	}
	if err := s.keepPorts(); err != nil {
		return err
	}
	if err := s.gate(ctx, s.services); err != nil {
		return err
	}
	var all []string
	for _, n := range s.Services() {
		if slices.Contains(s.services, n) || s.before.service(n) != nil {
			all = append(all, n)
		}
	}
	return s.remember(all)
}

// up makes the project of those services what the settings say. A port that somebody took in between is replaced once.
func (s *start) up(ctx context.Context, services []string, exact map[string]int) error {
	err := s.converge(ctx, services)
	if err == nil || !portTaken(err) {
		return err
	}
	if err := s.choosePorts(ctx, exact); err != nil {
		return err
	}
	return s.converge(ctx, services)
}

func (s *start) converge(ctx context.Context, services []string) error {
	project, err := s.project(ctx, services, s.ports)
	if err != nil {
		return err
	}
	forced := slices.DeleteFunc(slices.Clone(s.force), func(n string) bool { return !slices.Contains(services, n) })
	if len(forced) > 0 {
		part, err := project.WithSelectedServices(forced)
		if err != nil {
			return err
		}
		grace := stopIn
		if err := s.c.Compose.Create(ctx, part, api.CreateOptions{IgnoreOrphans: true, Recreate: api.RecreateForce, Inherit: true, Timeout: &grace}); err != nil {
			return err
		}
		s.force = slices.DeleteFunc(s.force, func(n string) bool { return slices.Contains(forced, n) })
	}
	grace := stopIn
	return s.c.Compose.Up(ctx, project, api.UpOptions{
		Create: api.CreateOptions{IgnoreOrphans: true, Recreate: api.RecreateDiverged, RecreateDependencies: api.RecreateDiverged, Inherit: true, Timeout: &grace},
		Start:  api.StartOptions{Project: project},
	})
}

// project is the Compose project of those services under the settings of now.
func (e *Engine) project(ctx context.Context, services []string, ports map[string]int) (*types.Project, error) {
	src, err := e.Settings()
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	for _, v := range src.All() {
		env[v.Key.Name] = v.Value
	}
	return compose.Load(ctx, compose.Values{
		Project: e.Project(), Lab: e.Lab, Home: string(e.Home), Env: env, Ports: ports, Services: services, Dashboards: e.Home.Dashboards(), Gated: true,
	})
}

// blame turns what ended a start into the problem that the user should see.
func (s *start) blame(ctx context.Context, err error) error {
	var f *gate.Failure
	if errors.As(err, &f) {
		f.After = time.Since(s.began) // as the user counts
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if lostWhy := s.watch.lost(); lostWhy != nil {
		return problem.EngineLost(lostWhy)
	}
	if errors.Is(err, errTimeout) || errors.Is(err, context.DeadlineExceeded) {
		return problem.LabUnhealthy("the lab did not become healthy in time", "its time was over while something was still being done: "+err.Error(), "")
	}
	return s.explain("start the services", err)
}

// undo removes what this start made: everything when the lab did not run before, else the new containers. When it was cut
// short, the engine may still be at work for it: it makes what it was asked for, though nobody waits for that any more.
func (s *start) undo(ctx context.Context, cut bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoIn)
	defer cancel()
	tick := time.NewTicker(lateIn / 10)
	defer tick.Stop()
	_, err := s.remove(ctx)
	for last := time.Now(); cut && time.Since(last) < lateIn; {
		<-tick.C
		var some bool
		if some, err = s.remove(ctx); some && err == nil {
			last = time.Now()
		}
	}
	if err != nil {
		s.p(term.Event{Warn: true, Text: "what was half made could not be removed, the next start or `ltlab purge` will: " + reason(err)})
	}
}

// remove removes what of this start is there now, and says whether there was something.
func (s *start) remove(ctx context.Context) (some bool, err error) {
	now, err := s.c.find(ctx, string(s.Home))
	if err != nil {
		return false, err
	}
	made := now.without(s.before)
	if !s.before.running() {
		made.containers, made.networks = now.containers, now.networks
	}
	if i := slices.IndexFunc(made.containers, oneOff); i >= 0 { // a run that began meanwhile is not this start's
		made.containers, made.networks = slices.DeleteFunc(slices.Clone(made.containers), oneOff), nil
	}
	return len(made.containers)+len(made.networks)+len(made.volumes) > 0, s.c.remove(ctx, made)
}
