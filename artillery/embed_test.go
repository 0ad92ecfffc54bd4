package artillery

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestThePluginIsUnpackedAsArtilleryLooksForIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "plugin")
	for range 2 { // also over what is there
		if err := Unpack(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"preload.cjs", "artillery-plugin-ltlab/package.json", "artillery-plugin-ltlab/index.js"} {
		want, err := fs.ReadFile(Plugin(), name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, or not what is embedded", name, err)
		}
	}
}

func TestEveryFileOfThePluginIsPartOfTheProgram(t *testing.T) {
	err := fs.WalkDir(os.DirFS("plugin"), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = fs.Stat(Plugin(), path)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
