package influx

import (
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// progressEvery is how many seconds of a record pass before the rows of the run so far are written again.
const progressEvery = 5

// progress queues what is known of the whole run so far, at times. Each is written over by the next, and by the end.
func (p *Push) progress() {
	if p.closed || p.info.tool == "" || p.last < p.told+progressEvery {
		return
	}
	p.told = p.last
	p.whole(p.builder.Progress())
	p.info.seconds = p.span.Seconds()
	p.runLine(p.points.info(nil, &p.info))
}

// whole queues rows, and the run's quantiles.
func (p *Push) whole(made []rows.Row) {
	p.rows(&p.points, made)
	var spectra []byte
	for _, s := range p.builder.Spectra() {
		spectra = p.points.quantiles(spectra, &s)
	}
	p.runLine(spectra)
}

// finish queues the lines of the run's end, once.
func (p *Push) finish(end *record.End) {
	if p.closed || p.info.tool == "" {
		return
	}
	p.closed = true
	p.whole(p.builder.Finish())
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
