package grafana

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	render "github.com/ltlab/ltlab/internal/boards/grafana"
)

var update = flag.Bool("update", false, "write the dashboards anew")

func TestTheDashboardsAreThoseOfTheBoards(t *testing.T) {
	want := map[string][]byte{}
	for _, b := range boards.All() {
		content, err := render.Dashboard(&b)
		if err != nil {
			t.Fatal(err)
		}
		want[render.File(&b)] = content
	}
	if *update {
		had, err := filepath.Glob("dashboards/*.json")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range had {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		for name, content := range want {
			if err := os.WriteFile("dashboards/"+name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	got := Boards()
	for name, content := range want {
		if !bytes.Equal(got[name], content) {
			t.Errorf("dashboards/%s is stale: make dashboards writes it", name)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("dashboards/%s is of no board: make dashboards removes it", name)
	}
}

func TestTheWatchedFolderHoldsOurDashboardsAndNoOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ltlab")
	if err := WriteBoards(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "k6-elite.json")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"k6-pro.json": "{", "old.json": "{}", "k6-elite.json.new": "half", "notes.txt": "mine"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := WriteBoards(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(Boards())+1 {
		t.Errorf("the folder holds %v", entries)
	}
	for name, content := range Boards() {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s is not ours (%v)", name, err)
		}
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o644 {
			t.Errorf("%s has mode %v", name, st.Mode())
		}
	}
	if after, err := os.Stat(path); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("a file that was right was written again")
	}
}
