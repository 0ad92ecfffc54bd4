//go:build !linux

package toyapi

import "time"

// A pacer has nothing finer than Go's timers here.
type pacer struct{}

func newPacer() *pacer { return &pacer{} }

func (*pacer) fine(time.Duration) bool { return false }
