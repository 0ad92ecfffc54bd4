package influx

import (
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
	told    int64         // last when the rows of the run so far were queued
	closed  bool          // the lines of the end are queued
	broken  error         // why the record makes no sense from there on

	queue

	mu      sync.Mutex
	through int64
	done    bool
	failure error
}

// NewPush returns a push of the record in that folder. It does nothing before its first Step.
func NewPush(folder record.Folder, to *Sender) *Push {
	return &Push{folder: folder, to: to, builder: rows.NewBuilder(), levels: levels{steady: steadySeconds}, queue: newQueue(&to.target)}
}

// Step reads what is new in the record and returns when InfluxDB has its rows. After an error of the Sender (see Deliver)
// the next Step goes on where this one stopped; any other error says that the record makes no sense from there on.
func (p *Push) Step(ctx context.Context) error {
	err := p.step(ctx, true)
	p.note(ctx, err)
	return err
}

// step reads and writes what is new; live says that the run so far is of interest, too.
func (p *Push) step(ctx context.Context, live bool) error {
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
	if err := p.flush(ctx, p.to); err != nil {
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
			return errors.Join(err, p.flush(ctx, p.to))
		}
		if p.full() {
			if err := p.flush(ctx, p.to); err != nil {
				return err
			}
		}
	}
	if live {
		p.progress()
	}
	return p.flush(ctx, p.to)
}

// Finish writes what only a finished run has: the rows of its last minutes and of the whole run, its quantiles, its
// ledger. end is the record's last line where it is not in the record yet, nil where it is, or where the run broke off.
// What went wrong is returned and is in Sink; Finish may then be called again.
func (p *Push) Finish(ctx context.Context, end *record.End) error {
	err := p.step(ctx, false)
	var damage *record.CorruptError
	if err == nil || errors.As(err, &damage) { // a damaged record is pushed as far as it goes
		p.finish(end)
		if ferr := p.flush(ctx, p.to); ferr != nil {
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
	p.rows(&p.points, made)
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

// header begins the run.
func (p *Push) header(h *record.Header) (err error) {
	p.info = info{tool: h.Tool, version: h.ToolVersion}
	p.period = int64(max(1, h.Period))
	if p.points, p.info.scenario, err = newPoints(p.folder, h); p.points.finest == rows.Period {
		p.levels.steady = steadyPeriods
	}
	return err
}
