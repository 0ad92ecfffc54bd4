package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
)

// Logs writes the output of the services' containers, the running and the ended ones, each line under its service's name.
func (e *Engine) Logs(ctx context.Context, o engine.LogOptions, w io.Writer) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return problem.EngineFailed("list the lab's containers", err)
	}
	names := o.Services
	if len(names) == 0 {
		names = e.Services()
	}
	width := 0
	for _, n := range names {
		width = max(width, len(n))
	}
	out := &lines{w: w}
	var wait sync.WaitGroup
	errs := make([]error, len(names))
	for i, n := range names {
		v := all.service(n)
		if v == nil {
			continue
		}
		read := func() {
			prefix := fmt.Sprintf("%-*s | ", width, n)
			errs[i] = c.logs(ctx, v.ID, o.Tail, o.Follow, out.named(prefix))
		}
		if o.Follow {
			wait.Go(read)
		} else {
			read() // one after the other: service by service
		}
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil && ctx.Err() == nil {
			return problem.EngineFailed("read the logs", err)
		}
	}
	return context.Cause(ctx)
}

// logs copies a container's output; tail < 0 is all of it.
func (c *Conn) logs(ctx context.Context, id string, tail int, follow bool, w io.Writer) error {
	last := "all"
	if tail >= 0 {
		last = strconv.Itoa(tail)
	}
	res, err := c.API.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: follow, Tail: last})
	if err != nil {
		return err
	}
	defer res.Close()
	_, err = stdcopy.StdCopy(w, w, res)
	if f, ok := w.(*prefixed); ok {
		f.flush()
	}
	return err
}

// lines lets several writers share one, a whole line at a time.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

type prefixed struct {
	to     *lines
	prefix string
	rest   []byte // a line that has not ended yet
}

func (l *lines) named(prefix string) *prefixed { return &prefixed{to: l, prefix: prefix} }

func (p *prefixed) Write(b []byte) (int, error) {
	p.rest = append(p.rest, b...)
	for {
		i := bytes.IndexByte(p.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		line := strings.TrimSuffix(string(p.rest[:i]), "\r")
		p.rest = slices.Delete(p.rest, 0, i+1)
		p.to.mu.Lock()
		_, err := fmt.Fprintf(p.to.w, "%s%s\n", p.prefix, line)
		p.to.mu.Unlock()
		if err != nil {
			return len(b), err
		}
	}
}

func (p *prefixed) flush() {
	if len(p.rest) > 0 {
		_, _ = p.Write([]byte("\n"))
	}
}

// tail are the last lines of a service's container, "" when there are none.
func (c *Conn) tail(ctx context.Context, id string, n int) string {
	var buf bytes.Buffer
	if err := c.logs(ctx, id, n, false, &buf); err != nil {
		return ""
	}
	return strings.TrimSpace(buf.String())
}
