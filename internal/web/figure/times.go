package figure

import (
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/store"
)

// times adds up values by time.
type times struct {
	first, step int64
	values      []float64
	seen        []bool
	places      []int64 // the times that values are of, where they lie too far apart for an array from first to last
}

// leap is how many empty places an array may have: a clock that leaps, or a damaged record, may say any time.
const leap = 100_000

// newTimes has room for the times of series.
func newTimes(series []store.Series, step int64) *times {
	first, last, all := int64(math.MaxInt64), int64(math.MinInt64), 0
	for _, s := range series {
		if n := len(s.Points); n > 0 {
			first, last, all = min(first, s.Points[0].T), max(last, s.Points[n-1].T), all+n
		}
	}
	if last < first {
		return &times{step: step}
	}
	n := (last-first)/step + 1
	out := &times{first: first, step: step}
	if n > int64(all)+leap {
		for _, s := range series {
			for _, p := range s.Points {
				out.places = append(out.places, p.T)
			}
		}
		slices.Sort(out.places)
		out.places = slices.Compact(out.places)
		n = int64(len(out.places))
	}
	out.values, out.seen = make([]float64, n), make([]bool, n)
	return out
}

func (t *times) time(i int) int64 {
	if t.places != nil {
		return t.places[i]
	}
	return t.first + int64(i)*t.step
}

func (t *times) index(at int64) (int, bool) {
	if t.places != nil {
		return slices.BinarySearch(t.places, at)
	}
	i := (at - t.first) / t.step
	return int(i), at >= t.first && i < int64(len(t.values))
}

func (t *times) add(p store.Point) {
	if i, ok := t.index(p.T); ok {
		t.values[i] += p.V
		t.seen[i] = true
	}
}
