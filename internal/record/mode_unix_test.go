//go:build unix

package record

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestARunIsItsOwnersAlone(t *testing.T) {
	runs := runsOf(t, "a")
	f := Folder(filepath.Join(string(runs), "a"))
	w, err := Create(f.Tool())
	if err != nil {
		t.Fatal(err)
	}
	declare(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := Export(f, &packed); err != nil {
		t.Fatal(err)
	}
	other := Runs(filepath.Join(t.TempDir(), "runs"))
	in, err := other.Import(&packed)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{
		string(runs): 0o700, string(f): 0o700, f.Tool(): 0o600, f.Run(): 0o600,
		string(other): 0o700, string(in): 0o700, in.Tool(): 0o600, in.Run(): 0o600,
	} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", path, st.Mode(), err, want)
		}
	}
}
