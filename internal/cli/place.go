package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
)

// Where a run's tool may be asked to run.
const (
	runnerAuto   = "auto"
	runnerDocker = "docker"
	runnerHost   = "host"
)

func checkRunner(name string) error {
	if name != runnerAuto && name != runnerDocker && name != runnerHost {
		return &usageError{fmt.Errorf("unknown runner %q: want auto, docker or host", name)}
	}
	return nil
}

// place is where the run's tool runs: in the network of a lab on Docker, else on this machine. It completes the spec.
func (o *k6Options) place(ctx context.Context, l *lab.Lab, st *lab.Status, spec *runner.Spec, p term.Progress) (runner.Place, error) {
	full, ok := l.Engine.(*docker.Engine)
	ok = ok && running(st) && o.engine != "embedded"
	if ok {
		spec.Engine = full.Name()
	}
	if !ok && o.runner == runnerDocker {
		return nil, notDocker(st)
	}
	if ok && o.runner != runnerHost {
		image, err := full.Runnable(ctx, engine.K6, p)
		if err == nil {
			spec.Binary = image
			return o.container(full, image, st, spec, p), nil
		}
		if o.runner == runnerDocker || ctx.Err() != nil {
			return nil, err
		}
		p(term.Event{Warn: true, Text: "k6 runs on this machine, for " + strings.ReplaceAll(short(err), "\n", "; ")})
	}
	self, err := o.deps.Executable()
	if err != nil {
		return nil, err
	}
	spec.Binary, err = runner.FindK6(o.deps.Getenv("LTLAB_K6"), self)
	return runner.Host{}, err
}

func (o *k6Options) container(full *docker.Engine, image string, st *lab.Status, spec *runner.Spec, p term.Progress) runner.Place {
	inside := map[string]string{}
	for _, port := range compose.Ports() {
		if url := st.URL(port.Service); strings.HasPrefix(url, "http://") {
			inside[url] = fmt.Sprintf("http://%s:%d", port.Service, port.Container)
		}
	}
	if spec.Sink != nil {
		spec.Sink.ToolURL = inside[spec.Sink.URL]
	}
	return &runner.Container{
		Engine: full, Service: engine.K6, Image: image, Inside: inside,
		Note: func(text string) { p(term.Event{Warn: true, Text: text}) },
	}
}

// running says whether a lab's services run, well or not.
func running(st *lab.Status) bool { return st.State != engine.Absent && st.State != engine.Exited }
