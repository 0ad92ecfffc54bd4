package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
)

// A bucket is an array, for a record is mostly buckets: [series, n, sum] for counters and rates,
// [series, n, last, min, max] for gauges, [series, n, sum, min, max, "sketch in base64"] for trends.

// appendSecond appends the line of a second, without its newline.
func appendSecond(b []byte, s *Second) []byte {
	b = append(b, `{"second":{"t":`...)
	b = strconv.AppendInt(b, s.T, 10)
	if s.Unplaced {
		b = append(b, `,"unplaced":true`...)
	}
	b = append(b, `,"b":[`...)
	buckets := s.Buckets
	for i := range buckets {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBucket(b, &buckets[i])
	}
	return append(b, `]}}`...)
}

func appendBucket(b []byte, k *Bucket) []byte {
	b = append(b, '[')
	b = strconv.AppendInt(b, int64(k.Series), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, k.N, 10)
	switch k.Kind {
	case Counter, Rate:
		b = appendSum(b, k.Sum)
	case Gauge:
		b = appendValue(b, k.Last)
		b = appendValue(b, k.Min)
		b = appendValue(b, k.Max)
	case Trend:
		b = appendSum(b, k.Sum)
		b = appendValue(b, k.Min)
		b = appendValue(b, k.Max)
		b = append(b, ',', '"')
		if k.Sketch != nil {
			b = base64.RawStdEncoding.AppendEncode(b, encodeSketch(k.Sketch))
		}
		b = append(b, '"')
	}
	return append(b, ']')
}

// appendValue writes a comma and v exactly. JSON has neither infinity nor NaN: they become the largest number and 0.
func appendValue(b []byte, v float64) []byte {
	b = append(b, ',')
	if v = math.Max(math.Min(v, math.MaxFloat64), -math.MaxFloat64); v != v {
		v = 0
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendSum writes a comma and a sum with 15 significant digits: the last two of 17 are the rounding of additions and
// would double its length.
func appendSum(b []byte, v float64) []byte {
	if v != v || v == math.Trunc(v) || math.Abs(v) > 1e300 { // NaN, whole, or rounding up could overflow
		return appendValue(b, v)
	}
	return strconv.AppendFloat(append(b, ','), v, 'g', 15, 64)
}

// decoder turns lines into values; it learns the series' kinds from the lines themselves.
type decoder struct {
	index   mapping.IndexMapping
	metrics map[int]Kind
	kinds   map[int]Kind // by series
	bytes   []byte       // of a sketch, while it is read
}

func newDecoder() *decoder {
	return &decoder{metrics: map[int]Kind{}, kinds: map[int]Kind{}}
}

type rawSecond struct {
	T        int64               `json:"t"`
	Unplaced bool                `json:"unplaced"`
	Buckets  [][]json.RawMessage `json:"b"`
}

type rawLine struct {
	ToolLine
	Second *rawSecond `json:"second,omitempty"`
}

func (d *decoder) decode(line []byte) (ToolLine, error) {
	if s, ok := d.scanSecond(line); ok {
		return ToolLine{Second: s}, nil
	}
	return d.decodeJSON(line)
}

func (d *decoder) decodeJSON(line []byte) (ToolLine, error) {
	var raw rawLine
	if err := json.Unmarshal(line, &raw); err != nil {
		return ToolLine{}, err
	}
	out := raw.ToolLine
	switch {
	case out.Header == nil && d.index == nil:
		return out, errors.New("a line before the header")
	case out.Header != nil:
		if d.index != nil {
			return out, errors.New("a second header")
		}
		if out.Header.Format > Format {
			return out, &VersionError{Have: out.Header.Format}
		}
		index, err := out.Header.Mapping.Index()
		if err != nil {
			return out, err
		}
		d.index = index
	case out.Metric != nil:
		d.metrics[out.Metric.ID] = out.Metric.Kind
	case out.Series != nil:
		kind, ok := d.metrics[out.Series.Metric]
		if !ok {
			return out, fmt.Errorf("series %d names metric %d, which was not declared", out.Series.ID, out.Series.Metric)
		}
		d.kinds[out.Series.ID] = kind
	case raw.Second != nil:
		s := &Second{T: raw.Second.T, Unplaced: raw.Second.Unplaced, Buckets: make([]Bucket, 0, len(raw.Second.Buckets))}
		for _, f := range raw.Second.Buckets {
			k, err := d.bucket(f)
			if err != nil {
				return out, err
			}
			s.Buckets = append(s.Buckets, k)
		}
		out.Second = s
	}
	return out, nil
}

func (d *decoder) bucket(f []json.RawMessage) (Bucket, error) {
	var k Bucket
	if len(f) < 3 {
		return k, fmt.Errorf("a bucket of %d fields", len(f))
	}
	id, err := strconv.Atoi(string(f[0]))
	if err != nil {
		return k, err
	}
	kind, ok := d.kinds[id]
	if !ok {
		return k, fmt.Errorf("bucket of series %d, which was not declared", id)
	}
	k.Series, k.Kind = id, kind
	if k.N, err = strconv.ParseInt(string(f[1]), 10, 64); err != nil {
		return k, err
	}
	into := []*float64{&k.Sum}
	switch kind {
	case Gauge:
		into = []*float64{&k.Last, &k.Min, &k.Max}
	case Trend:
		into = []*float64{&k.Sum, &k.Min, &k.Max}
	}
	want := 2 + len(into)
	if kind == Trend {
		want++
	}
	if len(f) != want {
		return k, fmt.Errorf("a %s's bucket of %d fields, want %d", kind, len(f), want)
	}
	for i, p := range into {
		if *p, err = strconv.ParseFloat(string(f[2+i]), 64); err != nil {
			return k, err
		}
	}
	if kind != Trend {
		return k, nil
	}
	var text string
	if err := json.Unmarshal(f[5], &text); err != nil {
		return k, err
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return k, err
	}
	k.Sketch, err = decodeSketch(b, d.index)
	return k, err
}
