package record

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/DataDog/sketches-go/ddsketch"
	enc "github.com/DataDog/sketches-go/ddsketch/encoding"
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

// maxIndex bounds the bins of a sketch: at an accuracy of 0.1 % all numbers fit into half of it.
const maxIndex = 1 << 20

// decodeSketch reads what encodeSketch wrote, in any of the library's three forms of bins. The library's own decoder
// takes damaged bytes for fewer values, or for bins so far apart that they fill the memory.
func decodeSketch(b []byte, index mapping.IndexMapping) (*Sketch, error) {
	s := NewSketch(index)
	for len(b) > 0 {
		flag, err := enc.DecodeFlag(&b)
		if err != nil {
			return nil, err
		}
		switch {
		case flag.Type() == enc.FlagTypePositiveStore:
			err = decodeBins(&b, flag.SubFlag(), s.GetPositiveValueStore())
		case flag.Type() == enc.FlagTypeNegativeStore:
			err = decodeBins(&b, flag.SubFlag(), s.GetNegativeValueStore())
		case flag == enc.FlagZeroCountVarFloat:
			var n float64
			if n, err = decodeCount(&b); err == nil {
				err = s.AddWithCount(0, n)
			}
		default:
			err = errors.New("a part of unknown kind")
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // EOF would mean the file's end to a reader
		}
		if err != nil {
			return nil, fmt.Errorf("sketch: %w", err)
		}
	}
	return s, nil
}

func decodeBins(b *[]byte, mode enc.SubFlag, into store.Store) error {
	bins, err := enc.DecodeUvarint64(b)
	if err != nil {
		return err
	}
	var at, step int64
	if mode == enc.BinEncodingContiguousCounts {
		if at, err = enc.DecodeVarint64(b); err != nil {
			return err
		}
		if step, err = enc.DecodeVarint64(b); err != nil {
			return err
		}
		at -= step
	}
	for range bins { // ends with the bytes, at least one a bin
		n := 1.0
		if mode != enc.BinEncodingContiguousCounts {
			if step, err = enc.DecodeVarint64(b); err != nil {
				return err
			}
		}
		if mode != enc.BinEncodingIndexDeltas {
			if n, err = decodeCount(b); err != nil {
				return err
			}
		}
		if at += step; at < -maxIndex || at > maxIndex {
			return fmt.Errorf("a bin with index %d", at)
		}
		into.AddWithCount(int(at), n)
	}
	return nil
}

func decodeCount(b *[]byte) (float64, error) {
	n, err := enc.DecodeVarfloat64(b)
	if err == nil && !(n >= 0 && n <= 1<<53) {
		err = fmt.Errorf("a bin with count %v", n)
	}
	return n, err
}
