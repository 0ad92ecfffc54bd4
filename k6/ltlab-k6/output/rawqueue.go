package output

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// enqueue hands the pack at hand over to those who send, or sheds it.
func (r *raw) enqueue() {
	gz, n := r.packer.Take()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queued+len(gz) > maxQueued {
		r.shed[shedFull] += int64(n)
		r.spare = append(r.spare, gz)
		return
	}
	r.queue = append(r.queue, pack{gz, n})
	r.queued += len(gz)
	r.full.Signal()
}

// waiting is how many bytes wait to be sent.
func (r *raw) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queued
}

func (r *raw) memory() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.spare)
	if n == 0 {
		return nil
	}
	b := r.spare[n-1]
	r.spare = r.spare[:n-1]
	return b
}

// send starts what sends packs until ctx ends.
func (r *raw) send(ctx context.Context) {
	context.AfterFunc(ctx, func() {
		r.mu.Lock() // nobody is between looking at ctx and waiting
		defer r.mu.Unlock()
		r.full.Broadcast()
	})
	for range r.set.writers {
		r.writers.Go(func() {
			for {
				p, ok := r.next(ctx)
				if !ok {
					return
				}
				err := r.to.DeliverPack(ctx, r.set.target.Bucket, influx.Nanoseconds, p.gz, p.n)
				if r.sent(p, err); errors.As(err, new(*influx.RefusedError)) {
					r.pause(ctx)
				}
			}
		})
	}
}

// pause keeps from asking again and again what only a setting changes.
func (r *raw) pause(ctx context.Context) {
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return
	}
	timer := time.NewTimer(r.set.interval)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *raw) next(ctx context.Context) (p pack, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.queue) == 0 && !r.closed && ctx.Err() == nil {
		r.full.Wait()
	}
	if len(r.queue) == 0 || ctx.Err() != nil {
		return pack{}, false
	}
	p = r.queue[0]
	r.queue = slices.Delete(r.queue, 0, 1)
	return p, true
}

func (r *raw) sent(p pack, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queued -= len(p.gz)
	switch {
	case err == nil:
		if len(r.spare) < 2*r.set.writers {
			r.spare = append(r.spare, p.gz)
		}
	case errors.As(err, new(*influx.RefusedError)):
		r.shed[shedRefused] += int64(p.n)
	default:
		r.shed[shedLate] += int64(p.n)
	}
	if err == nil {
		r.written += int64(p.n)
	}
}

// end closes the last pack; close then waits until all are sent, or ctx ends.
func (r *raw) end() {
	if r.packer.Lines() > 0 {
		r.enqueue()
	}
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.full.Broadcast()
}

// ledger accounts for all samples, once sending is over.
func (r *raw) ledger() *record.RawSink {
	r.writers.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.queue {
		r.shed[shedLate] += int64(p.n)
	}
	r.queue = nil
	shed := maps.Clone(r.shed)
	if r.limited > 0 {
		shed[shedLimit] = r.limited
	}
	written := r.written
	if n := r.to.Refused(); n > 0 { // lines of packs that were taken otherwise
		shed[shedRefused] += n
		written -= n
	}
	return &record.RawSink{Written: written, Shed: shed}
}
