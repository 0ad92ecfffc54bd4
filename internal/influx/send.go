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
	l := NewLive(folder, t)
	defer l.Close()
	l.to.Refuse, l.push.Skip = refuse, through
	return l.Finish(ctx)
}

// All is a Skip that leaves nothing but the lines of the run's end.
const All = math.MaxInt64
