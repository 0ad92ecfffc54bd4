// Package cli is the command line: cobra and rendering, nothing else. One file a command.
package cli

import (
	"context"
	"os"
	"sync/atomic"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// Deps is everything a command may touch outside its own arguments.
type Deps struct {
	IO         *term.IO
	Getenv     func(string) string
	Environ    func() []string
	Getwd      func() (string, error)
	Executable func() (string, error)
	Kill       <-chan struct{} // closed at the second Ctrl-C; the first one cancels the context

	json  bool        // --json
	debug bool        // --debug
	inRun atomic.Bool // a tool is running, which Kill ends
}

// SystemDeps are the process's own.
func SystemDeps() *Deps {
	return &Deps{
		IO: term.System(os.Getenv), Getenv: os.Getenv, Environ: os.Environ, Getwd: os.Getwd, Executable: os.Executable,
	}
}

// home is the lab's folder.
func (d *Deps) home() (config.Home, error) {
	h, err := config.FindHome(d.Getenv)
	if err != nil {
		return "", problem.HomeUnusable("(none)", err)
	}
	return h, nil
}

// lab is the user's lab with its engine.
func (d *Deps) lab() (*lab.Lab, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	return &lab.Lab{Name: config.DefaultLab, Home: h, Engine: &embedded.Engine{Home: h, Executable: d.Executable, Environ: d.Environ}}, nil
}

// running is the lab's status and whether it can be used.
func (d *Deps) running(ctx context.Context) (*lab.Lab, *lab.Status, error) {
	l, err := d.lab()
	if err != nil {
		return nil, nil, err
	}
	st, err := l.Status(ctx)
	return l, st, err
}
