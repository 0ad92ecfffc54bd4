package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/gate"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// targets are what the gate waits for: that each service does what it is there for.
func (e *Engine) targets(services []string, ports map[string]int) ([]gate.Target, error) {
	src, err := e.Settings()
	if err != nil {
		return nil, err
	}
	v := func(key string) string { return src.Value(key).Value }
	db := gate.InfluxDB{URL: local(ports[engine.InfluxDB]), Org: v(config.InfluxOrg), Bucket: v(config.InfluxBucket), Token: v(config.InfluxToken)}
	var out []gate.Target
	for _, n := range services {
		switch n {
		case engine.InfluxDB:
			out = append(out, gate.Influx(n, db))
		case engine.Telegraf:
			out = append(out, gate.Telegraf(n, fmt.Sprintf("127.0.0.1:%d", ports[n]), db))
		case engine.Grafana:
			out = append(out, gate.Grafana(n, local(ports[n]), v(config.GrafanaUser), v(config.GrafanaPassword)))
		default:
			out = append(out, answers(n, ports[n]))
		}
	}
	return out, nil
}

// healthPath is where a service says of itself that it lives, "" for one that speaks no HTTP.
var healthPath = map[string]string{engine.InfluxDB: "/health", engine.Grafana: "/api/health", engine.ToyAPI: "/health"}

// answers is the least that a service must do; it changes nothing.
func answers(service string, port int) gate.Target {
	return gate.Answers(service, local(port)+healthPath[service])
}

func local(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// gate waits until those services do their work.
func (s *start) gate(ctx context.Context, services []string) error {
	targets, err := s.targets(services, s.ports)
	if err != nil {
		return err
	}
	return s.wait(ctx, targets, func(e term.Event) {
		e.Took = time.Since(s.began) // as the user counts
		s.p(e)
	})
}

func (s *start) wait(ctx context.Context, targets []gate.Target, p term.Progress) error {
	return s.c.wait(ctx, string(s.Home), s.watch, targets, p)
}

// wait passes the gate until shortly before ctx's deadline, for the gate's own time-out says what it last saw. A container that has ended already, or ends while the gate waits, ends the wait.
func (c *Conn) wait(ctx context.Context, home string, w *watch, targets []gate.Target, p term.Progress) error {
	now, err := c.find(ctx, home)
	if err != nil {
		return err
	}
	var ids []string
	exits := make(chan gate.Exit, len(targets)+1)
	targets = slices.Clone(targets)
	for i, t := range targets {
		v := now.service(t.Name)
		if v == nil {
			return problem.LabUnhealthy(t.Name+" does not run", "its container is gone", "")
		}
		if v.State != container.StateRunning && v.State != container.StateCreated {
			exits <- c.exit(ctx, t.Name, v.ID)
			targets[i].Probe = never // the news must not lose a race against those who pass
		}
		ids = append(ids, v.ID)
	}
	deadline, _ := ctx.Deadline()
	limit := time.Until(deadline) - spare
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go w.forward(ctx, ids, exits)
	return gate.Wait(ctx, targets, gate.Options{Timeout: limit, Exits: exits, Logs: c.logsOf(home), Progress: p})
}

// never is the probe of what has ended already.
func never(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// Gate asks every service that runs whether it does its work.
func (e *Engine) Gate(ctx context.Context, timeout time.Duration, p term.Progress) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return e.explain("list the lab's containers", err)
	}
	names := e.remembered().Services
	for _, n := range e.Services() { // also what nobody remembers
		if all.service(n) != nil && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	ports := map[string]int{}
	for _, n := range names {
		v := all.service(n)
		if v == nil || v.State != container.StateRunning {
			return problem.LabUnhealthy(n+" does not run", "its container is gone or has ended", "")
		}
		ports[n] = published(v)
	}
	targets, err := e.targets(slices.Collect(maps.Keys(ports)), ports)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout+spare, errTimeout)
	defer cancel()
	ctx, refuse := context.WithCancelCause(ctx)
	defer refuse(nil)
	for i, t := range targets {
		targets[i].Probe = func(ctx context.Context) error {
			err := t.Probe(ctx)
			switch { // no wait makes these better
			case err == nil:
			case t.Name != engine.Grafana && strings.Contains(err.Error(), "HTTP 401"):
				refuse(problem.InfluxTokenRefused(err))
			case t.Name == engine.InfluxDB && strings.Contains(err.Error(), "HTTP 404"):
				refuse(problem.LabUnhealthy("the lab started under other settings than those of now", err.Error(), ""))
			}
			return err
		}
	}
	return c.wait(ctx, string(e.Home), c.watch(ctx, string(e.Home)), targets, p)
}
