package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/host"
	"github.com/ltlab/ltlab/internal/preflight"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// ready waits for the lab's gate and checks meanwhile, unless that is left out, whether this machine has what the run asks for. A
// problem of the machine or the scenario ends the wait. What is not quite right is noted, and returned for the record.
func (r *Runner) ready(ctx context.Context, s *Spec) ([]record.Warning, error) {
	waiting, enough := context.WithCancel(ctx)
	defer enough()
	gate := make(chan error, 1)
	go func() {
		if r.Gate == nil {
			gate <- nil
			return
		}
		gate <- r.Gate(waiting)
	}()
	var report preflight.Report
	if r.Preflight > 0 {
		report = preflight.Look(ctx, r.Preflight, r.checks(s))
	}
	const target = "target-unreachable" // it may be a service of the lab, of which the gate knows more
	if p := report.Problem; p != nil && p.ID != target && ctx.Err() == nil {
		return nil, p
	}
	err := <-gate
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case report.Problem != nil:
		return nil, report.Problem
	}
	for _, why := range report.Unknown {
		if r.Debug != nil {
			r.Debug("not checked before the run: " + why)
		}
	}
	for _, w := range report.Warnings {
		r.note(w.Text)
	}
	return report.Warnings, nil
}

// checks are those of a run: what the scenario says of itself, and whether the machine on which the load starts is up to it. Of a
// container's files, ports and target this machine knows nothing: it connects to the target itself.
func (r *Runner) checks(s *Spec) []preflight.Check {
	_, here := r.place().(Host)
	name, environ := s.Program.Name(), r.place().Environ(s)
	var once sync.Once
	var known preflight.Asked
	var failed error
	asked := func(ctx context.Context) (preflight.Asked, error) {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(ctx, r.Preflight*3/4) // what follows from it takes its time, too
			defer cancel()
			known, failed = s.Program.Asks(ctx, s, environ)
		})
		return known, failed
	}
	checks := []preflight.Check{
		{Name: "disk", Ask: func(ctx context.Context) preflight.Finding {
			free, _, ok := host.Disk(string(r.Runs))
			if !ok {
				return preflight.Unknown("the system does not say what is left")
			}
			a, _ := asked(ctx)
			return preflight.Disk(name, a, string(r.Runs), free)
		}},
		{Name: "scenario", Ask: func(ctx context.Context) preflight.Finding {
			a, err := asked(ctx)
			var p *problem.Problem
			if errors.As(err, &p) {
				return preflight.Finding{Problem: p}
			}
			if err != nil {
				return preflight.Unknown(err.Error())
			}
			return preflight.Finding{Warnings: a.Warnings}
		}},
	}
	if here {
		checks = append(checks, local(s, environ, asked)...)
	}
	return append(checks, preflight.Check{Name: "processors", Ask: func(ctx context.Context) preflight.Finding {
		_, _ = asked(ctx) // that keeps a processor busy itself
		return preflight.CPU(ctx)
	}})
}

// local are the checks of what a tool on this machine needs of it. What is not known of the scenario is said elsewhere.
func local(s *Spec, environ []string, asked func(context.Context) (preflight.Asked, error)) []preflight.Check {
	name := s.Program.Name()
	return []preflight.Check{
		{Name: "files", Ask: func(ctx context.Context) preflight.Finding {
			limit, ok := host.Files()
			a, err := asked(ctx)
			if !ok || err != nil {
				return preflight.Finding{} // no limit, or said above
			}
			return preflight.Files(name, a, limit)
		}},
		{Name: "ports", Ask: func(ctx context.Context) preflight.Finding {
			n, ok := host.Ports()
			a, err := asked(ctx)
			if !ok || err != nil {
				return preflight.Finding{}
			}
			return preflight.Ports(a, a.Target == "" || address.Loopback(address.Host(a.Target)), n)
		}},
		{Name: "memory", Ask: func(ctx context.Context) preflight.Finding {
			available, _, ok := host.Memory()
			a, err := asked(ctx)
			if !ok || err != nil {
				return preflight.Finding{}
			}
			return preflight.Memory(a, available)
		}},
		{Name: "imports", Ask: func(context.Context) preflight.Finding { return inside(s) }},
		{Name: "target", Ask: func(ctx context.Context) preflight.Finding {
			a, _ := asked(ctx)
			at := address.HostPort(a.Target)
			if at == "" || len(address.Through(a.Target, environ)) > 0 {
				return preflight.Finding{}
			}
			return preflight.Target(ctx, name, redactURL(a.Target), at)
		}},
	}
}

// inside warns of a project that is not whole: a container of the lab that is given its folder would not have all.
func inside(s *Spec) preflight.Finding {
	if !s.Scenario.Given {
		return preflight.Finding{}
	}
	g, err := s.Program.Scan(s)
	if err != nil {
		return preflight.Unknown(reason(err))
	}
	outside := g.Outside(s.Scenario.Dir)
	if len(outside) == 0 {
		return preflight.Finding{}
	}
	return preflight.Warn("import-outside-project", fmt.Sprintf("the scenario needs %s, which is outside -p %s: in a container of the lab it would not be there", strings.Join(outside, ", "), s.Scenario.Dir))
}
