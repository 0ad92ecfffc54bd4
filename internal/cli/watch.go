package cli

import (
	"context"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/infra"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/runner"
)

// labProcess is what the run's record calls the embedded lab's one process: toy API, store and boards.
const labProcess = "lab"

// watch measures this machine, the tool and the lab's services while a run goes on.
func (o *runOptions) watch(l *lab.Lab, st *lab.Status) runner.Watcher {
	return &infra.Sampler{Probes: func(ctx context.Context, run string, pid int) []infra.Probe {
		probes := []infra.Probe{&infra.Host{}}
		if pid != 0 {
			probes = append(probes, &infra.Process{Name: o.tool.name, PID: pid, Generator: true, Workers: o.tool.name == engine.Artillery})
		}
		if !running(st) {
			return probes
		}
		switch e := l.Engine.(type) {
		case *docker.Engine:
			if o.engine != "embedded" {
				probes = append(probes, e.Usage(ctx, run))
			}
		case *embedded.Engine:
			if server := e.PID(); server != 0 {
				probes = append(probes, &infra.Process{Name: labProcess, PID: server})
			}
		}
		return probes
	}}
}
