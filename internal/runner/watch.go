package runner

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Watcher measures what the machine, the tool and the lab's services use while a tool runs. It ends with ctx.
type Watcher interface {
	// Watch counts seconds from start. pid is the tool's process, 0 when it runs in a container of that run.
	Watch(ctx context.Context, run string, pid int, start time.Time, write func(record.RunLine) error)
}

// watching begins to watch the tool, which has started, and returns what ends it.
func (r *Runner) watching(folder record.Folder, start time.Time, log *record.RunWriter, tool Tool) func() (stop func()) {
	if r.Watch == nil {
		return nil
	}
	return func() func() {
		pid := 0
		if c, ok := tool.(*child); ok {
			pid = c.cmd.Process.Pid
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.Watch.Watch(ctx, folder.ID(), pid, start, log.Write)
		}()
		return func() {
			cancel()
			<-ended
		}
	}
}
