package dashboards

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// folders are the links' folders with their dashboards' titles.
func (f *fixture) folders() map[string]string {
	f.t.Helper()
	links, err := f.Links()
	if err != nil {
		f.t.Fatal(err)
	}
	out := map[string]string{}
	for i := range links {
		var titles []string
		for j := range links[i].Boards {
			titles = append(titles, links[i].Boards[j].Title)
		}
		out[links[i].Folder] = strings.Join(titles, " ")
		if lost := f.Lost(&links[i]); len(lost) > 0 {
			f.t.Errorf("%s: not as the list says: %v", links[i].Folder, lost)
		}
	}
	return out
}

func (f *fixture) remove(path string) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.dir, path)); err != nil {
		f.t.Fatal(err)
	}
}

// agree fails where the folder that Grafana watches has something else than the list of links says.
func (f *fixture) agree(want map[string]string) {
	f.t.Helper()
	got, n := f.folders(), 0
	for _, titles := range got {
		n += len(strings.Fields(titles))
	}
	if !maps.Equal(got, want) || len(f.served()) != n {
		f.t.Errorf("linked are %v, want %v; served %v", got, want, slices.Sorted(maps.Keys(f.served())))
	}
	if left := f.stale(); len(left) > 0 {
		f.t.Errorf("left: %v", left)
	}
}

func (f *fixture) named(path, root, project string) Source {
	return NewSource(filepath.Join(f.dir, path), filepath.Join(f.dir, root), project)
}

func TestAProjectThatWasRenamedIsLinkedOnceUnderItsNewName(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/one/a.json": simpleBoard("a", "A"), "p/two/b.json": simpleBoard("b", "B"), "q/c.json": simpleBoard("c", "C")})
	link := func(s Source, replaced string) Link {
		t.Helper()
		done, err := f.Link(t.Context(), []Source{s}, world)
		if err != nil || len(done) != 1 || strings.Join(done[0].Replaced, ",") != replaced {
			t.Fatalf("%+v, %v", done, err)
		}
		return done[0].Link
	}
	link(f.named("p/one", "p", "shop"), "")
	link(f.named("p/two", "p", "shop"), "")
	link(f.source("q"), "")
	if _, _, err := f.Sync(t.Context(), []string{"shop"}, true, world); err != nil {
		t.Fatal(err)
	}
	if l := link(f.named("p/one", "p", "webshop"), "shop"); !l.Repair || len(l.Sources) != 2 {
		t.Errorf("it became %+v", l)
	}
	f.agree(map[string]string{"webshop": "A B", "q": "C"})
	if _, err := os.Lstat(filepath.Join(f.home.Dashboards(), "shop")); err == nil {
		t.Error("the old folder is still there")
	}
	link(f.named("p/one", "p", "webshop"), "")

	// Another name that gives the same folder keeps it, and so does a project's folder that was found anew.
	link(f.named("p/one", "p", "Webshop"), "")
	link(f.named("q", ".", "q"), "")
	f.agree(map[string]string{"webshop": "A B", "q": "C"})

	// Part of a project becomes one of its own, also where the rest cannot be read.
	f.remove("p/two")
	link(f.named("p/one", "p/one", "first"), "webshop")
	f.agree(map[string]string{"first": "A", "webshop": "B", "q": "C"})
	link(f.named("p/one", "p/one", "third"), "first")
	f.agree(map[string]string{"third": "A", "webshop": "B", "q": "C"})
}

func TestASourceIsUnlinkedHoweverTheOthersAre(t *testing.T) {
	for name, spoil := range map[string]func(f *fixture){
		"gone":   func(f *fixture) { f.remove("shop/two") },
		"broken": func(f *fixture) { f.write(map[string]string{"shop/two/b.json": "{"}) },
		"itself": func(f *fixture) { f.remove("shop/one") },
	} {
		f := newFixture(t)
		f.write(map[string]string{"shop/.git/HEAD": "", "shop/one/a.json": simpleBoard("a", "A"), "shop/two/b.json": simpleBoard("b", "B"), "shop/twofold.json": simpleBoard("c", "C")})
		f.link("shop/one", "shop/two", "shop/twofold.json")
		spoil(f)
		got, err := f.Unlink(t.Context(), "one", filepath.Join(f.dir, "shop/one"), world)
		if err != nil || got.Boards != 1 || got.Source == "" {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		if other := name != "itself"; other != (got.Kept == 2) || other != strings.Contains(got.Why, "two") {
			t.Errorf("%s: it says %+v", name, got)
		}
		f.agree(map[string]string{"shop": "B C"})
		if _, err := f.Unlink(t.Context(), "two", filepath.Join(f.dir, "shop/two"), world); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.agree(map[string]string{"shop": "C"})
	}
}

func TestWhatAKilledCommandLeftGoesWithTheNext(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"home/dashboards.new-1/0-0": "x", "home/dashboards.new": "mine", "p/a.json": simpleBoard("a", "A")})
	files, folders := f.Made()
	if !slices.Equal(files, []string{filepath.Join(f.dir, "home/dashboards.new-1/0-0")}) || !slices.Equal(folders, []string{filepath.Join(f.dir, "home/dashboards.new-1")}) {
		t.Errorf("made are %v, %v", files, folders)
	}
	if _, _, err := f.Sync(t.Context(), nil, false, world); err != nil { // of nothing at all
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(tree(t, string(f.home)))); !slices.Equal(got, []string{"dashboards.lock", "dashboards.new"}) {
		t.Errorf("left: %v", got)
	}
}
