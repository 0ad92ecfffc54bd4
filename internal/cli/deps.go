// Package cli is the command line: cobra and rendering, nothing else. One file a command.
package cli

import (
	"errors"
	"os"
	"sync/atomic"

	"github.com/ltlab/ltlab/internal/config"
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
	named string      // --lab, "" for the user's own
	debug bool        // --debug
	inRun atomic.Bool // a tool is running, which Kill ends
}

// SystemDeps are the process's own.
func SystemDeps() *Deps {
	return &Deps{
		IO: term.System(os.Getenv), Getenv: os.Getenv, Environ: os.Environ, Getwd: os.Getwd, Executable: os.Executable,
	}
}

// labName is the lab that --lab names.
func (d *Deps) labName() string {
	if d.named == "" {
		return config.DefaultLab
	}
	return d.named
}

// home is the lab's folder.
func (d *Deps) home() (config.Home, error) {
	if d.named != "" && d.Getenv("LTLAB_HOME") != "" {
		return "", &usageError{errors.New("--lab and LTLAB_HOME both say which lab: leave one out")}
	}
	h, err := config.FindHome(d.Getenv, d.labName())
	if errors.Is(err, config.ErrLabName) {
		return "", &usageError{err}
	}
	if err != nil {
		return "", problem.HomeUnusable("(none)", err)
	}
	return h, nil
}
