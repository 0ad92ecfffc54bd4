package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
)

// state is docker.json: what the last start left running, so that a container which has vanished since is missed.
type state struct {
	Services []string `json:"services"`
}

func (e *Engine) remembered() (s state) {
	_ = config.ReadJSON(e.Home.Docker(), &s) // no file: nothing was started
	return s
}

func (e *Engine) remember(services []string) error {
	if err := config.WriteJSON(e.Home.Docker(), state{services}); err != nil {
		return problem.HomeUnusable(string(e.Home), err)
	}
	return nil
}

func (e *Engine) forget() error {
	if err := os.Remove(e.Home.Docker()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return problem.HomeUnusable(string(e.Home), err)
	}
	return nil
}

// Status looks at the containers, and asks those that run whether they answer.
func (e *Engine) Status(ctx context.Context) ([]engine.Service, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return nil, e.explain("list the lab's containers", err)
	}
	names := e.remembered().Services
	if len(all.containers) == 0 && len(names) == 0 {
		names = e.Services()
	}
	var out []engine.Service
	for _, n := range e.Services() {
		v := all.service(n)
		if v == nil && !slices.Contains(names, n) {
			continue
		}
		s := engine.Service{Name: n, State: e.look(ctx, n, v)}
		if v != nil && s.State != engine.Exited {
			s.URL = address(n, v)
		}
		out = append(out, s)
	}
	return out, nil
}

// look is the state of a service's container.
func (e *Engine) look(ctx context.Context, service string, v *container.Summary) engine.State {
	switch {
	case v == nil:
		return engine.Absent
	case v.State == container.StateCreated:
		return engine.Starting
	case v.State != container.StateRunning:
		return engine.Exited
	case healthPath[service] == "" && !strings.Contains(v.Status, "unhealthy"): // as the engine's own checks say
		return engine.Healthy
	case healthPath[service] == "":
		return engine.Unhealthy
	}
	ctx, cancel := context.WithTimeout(ctx, lookIn)
	defer cancel()
	if answers(service, published(v)).Probe(ctx) != nil {
		return engine.Unhealthy
	}
	return engine.Healthy
}

// lookIn is how long a service may take to answer somebody who only looks.
const lookIn = 2 * time.Second

// address is where a service answers on this machine, "" for one without a published port.
func address(service string, v *container.Summary) string {
	port := published(v)
	switch {
	case port == 0:
		return ""
	case service == engine.Telegraf:
		return fmt.Sprintf("udp://127.0.0.1:%d", port)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}

func published(v *container.Summary) int {
	for _, p := range v.Ports {
		if p.PublicPort != 0 {
			return int(p.PublicPort)
		}
	}
	return 0
}

// lost says whether an error means that the engine itself went away.
func lost(err error) bool {
	if client.IsErrConnectionFailed(err) {
		return true
	}
	for _, sign := range []string{"Cannot connect to the Docker daemon", "connection refused", "unexpected EOF", "connection reset", "docker.sock: connect"} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return errors.Is(err, os.ErrNotExist)
}
