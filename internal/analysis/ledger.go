package analysis

import (
	"maps"

	"github.com/ltlab/ltlab/internal/record"
)

// ledger takes what the tool emitted and lost from its own end line, when it got to write one; what is recorded is
// counted here, for a ledger that is only believed proves nothing.
func (r *reader) ledger() {
	if r.s.ToolEnd != nil {
		r.s.Ledger, r.s.Thresholds = r.s.ToolEnd.Ledger, r.s.ToolEnd.Thresholds
	}
	r.s.Ledger.Recorded, r.s.Ledger.Unplaced = r.recorded, r.unplaced
	r.sinks()
}

// sinks takes what became of the run in databases from whoever sent it last.
func (r *reader) sinks() {
	run := &r.s.Run
	if run.End != nil && run.End.Ledger.Sinks != nil {
		r.s.Ledger.Sinks = run.End.Ledger.Sinks
	}
	for _, sent := range run.Sent {
		sinks := maps.Clone(r.s.Ledger.Sinks)
		if sinks == nil {
			sinks = map[string]record.Sink{}
		}
		sinks[sent.To] = sent.Sink
		r.s.Ledger.Sinks = sinks
	}
}
