//go:build unix

package output

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/metrics"
)

// pipe makes a pipe and what opens it for reading: it takes what is written while somebody has it open.
func pipe(t *testing.T) (path string, read func() *os.File) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func() *os.File {
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

func TestADiskThatIsFullAlreadyEndsTheTestBeforeAnyLoad(t *testing.T) {
	o, err := New(params(map[string]string{envRecord: "/dev/full"}))
	if err != nil {
		t.Fatal(err)
	}
	err = o.Start()
	var code errext.HasExitCode
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the record cannot be begun: ") || errors.As(err, &code) {
		t.Errorf("got %v", err)
	}
}

func TestAFullDiskIsSaidOnceAndCounted(t *testing.T) {
	path, read := pipe(t)
	first := read()
	r := startRig(t, plan{}, path)
	first.Close()
	hits := r.metric("hits", metrics.Counter)
	const series, seconds = 4000, 200 // about 20 MB, more than a writer holds
	for s := range seconds {
		for i := range series {
			r.emit(hits, time.Duration(s)*sec, 1.0/3, "a", fmt.Sprint(i%400), "b", fmt.Sprint(i/400))
		}
		r.flushAt(time.Duration(s)*sec + 500*ms)
	}
	if warned := r.logged(logrus.WarnLevel); len(warned) != 1 || !strings.Contains(warned[0], "cannot be written") {
		t.Errorf("warnings %q", warned)
	}
	r.now = seconds * sec
	r.flush()
	_ = r.recorder.close(r.recorder.last(nil))
	rec := r.recorder
	if lost := rec.lost()["disk"]; lost == 0 || rec.recorded+lost != rec.emitted || rec.emitted != series*seconds {
		t.Errorf("%d emitted, %d recorded, lost %v", rec.emitted, rec.recorded, rec.lost())
	}
	if failed := r.logged(logrus.ErrorLevel); len(failed) != 1 || !strings.Contains(failed[0], "not complete") {
		t.Errorf("errors %q", failed)
	}
}

// A pipe refuses while nobody reads it, as a full disk does until there is room again.
func TestWhatTheDiskRefusedIsWrittenLater(t *testing.T) {
	path, read := pipe(t)
	first := read()
	r := startRig(t, plan{}, path)
	header := make([]byte, 4096)
	n, err := first.Read(header)
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	hits := r.metric("hits", metrics.Counter)
	for s := range 6 {
		r.emit(hits, time.Duration(s)*sec, 1)
		r.flushAt(time.Duration(s) * sec)
	}
	second := read()
	defer second.Close()
	r.flushAt(7 * sec)
	r.flushAt(8 * sec)
	_ = r.recorder.close(r.recorder.last(nil))
	rest, err := io.ReadAll(second)
	if err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole")
	if err := os.WriteFile(whole, append(header[:n], rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	p := parse(t, whole)
	if b := p.total("hits", nil); b.N != 6 || p.end == nil {
		t.Errorf("hits %+v, end %+v", b, p.end)
	}
	if w, i := r.logged(logrus.WarnLevel), r.logged(logrus.InfoLevel); len(w) != 1 || len(i) != 1 {
		t.Errorf("warnings %q, then %q", w, i)
	}
}
