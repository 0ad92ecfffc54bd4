//go:build unix

package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

func TestTheStoreIsItsOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	path := filepath.Join(dir, "store.db")
	s := reopen(t, path)
	m := makeRun(t, record.Runs(filepath.Join(dir, "runs")), "a", 1, 1)
	m.more(3)
	step(t, s.NewFollow(m.folder), false) // so that there is a journal
	for p, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		if st, err := os.Stat(p); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", p, st, err, want)
		}
	}
}
