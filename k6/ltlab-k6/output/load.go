package output

import (
	"math"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// never is a time that no run reaches.
const never = time.Duration(math.MaxInt64)

// load sets what was asked for against what k6 did, second by second.
//
// The plan counts from when k6 starts its executors, which no output is told. After a setup() that is when setup's
// samples end. Else it follows from the earliest iteration: its end, minus its duration, minus when its scenario's first
// one was due. Before any iteration has ended, requests tell it likewise, as do the virtual users that k6 counts once a
// second; then it may be wrong by half a second, else by milliseconds.
type load struct {
	plan plan

	setup    time.Duration // end of setup(); 0: none was seen
	earliest time.Duration // beginning that the samples of iterations and requests allow
	exact    bool          // one of them was an iteration's
	guess    time.Duration // beginning that the number of virtual users suggests
	idle     time.Duration // when there was last none

	vus      float64 // in the last second written
	finished float64 // iterations since the last line
	dropped  float64
}

func newLoad(p plan) *load { return &load{plan: p, earliest: never, guess: never} }

// begin is the plan's beginning, as far as it is known.
func (l *load) begin() time.Duration {
	switch {
	case l.setup > 0:
		return l.setup
	case l.exact:
		return l.earliest
	}
	return min(l.earliest, l.guess)
}

// observe looks for the plan's beginning in a sample that is not plain.
func (l *load) observe(s *series, at time.Duration, v float64) {
	switch s.role {
	case setupSample:
		l.setup = max(l.setup, at)
	case iterationDuration:
		l.exact = l.began(s, at, v) || l.exact
	case requestDuration:
		if !l.exact {
			l.began(s, at, v)
		}
	case virtualUsers:
		if v == 0 {
			l.idle = at
		} else if l.guess == never {
			l.guess = (max(l.idle, at-time.Second) + at) / 2
		}
	}
}

// began takes into account that something of a scenario ended at a time, and took v milliseconds.
func (l *load) began(s *series, end time.Duration, v float64) bool {
	due, ok := l.plan.first[s.scenario]
	if ok {
		l.earliest = min(l.earliest, max(end-time.Duration(v*float64(time.Millisecond))-due, 0))
	}
	return ok
}

// count notes what a written second delivered.
func (l *load) count(as role, b *bucket) {
	switch as {
	case virtualUsers:
		l.vus = b.last
	case iterations:
		l.finished += b.sum
	case droppedIterations:
		l.dropped += b.sum
	}
}

// line is second t's. The run lasted at least until end: a rate is asked for no longer.
func (l *load) line(t int64, end time.Duration) record.Load {
	from := time.Duration(t) * time.Second
	line := record.Load{
		T: t, VUs: l.vus, Iterations: int64(l.finished), Dropped: int64(l.dropped),
		AskedVUs:  l.asked(l.plan.vus.integral, l.plan.vus, from, from+time.Second),
		AskedPeak: l.asked(l.plan.vus.peak, l.plan.vus, from, from+time.Second),
		AskedRate: l.asked(l.plan.rate.integral, l.plan.rate, from, min(from+time.Second, end)),
	}
	l.finished, l.dropped = 0, 0
	return line
}

// asked measures a curve in the plan's own time; nil where nothing of the kind was planned.
func (l *load) asked(measure func(from, to time.Duration) float64, c curve, from, to time.Duration) *float64 {
	if c == nil {
		return nil
	}
	v := measure(from-l.begin(), to-l.begin())
	return &v
}
