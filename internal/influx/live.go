package influx

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// stepTime is how long a Step may take.
const stepTime = 5 * time.Second

// Live sends a run while its record grows: all of it, or what its tool does not know where the tool sends its rows itself. What
// a Step could not send is sent by the next one or by Finish. A Live is used by one goroutine; only Sink may be called by others.
type Live struct {
	to     *Sender
	push   *Push
	log    *log
	byTool bool
	step   time.Duration // how long a Step may take

	mu      sync.Mutex
	failure error // of the log
}

// NewLive returns a Live of the record in that folder, which need not be there yet. It does nothing before its first Step.
// byTool says that the tool sends its rows itself.
func NewLive(folder record.Folder, t Target, byTool bool) *Live {
	to := NewSender(t)
	return &Live{to: to, push: NewPush(folder, to), log: newLog(folder, to), byTool: byTool, step: stepTime}
}

// Step sends what is new in the record, for some seconds at most; while InfluxDB does not answer it reads no further. Its
// error is in Sink too, and nothing is lost by it: call Step again a second or two later.
func (l *Live) Step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.step)
	defer cancel()
	l.to.Patience = l.step
	err := l.logged(ctx)
	if l.byTool || notTaken(err) {
		return err
	}
	return errors.Join(err, l.push.Step(ctx))
}

// Finish sends what is left and what only a finished run has, and says what became of all of it. sent is what the tool has sent;
// of a run that is all there, Finish sends what the tool does not know. It waits for an InfluxDB that does not answer no
// longer than Patience, and may be called again.
func (l *Live) Finish(ctx context.Context, sent record.Sink) (record.Sink, error) {
	l.to.Patience = Patience
	err := l.logged(ctx)
	if !sent.Done && !notTaken(err) {
		l.push.Skip = sent.Through
		err = errors.Join(err, l.push.Finish(ctx, nil))
	}
	s := l.Sink()
	s.Done = err == nil
	s.Written += sent.Written
	s.Retried += sent.Retried
	s.Refused += sent.Refused
	s.Through, s.Raw = max(s.Through, sent.Through), sent.Raw
	if sent.Done && s.Error == "" {
		s.Error = sent.Error // why it refused some
	}
	return s, err
}

// logged sends what is new in run.ndjson.
func (l *Live) logged(ctx context.Context) error {
	err := l.log.step(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil || l.failure == nil || ctx.Err() == nil { // that nobody waits any longer tells less
		l.failure = err
	}
	return err
}

// notTaken says whether InfluxDB does not take lines: it would take no others.
func notTaken(err error) bool {
	return errors.As(err, new(*UnreachableError)) || errors.As(err, new(*RefusedError))
}

// Sink is what became of the run so far.
func (l *Live) Sink() record.Sink {
	s := l.push.Sink()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		s.Done, s.Error = false, l.failure.Error()
	}
	return s
}

// Close lets go of the record and of InfluxDB.
func (l *Live) Close() {
	l.push.Close()
	l.log.close()
	l.to.Close()
}
