package rows

import (
	"math"

	"github.com/ltlab/ltlab/internal/record"
)

// Heat counts the values of one window in 24 bins, four a decade from 0.1 ms to 100 s: bin i holds values from
// HeatBound(i) up to HeatBound(i+1). The first and the last also hold what lies beyond. A value within the sketch's
// accuracy of a bound may be counted on its other side.
type Heat [24]int64

// HeatBound is the lower bound of bin i in milliseconds, 0.1·10^(i/4).
func HeatBound(i int) float64 { return math.Pow(10, float64(i)/4-1) }

// MainLatency is the metric whose windows carry a Heat, by tool.
func MainLatency(tool string) string {
	if tool == "artillery" {
		return "http.response_time"
	}
	return "http_req_duration"
}

func heatOf(s *record.Sketch) *Heat {
	h := new(Heat)
	if s == nil {
		return h
	}
	s.ForEach(func(v, n float64) bool {
		h[heatBin(v)] += int64(n)
		return false
	})
	return h
}

func heatBin(v float64) int {
	if v <= 0 {
		return 0
	}
	i := int(math.Floor(4 * (math.Log10(v) + 1)))
	return min(max(i, 0), len(Heat{})-1)
}
