//go:build unix

package dashboards

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAPipeIsNotRead(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": simpleBoard("a", "A")})
	if err := syscall.Mkfifo(filepath.Join(f.dir, "p", "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	var invalid *Invalid
	if _, err := f.Link(t.Context(), []Source{f.source("p")}, world); !errors.As(err, &invalid) || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v", err)
	}
}

func TestGrafanaCanReadTheCopiesWhateverTheUmask(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": simpleBoard("a", "A")})
	defer syscall.Umask(syscall.Umask(0o077))
	f.link("p")
	for path, want := range map[string]os.FileMode{"dashboards": 0o755, "dashboards/p": 0o755} {
		if st, err := os.Stat(filepath.Join(string(f.home), path)); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
	for path := range f.served() {
		if st, err := os.Stat(filepath.Join(f.home.Dashboards(), path)); err != nil || st.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
}
