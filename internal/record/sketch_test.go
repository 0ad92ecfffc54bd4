package record

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch/encoding"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
)

func testIndex(t testing.TB) mapping.IndexMapping {
	t.Helper()
	index, err := DefaultMapping().Index()
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func sketchOf(t testing.TB, values ...float64) *Sketch {
	t.Helper()
	s := NewSketch(testIndex(t))
	for _, v := range values {
		if err := s.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// exact is the value at rank ⌊q(n−1)⌋.
func exact(values []float64, q float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return v[int(q*float64(len(v)-1))]
}

func within(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*1.0001*math.Abs(want)
}

func TestQuantilesOfMergedSketchesAreWithinOnePercent(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for name, draw := range map[string]func() float64{
		"latency":    func() float64 { return math.Exp(rng.NormFloat64()*2 + 3) },
		"whole ms":   func() float64 { return float64(rng.IntN(300)) },
		"negative":   func() float64 { return -math.Exp(rng.NormFloat64()) },
		"both signs": func() float64 { return 100*rng.NormFloat64() - 20 },
		"constant":   func() float64 { return 42 },
		"full range": func() float64 { return math.Pow(10, 600*rng.Float64()-300) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{1, 2, 3, 10, 101, 5000} {
				var all []float64
				whole := NewSketch(testIndex(t))
				var parts []*Sketch
				for range 5 {
					parts = append(parts, NewSketch(testIndex(t)))
				}
				for i := range n {
					v := draw()
					all = append(all, v)
					if err := parts[i%len(parts)].Add(v); err != nil {
						t.Fatal(err)
					}
				}
				for _, p := range parts { // through the file's form, as every reader gets them
					back, err := decodeSketch(encodeSketch(p), testIndex(t))
					if err != nil {
						t.Fatal(err)
					}
					if err := whole.MergeWith(back); err != nil {
						t.Fatal(err)
					}
				}
				low, high := slices.Min(all), slices.Max(all)
				for _, q := range []float64{0, 0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
					got, want := Quantile(whole, q, low, high), exact(all, q)
					if !within(got, want, Accuracy) {
						t.Errorf("quantile %v of %d is %v, want %v", q, n, got, want)
					}
				}
			}
		})
	}
	if !math.IsNaN(Quantile(nil, 0.5, 0, 1)) || !math.IsNaN(Quantile(sketchOf(t), 0.5, 0, 1)) {
		t.Error("an empty sketch has a median")
	}
}

func TestSketchesMergeOnlyWithTheirOwnMapping(t *testing.T) {
	other, err := Mapping{Kind: "log", Gamma: 1.02, Offset: 1}.Index()
	if err != nil {
		t.Fatal(err)
	}
	if err := sketchOf(t, 1).MergeWith(NewSketch(other)); err == nil {
		t.Error("a cubic and a logarithmic sketch merged")
	}
}

func TestASketchInEachOfTheLibrarysFormsIsRead(t *testing.T) {
	const positive, at, apart = 0b01, 20, 2 // index 10, the next at 11
	for name, tc := range map[string]struct {
		bytes []byte
		want  map[int]float64
	}{
		"indexes":            {[]byte{0b10<<2 | positive, 3, at, apart, 0}, map[int]float64{10: 1, 11: 2}},
		"indexes and counts": {append(encoded(positive|0b01<<2, 2), encoded(at, 5.0, apart, 7.0)...), map[int]float64{10: 5, 11: 7}},
		"contiguous":         {append(encoded(positive|0b11<<2, 3), encoded(at, apart, 5.0, 0.0, 7.0)...), map[int]float64{10: 5, 12: 7}},
		"nothing":            {nil, map[int]float64{}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := decodeSketch(tc.bytes, testIndex(t))
			if err != nil {
				t.Fatal(err)
			}
			got := map[int]float64{}
			s.GetPositiveValueStore().ForEach(func(i int, n float64) bool {
				got[i] = n
				return false
			})
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// encoded writes ints as bytes and floats in the library's variable length.
func encoded(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case float64:
			encoding.EncodeVarfloat64(&b, p)
		}
	}
	return b
}
