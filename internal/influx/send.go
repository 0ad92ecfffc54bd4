package influx

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Patience is how long whoever sends a finished run waits for an InfluxDB that does not answer.
const Patience = 10 * time.Second

// Send pushes a finished record: all of it, or the rows that come after the Through of a push that was broken off. Refuse, if
// not nil, is told of lines that are refused for good.
func Send(ctx context.Context, folder record.Folder, t Target, through int64, refuse func(lines int, why string)) (record.Sink, error) {
	l := NewLive(folder, t, false)
	defer l.Close()
	l.to.Refuse = refuse
	return l.Finish(ctx, record.Sink{Through: through})
}
