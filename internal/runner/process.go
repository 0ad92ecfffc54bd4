package runner

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// process is the tool while it runs.
type process struct {
	tool Tool
	log  *record.RunWriter
	kill <-chan struct{}
	// began is asked from time to time until it says that the record has begun
	began func() bool
	watch func() (stop func()) // begins to measure the machine; nil: nothing does

	interrupted string // what the user did: "" (nothing), "interrupted", "killed"
	signal      string // what ended the tool, "" when it ended by itself
}

// run starts the tool and waits for its end. The error says that it could not be started.
func (p *process) run(ctx context.Context) (exit int, err error) {
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		err := p.tool.Start()
		started <- err
		if err == nil {
			exit, p.signal = p.tool.Wait()
		}
	}()
	if err := <-started; err != nil {
		return 0, err
	}
	if p.watch != nil {
		defer p.watch()()
	}
	ask, kill := ctx.Done(), p.kill
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if p.began() {
				tick.Stop()
			}
		case <-ended:
			return exit, nil
		case <-ask:
			ask = nil
			p.interrupted = "interrupted"
			p.event("interrupted", "Ctrl-C: the tool was asked to end")
			p.tool.Interrupt()
		case <-kill:
			kill = nil
			p.interrupted = "killed"
			p.event("killed", "Ctrl-C again: the tool was killed")
			p.tool.Kill()
		}
	}
}

// event notes what happened on the run's timeline; that it could not be written shows at the end of the record.
func (p *process) event(id, text string) {
	_ = p.log.Write(record.RunLine{Event: &record.Event{Time: time.Now(), ID: id, Text: text}})
}
