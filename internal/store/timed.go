package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// What is known of each second besides rows, load and heat, is kept in blocks of a minute, too: a list of entries in order of
// time, each as T within the block (uvarint), the length of the rest (uvarint), the rest.

// timed collects entries for a table of blocks. What a failed commit did not write stays dirty.
type timed struct {
	blocks map[int64]*timedBlock
	newest int64
}

type timedBlock struct {
	entries []timedEntry
	dirty   bool
}

type timedEntry struct {
	at   int64
	data []byte
}

// put sets the entry of time t.
func (k *timed) put(t int64, data []byte) {
	number, at := place(rows.Second, t)
	b := k.blocks[number]
	if b == nil {
		if k.blocks == nil {
			k.blocks, k.newest = map[int64]*timedBlock{}, number
		}
		b = &timedBlock{}
		k.blocks[number] = b
	}
	k.newest = max(k.newest, number)
	i := len(b.entries)
	for i > 0 && b.entries[i-1].at >= at {
		i--
	}
	switch {
	case i < len(b.entries) && b.entries[i].at == at:
		b.entries[i].data = data
	default:
		b.entries = append(b.entries, timedEntry{})
		copy(b.entries[i+1:], b.entries[i:])
		b.entries[i] = timedEntry{at, data}
	}
	b.dirty = true
}

// insert writes what is dirty.
func (k *timed) insert(in *inserter, table string, run int64) {
	for number, b := range k.blocks {
		if !b.dirty {
			continue
		}
		var data []byte
		for _, e := range b.entries {
			data = binary.AppendUvarint(data, uint64(e.at))
			data = append(binary.AppendUvarint(data, uint64(len(e.data))), e.data...)
		}
		in.insert(table, run, number, data)
	}
}

// written forgets what no longer changes: a record writes a second again for two minutes at most.
func (k *timed) written() {
	for number, b := range k.blocks {
		if b.dirty = false; number < k.newest-2 {
			delete(k.blocks, number)
		}
	}
}

// timed calls f for each entry of a table from one second to another, in order.
func (r *Reader) timed(ctx context.Context, table string, run, from, to int64, f func(t int64, data []byte) error) error {
	first, last := int64(math.MinInt64), int64(math.MaxInt64)
	if from > math.MinInt64 {
		first, _ = place(rows.Second, from)
	}
	if to < math.MaxInt64 {
		last, _ = place(rows.Second, to-1)
	}
	var number int64
	var data sql.RawBytes
	return r.query(ctx, func(scan func(...any) error) error {
		if err := scan(&number, &data); err != nil {
			return err
		}
		for b := []byte(data); len(b) > 0; {
			at, w := binary.Uvarint(b)
			if w <= 0 {
				return errBlock
			}
			b = b[w:]
			n, w := binary.Uvarint(b)
			if w <= 0 || n > uint64(len(b)-w) {
				return errBlock
			}
			entry := b[w : w+int(n)]
			b = b[w+int(n):]
			if t := number*spanOf(rows.Second) + int64(at); t >= from && t < to {
				if err := f(t, entry); err != nil {
					return err
				}
			}
		}
		return nil
	}, "SELECT block, data FROM "+table+" WHERE run = ? AND block BETWEEN ? AND ? ORDER BY block", run, first, last)
}

// Which of a load's values were asked for.
const (
	askedVUs = 1 << iota
	askedRate
)

func encodeLoad(l *record.Load) []byte {
	b := []byte{0}
	for flag, v := range map[byte]*float64{askedVUs: l.AskedVUs, askedRate: l.AskedRate} {
		if v != nil {
			b[0] |= flag
		}
	}
	for _, v := range []*float64{l.AskedVUs, l.AskedRate, &l.VUs} {
		if v != nil {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*v))
		}
	}
	return binary.AppendVarint(binary.AppendVarint(b, l.Iterations), l.Dropped)
}

func decodeLoad(t int64, b []byte) (l record.Load, err error) {
	if len(b) < 1 {
		return l, errBlock
	}
	flags, b := b[0], b[1:]
	number := func() (v float64) {
		if len(b) < 8 {
			err = errBlock
			return 0
		}
		v = math.Float64frombits(binary.LittleEndian.Uint64(b))
		b = b[8:]
		return v
	}
	whole := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			err = errBlock
			return 0
		}
		b = b[n:]
		return v
	}
	l.T = t
	if flags&askedVUs != 0 {
		v := number()
		l.AskedVUs = &v
	}
	if flags&askedRate != 0 {
		v := number()
		l.AskedRate = &v
	}
	l.VUs, l.Iterations, l.Dropped = number(), whole(), whole()
	return l, err
}

func encodeHeat(h *rows.Heat) []byte {
	var b []byte
	for _, n := range h {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func decodeHeat(b []byte) (h rows.Heat, err error) {
	for i := range h {
		n, w := binary.Varint(b)
		if w <= 0 {
			return h, errBlock
		}
		h[i], b = n, b[w:]
	}
	return h, nil
}
