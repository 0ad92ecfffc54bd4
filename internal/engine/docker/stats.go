package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/infra"
)

// Usage measures the lab's containers, those of runs included, until ctx ends. That of this run is its load generator.
func (e *Engine) Usage(ctx context.Context, run string) infra.Probe {
	return &usage{ctx: ctx, engine: e, run: run, streams: map[string]bool{}}
}

// lookEvery is how many seconds apart the containers are listed.
const lookEvery = 2

// usage listens to the engine's stream of samples of each container. The engine takes them about once a second, by a clock of
// its own; asked for a single one, Engine 20.10 answers a second later.
type usage struct {
	ctx    context.Context
	engine *Engine
	run    string
	look   int // reads until the next look for containers

	mu      sync.Mutex
	streams map[string]bool // by container
	read    []infra.Reading // since the last Read
}

// Read is of the containers that run. Without an engine there are none.
func (u *usage) Read() []infra.Reading {
	if u.look--; u.look <= 0 {
		u.look = lookEvery
		u.listen()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.read
	u.read = nil
	return all
}

// listen begins to listen to containers that are new.
func (u *usage) listen() {
	ctx, cancel := context.WithTimeout(u.ctx, answerIn)
	defer cancel()
	c, err := u.engine.conn(ctx)
	if err != nil {
		return
	}
	mine := make(client.Filters).Add("label", compose.HomeLabel+"="+string(u.engine.Home)).Add("status", "running")
	list, err := c.API.ContainerList(ctx, client.ContainerListOptions{Filters: mine})
	if err != nil {
		return
	}
	for i := range list.Items {
		v := &list.Items[i]
		u.mu.Lock()
		known := u.streams[v.ID]
		u.streams[v.ID] = true
		u.mu.Unlock()
		if !known {
			go u.follow(c, v)
		}
	}
}

// follow hands on samples of a container until their stream ends: with the container, the engine or the run.
func (u *usage) follow(c *Conn, v *container.Summary) {
	defer func() { // whoever runs again is followed again
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.streams, v.ID)
	}()
	cpus, err := c.cpus(u.ctx, v.ID)
	if err != nil {
		return
	}
	got, err := c.API.ContainerStats(u.ctx, v.ID, client.ContainerStatsOptions{Stream: true})
	if err != nil {
		return
	}
	defer got.Body.Close()
	name, generator, clock := u.name(v), v.Labels[compose.RunLabel] == u.run, clock{}
	for in := json.NewDecoder(got.Body); ; {
		var s sample
		if in.Decode(&s) != nil {
			return
		}
		if r := s.reading(v.ID, name, cpus); r != nil {
			r.Source.Generator, r.At = generator, clock.here(s.Read, time.Now())
			if generator && v.Labels[api.ServiceLabel] == engine.Artillery {
				r.Source.CPUs = infra.Workers(s.CPU.Online, r.Source.CPUs)
			}
			u.mu.Lock()
			u.read = append(u.read, *r)
			u.mu.Unlock()
		}
	}
}

// clock brings the times of an engine, which may run in a machine of its own, to those of here: of all samples the one that
// came soonest shows how far the clocks are apart.
type clock struct {
	there, here0 time.Time
}

func (k *clock) here(read, came time.Time) time.Time {
	at := k.here0.Add(read.Sub(k.there))
	if k.there.IsZero() || came.Before(at) {
		k.there, k.here0 = read, came
		return came
	}
	return at
}

// name is a service's, or that of another run's tool with its run.
func (u *usage) name(v *container.Summary) string {
	name := v.Labels[api.ServiceLabel]
	if run := v.Labels[compose.RunLabel]; run != "" && run != u.run {
		name += " of " + run
	}
	return name
}

// cpus is how many cores the container may use, 0 for all there are.
func (c *Conn) cpus(ctx context.Context, id string) (n float64, err error) {
	got, err := c.API.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil || got.Container.HostConfig == nil {
		return 0, err
	}
	h := got.Container.HostConfig
	const period = 100_000 // the kernel's own, in µs
	switch {
	case h.NanoCPUs > 0:
		n = float64(h.NanoCPUs) / 1e9
	case h.CPUQuota > 0:
		n = float64(h.CPUQuota) / float64(cmp.Or(h.CPUPeriod, period))
	}
	if set := setSize(h.CpusetCpus); set > 0 && (n == 0 || set < n) {
		n = set
	}
	return n, nil
}

// setSize is how many cores a set as "0-2,7" has; 0 for none, or one that it cannot read.
func setSize(set string) (n float64) {
	for _, part := range strings.Split(set, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, err := strconv.Atoi(from)
		b, berr := strconv.Atoi(to)
		if err != nil || berr != nil || b < a {
			return 0
		}
		n += float64(b - a + 1)
	}
	return n
}

// sample is what matters here of the engine's statistics.
type sample struct {
	Read time.Time `json:"read"`
	CPU  struct {
		Usage struct {
			Total float64 `json:"total_usage"` // ns
		} `json:"cpu_usage"`
		Online float64 `json:"online_cpus"`
	} `json:"cpu_stats"`
	Memory struct {
		Usage float64 `json:"usage"`
		Limit uint64  `json:"limit"`
		Stats struct {
			InactiveFile      float64 `json:"inactive_file"`       // control groups v2
			TotalInactiveFile float64 `json:"total_inactive_file"` // v1, which counts the first without what is below the group
		} `json:"stats"`
	} `json:"memory_stats"`
	Networks map[string]struct {
		RX float64 `json:"rx_bytes"`
		TX float64 `json:"tx_bytes"`
	} `json:"networks"`
}

// reading is nil of a container that does not run: the engine answers with zeros then.
func (s *sample) reading(id, name string, cpus float64) *infra.Reading {
	if s.Read.IsZero() || s.CPU.Usage.Total == 0 {
		return nil
	}
	r := infra.Unknown(name, infra.Container)
	r.ID, r.CPU = id, s.CPU.Usage.Total/1e9
	r.Source.CPUs, r.Source.Memory = cmp.Or(cpus, s.CPU.Online), s.Memory.Limit
	if s.Memory.Usage > 0 { // what is only a cache of files is not counted, as docker stats does
		r.Memory = max(0, s.Memory.Usage-max(s.Memory.Stats.InactiveFile, s.Memory.Stats.TotalInactiveFile))
	}
	if len(s.Networks) > 0 { // the host's network, or none, is not the container's
		r.RX, r.TX = 0, 0
		for _, n := range s.Networks {
			r.RX += n.RX
			r.TX += n.TX
		}
	}
	return &r
}
