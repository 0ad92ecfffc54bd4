package influx

import (
	"context"

	"github.com/ltlab/ltlab/internal/record"
)

// finish queues the lines of the run's end, once.
func (p *Push) finish(end *record.End) {
	if p.closed || p.info.tool == "" {
		return
	}
	p.closed = true
	p.rows(p.builder.Finish())
	for _, s := range p.builder.Spectra() {
		b, _ := p.points.quantiles(nil, &s)
		p.runLine(b)
	}
	ledger := p.seen
	seconds := float64(p.last)
	if end == nil {
		end = p.end
	}
	if end != nil {
		ledger, seconds = end.Ledger, end.T
		p.span.Add(record.ToolLine{End: end})
	}
	p.info.over, p.info.seconds, p.info.end = true, p.span.Seconds(), p.points.at(seconds)
	p.runLine(p.points.info(nil, &p.info))
	p.runLine(p.points.event(nil, "end", "the run ends", p.info.end))
	sink := p.Sink()
	if s, ok := ledger.Sinks[Name]; ok { // of the tool, whose raw samples nobody else can count
		sink.Raw = s.Raw
		if p.Skip > 0 { // and whose rows are not sent again
			sink.Written, sink.Retried, sink.Refused = sink.Written+s.Written, sink.Retried+s.Retried, sink.Refused+s.Refused
		}
	}
	p.runLine(p.points.ledger(nil, &ledger, &sink))
}

// Events writes what ltlab saw of the run besides: interruptions and the like.
func (p *Push) Events(ctx context.Context, all []record.Event) error {
	if p.info.tool == "" {
		return nil
	}
	for _, e := range all {
		p.runLine(p.points.event(nil, e.ID, e.Text, e.Time.UnixMilli()))
	}
	return p.flush(ctx)
}
