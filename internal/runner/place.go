package runner

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ltlab/ltlab/internal/record"
)

// Place is where a tool runs: on this machine, or in a container of the lab.
type Place interface {
	// Prepare makes everything ready but the tool itself, and says what things are called where it runs. Its errors are
	// problems, and leave nothing behind.
	Prepare(ctx context.Context, s *Spec, folder record.Folder, scratch string) (Paths, error)
	// Environ is the part of the caller's environment that the tool gets.
	Environ(s *Spec) []string
	// Tool is the tool with its arguments and environment, not started.
	Tool(ctx context.Context, s *Spec, args, env []string) (Tool, error)
	// Finish brings what the tool left to where the caller looks for it, and returns the files. It is called in any case.
	Finish(ctx context.Context) (files []string, err error)
}

// Paths are what the tool is told.
type Paths struct {
	Scenario string
	Record   string // tool.ndjson
	Export   string // the tool's own report
	Parent   string // with whose end the tool ends, too: a pid or ParentStdin
	// Exported is where the export is when the tool has ended, as ltlab sees it.
	Exported string
	Plugin   string // the folder of what the program needs besides
	Target   string // of the run, as the tool knows it
	StatsD   string // host:port of the lab's Telegraf, "" when there is none
}

// ParentStdin says that ltlab holds the tool's standard input open as long as it lives.
const ParentStdin = "stdin"

// Tool is a tool that can be started once.
type Tool interface {
	Start() error
	Wait() (exit int, how string) // how says what ended it, "" when it ended by itself
	Interrupt()                   // asks it to end in order, once
	Kill()                        // with all that it started
}

// Host is this machine: the tool is a child process with the caller's environment.
type Host struct{}

var _ Place = Host{}

// Prepare has little to do: the tool sees what the caller sees.
func (Host) Prepare(_ context.Context, s *Spec, folder record.Folder, scratch string) (Paths, error) {
	export := s.Program.Export(s)
	if export == "" {
		export = filepath.Join(scratch, summaryFile)
	}
	p := Paths{
		Scenario: s.Scenario.Path, Record: folder.Tool(), Export: export, Exported: export, Parent: strconv.Itoa(os.Getpid()),
		Plugin: filepath.Join(scratch, "plugin"), Target: s.Target,
	}
	if s.StatsD != nil {
		p.StatsD = s.StatsD.Here
	}
	if err := s.Program.Unpack(s, p.Plugin); err != nil {
		return Paths{}, err
	}
	return p, nil
}

// Environ is all of it.
func (Host) Environ(s *Spec) []string { return s.Environ }

// Tool is a child process in a group of its own.
func (Host) Tool(_ context.Context, s *Spec, args, env []string) (Tool, error) {
	command := slices.Concat(s.Program.Command(), args)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, s.Dir, s.Stdout, s.Stderr
	ownGroup(cmd)
	return &child{cmd}, nil
}

// Finish has nothing to bring.
func (Host) Finish(context.Context) ([]string, error) { return nil, nil }

// child is a process of this machine.
type child struct{ cmd *exec.Cmd }

func (c *child) Start() error { return c.cmd.Start() }

func (c *child) Wait() (exit int, how string) {
	_ = c.cmd.Wait() // its state says more than its error
	if name := signalName(c.cmd.ProcessState); name != "" {
		how = "it ended by signal " + name
	}
	return c.cmd.ProcessState.ExitCode(), how
}

// Interrupt sends one SIGINT only: k6's second one is a hard stop without flush.
func (c *child) Interrupt() { _ = c.cmd.Process.Signal(os.Interrupt) }

func (c *child) Kill() { _ = killGroup(c.cmd.Process) }
