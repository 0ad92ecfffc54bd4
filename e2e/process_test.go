//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// limit is how long any command may take; the load of none lasts longer than a minute and a half.
const limit = 4 * time.Minute

// Output is a command that has ended.
type Output struct {
	Command string
	Exit    int // -1: a signal ended it
	Stdout  string
	Stderr  string
}

// Process is a command that may still run.
type Process struct {
	b     *Bench
	cmd   *exec.Cmd
	ended chan struct{}
	out   string // files; pipes would be held open by children that outlive the command
	err   string
}

// Start starts ltlab.
func (b *Bench) Start(args ...string) *Process {
	b.t.Helper()
	return b.start(b.ltlab, args...)
}

// Ltlab runs ltlab.
func (b *Bench) Ltlab(args ...string) Output {
	b.t.Helper()
	return b.Start(args...).Wait()
}

// OK runs ltlab, which must not fail.
func (b *Bench) OK(args ...string) Output {
	b.t.Helper()
	o := b.Ltlab(args...)
	if o.Exit != 0 {
		b.t.Fatalf("%s: exit %d\n%s\n%s", o.Command, o.Exit, o.Stdout, o.Stderr)
	}
	return o
}

func (b *Bench) start(program string, args ...string) *Process {
	b.t.Helper()
	b.started++
	name := filepath.Join(b.logs, strconv.Itoa(b.started))
	p := &Process{b: b, ended: make(chan struct{}), out: name + ".out", err: name + ".err"}
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir, p.cmd.Env = b.Dir, b.env()
	if b.user != nil {
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: b.user}
	}
	stdout, err := os.Create(p.out)
	b.try(err)
	defer stdout.Close()
	stderr, err := os.Create(p.err)
	b.try(err)
	defer stderr.Close()
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	b.try(p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // its state says more than its error
		close(p.ended)
	}()
	return p
}

// Running says whether the command has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Wait waits for the command's end.
func (p *Process) Wait() Output {
	p.b.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		p.b.t.Fatalf("%s did not end in %s:\n%s", strings.Join(p.cmd.Args, " "), limit, p.Stderr())
	}
	args := append([]string{"ltlab"}, p.cmd.Args[1:]...)
	return Output{Command: strings.Join(args, " "), Exit: p.cmd.ProcessState.ExitCode(), Stdout: string(p.b.read(p.out)), Stderr: p.Stderr()}
}

// Stderr is what the command said so far.
func (p *Process) Stderr() string {
	p.b.t.Helper()
	return string(p.b.read(p.err))
}

// Signal sends a signal to the command alone.
func (p *Process) Signal(s syscall.Signal) {
	p.b.t.Helper()
	p.b.try(p.cmd.Process.Signal(s))
}

// kill ends a process as no user would.
func (b *Bench) kill(pid int) {
	b.t.Helper()
	b.try(syscall.Kill(pid, syscall.SIGKILL))
}

// processes are the living processes of this home: every one inherits LTLAB_HOME.
func (b *Bench) processes() map[int]string {
	b.t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	b.try(err)
	found := map[int]string{}
	for _, dir := range all {
		environ, err := os.ReadFile(dir + "/environ") // of a zombie empty
		if err != nil || !strings.Contains("\x00"+string(environ), "\x00LTLAB_HOME="+b.Home+"\x00") {
			continue
		}
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		b.try(err)
		args := strings.Split(string(line), "\x00")
		found[pid] = strings.TrimSpace(filepath.Base(args[0]) + " " + strings.Join(args[1:min(2, len(args))], " "))
	}
	return found
}

// find waits for the one process of this home that is called so.
func (b *Bench) find(name string) (pid int) {
	b.t.Helper()
	b.until("process "+name, 20*time.Second, func() bool {
		for id, is := range b.processes() {
			if is == name {
				pid = id
			}
		}
		return pid != 0
	})
	return pid
}

// k6Run is what a run's k6 is called.
func (b *Bench) k6Run() string { return filepath.Base(b.k6) + " run" }

// endAll kills what a failed test has left.
func (b *Bench) endAll() {
	for pid, name := range b.processes() {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			b.t.Errorf("process %d (%s): %v", pid, name, err)
		}
	}
	if !eventually(soon, func() bool { return len(b.processes()) == 0 }) {
		b.t.Errorf("killed processes live on: %v", b.processes())
	}
}

// peak is the most memory in bytes that a process has ever had; 0 when it has gone.
func peak(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int64
	_, _ = fmt.Sscanf(rest, "%d", &kilobytes) // none in a process that is just ending
	return kilobytes << 10
}
