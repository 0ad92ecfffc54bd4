// Package lab is the domain: a lab is started, stopped and looked at, whatever engine runs it.
package lab

import (
	"context"
	"slices"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/term"
)

// Schema is the version of Status as JSON.
const Schema = 1

// Lab is one lab of a user.
type Lab struct {
	Name   string
	Home   config.Home
	Engine engine.Engine
	Reason string // why it is this engine, see Status
}

// Status is how a lab stands.
type Status struct {
	Schema   int              `json:"schema"`
	Lab      string           `json:"lab"`
	Engine   string           `json:"engine"`
	State    engine.State     `json:"state"`
	Services []engine.Service `json:"services"`
	Reason   string           `json:"reason,omitempty"` // why a start chose this engine, where it was left to choose and Docker would not do
}

// URL of a service that is healthy; "" for any other.
func (s *Status) URL(service string) string {
	for _, v := range s.Services {
		if v.Name == service && v.State == engine.Healthy {
			return v.URL
		}
	}
	return ""
}

func (l *Lab) status(services []engine.Service) *Status {
	return &Status{Schema: Schema, Lab: l.Name, Engine: l.Engine.Name(), State: overall(services), Services: services}
}

// overall is the state of the service that is furthest from healthy; a lab of which only a part is gone is unhealthy.
func overall(services []engine.Service) engine.State {
	order := []engine.State{engine.Healthy, engine.Starting, engine.Unhealthy, engine.Exited, engine.Absent}
	best, worst := len(order), 0
	for _, v := range services {
		i := slices.Index(order, v.State)
		best, worst = min(best, i), max(worst, i)
	}
	if worst > 2 && best <= 2 {
		return engine.Unhealthy
	}
	return order[worst]
}

// Start returns once every service is healthy.
func (l *Lab) Start(ctx context.Context, o engine.Options, p term.Progress) (*Status, error) {
	services, err := l.Engine.Start(ctx, o, p)
	if err != nil {
		return nil, err
	}
	st := l.status(services)
	st.Reason = l.Reason
	return st, nil
}

// Stop ends the lab and keeps its data; stopped is false when it did not run.
func (l *Lab) Stop(ctx context.Context, p term.Progress) (stopped bool, err error) {
	return l.Engine.Stop(ctx, p)
}

// Status looks, and changes nothing.
func (l *Lab) Status(ctx context.Context) (*Status, error) {
	services, err := l.Engine.Status(ctx)
	if err != nil {
		return nil, err
	}
	return l.status(services), nil
}
