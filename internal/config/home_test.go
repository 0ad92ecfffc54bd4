package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindHome(t *testing.T) {
	user := t.TempDir()
	t.Setenv("HOME", user)
	for _, c := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"the lab's own", map[string]string{"LTLAB_HOME": "/labs/a", "XDG_DATA_HOME": "/data"}, "/labs/a"},
		{"the user's data folder", map[string]string{"XDG_DATA_HOME": "/data"}, "/data/ltlab/lab"},
		{"a relative data folder is ignored", map[string]string{"XDG_DATA_HOME": "data"}, filepath.Join(user, ".local/share/ltlab/lab")},
		{"nothing set", nil, filepath.Join(user, ".local/share/ltlab/lab")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := FindHome(func(k string) string { return c.env[k] }, DefaultLab)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestALinkToALabIsThatLab(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	at := func(path string) Home {
		h, err := FindHome(func(string) string { return path }, DefaultLab)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, below := range []string{"", "new", "new/deep"} {
		if a, b := at(filepath.Join(real, below)), at(filepath.Join(link, below)); a != b {
			t.Errorf("%q: %s and %s", below, a, b)
		}
	}
}
