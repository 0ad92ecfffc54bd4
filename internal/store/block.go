package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// A block holds the rows of one key over one span of time, so that an hour of seconds is 60 rows of the table and not
// 3,600. It is a list of points in order of time, each as
//
//	length of the rest (1 byte), T within the block (uvarint), Count (varint),
//	2 bits a value that say how it is written, the values
//
// Values are, by kind: Sum · Passes · Last, Min, Max · Sum, Min, P50, P90, P95, P99, P999, Max. Of the last list all but
// Sum keep 7 digits, of which percentiles have 2 anyway.

// How a value is written.
const (
	asBefore = iota // equal to the one before; 0 before the first
	asWhole         // varint
	asFloat32
	asFloat64
)

var errBlock = errors.New("a block of rows does not make sense")

// spanOf is the length of a block in seconds.
func spanOf(w rows.Window) int64 {
	switch w {
	case rows.Second:
		return 60
	case rows.Period:
		return 600
	case rows.Minute:
		return 3600
	}
	return 1
}

// place is the block of time t and t's place in it.
func place(w rows.Window, t int64) (block, at int64) {
	span := spanOf(w)
	block, at = t/span, t%span
	if at < 0 {
		block, at = block-1, at+span
	}
	return block, at
}

// put returns the block with the point of time at set to row r, and whether that changed it.
func put(block []byte, at int64, r *rows.Row) ([]byte, bool) {
	var point [128]byte
	b := binary.AppendUvarint(point[:1], uint64(at))
	b = binary.AppendVarint(b, r.Count)
	switch r.Kind {
	case record.Counter:
		b = appendValues(b, 1, r.Sum)
	case record.Rate:
		b = appendValues(b, 1, float64(r.Passes))
	case record.Gauge:
		b = appendValues(b, 3, r.Last, r.Min, r.Max)
	case record.Trend:
		b = appendValues(b, 1, r.Sum, r.Min, r.P50, r.P90, r.P95, r.P99, r.P999, r.Max)
	}
	b[0] = byte(len(b) - 1)

	from, to := len(block), len(block)
	for i := 0; i < len(block); {
		next := i + 1 + int(block[i])
		if t, _ := binary.Uvarint(block[i+1:]); int64(t) >= at {
			from, to = i, i
			if int64(t) == at {
				to = next
			}
			break
		}
		i = next
	}
	if bytes.Equal(block[from:to], b) {
		return block, false
	}
	return slices.Replace(block, from, to, b...), true
}

// appendValues writes values, the first of them exactly and the others to 7 digits where that saves room.
func appendValues(b []byte, exact int, values ...float64) []byte {
	codes := len(b)
	b = append(b, 0, 0)[:codes+(len(values)+3)/4]
	before := 0.0
	for i, v := range values {
		code, abs := asFloat64, math.Abs(v)
		switch {
		case v == before:
			code = asBefore
		case v == math.Trunc(v) && abs < 1<<31:
			code = asWhole
			b = binary.AppendVarint(b, int64(v))
		case i >= exact && abs > 1e-37 && abs < math.MaxFloat32:
			code = asFloat32
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		default:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		b[codes+i/4] |= byte(code << (i % 4 * 2))
		before = v
	}
	return b
}

// each calls f for every point of a block with its row, whose kind is set before; f sees the same row changed each time.
// values is how many values f looks at, see valuesOf: those behind them are not read.
func each(block []byte, start int64, r *rows.Row, values int, f func()) error {
	for len(block) > 0 {
		n := int(block[0])
		if len(block) < 1+n {
			return errBlock
		}
		if err := decodePoint(block[1:1+n], start, r, values); err != nil {
			return err
		}
		f()
		block = block[1+n:]
	}
	return nil
}

// allValues is the length of the longest list of values.
const allValues = 8

// valuesOf is how many values of a row one must read to know a field; none for its count.
func valuesOf(field string, kind record.Kind) int {
	switch {
	case field == "count":
		return 0
	case kind == record.Trend:
		if at := slices.Index([]string{"sum", "min", "p50", "p90", "p95", "p99", "p999", "max"}, field); at >= 0 {
			return at + 1
		}
	}
	return allValues
}

func decodePoint(b []byte, start int64, r *rows.Row, values int) error {
	at, n := binary.Uvarint(b)
	if n <= 0 {
		return errBlock
	}
	b = b[n:]
	r.T = start + int64(at)
	if r.Count, n = binary.Varint(b); n <= 0 {
		return errBlock
	}
	if values == 0 {
		return nil
	}
	b = b[n:]
	switch r.Kind {
	case record.Counter:
		return decodeValues(b, values, &r.Sum)
	case record.Rate:
		var passes float64
		err := decodeValues(b, values, &passes)
		r.Passes = int64(passes)
		return err
	case record.Gauge:
		return decodeValues(b, values, &r.Last, &r.Min, &r.Max)
	case record.Trend:
		return decodeValues(b, values, &r.Sum, &r.Min, &r.P50, &r.P90, &r.P95, &r.P99, &r.P999, &r.Max)
	}
	return errBlock
}

func decodeValues(b []byte, values int, into ...*float64) error {
	n := (len(into) + 3) / 4
	if len(b) < n {
		return errBlock
	}
	codes, b := b[:n], b[n:]
	before := 0.0
	for i, p := range into[:min(values, len(into))] {
		v, n := before, 0
		switch codes[i/4] >> (i % 4 * 2) & 3 {
		case asWhole:
			var whole int64
			if whole, n = binary.Varint(b); n <= 0 {
				return errBlock
			}
			v = float64(whole)
		case asFloat32:
			if n = 4; len(b) < n {
				return errBlock
			}
			v = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case asFloat64:
			if n = 8; len(b) < n {
				return errBlock
			}
			v = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
		*p, before, b = v, v, b[n:]
	}
	return nil
}
