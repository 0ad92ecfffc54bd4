package dashboards

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// full are two linked projects whose files have changed since.
func full(t *testing.T) (*fixture, *Link, map[string]string, string) {
	t.Helper()
	f := newFixture(t)
	f.write(map[string]string{"bank/a.json": simpleBoard("a", "A"), "bank/old.json": simpleBoard("old", "Old"), "shop/b.json": simpleBoard("b", "B")})
	f.link("bank", "shop")
	f.remove("bank/old.json")
	f.write(map[string]string{"bank/a.json": simpleBoard("a", "A2"), "bank/new.json": simpleBoard("new", "New"), "shop/b.json": simpleBoard("b", "B2")})
	links, err := f.Links()
	if err != nil {
		t.Fatal(err)
	}
	shop, err := Find(links, "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	register, err := os.ReadFile(f.file())
	if err != nil {
		t.Fatal(err)
	}
	return f, shop, f.served(), string(register)
}

func TestAChangeThatFailsMidwayLeavesListAndCopiesAsTheyWere(t *testing.T) {
	for name, hinder := range map[string]func(f *fixture, shop *Link){
		"a folder that cannot be written": func(f *fixture, shop *Link) {
			f.remove("home/dashboards/shop")
			f.write(map[string]string{"home/dashboards/shop": "somebody's file"})
		},
		"a copy that cannot be replaced": func(f *fixture, shop *Link) {
			path, err := filepath.Rel(f.dir, f.Copy(shop, &shop.Boards[0]))
			if err != nil {
				t.Fatal(err)
			}
			f.remove(path)
			f.write(map[string]string{path + "/mine": "somebody's folder"})
		},
	} {
		f, shop, _, register := full(t)
		hinder(f, shop)
		before := f.served()
		if _, _, err := f.Sync(t.Context(), nil, false, world); err == nil {
			t.Errorf("%s: it went well", name)
		}
		now, err := os.ReadFile(f.file())
		if err != nil || string(now) != register || !maps.Equal(before, f.served()) || len(f.stale()) > 0 {
			t.Errorf("%s: the list is\n%s\nserved are %v, then %v; left %v; %v", name, now, before, f.served(), f.stale(), err)
		}
	}
}

func TestANewLinkThatFailsLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": simpleBoard("a", "A"), "q/b.json": simpleBoard("b", "B")})
	path := f.Copy(&Link{Folder: "q"}, &Board{UID: newUID("q", "b")})
	links := []Link{{Folder: "p", Project: "p", Root: f.dir, Sources: []string{filepath.Join(f.dir, "p")}}, {Folder: "q", Project: "q", Root: f.dir, Sources: []string{filepath.Join(f.dir, "q")}}}
	var plans []*plan
	for _, l := range links {
		p, err := newPlan(l, world)
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	if err := os.MkdirAll(filepath.Join(path, "mine"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := f.commit(links, plans); err == nil {
		t.Fatal("it went well")
	}
	if got := f.served(); len(got) > 0 {
		t.Errorf("served: %v", got)
	}
	for _, gone := range []string{f.file(), filepath.Join(f.home.Dashboards(), "p")} {
		if _, err := os.Lstat(gone); err == nil {
			t.Errorf("%s is there", gone)
		}
	}
}

func TestWhereADiskKnowsNoSecondNamesTheContentIsKept(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for path, content := range map[string]string{from: "new", to: "old"} { // a name that is taken can be no second one either
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := keep(from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "new" {
		t.Errorf("kept is %q, %v", got, err)
	}
	if err := keep(dir, filepath.Join(dir, "c")); err == nil {
		t.Error("a folder was kept as a file")
	}
}
