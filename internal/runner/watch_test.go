package runner

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// looker is a watcher that says one thing and stays until it is ended.
type looker struct {
	run   string
	pid   int
	start time.Time
	ended bool
}

func (w *looker) Watch(ctx context.Context, run string, pid int, start time.Time, write func(record.RunLine) error) {
	w.run, w.pid, w.start = run, pid, start
	_ = write(record.RunLine{Infra: &record.Infra{T: 1}})
	<-ctx.Done()
	_ = write(record.RunLine{Infra: &record.Infra{T: 2}})
	w.ended = true
}

func TestAWatcherWatchesTheToolUntilItsEnd(t *testing.T) {
	folder := record.Folder(t.TempDir())
	log, err := record.CreateRun(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for name, c := range map[string]struct{ tool Tool }{
		"a process":   {&child{exec.Command("go", "version")}},
		"a container": {&boxed{}},
	} {
		t.Run(name, func(t *testing.T) {
			pid := 0
			if tool, ok := c.tool.(*child); ok {
				if err := tool.Start(); err != nil {
					t.Fatal(err)
				}
				defer tool.Wait()
				pid = tool.cmd.Process.Pid
			}
			w, start := &looker{}, time.Now()
			(&Runner{Watch: w}).watching(folder, start, log, c.tool)()()
			if !w.ended || w.run != folder.ID() || w.pid != pid || !w.start.Equal(start) {
				t.Errorf("it was told %+v, want process %d", w, pid)
			}
		})
	}
	tail, err := record.OpenRunTail(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	n := 0
	if err := tail.Each(func(record.RunLine) { n++ }); err != nil || n != 4 {
		t.Errorf("%d lines, %v", n, err)
	}
	if (&Runner{}).watching(folder, time.Now(), log, &boxed{}) != nil {
		t.Error("without a watcher something watches")
	}
}
