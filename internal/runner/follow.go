package runner

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// followEvery is how often a running record is taken into the store.
const followEvery = 100 * time.Millisecond

// Follower takes what is new in a record into the store; done when it has all of a finished run.
type Follower interface {
	Step(ctx context.Context) (done bool, err error)
}

// following is a record on its way into the store while it grows.
type following struct {
	to     Follower
	cancel context.CancelFunc
	ended  chan struct{}
}

func (r *Runner) follow(folder record.Folder) *following {
	if r.Follow == nil {
		return &following{}
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &following{to: r.Follow(folder), cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(f.ended)
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_, _ = f.to.Step(ctx) // tried again at the next tick; the last try's error counts
			}
		}
	}()
	return f
}

// stop lets go of the record. It may be called again.
func (f *following) stop() {
	if f.to != nil {
		f.cancel()
		<-f.ended
	}
}

// finish takes what is left.
func (f *following) finish() error {
	if f.to == nil {
		return nil
	}
	f.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := f.to.Step(ctx)
	return err
}
