package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// obeyed are the caller's variables that would change what is measured.
var obeyed = regexp.MustCompile(`^(K6_|LTLAB_|ARTILLERY_|WORKERS=|NODE_ENV=|NODE_OPTIONS=|GOMAXPROCS=|GOGC=|GOMEMLIMIT=|GODEBUG=)`)

// environ is the caller's environment without them.
func environ(extra ...string) []string {
	env := slices.DeleteFunc(os.Environ(), obeyed.MatchString)
	env = append(env, "K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
	return append(env, extra...)
}

// command is interrupted when ctx ends, and killed five seconds later.
func command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run waits for a command and returns its output and the wall time of the whole process.
func run(ctx context.Context, limit time.Duration, env []string, name string, args ...string) (out []byte, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := command(ctx, env, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err = cmd.Run()
	took = time.Since(began)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("took longer than %s", limit)
	}
	if err != nil {
		err = describe(cmd, err, stderr.String())
	}
	return stdout.Bytes(), took, err
}

// watchMemory waits for a started command and takes its resident memory, in bytes, once a second.
func watchMemory(cmd *exec.Cmd) (memory []int64, err error) {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return memory, err
		case <-tick.C:
			if n := processMemory(cmd.Process.Pid); n > 0 {
				memory = append(memory, n)
			}
		}
	}
}

// used is the CPU time that a command took which has ended, with all that it waited for, and its highest resident memory
// in bytes.
func used(cmd *exec.Cmd) (cpu time.Duration, peak int64, err error) {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("this system does not tell what a process used")
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10, nil
}

// describe adds what a command said last to its error.
func describe(cmd *exec.Cmd, err error, stderr string) error {
	const most = 600
	text := strings.TrimSpace(stderr)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return fmt.Errorf("%s: %w: %s", name(cmd), err, text)
}

// name is a command as a person would call it: the program and its subcommand.
func name(cmd *exec.Cmd) string {
	return strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:min(2, len(cmd.Args))]...), " ")
}

// server is a process that serves HTTP on 127.0.0.1 until it is stopped.
type server struct {
	addr   string // host:port
	cmd    *exec.Cmd
	cancel context.CancelFunc
	ended  chan struct{}
}

// serve starts a server and waits until it prints its address.
func serve(ctx context.Context, env []string, name string, args ...string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{cmd: command(ctx, env, name, args...), cancel: cancel, ended: make(chan struct{})}
	said := &listener{heard: make(chan string, 1)}
	var stderr bytes.Buffer // read after the end only
	s.cmd.Stdout, s.cmd.Stderr = said, &stderr
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, err
	}
	var ended error
	go func() { ended = s.cmd.Wait(); close(s.ended) }()
	select {
	case s.addr = <-said.heard:
		return s, nil
	case <-s.ended:
		cancel()
		return nil, describe(s.cmd, errors.Join(errors.New("ended before it served"), ended), stderr.String())
	case <-time.After(10 * time.Second):
		s.stop()
		return nil, describe(s.cmd, errors.New("did not say its address in 10 s"), stderr.String())
	}
}

func (s *server) url() string { return "http://" + s.addr }

// stop ends the server and waits for it.
func (s *server) stop() {
	s.cancel()
	<-s.ended
}

var address = regexp.MustCompile(`http://(127\.0\.0\.1:\d+)\D`)

// listener hears the first address in what a program prints.
type listener struct {
	mu    sync.Mutex
	text  []byte
	heard chan string
	done  bool
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.text = append(l.text, p...)
		if m := address.FindSubmatch(l.text); m != nil {
			l.heard <- string(m[1])
			l.done = true
		}
	}
	return len(p), nil
}

// toyAPI is a toy API in a process of its own, on a free port.
func (b *bench) toyAPI(ctx context.Context) (*server, error) {
	return serve(ctx, environ(), b.ltlab, "toy-api", "--port", "0", "--json")
}
