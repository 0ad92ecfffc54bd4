package problem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

func TestTextSaysWhatWhyHowAndWhere(t *testing.T) {
	for _, c := range []struct {
		name string
		p    *Problem
		want string
	}{
		{"a cause and one way out, with its command",
			LabNotRunning("nothing answers"), `error: the lab is not running
  cause: nothing answers
  fix:   start it:   ltlab start
  more:  docs/problems/lab-not-running.md   (exit 11)
`},
		{"several ways out, in the order to try them",
			ToolNotFound([]string{"/opt/ltlab", "PATH"}), `error: ltlab-k6 was not found
  cause: looked in /opt/ltlab, PATH
  fix:   build it in ltlab's source folder:   make build
         or say where it is:   export LTLAB_K6=/path/to/ltlab-k6
  more:  docs/problems/k6-not-found.md   (exit 10)
`},
		{"a cause of several lines, and a way out without a command",
			&Problem{ID: "some-thing", Exit: Input, What: "it is so", Why: "one\ntwo", Fix: []Step{{Say: "change it"}}}, `error: it is so
  cause: one
         two
  fix:   change it
  more:  docs/problems/some-thing.md   (exit 15)
`},
		{"no cause",
			&Problem{ID: "some-thing", Exit: Usage, What: "it is so", Fix: []Step{{Say: "change it"}}}, `error: it is so
  fix:   change it
  more:  docs/problems/some-thing.md   (exit 2)
`},
	} {
		if got := c.p.Text(); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestErrorIsOneSentenceForLogs(t *testing.T) {
	if got := LabNotRunning("nothing answers").Error(); got != "the lab is not running: nothing answers" {
		t.Error(got)
	}
	if got := (&Problem{What: "it is so"}).Error(); got != "it is so" {
		t.Error(got)
	}
}

func TestFromFindsTheProblemThatWasMadeBelow(t *testing.T) {
	p := RunExists("x")
	for _, err := range []error{p, fmt.Errorf("import: %w", p), errors.Join(errors.New("other"), fmt.Errorf("deep: %w", fmt.Errorf("deeper: %w", p)))} {
		if got := From(err); got != p {
			t.Errorf("From(%v) = %v", err, got)
		}
	}
	// The original below a problem would be a problem of its own; the one that was made knows more.
	p = ImportInvalid("FILE", &fs.PathError{Op: "write", Path: "tool.ndjson", Err: syscall.ENOSPC})
	if got := From(fmt.Errorf("import: %w", p)); got != p {
		t.Errorf("got %v", got)
	}
	if From(nil) != nil {
		t.Error("no error became a problem")
	}
}

func TestForeignErrorsBecomeTheirProblems(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
		exit int
	}{
		{&fs.PathError{Op: "write", Path: "tool.ndjson", Err: syscall.ENOSPC}, "disk-full", Environment},
		{&fs.PathError{Op: "write", Path: "tool.ndjson", Err: syscall.EDQUOT}, "disk-full", Environment},
		{&record.CorruptError{Path: "run.ndjson", Offset: 12, Err: errors.New("no JSON")}, "record-corrupt", Incomplete},
		{&record.CorruptError{Path: "run.ndjson", Err: &record.VersionError{Have: 9}}, "record-corrupt", Incomplete},
		{&record.VersionError{Have: 9}, "record-too-new", Environment},
		{&record.NotFoundError{Name: "x"}, "run-not-found", Usage},
		{context.Canceled, "interrupted", Interrupted},
		{errors.New("something else"), "internal", Internal},
		{fs.ErrNotExist, "internal", Internal},
	} {
		err := fmt.Errorf("outer: %w", c.err)
		got := From(err)
		if got.ID != c.want || got.Exit != c.exit {
			t.Errorf("From(%v) is %s with exit code %d, want %s, %d", err, got.ID, got.Exit, c.want, c.exit)
		}
		if c.want != "run-not-found" && c.want != "interrupted" && !errors.Is(got, c.err) {
			t.Errorf("%s does not hold the original error for --debug", got.ID)
		}
	}
}

func TestAFullDiskIsToldFromAnUnusableHome(t *testing.T) {
	if got := HomeUnusable("DIR", &fs.PathError{Op: "mkdir", Path: "DIR", Err: syscall.ENOSPC}); got.ID != "disk-full" {
		t.Errorf("got %s", got.ID)
	}
	if got := HomeUnusable("DIR", &fs.PathError{Op: "mkdir", Path: "DIR", Err: syscall.EACCES}); got.ID != "home-unusable" {
		t.Errorf("got %s", got.ID)
	}
}

func TestANameThatFitsSeveralRunsNamesThem(t *testing.T) {
	got := From(&record.NotFoundError{Name: "2026", Matches: []string{"2026-a", "2026-b"}})
	if got.What != `"2026" is not one run` || got.Why != "it fits 2026-a, 2026-b" {
		t.Errorf("got %q, %q", got.What, got.Why)
	}
}
