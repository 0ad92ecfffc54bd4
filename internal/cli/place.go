package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/record"
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
func (o *runOptions) place(ctx context.Context, l *lab.Lab, st *lab.Status, spec *runner.Spec, p term.Progress) (runner.Place, error) {
	full, ok := l.Engine.(*docker.Engine)
	ok = ok && running(st) && o.engine != "embedded"
	if ok {
		spec.Engine = full.Name()
	}
	if !ok && o.runner == runnerDocker {
		return nil, notDocker(st)
	}
	if ok && o.runner != runnerHost {
		name, id, err := full.Runnable(ctx, o.tool.name, p)
		if err == nil {
			if _, spec.Program, err = o.tool.program(ctx, o, spec, false); err != nil {
				return nil, err
			}
			spec.Binary = name + "@" + id
			return o.container(ctx, l, full, id, st, spec, p)
		}
		if o.runner == runnerDocker || ctx.Err() != nil {
			return nil, err
		}
		p(term.Event{Warn: true, Text: o.tool.name + " runs on this machine, for " + strings.ReplaceAll(short(err), "\n", "; ")})
	}
	var err error
	spec.Binary, spec.Program, err = o.tool.program(ctx, o, spec, true)
	return runner.Host{}, err
}

// container is a container of that image. What runs left there whose ltlab was killed is cleared away.
func (o *runOptions) container(ctx context.Context, l *lab.Lab, full *docker.Engine, image string, st *lab.Status, spec *runner.Spec, p term.Progress) (runner.Place, error) {
	folder := func(run string) record.Folder { return record.Folder(filepath.Join(string(l.Home.Runs()), run)) }
	swept, err := full.Sweep(ctx, func(run string) bool { return runner.Alive(folder(run)) })
	if err != nil {
		return nil, err
	}
	for _, run := range swept {
		if err := runner.Reclaim(folder(run)); err != nil && exists(string(folder(run))) {
			p(term.Event{Warn: true, Text: fmt.Sprintf("the folder of run %s, which was killed, could not be tidied up: %s", run, err)})
		}
	}
	inside := map[string]string{}
	for _, port := range compose.Ports() {
		if url := st.URL(port.Service); strings.HasPrefix(url, "http://") {
			inside[url] = fmt.Sprintf("http://%s:%d", port.Service, port.Container)
		}
	}
	if _, given := lookup(spec.Vars, config.BaseURL); !given && spec.Target != "" { // the environment's
		spec.Vars = append(spec.Vars, config.BaseURL+"="+spec.Target)
	}
	return &runner.Container{
		Create: func(ctx context.Context, j engine.Job) (runner.Box, error) {
			box, err := full.Create(ctx, j)
			if err != nil {
				return nil, err // a nil *Container would be a Box
			}
			return box, nil
		},
		Service: o.tool.name, Image: image, Inside: inside, Reach: !o.noPreflight,
		Note: func(text string) { p(term.Event{Warn: true, Text: text}) },
	}, nil
}

// running says whether a lab's services run, well or not.
func running(st *lab.Status) bool { return st.State != engine.Absent && st.State != engine.Exited }
