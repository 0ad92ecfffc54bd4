package unit

import (
	"fmt"
	"math"
	"strconv"

	"github.com/ltlab/ltlab/internal/boards"
)

// Tick is a place on an axis and its label.
type Tick struct {
	Value float64
	Label string
}

// Ticks returns ticks from zero to the first one at or above high, about n of them; the last is where the axis ends.
// An axis of nothing but zeros ends at one of the unit (for shares at 1 %), and none goes beyond 1e300.
func Ticks(u boards.Unit, high float64, n int) []Tick {
	whole := u == boards.Users || u == boards.Count || u == boards.RequestRate || u == boards.IterationRate
	if high <= 0 {
		high = 1
		if u == boards.Percent {
			high = 0.01
		}
	}
	high = math.Min(high, 1e300)
	step := nice(high / float64(n))
	if whole {
		step = math.Max(step, 1)
	}
	count := int(math.Ceil(high/step - 1e-9))
	if u == boards.Percent && high <= 1 && float64(count)*step > 1 {
		step = 0.25
		count = 4
	}
	top := float64(count) * step
	ticks := make([]Tick, 0, count+1)
	for i := 0; i <= count; i++ {
		v := float64(i) * step
		ticks = append(ticks, Tick{v, axisLabel(u, v, top, step)})
	}
	return ticks
}

// nice rounds a step up to 1, 2, 2.5 or 5 times a power of ten.
func nice(step float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if step <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// axisLabel writes a tick in the magnitude of the axis' top, so that all labels of an axis read alike.
func axisLabel(u boards.Unit, v, top, step float64) string {
	suffix := ""
	divide := func(by float64, s string) {
		v, top, step = v/by, top/by, step/by
		suffix = s
	}
	switch {
	case u == boards.Milliseconds && top >= 1000:
		divide(1000, " s")
	case u == boards.Milliseconds && top < 1:
		divide(0.001, " µs")
	case u == boards.Milliseconds:
		suffix = " ms"
	case u == boards.Percent:
		divide(0.01, " %")
	case top >= 1e9:
		divide(1e9, "G")
	case top >= 1e6:
		divide(1e6, "M")
	case top >= 2000:
		divide(1e3, "k")
	}
	switch u {
	case boards.Bytes:
		suffix = " " + suffix + "B"
	case boards.ByteRate:
		suffix = " " + suffix + "B/s"
	}
	if v == 0 {
		return "0" + zeroSuffix(u, suffix)
	}
	if top >= 1e9 {
		return strconv.FormatFloat(v, 'g', 3, 64) + suffix
	}
	decimals := 0
	for d := step; decimals < 4 && math.Abs(d-math.Round(d)) > 1e-6; d *= 10 {
		decimals++
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + suffix
}

// zeroSuffix leaves out the magnitude of nothing: "0", not "0k".
func zeroSuffix(u boards.Unit, suffix string) string {
	if u == boards.Milliseconds || u == boards.Percent || u == boards.Bytes || u == boards.ByteRate {
		return suffix
	}
	return ""
}

var timeSteps = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400}

// TimeTicks returns about n ticks between two times in seconds since the run's start, labeled as Clock does.
func TimeTicks(from, to int64, n int) []Tick {
	step := Step((to - from + int64(n) - 1) / int64(n))
	var ticks []Tick
	for t := (from + step - 1) / step * step; t <= to; t += step {
		ticks = append(ticks, Tick{float64(t), Clock(t)})
	}
	return ticks
}

// Step returns the shortest round span of at least s seconds.
func Step(s int64) int64 {
	for _, step := range timeSteps {
		if step >= s {
			return step
		}
	}
	day := timeSteps[len(timeSteps)-1]
	return (s + day - 1) / day * day
}

// Clock writes seconds since the run's start as "1:05" or "1:02:03", with a minus before it.
func Clock(t int64) string {
	if t < 0 {
		return "-" + Clock(-t)
	}
	if t < 3600 {
		return fmt.Sprintf("%d:%02d", t/60, t%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", t/3600, t/60%60, t%60)
}
