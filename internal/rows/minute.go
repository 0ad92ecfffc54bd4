package rows

import (
	"cmp"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
)

// hold returns the second t of an open minute, empty if it is new.
func (b *Builder) hold(t int64) *held {
	i, ok := slices.BinarySearchFunc(b.held, t, func(h *held, t int64) int { return cmp.Compare(h.t, t) })
	if ok {
		return b.held[i]
	}
	h := &held{}
	if n := len(b.spare); n > 0 {
		h, b.spare = b.spare[n-1], b.spare[:n-1]
	}
	h.t = t
	b.held = slices.Insert(b.held, i, h)
	return h
}

// advance makes minute m the newest and returns the rows of the minutes that this closes.
func (b *Builder) advance(m int64) []Row {
	var out []Row
	for c := b.newest - 1; c <= b.newest && c < m-1; c++ {
		out = b.minuteRows(out, c)
		for _, k := range b.keys {
			k.minutes[c&1].reset()
			k.closed.then(k.span)
		}
	}
	b.newest = m
	n := 0
	for n < len(b.held) && minuteOf(b.held[n].t) < m-1 {
		h := b.held[n]
		h.data, h.gauges = h.data[:0], h.gauges[:0]
		b.spare = append(b.spare, h)
		n++
	}
	b.held = slices.Delete(b.held, 0, n)
	return out
}

// Running returns the rows of the open minutes and of the run so far, without those of roll-up Whole.
func (b *Builder) Running() []Row {
	var out []Row
	b.levelRun(func(m int64) { out = b.minuteRows(out, m) })
	return b.runRows(out, false)
}

// Progress returns the rows of window Run that have changed since it was last called.
func (b *Builder) Progress() []Row {
	b.levelRun(b.spans)
	out := b.wholeRows(b.runRows(nil, true), true)
	for _, k := range b.keys {
		k.changed = false
	}
	return out
}

// Finish returns what is left at the record's end: the rows of the open minutes and of the run.
func (b *Builder) Finish() []Row { return b.wholeRows(b.Running(), false) }

// levelRun sets the total of every gauge's roll-up; minute is called for each open minute and sets the spans.
func (b *Builder) levelRun(minute func(m int64)) {
	for _, k := range b.keys {
		k.total = k.closed
	}
	for m := b.newest - 1; m <= b.newest; m++ {
		minute(m)
		for _, k := range b.keys {
			k.total.then(k.span)
		}
	}
}

// runRows appends the rows of the run so far: all, or those that changed.
func (b *Builder) runRows(out []Row, changed bool) []Row {
	for _, k := range b.keys {
		if !k.run.seen && !k.total.seen || changed && !k.changed {
			continue
		}
		r := k.row(Run, 0)
		if r.Kind == record.Gauge {
			k.total.fill(&r)
		} else {
			k.run.fill(&r)
		}
		out = append(out, r)
	}
	return out
}

// minuteRows appends the rows of open minute m; afterwards the span of every gauge is that minute.
func (b *Builder) minuteRows(out []Row, m int64) []Row {
	b.spans(m)
	for _, k := range b.keys {
		c := &k.minutes[m&1]
		if !c.seen && !k.span.seen {
			continue
		}
		r := k.row(Minute, m*60)
		if r.Kind == record.Gauge {
			k.span.fill(&r)
		} else {
			c.fill(&r)
		}
		out = append(out, r)
	}
	return out
}

func (k *key) row(w Window, t int64) Row {
	r := k.Row
	r.Window, r.T = w, t
	return r
}
