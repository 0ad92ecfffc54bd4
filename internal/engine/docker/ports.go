package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/ports"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// choosePorts gives each service its port: the one it has, else the one asked for, of last time, preferred or free.
func (s *start) choosePorts(ctx context.Context, exact map[string]int) error {
	last := map[string]int{}
	_ = config.ReadJSON(s.Home.Ports(), &last) // no file, or a broken one: the ports are chosen anew
	now, err := s.c.find(ctx, string(s.Home))
	if err != nil {
		return s.explain("list the lab's containers", err)
	}
	s.ports = map[string]int{}
	for _, port := range compose.Ports() {
		n := port.Service
		if !slices.Contains(s.services, n) {
			continue
		}
		if v := now.service(n); v != nil && v.State == container.StateRunning && published(v) != 0 {
			s.ports[n] = published(v)
			if p, ok := exact[n]; ok && p != s.ports[n] {
				return problem.BadUsage("ltlab start", fmt.Errorf("the lab runs already with %s on port %d; stop it to change that", n, s.ports[n]))
			}
			continue
		}
		want := ports.Want{Preferred: port.Host, Last: last[n]}
		if p, ok := exact[n]; ok {
			want = ports.Want{Preferred: p, Exact: true}
		}
		got, err := ports.Find(port.Protocol, want)
		var busy *ports.BusyError
		if errors.As(err, &busy) {
			return problem.PortInUse(n, busy.Port, s.c.holder(ctx, busy.Port, busy.Holder))
		}
		if err != nil {
			return problem.EngineFailed("find a port for "+n, err)
		}
		s.ports[n] = got.Port
		switch {
		case got.Replaced:
			s.p(term.Event{Service: n, Text: fmt.Sprintf("gets port %d: %d is held by %s", got.Port, want.Preferred, s.c.holder(ctx, want.Preferred, got.Holder))})
		case got.Kept:
			s.p(term.Event{Service: n, Text: fmt.Sprintf("gets port %d, as last time", got.Port)})
		}
	}
	return nil
}

// keepPorts makes the ports those of the next start, too.
func (s *start) keepPorts() error {
	last := map[string]int{}
	_ = config.ReadJSON(s.Home.Ports(), &last)
	was := maps.Clone(last)
	maps.Copy(last, s.ports)
	if maps.Equal(was, last) {
		return nil
	}
	if err := config.WriteJSON(s.Home.Ports(), last); err != nil {
		return problem.HomeUnusable(string(s.Home), err)
	}
	return nil
}

// portTaken says whether the engine refused a port because somebody else has it.
func portTaken(err error) bool {
	for _, sign := range []string{"port is already allocated", "address already in use", "Ports are not available", "forbidden by its access permissions"} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}

// holder names who has a port: a lab or container that publishes it, else the process; "another program" when neither
// can be seen.
func (c *Conn) holder(ctx context.Context, port int, process string) string {
	all, err := c.API.ContainerList(ctx, client.ContainerListOptions{})
	if err == nil {
		for _, v := range all.Items {
			if !slices.ContainsFunc(v.Ports, func(p container.PortSummary) bool { return int(p.PublicPort) == port }) {
				continue
			}
			if lab := v.Labels[compose.LabLabel]; lab != "" {
				return fmt.Sprintf("lab %q in %s", lab, v.Labels[compose.HomeLabel])
			}
			return "container " + v.Names[0][1:]
		}
	}
	if process == "" {
		return "another program"
	}
	return process
}
