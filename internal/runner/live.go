package runner

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// sendEvery is how often what is new in a record is sent.
const sendEvery = time.Second

// sending is a record on its way to InfluxDB while it grows: all of it, or what a tool that sends its rows does not know.
type sending struct {
	to     *influx.Live
	cancel context.CancelFunc
	ended  chan struct{}
}

// send begins to send; nil where nothing is to be sent.
func (r *Runner) send(s *Spec, folder record.Folder) *sending {
	if s.Sink == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &sending{to: influx.NewLive(folder, s.Sink.Target, s.Program.Sends()), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		tick := time.NewTicker(sendEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = l.to.Step(ctx) // tried again at the next tick; what is left in the end counts
			}
		}
	}()
	return l
}

// stop ends the sending at the end of a step. It may be called again, and on nil.
func (l *sending) stop() {
	if l != nil {
		l.cancel()
		<-l.ended
	}
}

func (l *sending) close() {
	if l != nil {
		l.stop()
		l.to.Close()
	}
}
