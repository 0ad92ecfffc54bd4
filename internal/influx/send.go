package influx

import (
	"context"
	"math"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Patience is how long whoever sends a finished run waits for an InfluxDB that does not answer.
const Patience = 10 * time.Second

// Send pushes a finished record: all of it, or what comes after the Through of a push that was broken off. Refuse, if not
// nil, is told of lines that are refused for good.
func Send(ctx context.Context, folder record.Folder, t Target, through int64, refuse func(lines int, why string)) (record.Sink, error) {
	to := NewSender(t)
	to.Patience, to.Refuse = Patience, refuse
	defer to.Close()
	p := NewPush(folder, to)
	p.Skip = through
	defer p.Close()
	err := p.Finish(ctx, nil)
	if run, rerr := record.ReadRun(folder.Run()); err == nil && rerr == nil {
		err = p.Events(ctx, run.Events)
		p.note(ctx, err)
	}
	s := p.Sink()
	s.Done = s.Done && err == nil
	return s, err
}

// All is a Skip that leaves nothing but the lines of the run's end.
const All = math.MaxInt64
