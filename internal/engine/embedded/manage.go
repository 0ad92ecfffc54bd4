package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// Services of the embedded engine; all live in one process.
func (e *Engine) Services() []string { return []string{engine.ToyAPI, engine.Boards} }

// Restart ends the server and starts another; its services live and end together, so each name means both.
func (e *Engine) Restart(ctx context.Context, _ []string, timeout time.Duration, p term.Progress) ([]engine.Service, error) {
	if _, err := e.Stop(ctx, p); err != nil {
		return nil, err
	}
	return e.Start(ctx, engine.Options{Timeout: timeout}, p)
}

// Gate asks both services whether they do their work.
func (e *Engine) Gate(ctx context.Context, timeout time.Duration, _ term.Progress) error {
	if !e.Alive() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	_, err := e.await(ctx, "", nil)
	return err
}

// Logs writes the server's log; both services share it.
func (e *Engine) Logs(ctx context.Context, o engine.LogOptions, w io.Writer) error {
	f, err := os.Open(e.Home.Log())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return problem.HomeUnusable(string(e.Home), err)
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var last []string // lines that are not written yet
	write := func() {
		for _, l := range last {
			fmt.Fprint(w, l)
		}
		last = last[:0]
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	rest, live := "", false
	for {
		line, err := in.ReadString('\n')
		rest += line
		if err == nil {
			if last = append(last, rest); !live && o.Tail >= 0 {
				last = last[max(0, len(last)-o.Tail):]
			}
			rest = ""
			if live || o.Tail < 0 {
				write()
			}
			continue
		}
		if !errors.Is(err, io.EOF) {
			return problem.HomeUnusable(string(e.Home), err)
		}
		write()
		if live = true; !o.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// Holdings are the files of the embedded lab beside its runs and settings.
func (e *Engine) Holdings(context.Context) ([]engine.Holding, error) {
	var out []engine.Holding
	for _, path := range e.files() {
		if st, err := os.Stat(path); err == nil {
			out = append(out, engine.Holding{Kind: "file", Name: path, Bytes: st.Size()})
		}
	}
	return out, nil
}

// Purge ends the server and removes what Holdings lists.
func (e *Engine) Purge(ctx context.Context, p term.Progress) error {
	if _, err := e.Stop(ctx, p); err != nil {
		return err
	}
	for _, path := range e.files() {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return problem.HomeUnusable(string(e.Home), err)
		}
	}
	return nil
}

func (e *Engine) files() []string {
	db := e.Home.Store()
	return []string{db, db + "-wal", db + "-shm", e.Home.Ports(), e.Home.Log()}
}
