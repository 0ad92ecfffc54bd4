package output

import "time"

// maxStep is how much the wall clock may move against the monotonic one between two flushes without being told of.
const maxStep = 500 * time.Millisecond

// A clock tells both times: the monotonic one, which seconds are counted on, and the wall clock, which may step.
type clock struct {
	now  func() time.Time // only compared with Sub, and with samples' times
	wall func() time.Time // without a monotonic reading
}

func systemClock() clock {
	return clock{now: time.Now, wall: func() time.Time { return time.Now().Round(0) }}
}

// stepDetector compares the two clocks.
type stepDetector struct {
	clock  clock
	now    time.Time
	wall   time.Time
	offset time.Duration // of the wall clock against the monotonic one when last looked at
}

func newStepDetector(c clock) stepDetector {
	return stepDetector{clock: c, now: c.now(), wall: c.wall()}
}

// step returns by how much the wall clock stepped since the last call; small steps and slow drift are 0.
func (d *stepDetector) step() time.Duration {
	offset := d.clock.wall().Sub(d.wall) - d.clock.now().Sub(d.now)
	step := offset - d.offset
	d.offset = offset
	if step.Abs() <= maxStep {
		return 0
	}
	return step
}
