package docker

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/gate"
)

// watch is told by the engine when a container of the lab ends.
type watch struct {
	ends chan end
	err  atomic.Pointer[error]
}

// end is one container's end.
type end struct {
	container string // its id
	gate.Exit
}

// forward hands on the ends of these containers, by id: while Compose makes services anew, others end as they should.
func (w *watch) forward(ctx context.Context, ids []string, to chan<- gate.Exit) {
	for {
		select {
		case e := <-w.ends:
			if !slices.Contains(ids, e.container) {
				continue
			}
			select {
			case to <- e.Exit:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// exit is how a container that has ended did so.
func (c *Conn) exit(ctx context.Context, service, id string) gate.Exit {
	e := gate.Exit{Service: service}
	if got, err := c.API.ContainerInspect(ctx, id, client.ContainerInspectOptions{}); err == nil && got.Container.State != nil {
		e.Code, e.OOM, e.Restarting = got.Container.State.ExitCode, got.Container.State.OOMKilled, got.Container.State.Restarting
	}
	return e
}

// watch begins to listen; it ends with ctx.
func (c *Conn) watch(ctx context.Context, home string) *watch {
	w := &watch{ends: make(chan end, 16)}
	events := c.API.Events(ctx, client.EventsListOptions{
		Filters: make(client.Filters).Add("type", "container").Add("event", "die", "oom").Add("label", compose.HomeLabel+"="+home),
	})
	go func() {
		oom := map[string]bool{}
		for {
			select {
			case m := <-events.Messages:
				if m.Action == "oom" {
					oom[m.Actor.ID] = true
					continue
				}
				if m.Action != "die" || m.Actor.Attributes[api.OneoffLabel] == "True" {
					continue
				}
				code, _ := strconv.Atoi(m.Actor.Attributes["exitCode"])
				select {
				case w.ends <- end{m.Actor.ID, gate.Exit{Service: m.Actor.Attributes[api.ServiceLabel], Code: code, OOM: oom[m.Actor.ID]}}:
				case <-ctx.Done():
				}
			case err := <-events.Err:
				if err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
					if errors.Is(err, io.EOF) {
						err = errors.New("its stream of events ended")
					}
					w.err.Store(&err)
				}
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

// lost is why the engine ceased to tell, nil while it does.
func (w *watch) lost() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return nil
}

// logsOf gives the last lines of a service's container.
func (c *Conn) logsOf(home string) func(ctx context.Context, service string, n int) string {
	return func(ctx context.Context, service string, n int) string {
		all, err := c.find(ctx, home)
		if err != nil {
			return ""
		}
		if v := all.service(service); v != nil {
			return c.tail(ctx, v.ID, n)
		}
		return ""
	}
}
