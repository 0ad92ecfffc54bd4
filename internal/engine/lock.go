package engine

import (
	"context"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/problem"
)

// Lock keeps two commands from starting, stopping or changing a lab at the same time; it waits as long as ctx lets it.
func Lock(ctx context.Context, h config.Home) (unlock func(), err error) {
	if err := h.Make(); err != nil {
		return nil, problem.HomeUnusable(string(h), err)
	}
	l := flock.New(h.StartLock())
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, problem.HomeUnusable(string(h), err)
	}
	return func() { _ = l.Unlock() }, nil
}
