package figure

import (
	"math"

	"github.com/ltlab/ltlab/internal/store"
)

// times adds up values by time.
type times struct {
	first, step int64
	values      []float64
	seen        []bool
}

// newTimes has room for the times of series.
func newTimes(series []store.Series, step int64) *times {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, s := range series {
		if n := len(s.Points); n > 0 {
			first, last = min(first, s.Points[0].T), max(last, s.Points[n-1].T)
		}
	}
	if last < first {
		return &times{step: step}
	}
	n := (last-first)/step + 1
	return &times{first, step, make([]float64, n), make([]bool, n)}
}

func (t *times) time(i int) int64 { return t.first + int64(i)*t.step }

func (t *times) index(at int64) (int, bool) {
	i := (at - t.first) / t.step
	return int(i), at >= t.first && i < int64(len(t.values))
}

func (t *times) add(p store.Point) {
	if i, ok := t.index(p.T); ok {
		t.values[i] += p.V
		t.seen[i] = true
	}
}
