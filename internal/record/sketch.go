package record

import (
	"fmt"
	"math"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

// Sketch is a mergeable distribution: quantiles within the mapping's relative accuracy.
type Sketch = ddsketch.DDSketch

// Accuracy is the relative error of quantiles in records that ltlab's own outputs write.
const Accuracy = 0.01

// Mapping says how a sketch numbers its bins. Sketches merge only when they share it.
type Mapping struct {
	Kind   string  `json:"kind"` // "cubic" or "log"
	Gamma  float64 `json:"gamma"`
	Offset float64 `json:"offset"`
}

// DefaultMapping is the mapping of new records: cubic interpolation, the fastest that keeps Accuracy. Its base is
// ((1+a)/(1-a))^(10 ln 2 / 7), as sketches-go derives it from the accuracy a.
func DefaultMapping() Mapping {
	return Mapping{Kind: "cubic", Gamma: math.Pow((1+Accuracy)/(1-Accuracy), 10*math.Ln2/7)}
}

// Index returns the library's form of the mapping.
func (m Mapping) Index() (mapping.IndexMapping, error) {
	switch m.Kind {
	case "cubic":
		return mapping.NewCubicallyInterpolatedMappingWithGamma(m.Gamma, m.Offset)
	case "log":
		return mapping.NewLogarithmicMappingWithGamma(m.Gamma, m.Offset)
	}
	return nil, fmt.Errorf("unknown sketch mapping %q", m.Kind)
}

// NewSketch returns an empty sketch whose memory grows with the values it sees.
func NewSketch(index mapping.IndexMapping) *Sketch {
	return ddsketch.NewDDSketch(index, store.NewBufferedPaginatedStore(), store.NewBufferedPaginatedStore())
}

// Quantile returns the value at rank ⌊q(n−1)⌋ of the sorted values within the sketch's accuracy, kept inside [min, max],
// which must be the exact ones. NaN when the sketch is empty. (The library's own rounds the rank up for negative values.)
func Quantile(s *Sketch, q, min, max float64) float64 {
	if s == nil {
		return math.NaN()
	}
	positive, negative := s.GetPositiveValueStore(), s.GetNegativeValueStore()
	below, zeros := negative.TotalCount(), s.GetZeroCount()
	n := below + zeros + positive.TotalCount()
	if n == 0 {
		return math.NaN()
	}
	var v float64
	switch rank := math.Floor(q * (n - 1)); {
	case rank <= 0:
		return min
	case rank >= n-1:
		return max
	case rank < below:
		v = -s.Value(negative.KeyAtRank(below - 1 - rank))
	case rank >= below+zeros:
		v = s.Value(positive.KeyAtRank(rank - below - zeros))
	}
	return math.Min(math.Max(v, min), max)
}

// encodeSketch returns the library's compact form without the mapping, which the header holds.
func encodeSketch(s *Sketch) []byte {
	b := make([]byte, 0, 512)
	s.Encode(&b, true)
	return b
}

func decodeSketch(b []byte, index mapping.IndexMapping) (*Sketch, error) {
	return ddsketch.DecodeDDSketch(b, store.BufferedPaginatedStoreConstructor, index)
}
