package influx

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// stepTime is how long a Step may take.
const stepTime = 5 * time.Second

// Live sends a run while its record grows, for a tool that does not do so itself. What a Step could not send is sent by
// the next one or by Finish. A Live is used by one goroutine; only Sink may be called by others.
type Live struct {
	folder record.Folder
	to     *Sender
	push   *Push
	step   time.Duration // how long a Step may take
}

// NewLive returns a Live of the record in that folder, which need not be there yet. It does nothing before its first Step.
func NewLive(folder record.Folder, t Target) *Live {
	to := NewSender(t)
	return &Live{folder: folder, to: to, push: NewPush(folder, to), step: stepTime}
}

// Step sends what is new in the record, for some seconds at most; while InfluxDB does not answer it reads no further. Its
// error is in Sink too, and nothing is lost by it: call Step again a second or two later.
func (l *Live) Step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.step)
	defer cancel()
	l.to.Patience = l.step
	return l.push.Step(ctx)
}

// Finish sends what is left and what only a finished run has, and says what became of all of it. It waits for an InfluxDB
// that does not answer no longer than Patience, and may be called again.
func (l *Live) Finish(ctx context.Context) (record.Sink, error) {
	l.to.Patience = Patience
	err := l.push.Finish(ctx, nil)
	if run, rerr := record.ReadRun(l.folder.Run()); err == nil && rerr == nil {
		err = l.push.Events(ctx, run.Events)
		l.push.note(ctx, err)
	}
	s := l.push.Sink()
	s.Done = s.Done && err == nil
	return s, err
}

// Sink is what became of the run so far.
func (l *Live) Sink() record.Sink { return l.push.Sink() }

// Close lets go of the record and of InfluxDB.
func (l *Live) Close() {
	l.push.Close()
	l.to.Close()
}
