package influx

import (
	"bytes"
	"context"
)

// batch is lines on their way to a bucket.
type batch struct {
	bucket string
	lines  []byte
	n      int
}

// add takes the lines that were appended to its own.
func (b *batch) add(lines []byte, n int) { b.lines, b.n = lines, b.n+n }

func (b *batch) full() bool { return b.n >= MaxLines || len(b.lines) >= MaxBytes }

// flush delivers the lines; those that were not are kept.
func (b *batch) flush(ctx context.Context, to *Sender) (err error) {
	from := 0
	for b.n > 0 && err == nil {
		part, n := cut(b.lines[from:])
		if err = to.Deliver(ctx, b.bucket, millis, part, n); err == nil {
			from += len(part)
			b.n -= n
		}
	}
	if rest := len(b.lines) - from; rest == 0 && cap(b.lines) > 4*MaxBytes {
		b.lines = nil // one huge second must not be held on to
	} else {
		b.lines = b.lines[:copy(b.lines, b.lines[from:])]
	}
	return err
}

// cut takes at most MaxLines lines and about MaxBytes bytes.
func cut(lines []byte) (part []byte, n int) {
	at := 0
	for n < MaxLines && at < len(lines) && at < MaxBytes {
		at += bytes.IndexByte(lines[at:], '\n') + 1
		n++
	}
	return lines[:at], n
}
