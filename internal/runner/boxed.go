package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

const (
	askIn    = 10 * time.Second // for one request to the engine
	startIn  = 30 * time.Second // for the start of the container
	returnIn = 20 * time.Second // that a lost engine has to come back, or the tool to end its record by itself
)

// exitUnreachable is that of a tool that does not begin, for its target does not answer from there.
const exitUnreachable = 69

// boxed is a tool in a container.
type boxed struct {
	box    Box
	spec   *Spec
	folder record.Folder
	mirror *mirror // nil: the folder is shared

	stderr *caught
	stop   context.CancelFunc // of the mirror
	stops  chan struct{}
}

func (c *Container) boxed() *boxed {
	return &boxed{box: c.box, spec: c.spec, folder: c.folder, mirror: c.mirror}
}

// within gives up on an engine that does not come to an end; nobody else would, for its answer is not asked for by ctx.
func within(limit time.Duration, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return problem.EngineLost(fmt.Errorf("it did not start the container in %s", limit))
	}
}

func (b *boxed) Start() error {
	b.stderr = &caught{to: b.spec.Stderr, begins: b.spec.Program.NotReached()}
	ctx, cancel := context.WithCancel(context.Background())
	b.stop, b.stops = cancel, make(chan struct{})
	if err := within(startIn, func() error { return b.box.Start(ctx, b.spec.Stdout, b.stderr) }); err != nil {
		cancel()
		return err
	}
	go func() {
		defer close(b.stops)
		if b.mirror != nil {
			b.mirror.follow(ctx, b.box)
		}
	}()
	return nil
}

func (b *boxed) Wait() (exit int, how string) {
	end, err := b.box.Wait(context.Background())
	lost := err == nil && end.Lost
	if lost {
		end, err = b.again()
	}
	b.stop()
	<-b.stops
	b.stderr.line()
	switch {
	case err != nil:
		return -1, "the Docker engine does not say how it ended: " + err.Error()
	case end.Lost, lost && end.Code == b.spec.Program.Orphaned(): // without its ltlab it ends the run
		return -1, "the Docker engine ceased to answer"
	case end.OOM:
		return -1, "its container ran out of memory"
	case end.Gone:
		return -1, "its container was removed"
	case end.Code == 137:
		return -1, "it ended by signal killed"
	}
	return end.Code, ""
}

// again waits for an engine that was lost, or for the end of the record: the tool ends its run by itself when nobody holds
// its standard input any more.
func (b *boxed) again() (engine.End, error) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	over := time.After(returnIn)
	for {
		end, err := b.box.Wait(context.Background())
		if err == nil && !end.Lost {
			return end, nil
		}
		if ended(b.folder) {
			return engine.End{Lost: true}, nil
		}
		select {
		case <-over:
			return engine.End{Lost: true}, nil
		case <-tick.C:
		}
	}
}

// ended says whether the tool has closed its record.
func ended(folder record.Folder) (yes bool) {
	tail, err := record.OpenTail(folder.Tool())
	if err != nil {
		return false
	}
	defer tail.Close()
	_ = tail.Each(func(l record.ToolLine) error { // of a damaged record what stands before counts
		yes = yes || l.End != nil
		return nil
	})
	return yes
}

// unbegun is the problem of a tool that did not begin, for its container does not reach the target; nil when it does.
func (b *boxed) unbegun(exit int) *problem.Problem {
	if why := b.stderr.line(); exit == exitUnreachable && why != "" {
		return problem.TargetUnreachable(b.spec.Program.Name(), redactURL(b.spec.Target), why)
	}
	return nil
}

func (b *boxed) Interrupt() { b.signal("SIGINT") }

func (b *boxed) Kill() { b.signal("SIGKILL") }

func (b *boxed) signal(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), askIn)
	defer cancel()
	_ = b.box.Signal(ctx, name)
}

// caught passes a stream on but for its first line when that begins with a word that is meant for ltlab.
type caught struct {
	to     io.Writer
	begins string

	mu   sync.Mutex
	held []byte // the beginning, as long as it may be such a line
	over bool
	text string
}

func (c *caught) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return c.to.Write(p)
	}
	c.held = append(c.held, p...)
	n := min(len(c.held), len(c.begins))
	ours := string(c.held[:n]) == c.begins[:n]
	line, rest, whole := bytes.Cut(c.held, []byte("\n"))
	switch {
	case ours && !whole:
		return len(p), nil
	case ours && len(line) >= len(c.begins):
		c.text, c.held = strings.TrimPrefix(string(line), c.begins), rest
	}
	c.over = true
	_, err := c.to.Write(c.held)
	c.held = nil
	return len(p), err
}

// line is what was held back. What was not whole goes on its way.
func (c *caught) line() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) > 0 {
		_, _ = c.to.Write(c.held)
		c.held = nil
	}
	return c.text
}

// mirror brings the record out of a container that does not share it, while it grows: boards are live, and little is lost
// when the container is.
type mirror struct {
	folder record.Folder
	have   int64
}

// mirrorEvery is how often; what takes long comes less often, for it costs the machine that is measured.
const mirrorEvery = 2 * time.Second

func newMirror(folder record.Folder) *mirror { return &mirror{folder: folder} }

func (m *mirror) follow(ctx context.Context, box Box) {
	timer := time.NewTimer(mirrorEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		_ = m.take(ctx, box) // tried again; the last try's error counts
		timer.Reset(max(mirrorEvery, 4*time.Since(began)))
	}
}

// take appends what is new. That there is no record yet is no error.
func (m *mirror) take(ctx context.Context, box Box) error {
	content, err := one(ctx, box, inRecord+"/"+record.ToolFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if int64(len(content)) <= m.have {
		return nil
	}
	f, err := os.OpenFile(m.folder.Tool(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := f.WriteAt(content[m.have:], m.have)
	m.have += int64(n)
	return errors.Join(err, f.Close())
}
