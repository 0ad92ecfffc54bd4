package influx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// Push brings one record into InfluxDB, while it grows or when it is finished. Whoever writes the record may do it, and
// anybody may do it again. A Push is used by one goroutine; only Sink may be called by others.
type Push struct {
	folder record.Folder
	to     *Sender

	// Skip is how many bytes of tool.ndjson have their rows in InfluxDB already: the Through of an earlier push.
	Skip int64

	tail    *record.Tail
	builder *rows.Builder
	points  points
	info    info
	span    record.Span
	levels  levels
	period  int64 // of the record, in seconds
	end     *record.End
	seen    record.Ledger // counted here, for a record without an end
	last    int64         // second after the newest, or the newest period
	closed  bool          // the lines of the end are queued
	broken  error         // why the record makes no sense from there on

	short, long batch

	mu      sync.Mutex
	through int64
	done    bool
	failure error
}

// NewPush returns a push of the record in that folder. It does nothing before its first Step.
func NewPush(folder record.Folder, to *Sender) *Push {
	t := to.target
	return &Push{
		folder: folder, to: to, builder: rows.NewBuilder(), points: points{finest: rows.Second}, levels: levels{steady: steadySeconds},
		short: batch{bucket: t.Bucket}, long: batch{bucket: t.Bucket1M},
	}
}

// Step reads what is new in the record and returns when InfluxDB has its rows. After an error of the Sender (see Deliver)
// the next Step goes on where this one stopped; any other error says that the record makes no sense from there on.
func (p *Push) Step(ctx context.Context) error {
	err := p.step(ctx)
	p.note(ctx, err)
	return err
}

func (p *Push) step(ctx context.Context) error {
	if p.tail == nil {
		tail, err := record.OpenTail(p.folder.Tool())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		p.tail = tail
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	if p.broken != nil {
		return p.broken
	}
	for {
		line, err := p.tail.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = p.take(line)
		}
		if err != nil {
			p.broken = err
			return errors.Join(err, p.flush(ctx))
		}
		if p.short.full() || p.long.full() {
			if err := p.flush(ctx); err != nil {
				return err
			}
		}
	}
	return p.flush(ctx)
}

// Finish writes what only a finished run has: the rows of its last minutes and of the whole run, its quantiles, its
// ledger. end is the record's last line where it is not in the record yet, nil where it is, or where the run broke off.
// What went wrong is returned and is in Sink; Finish may then be called again.
func (p *Push) Finish(ctx context.Context, end *record.End) error {
	err := p.step(ctx)
	var damage *record.CorruptError
	if err == nil || errors.As(err, &damage) { // a damaged record is pushed as far as it goes
		p.finish(end)
		if ferr := p.flush(ctx); ferr != nil {
			err = ferr
		}
	}
	p.note(ctx, err)
	if err == nil {
		p.mu.Lock()
		p.done = true
		p.mu.Unlock()
	}
	return err
}

// Close lets go of the record.
func (p *Push) Close() {
	if p.tail != nil {
		p.tail.Close()
		p.tail = nil
	}
}

// Sink is what became of the rows so far.
func (p *Push) Sink() record.Sink {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := record.Sink{
		Error:   p.to.Refusal(),
		Written: p.to.Written(), Retried: p.to.Retried(), Refused: p.to.Refused(), Through: p.through, Done: p.done,
	}
	if p.failure != nil {
		s.Error = p.failure.Error()
	}
	return s
}

func (p *Push) note(ctx context.Context, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || p.failure == nil || ctx.Err() == nil { // that nobody waits any longer tells less
		p.failure = err
	}
	if err == nil && p.tail != nil {
		p.through = p.tail.Offset()
	}
}

// take makes the lines of one line of the record.
func (p *Push) take(l record.ToolLine) error {
	if l.Header != nil {
		if err := p.header(l.Header); err != nil {
			return err
		}
	}
	p.span.Add(l)
	made, err := p.builder.Apply(l)
	if err != nil {
		return fmt.Errorf("%s: %w", p.folder.Tool(), err)
	}
	if l.End != nil {
		p.end = l.End
	}
	if l.Second != nil {
		p.count(l.Second)
	}
	var reached bool
	var text string
	var since int64
	if l.Load != nil {
		text, since, reached = p.levels.add(l.Load)
	}
	if p.tail.Offset() <= p.Skip {
		return nil
	}
	p.rows(made)
	if l.Header != nil {
		p.runLine(p.points.info(nil, &p.info))
		p.runLine(p.points.event(nil, "start", "the run starts", p.points.start))
	}
	if l.Load != nil {
		p.short.add(p.points.load(p.short.lines, l.Load), 1)
	}
	if reached {
		p.runLine(p.points.event(nil, "level", text, p.points.at(float64(since))))
	}
	return nil
}

// count keeps the ledger of a record without an end.
func (p *Push) count(s *record.Second) {
	n := int64(0)
	for i := range s.Buckets {
		if k := &s.Buckets[i]; k.Kind != record.Gauge || p.info.tool != "artillery" { // whose gauges are derived, not emitted
			n += k.N
		}
	}
	p.seen.Recorded += n
	if s.Unplaced {
		p.seen.Unplaced += n
	} else {
		p.last = max(p.last, s.T+p.period)
	}
}

// header begins the run. What goes into tags must be the same whoever pushes it, so the record itself says it.
func (p *Push) header(h *record.Header) error {
	p.points.run, p.points.project, p.points.start = h.Run, h.Project, h.Start.UnixMilli()
	p.info = info{tool: h.Tool, version: h.ToolVersion}
	if p.period = int64(max(1, h.Period)); p.period > 1 {
		p.points.finest, p.levels.steady = rows.Period, steadyPeriods
	}
	if p.points.run == "" {
		p.points.run = p.folder.ID()
	}
	run, err := record.ReadRun(p.folder.Run())
	switch {
	case errors.Is(err, fs.ErrNotExist): // a record of k6 alone
	case err != nil:
		return err
	case run.Start != nil:
		p.info.scenario = run.Start.Scenario.Name
		if p.points.project == "" {
			p.points.project = run.Start.Project
		}
	}
	return nil
}

func (p *Push) rows(made []rows.Row) {
	for i := range made {
		r := &made[i]
		if r.Window != rows.Minute {
			p.short.add(p.points.row(p.short.lines, r), 1)
			b, n := p.points.heats(p.short.lines, r)
			p.short.add(b, n)
		}
		if p.long.bucket != "" && (r.Window == rows.Minute || r.Window == rows.Run && p.long.bucket != p.short.bucket) {
			p.long.add(p.points.row(p.long.lines, r), 1)
		}
	}
}

// runLine queues a line of the whole run, for both buckets.
func (p *Push) runLine(line []byte) {
	n := bytes.Count(line, []byte{'\n'})
	p.short.add(append(p.short.lines, line...), n)
	if p.long.bucket != "" && p.long.bucket != p.short.bucket {
		p.long.add(append(p.long.lines, line...), n)
	}
}

// flush writes what is queued, in order.
func (p *Push) flush(ctx context.Context) error {
	for _, b := range []*batch{&p.short, &p.long} {
		if err := b.flush(ctx, p.to); err != nil {
			return err
		}
	}
	return nil
}
