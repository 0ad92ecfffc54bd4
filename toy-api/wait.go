package toyapi

import (
	"context"
	"time"
)

// lead is the last part of a wait, which a pacer measures more finely. It
// must be longer than the error of Go's timers, about 1 ms.
const lead = 2 * time.Millisecond

// wait returns nil after d, or the context's error when that ends first, within
// lead. Go rounds its waits for network events, and with them its timers, to
// whole milliseconds; on Linux the pacer ends a wait with a timer of the kernel.
func (p *pacer) wait(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	if err := coarse(ctx, d-lead); err != nil {
		return err
	}
	if rest := time.Until(end); rest > 0 && !p.fine(rest) {
		return coarse(ctx, rest)
	}
	return nil
}

func coarse(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
