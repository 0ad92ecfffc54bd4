// Package embedded is the engine that needs nothing: the whole lab in one detached `ltlab serve` process.
//
// The server holds a file lock as long as it lives, so a crash frees it and no stale pid is ever believed.
package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

const (
	pollEvery = 3 * time.Millisecond
	stopGrace = 10 * time.Second // then the server is killed
)

// Engine is the embedded engine of one lab.
type Engine struct {
	Home       config.Home
	Executable func() (string, error) // ltlab itself
	Environ    func() []string        // what the server inherits
}

var _ engine.Engine = (*Engine)(nil)

// Name is "embedded".
func (e *Engine) Name() string { return "embedded" }

// Start spawns the server and waits until both services answer.
func (e *Engine) Start(ctx context.Context, o engine.Options, p term.Progress) ([]engine.Service, error) {
	unlock, err := engine.Lock(ctx, e.Home)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if o.Still != nil {
		if err := o.Still(); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer cancel()
	if e.Alive() {
		st, err := e.await(ctx, "", nil)
		if err != nil {
			return nil, err
		}
		if err := fits(st, o.Ports); err != nil {
			return nil, err
		}
		for _, v := range st.Services {
			p(term.Event{Service: v.Name, Text: fmt.Sprintf("runs already on http://127.0.0.1:%d", v.Port)})
		}
		return st.list(engine.Healthy), nil
	}
	nonce := rand.Text()
	exited, kill, err := e.spawn(nonce, o.Ports)
	if err != nil {
		return nil, err
	}
	st, err := e.await(ctx, nonce, exited)
	if err != nil {
		kill()
		return nil, err
	}
	took := time.Since(began)
	for _, v := range st.Services {
		p(term.Event{Service: v.Name, Text: v.describe(), Took: took})
	}
	return st.list(engine.Healthy), nil
}

func (v service) describe() string {
	text := fmt.Sprintf("answers on http://127.0.0.1:%d", v.Port)
	switch {
	case v.Replaced && v.Holder != "":
		text += fmt.Sprintf(" · port %d is held by %s", v.Wanted, v.Holder)
	case v.Replaced:
		text += fmt.Sprintf(" · port %d is busy", v.Wanted)
	case v.Kept:
		text += " · the port it had last time"
	}
	return text
}

// fits says whether a lab that runs already has the ports that were asked for.
func fits(st *state, want map[string]int) error {
	for _, v := range st.Services {
		if p, ok := want[v.Name]; ok && p != v.Port {
			return problem.BadUsage("ltlab start", fmt.Errorf("the lab runs already with %s on port %d; stop it to change that", v.Name, v.Port))
		}
	}
	return nil
}

// Alive says whether a server holds its lock. It looks with a shared lock, so that two who look never take each other for
// a server.
func (e *Engine) Alive() bool {
	if _, err := os.Stat(e.Home.ServeLock()); err != nil {
		return false
	}
	l := flock.New(e.Home.ServeLock())
	ok, err := l.TryRLock()
	if ok {
		_ = l.Unlock()
	}
	return err == nil && !ok
}

// spawn starts the server in a session of its own. exited yields once it ends; kill ends it and waits for that.
func (e *Engine) spawn(nonce string, exact map[string]int) (exited <-chan error, kill func(), err error) {
	self, err := e.Executable()
	if err != nil {
		return nil, nil, err
	}
	log, err := os.OpenFile(e.Home.Log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, problem.HomeUnusable(string(e.Home), err)
	}
	defer log.Close()
	if _, err := log.WriteString("\n"); err != nil { // a full disk: the server could not even say so
		return nil, nil, problem.HomeUnusable(string(e.Home), err)
	}
	cmd := exec.Command(self, "serve", "--json", "--nonce", nonce)
	for name, port := range exact {
		cmd.Args = append(cmd.Args, "--port", fmt.Sprintf("%s=%d", name, port))
	}
	cmd.Env = append(e.Environ(), "LTLAB_HOME="+string(e.Home))
	cmd.Dir = string(e.Home) // not the caller's folder: that one must stay removable
	cmd.Stdout, cmd.Stderr = log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); close(ended) }()
	kill = func() {
		_ = cmd.Process.Kill()
		for range ended { // until it is closed
		}
	}
	return ended, kill, nil
}

var errTimeout = errors.New("timed out")

// await waits until the server with that nonce (any, when it is "") answers on both ports.
func (e *Engine) await(ctx context.Context, nonce string, exited <-chan error) (*state, error) {
	saw := "it has not said its ports yet"
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		var st state
		if config.ReadJSON(e.Home.State(), &st) == nil && (nonce == "" || st.Nonce == nonce) {
			err := probe(ctx, &st)
			if err == nil {
				return &st, nil
			}
			saw = err.Error()
		}
		select {
		case err := <-exited:
			return nil, e.exitedEarly(err)
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), errTimeout) {
				return nil, context.Cause(ctx)
			}
			return nil, problem.LabUnhealthy("the lab did not become healthy in time", saw, e.logTail())
		case <-tick.C:
		}
	}
}

// exitedEarly hands on the problem that the server named: run with --json, its log is then that one document.
func (e *Engine) exitedEarly(err error) error {
	var doc struct {
		Exit    int
		Problem *problem.Problem
	}
	if b, rerr := os.ReadFile(e.Home.Log()); rerr == nil && json.Unmarshal(b, &doc) == nil && doc.Problem != nil && doc.Problem.ID != "internal" {
		doc.Problem.Exit = doc.Exit
		return doc.Problem
	}
	why := "the server ended"
	if err != nil {
		why += ": " + err.Error()
	}
	return problem.LabUnhealthy("the lab ended before it became healthy", why, e.logTail())
}

func (e *Engine) logTail() string {
	b, _ := os.ReadFile(e.Home.Log())
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-10):], []byte("\n")))
}

// probe asks both services whether they do their work, and the boards whether they are this server's.
func probe(ctx context.Context, st *state) error {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, v := range st.Services {
		path := "/health"
		if v.Name == engine.Boards {
			path = "/healthz"
		}
		url := fmt.Sprintf("http://127.0.0.1:%d%s", v.Port, path)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("%s: %w", v.Name, err)
		}
		var answer struct{ Nonce string }
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: GET %s answered %s", v.Name, path, res.Status)
		}
		if v.Name == engine.Boards && answer.Nonce != st.Nonce {
			return fmt.Errorf("%s: another program answers on port %d", v.Name, v.Port)
		}
	}
	return nil
}

// Status looks at the server's lock, its ports and its answers.
func (e *Engine) Status(ctx context.Context) ([]engine.Service, error) {
	absent := []engine.Service{{Name: engine.ToyAPI, State: engine.Absent}, {Name: engine.Boards, State: engine.Absent}}
	var st state
	err := config.ReadJSON(e.Home.State(), &st)
	switch {
	case !e.Alive() && err == nil:
		for i := range absent {
			absent[i].State = engine.Exited // a state file without its server: it crashed
		}
		return absent, nil
	case !e.Alive():
		return absent, nil
	case err != nil:
		for i := range absent {
			absent[i].State = engine.Starting
		}
		return absent, nil
	}
	if probe(ctx, &st) != nil {
		return st.list(engine.Unhealthy), nil
	}
	return st.list(engine.Healthy), nil
}

// Stop asks the server to end and waits for it; one that does not within ten seconds is killed.
func (e *Engine) Stop(ctx context.Context, p term.Progress) (bool, error) {
	if !e.Alive() {
		err := os.Remove(e.Home.State()) // a crashed server's
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
		return false, nil
	}
	unlock, err := engine.Lock(ctx, e.Home)
	if err != nil {
		return false, err
	}
	defer unlock()
	began := time.Now()
	var st state
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	signaled, killed := false, false
	for e.Alive() {
		if st.PID == 0 {
			_ = config.ReadJSON(e.Home.State(), &st) // not there yet while the server starts
		}
		if st.PID != 0 && !signaled {
			if err := terminate(st.PID); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return false, err
			}
			signaled = true
		}
		if time.Since(began) > stopGrace && !killed {
			if st.PID == 0 {
				return false, problem.LabUnhealthy("the lab cannot be stopped", "a server holds "+e.Home.ServeLock()+" and has not said its pid", e.logTail())
			}
			if proc, err := os.FindProcess(st.PID); err == nil {
				_ = proc.Kill()
			}
			killed = true
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-tick.C:
		}
	}
	_ = os.Remove(e.Home.State())
	for _, v := range slices.Backward(st.Services) {
		p(term.Event{Service: v.Name, Text: "stopped", Took: time.Since(began)})
	}
	return true, nil
}
