// Package docker is the engine of the full lab: a Compose project of InfluxDB, Grafana, Telegraf and the toy API.
//
// Compose's own library creates, recreates and removes; what healthy means, and in which order things start, is decided
// here and by the gate. A lab's objects are found by their label, never by the current directory.
package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker/compose/v5/pkg/api"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// undoIn bounds the removal of what a failed start made, and lateIn is how long the engine may go on making things for a start
// that was cut short; stopIn is what a service gets to end by itself.
const (
	undoIn = time.Minute
	lateIn = time.Second
	stopIn = 10 * time.Second
	spare  = 2 * time.Second // between the gate's time-out and that of all else
)

var errTimeout = errors.New("timed out")

// Engine is the Docker engine of one lab.
type Engine struct {
	Lab      string
	Home     config.Home
	Ensure   func() error                   // makes what settings a lab must have; errors are problems
	Settings func() (config.Sources, error) // the lab's settings as they are now; errors are problems
	Save     func([]config.Setting) error   // into the lab's .env
	Programs string                         // our images' programs are in <Programs>/<architecture>/

	mu   sync.Mutex
	open *Conn
}

var _ engine.Engine = (*Engine)(nil)

// Name is "docker".
func (e *Engine) Name() string { return "docker" }

// Services are those of the Compose project that run all the time.
func (e *Engine) Services() []string {
	return []string{engine.InfluxDB, engine.Telegraf, engine.Grafana, engine.ToyAPI}
}

// Project is the name of the lab's Compose project: two users, or two folders, never share one.
func (e *Engine) Project() string {
	sum := sha256.Sum256([]byte(e.Home))
	return "ltlab-" + e.Lab + "-" + hex.EncodeToString(sum[:3])
}

// conn is the connection to the engine, made at the first use.
func (e *Engine) conn(ctx context.Context) (*Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		c, err := Dial(ctx)
		if err != nil {
			return nil, err
		}
		e.open = c
	}
	return e.open, nil
}

// Ready says whether the engine answers and could run those services: every image is here or can be had. Images are
// fetched by that.
func (e *Engine) Ready(ctx context.Context, o engine.Options, p term.Progress) error {
	services, err := e.pick(o)
	if err != nil {
		return err
	}
	return e.ensureImages(ctx, services, p)
}

// Traces are what a lab may have left on the engine.
type Traces struct {
	Containers bool // of services, running or not
	Volumes    bool // it was started here once, and not purged
}

// Traces says what there is of the lab.
func (e *Engine) Traces(ctx context.Context) (t Traces, err error) {
	c, err := e.conn(ctx)
	if err != nil {
		return t, err
	}
	o, err := c.find(ctx, string(e.Home))
	if err != nil {
		return t, e.explain("list the lab's containers", err)
	}
	return Traces{Containers: o.services() > 0, Volumes: len(o.volumes) > 0}, nil
}

// Remembered says whether the lab was left running on this engine.
func (e *Engine) Remembered() bool { return len(e.remembered().Services) > 0 }

// needs are the services without which another cannot do its work.
var needs = map[string][]string{engine.Telegraf: {engine.InfluxDB}, engine.Grafana: {engine.InfluxDB}}

// pick is the set of services that was asked for, with those that they need, in the order of Services.
func (e *Engine) pick(o engine.Options) ([]string, error) {
	for _, n := range slices.Concat(o.Only, o.Without) {
		if !slices.Contains(e.Services(), n) {
			return nil, problem.ServiceUnknown(n, e.Services())
		}
	}
	var out []string
	for _, n := range e.Services() {
		if wanted(n, o.Only) && !slices.Contains(o.Without, n) {
			out = append(out, n)
		}
	}
	for _, n := range out {
		for _, m := range needs[n] {
			if slices.Contains(o.Without, m) {
				return nil, problem.BadUsage("ltlab start", fmt.Errorf("%s needs %s: leave it out, too, with --without %s,%s", n, m, m, n))
			}
		}
	}
	if len(out) == 0 {
		return nil, problem.BadUsage("ltlab start", errors.New("no service is left to start"))
	}
	return out, nil
}

// wanted says whether a service is named, or needed by one that is; no names are all.
func wanted(service string, only []string) bool {
	if len(only) == 0 || slices.Contains(only, service) {
		return true
	}
	return slices.ContainsFunc(only, func(n string) bool { return slices.Contains(needs[n], service) })
}

// Stop ends and removes the containers and their network; the volumes stay.
func (e *Engine) Stop(ctx context.Context, p term.Progress) (bool, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return false, err
	}
	unlock, err := engine.Lock(ctx, e.Home)
	if err != nil {
		return false, err
	}
	defer unlock()
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return false, e.explain("list the lab's containers", err)
	}
	began := time.Now()
	err = e.down(ctx, c, all)
	if errors.Is(err, errInUse) { // as Compose leaves it; the next start takes it up again
		p(term.Event{Warn: true, Text: err.Error() + ", so it stays"})
		err = nil
	}
	if err != nil {
		return false, err
	}
	for _, n := range slices.Backward(e.Services()) {
		if all.service(n) != nil {
			p(term.Event{Service: n, Text: "stopped", Took: time.Since(began)})
		}
	}
	return all.running(), e.forget()
}

// down removes containers and networks, after the services had time to end by themselves. A network that others use is
// errInUse, and the rest is removed.
func (e *Engine) down(ctx context.Context, c *Conn, all objects) error {
	if len(all.containers) == 0 && len(all.networks) == 0 {
		return nil
	}
	grace := stopIn
	if err := c.Compose.Down(ctx, e.Project(), api.DownOptions{RemoveOrphans: true, Timeout: &grace}); err != nil {
		return e.explain("stop the services", err)
	}
	left, err := c.find(ctx, string(e.Home)) // what carries our label alone: one-off containers
	left.volumes = all.anonymous()           // which Compose leaves, without a label
	if err == nil {
		err = c.remove(ctx, left)
	}
	if err != nil && !errors.Is(err, errInUse) {
		return e.explain("stop the services", err)
	}
	return err
}

// Holdings are the lab's containers, networks and volumes.
func (e *Engine) Holdings(ctx context.Context) ([]engine.Holding, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return nil, e.explain("list what the lab has", err)
	}
	out, err := c.holdings(ctx, all)
	if err != nil {
		return nil, e.explain("measure the lab's volumes", err)
	}
	return out, nil
}

// Purge removes them, volumes with all that was measured included.
func (e *Engine) Purge(ctx context.Context, p term.Progress) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	unlock, err := engine.Lock(ctx, e.Home)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return e.explain("list what the lab has", err)
	}
	if err := e.down(ctx, c, all); err != nil && !errors.Is(err, errInUse) {
		return err
	}
	if all, err = c.find(ctx, string(e.Home)); err == nil {
		err = c.remove(ctx, all)
	}
	if err != nil {
		return e.explain("remove all that the lab has", err)
	}
	p(term.Event{Text: "containers, network and volumes are removed"})
	return e.forget()
}

// explain makes a problem of what went wrong while the engine did something.
func (e *Engine) explain(doing string, err error) error {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return err
	case errors.Is(err, context.Canceled):
		return err
	case lost(err):
		return problem.EngineLost(err)
	}
	return problem.EngineFailed(doing, errors.New(strings.TrimPrefix(err.Error(), "Error response from daemon: ")))
}
