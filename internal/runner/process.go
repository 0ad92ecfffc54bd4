package runner

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// process is the tool while it runs.
type process struct {
	spec *Spec
	cmd  *exec.Cmd
	log  *record.RunWriter
	kill <-chan struct{}
	// began is asked from time to time until it says that the record has begun
	began func() bool

	interrupted string // what the user did: "" (nothing), "interrupted", "killed"
	signal      string // what ended the tool, "" when it ended by itself
}

// run starts the tool and waits for its end. The error says that it could not be started.
func (p *process) run(ctx context.Context) (exit int, err error) {
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.spec.Dir, p.spec.Stdout, p.spec.Stderr
	ownGroup(p.cmd)
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its state says more than its error
		}
	}()
	if err := <-started; err != nil {
		return 0, err
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
			p.signal = signalName(p.cmd.ProcessState)
			return p.cmd.ProcessState.ExitCode(), nil
		case <-ask:
			ask = nil
			p.interrupted = "interrupted"
			p.event("interrupted", "Ctrl-C: the tool was asked to end")
			_ = p.cmd.Process.Signal(os.Interrupt) // one only: its second one is a hard stop without flush
		case <-kill:
			kill = nil
			p.interrupted = "killed"
			p.event("killed", "Ctrl-C again: the tool was killed")
			_ = killGroup(p.cmd.Process)
		}
	}
}

// event notes what happened on the run's timeline; that it could not be written shows at the end of the record.
func (p *process) event(id, text string) {
	_ = p.log.Write(record.RunLine{Event: &record.Event{Time: time.Now(), ID: id, Text: text}})
}
