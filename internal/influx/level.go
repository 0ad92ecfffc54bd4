package influx

import (
	"fmt"
	"math"
	"strconv"

	"github.com/ltlab/ltlab/internal/record"
)

// How many seconds, or periods, load must be asked for unchanged to be a level.
const (
	steadySeconds = 5
	steadyPeriods = 2
)

// levels finds when a run reached a new level of the load that was asked for.
type levels struct {
	vus, rate float64 // of the stretch at hand; NaN: none asked for
	since     int64
	last      int64 // second or period
	length    int
	steady    int    // how long the stretch must be
	told      string // the level last reached
}

// add takes the next second or period, and leaves out one that comes late; reached says that a level began at a second, which is known once it was steady.
func (l *levels) add(s *record.Load) (text string, since int64, reached bool) {
	vus, rate := value(s.AskedPeak), value(s.AskedRate)
	if l.length > 0 && s.T <= l.last {
		return "", 0, false
	}
	l.last = s.T
	if l.length == 0 || !same(vus, l.vus) || !same(rate, l.rate) {
		l.vus, l.rate, l.since, l.length = vus, rate, s.T, 0
	}
	if l.length++; l.length != l.steady {
		return "", 0, false
	}
	if text = level(vus, rate); text == l.told {
		return "", 0, false
	}
	l.told = text
	return text, l.since, text != ""
}

func value(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// same compares what rounding may set apart.
func same(a, b float64) bool {
	return a != a && b != b || math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b))
}

func level(vus, rate float64) string {
	number := func(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }
	switch {
	case vus == vus && rate == rate && (vus > 0 || rate > 0):
		return fmt.Sprintf("%s VUs and %s iterations/s", number(vus), number(rate))
	case vus > 0:
		return number(vus) + " VUs"
	case rate > 0:
		return number(rate) + " iterations/s"
	}
	return ""
}
