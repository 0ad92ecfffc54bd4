package influx

import (
	"bytes"
	"context"

	"github.com/ltlab/ltlab/internal/rows"
)

// queue is lines on their way to the two buckets. Those of what is short-lived are not for the long one.
type queue struct{ short, long batch }

func newQueue(t *Target) queue {
	return queue{short: batch{bucket: t.Bucket}, long: batch{bucket: t.Bucket1M}}
}

// rows queues rows, each for the buckets that have its window.
func (q *queue) rows(p *points, made []rows.Row) {
	for i := range made {
		r := &made[i]
		if r.Window != rows.Minute {
			q.short.add(p.row(q.short.lines, r), 1)
			b, n := p.heats(q.short.lines, r)
			q.short.add(b, n)
		}
		if q.long.bucket != "" && (r.Window == rows.Minute || r.Window == rows.Run && q.long.bucket != q.short.bucket) {
			q.long.add(p.row(q.long.lines, r), 1)
		}
	}
}

// runLine queues lines of the whole run, for both buckets.
func (q *queue) runLine(line []byte) {
	n := bytes.Count(line, []byte{'\n'})
	q.short.add(append(q.short.lines, line...), n)
	if q.long.bucket != "" && q.long.bucket != q.short.bucket {
		q.long.add(append(q.long.lines, line...), n)
	}
}

func (q *queue) full() bool { return q.short.full() || q.long.full() }

// flush writes what is queued, in order.
func (q *queue) flush(ctx context.Context, to *Sender) error {
	for _, b := range []*batch{&q.short, &q.long} {
		if err := b.flush(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

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
