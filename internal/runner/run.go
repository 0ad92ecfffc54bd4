// Package runner runs a load-testing tool from its command line to a finished run record.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/version"
)

// Spec is one run to make.
type Spec struct {
	ID       string // "" makes one
	Program  Program
	Engine   string
	Binary   string // the tool's file or image, for the record
	Scenario *Scenario
	Dir      string            // where the tool works: files that the script writes land there
	Environ  []string          // the caller's environment
	Vars     []string          // NAME=value for the scenario
	Args     []string          // the caller's own flags for the tool
	Tags     map[string]string // for the tool and the record
	Project  string            // "" takes the repository's or the folder's name
	Target   string            // BASE_URL as the scenario sees it, for the record
	Strict   bool              // thresholds without a sample fail the run
	Sink     *Sink             // nil: record only
	StatsD   *Address          // the lab's Telegraf; nil: there is none
	Stdout   io.Writer         // the tool's
	Stderr   io.Writer
}

// Runner makes runs in one folder of runs.
type Runner struct {
	Runs   record.Runs
	Follow func(record.Folder) Follower // nil: record only
	Place  Place                        // where the tool runs; nil: Host
	Kill   <-chan struct{}              // closed when the user insists: the tool is killed
	Began  func(record.Folder)          // told once the tool has begun its record
	Watch  Watcher                      // measures the machine while the tool runs; nil: nothing does
	Sends  func()                       // told when what the tool could not send to InfluxDB is sent; may be nil
	Note   func(text string)            // told what the user should know; may be nil
	Gate   func(context.Context) error  // whether the lab is fit for a run; nil: there is nothing to ask
	// Preflight is how long it may take to check before the run whether this machine has what it asks for; 0: nothing is checked.
	Preflight time.Duration
	Debug     func(text string) // told what only --debug shows; may be nil
}

// Address is where a service listens, as host:port: for programs of this machine, and for containers of the lab.
type Address struct{ Here, Inside string }

// Outcome is a run that began; Problem is nil when all is well.
type Outcome struct {
	Folder   record.Folder
	Summary  *analysis.Summary
	Tool     int      // the tool's own exit code; -1 when a signal ended it
	Files    []string // that the scenario wrote, where they had to be brought here
	Requests *int64
	Warnings []record.Warning
	Problem  *problem.Problem
}

// Run makes one run. An error means that there is no run: nothing was recorded and nothing is left. Canceling ctx is
// Ctrl-C: the tool gets one SIGINT and time to finish.
func (r *Runner) Run(ctx context.Context, s *Spec) (*Outcome, error) {
	if err := s.Program.Check(s, r.note); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "ltlab-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if s.Scenario.Shipped {
		if err := s.Scenario.unpack(scratch); err != nil {
			return nil, err
		}
	}
	found, err := r.ready(ctx, s)
	if err != nil {
		return nil, err
	}
	folder, end, err := r.begin(ctx, s)
	if err != nil {
		return nil, err
	}
	defer end()
	log, err := record.CreateRun(folder.Run())
	if err != nil {
		end()
		os.RemoveAll(string(folder))
		return nil, err
	}
	defer log.Close()
	abandon := func() { // what is open cannot be removed on every system
		log.Close()
		end()
		os.RemoveAll(string(folder))
	}
	start := r.describe(ctx, s, folder)
	if err := log.Write(record.RunLine{Start: start}); err != nil {
		abandon()
		return nil, err
	}

	place := r.place()
	paths, err := place.Prepare(ctx, s, folder, scratch)
	if err != nil {
		abandon()
		return nil, err
	}
	finish := sync.OnceValues(func() ([]string, error) { return place.Finish(context.WithoutCancel(ctx)) })
	defer func() { _, _ = finish() }() // where nothing came of it, for its clean-up
	p := &process{log: log, kill: r.Kill, began: func() bool {
		begun := recorded(folder)
		if begun && r.Began != nil {
			r.Began(folder)
		}
		return begun
	}}
	if p.tool, err = place.Tool(ctx, s, s.Program.Args(s, paths), s.Program.Env(s, place.Environ(s), paths, folder.ID(), start.Project)); err != nil {
		abandon()
		return nil, err
	}
	p.watch = r.watching(folder, start.Time, log, p.tool)
	f := r.follow(folder)
	defer f.stop()
	live := r.send(s, folder)
	defer live.close()
	exit, err := p.run(ctx)
	live.stop()
	files, ferr := finish()
	switch {
	case err != nil:
		err = unusable(s, err)
	case recorded(folder):
	case unwritable(folder):
		err = problem.DiskFull(errors.New("the record could not be begun; the tool's own message says why"))
	case p.interrupted != "":
		err = problem.CommandInterrupted()
	default:
		err = notStarted(p.tool, exit, p.signal, s)
	}
	if err != nil { // there is no run
		f.stop()
		abandon()
		return nil, err
	}
	out := &Outcome{Folder: folder, Tool: exit, Files: files, Warnings: found, Requests: s.Program.Requests(paths.Exported, start.Time.Truncate(time.Second))}
	if err := out.judge(s, p.interrupted, p.signal); err != nil {
		return nil, err
	}
	if ferr != nil {
		out.warn("files-lost", "not every file that the scenario wrote could be brought here: "+reason(ferr))
	}
	r.deliver(ctx, s, out, live)
	werr := log.Write(record.RunLine{End: &record.RunEnd{
		Time: time.Now(), ToolExit: exit, Exit: exitOf(out.Problem), Interrupted: out.Summary.State == analysis.Interrupted,
		Warnings: out.Warnings, Recorded: out.Summary.Requests, Requests: out.Requests, Ledger: out.Summary.Ledger,
	}})
	if err := f.finish(); err != nil {
		out.warn("boards-behind", "the boards do not have all of this run: "+err.Error())
	}
	if werr != nil && out.Problem == nil {
		out.Problem = problem.DataIncomplete("the end of the record could not be written: " + reason(werr))
	}
	return out, nil
}

func (r *Runner) note(text string) {
	if r.Note != nil {
		r.Note(text)
	}
}

func (r *Runner) place() Place {
	if r.Place == nil {
		return Host{}
	}
	return r.Place
}

// unusable is the problem of a tool that could not be started, unless it comes with one of its own.
func unusable(s *Spec, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return err
	}
	return s.Program.Unstarted(s, 0, "it cannot be started: "+err.Error())
}

// notStarted is the problem of a tool that ended before its record began.
func notStarted(tool Tool, exit int, how string, s *Spec) *problem.Problem {
	if b, ok := tool.(*boxed); ok {
		if p := b.unbegun(exit); p != nil {
			return p
		}
	}
	return s.Program.Unstarted(s, exit, how)
}

func exitOf(p *problem.Problem) int {
	if p == nil {
		return problem.OK
	}
	return p.Exit
}

// begin makes the run's folder and marks it as alive; end takes the mark away.
func (r *Runner) begin(ctx context.Context, s *Spec) (folder record.Folder, end func(), err error) {
	id := s.ID
	if id == "" {
		id = record.NewID(time.Now())
	}
	if !record.ValidID(id) {
		return "", nil, problem.BadUsage("ltlab "+s.Program.Name(), fmt.Errorf("run id %q: want letters, digits, dots, dashes or underscores, 100 at most", id))
	}
	folder, err = r.Runs.Create(id)
	if errors.Is(err, record.ErrExists) {
		return "", nil, problem.RunExists(id)
	}
	if err != nil {
		return "", nil, problem.HomeUnusable(string(r.Runs), err)
	}
	lock := flock.New(folder.Lock())
	if ok, err := lock.TryLock(); err != nil || !ok {
		os.RemoveAll(string(folder))
		return "", nil, fmt.Errorf("lock of run %s cannot be taken: %w", id, cmp.Or(err, errors.New("another process has it")))
	}
	return folder, func() {
		_ = lock.Unlock()
		_ = os.Remove(folder.Lock())
	}, nil
}

// Alive says whether the ltlab that writes a run still lives.
func Alive(folder record.Folder) bool {
	if _, err := os.Stat(folder.Lock()); err != nil {
		return false
	}
	l := flock.New(folder.Lock())
	ok, err := l.TryRLock() // shared: two that look at once do not take each other for the writer
	if ok {
		_ = l.Unlock()
	}
	return err == nil && !ok
}

// recorded says whether the tool got so far as to begin its record.
func recorded(folder record.Folder) bool {
	st, err := os.Stat(folder.Tool())
	return err == nil && st.Size() > 0
}

// unwritable says whether the tool made its record's file and could not write a line into it.
func unwritable(folder record.Folder) bool {
	st, err := os.Stat(folder.Tool())
	return err == nil && st.Size() == 0
}

func (r *Runner) describe(ctx context.Context, s *Spec, folder record.Folder) *record.RunStart {
	start := &record.RunStart{
		Format: record.Format, Run: folder.ID(), Tool: s.Program.Name(), Engine: s.Engine, Project: s.Project,
		Scenario: record.Scenario{Name: s.Scenario.Name, SHA256: s.Scenario.SHA256},
		Target:   redactURL(s.Target), Args: s.Program.Redact(s.Args), Tags: s.Tags, Binary: s.Binary, Ltlab: version.String(), Time: time.Now(),
		Host: record.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
	}
	if m, err := mem.VirtualMemory(); err == nil {
		start.Host.Memory = m.Total
	}
	if s.Scenario.Shipped {
		if start.Project == "" {
			start.Project = "ltlab"
		}
		return start
	}
	start.Scenario.Path = s.Scenario.Path
	top, git := gitState(ctx, s.Scenario.Dir)
	start.Git = git
	if start.Project == "" {
		start.Project = projectName(top, s.Scenario.Dir)
	}
	return start
}

// signalName is what ended the process, "" when it ended by itself.
func signalName(st *os.ProcessState) string {
	if ws, ok := st.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal().String()
	}
	return ""
}
