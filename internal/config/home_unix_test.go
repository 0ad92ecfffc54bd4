//go:build unix

package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestMakeClosesTheLabsOwnFolderToOthers(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  fs.FileMode
	}{
		{"empty", nil, 0o700},
		{"a lab's", []string{".env", "runs", "store.db", "store.db-wal", "store.db.lock", "serve.json", "serve.lock", "serve.log",
			"start.lock", "ports.json"}, 0o700},
		{"one with other uses", []string{"store.db", "letter.txt"}, 0o755},
	} {
		t.Run(c.name, func(t *testing.T) {
			parent := filepath.Join(t.TempDir(), "parent")
			h := Home(filepath.Join(parent, "lab"))
			if err := os.MkdirAll(string(h), 0o755); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.files {
				if err := os.WriteFile(h.path(name), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Make(); err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]fs.FileMode{string(h): c.want, parent: 0o755} {
				if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
					t.Errorf("%s: %v, %v, want %v", path, st.Mode(), err, want)
				}
			}
		})
	}
}
