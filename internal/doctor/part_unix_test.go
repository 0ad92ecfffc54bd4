//go:build !windows

package doctor

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	small := filepath.Join(t.TempDir(), "small")
	if err := os.WriteFile(small, []byte("a\nb\nc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lastLines(pipe, 5) + bounds(pipe) + head(pipe, 1) + lastLines(pipe+"x", 5); got != "" {
		t.Errorf("%q", got)
	}
	if got := lastLines(small, 2) + "|" + bounds(small) + "|" + head(small, 1); got != "b\nc|a\nb\nc|a\n" {
		t.Errorf("%q", got)
	}
}
