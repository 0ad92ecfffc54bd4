package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/dashboards/model"
)

var world = lint.World{Short: "loadtests", Long: "loadtests_1m"}

// fixture is a lab's home and projects beside it.
type fixture struct {
	*Registry
	t   *testing.T
	dir string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Open(config.Home(filepath.Join(dir, "home"))), t, dir}
}

// write puts files into the fixture's folder; paths end in their names.
func (f *fixture) write(files map[string]string) {
	f.t.Helper()
	for name, content := range files {
		path := filepath.Join(f.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			f.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			f.t.Fatal(err)
		}
		old := time.Unix(1_600_000_000, 0)
		if err := os.Chtimes(path, old, old); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fixture) source(path string) Source { return NewSource(filepath.Join(f.dir, path), "", "") }

func (f *fixture) link(paths ...string) []Result {
	f.t.Helper()
	var all []Source
	for _, p := range paths {
		all = append(all, f.source(p))
	}
	done, err := f.Link(f.t.Context(), all, world)
	if err != nil {
		f.t.Fatal(err)
	}
	return done
}

// served are the files below the folder that Grafana watches.
func (f *fixture) served() map[string]string {
	f.t.Helper()
	out := map[string]string{}
	for path, content := range tree(f.t, f.home.Dashboards()) {
		out[path] = content
	}
	return out
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func parsed(t *testing.T, content string) model.Object {
	t.Helper()
	var o model.Object
	if err := json.Unmarshal([]byte(content), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

const simple = `{"uid": %q, "title": %q, "panels": []}`

func simpleBoard(uid, title string) string { return fmt.Sprintf(simple, uid, title) }

func TestTwoProjectsWithOneUIDAreBothServedAndNeitherIsTouched(t *testing.T) {
	f := newFixture(t)
	input := `{"__inputs": [{"name": "DS_INFLUXDB", "type": "datasource", "pluginId": "influxdb"}], "uid": "k6", "id": 42, "title": "Load", "panels": [{"type": "stat", "datasource": "${DS_INFLUXDB}"}]}`
	f.write(map[string]string{"shop/.git/HEAD": "", "shop/dashboards/k6.json": input, "bank/.git/HEAD": "", "bank/ops/grafana/k6.json": input})
	before, state := tree(t, f.dir), map[string]os.FileInfo{}
	for name := range before {
		st, err := os.Stat(filepath.Join(f.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		state[name] = st
	}
	f.link("shop/dashboards", "bank/ops/grafana")
	served := f.served()
	if len(served) != 2 {
		t.Fatalf("served: %v", slices.Collect(maps.Keys(served)))
	}
	uids := map[string]bool{}
	for path, content := range served {
		o := parsed(t, content)
		uid := o["uid"].(string)
		if uids[uid] = true; !regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`).MatchString(uid) || !strings.HasSuffix(path, "/"+uid+".json") {
			t.Errorf("%s has uid %q", path, uid)
		}
		if _, ok := o["id"]; !ok || o["id"] != nil || o["__inputs"] != nil || strings.Contains(content, "${DS_") {
			t.Errorf("%s is\n%s", path, content)
		}
		if folder, _, _ := strings.Cut(path, "/"); folder != "shop" && folder != "bank" {
			t.Errorf("%s is in the folder %s", path, folder)
		}
	}
	if len(uids) != 2 {
		t.Errorf("uids %v", uids)
	}
	for name, content := range before {
		now, err := os.Stat(filepath.Join(f.dir, name))
		if got, rerr := os.ReadFile(filepath.Join(f.dir, name)); rerr != nil || err != nil || string(got) != content || !now.ModTime().Equal(state[name].ModTime()) || now.Mode() != state[name].Mode() {
			t.Errorf("%s was changed", name)
		}
	}
	again := f.served()
	if f.link("shop/dashboards"); !maps.Equal(again, f.served()) {
		t.Error("linking once more changed something")
	}
}

func TestEveryReferenceToAnInfluxDBIsTheLabs(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": `{"dashboard": {"uid": "a", "title": "A", "version": 7, "id": 3,
		"__inputs": [{"name": "DS_X", "type": "datasource", "pluginId": "influxdb"}, {"name": "DS_P", "type": "datasource", "pluginId": "prometheus"}, {"name": "VAR_BUCKET", "type": "constant", "value": "mine"}],
		"__requires": [], "__elements": {"lib": {"uid": "lib", "name": "Lib", "kind": 1, "model": {"type": "gauge", "title": "from the library", "datasource": {"type": "influxdb", "uid": "${DS_X}"}, "targets": [{"refId": "A", "datasource": {"type": "influxdb", "uid": "${DS_X}"}, "query": "from(bucket: \"${VAR_BUCKET}\")"}]}}},
		"panels": [
			{"id": 1, "type": "row", "title": "row", "panels": [{"id": 2, "type": "stat", "datasource": {"type": "influxdb", "uid": "P951FEA4DE68E13C5"}, "targets": [{"refId": "A", "datasource": {"type": "influxdb", "uid": "P951FEA4DE68E13C5"}, "query": "x"}]}]},
			{"id": 3, "type": "stat", "datasource": "My InfluxDB", "targets": [{"refId": "A", "query": "x"}]},
			{"id": 4, "type": "stat", "datasource": "$ds", "targets": [{"refId": "A", "query": "x"}]},
			{"id": 5, "type": "stat", "datasource": null, "targets": [{"refId": "A", "query": "x"}]},
			{"id": 6, "type": "stat", "datasource": {"uid": "${ds}"}, "targets": [{"refId": "A", "query": "x"}]},
			{"id": 7, "type": "stat", "datasource": "-- Mixed --", "targets": [{"refId": "A", "datasource": {"uid": "[[ds]]"}, "query": "x"}, {"refId": "B", "datasource": {"type": "prometheus", "uid": "${DS_P}"}, "expr": "up"}, {"refId": "C", "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "$A"}]},
			{"id": 8, "type": "stat", "datasource": "${DS_P}", "targets": [{"refId": "A", "expr": "up"}]},
			{"id": 9, "gridPos": {"x": 3}, "title": "mine", "libraryPanel": {"uid": "lib", "name": "Lib"}}],
		"templating": {"list": [{"name": "ds", "type": "datasource", "query": "influxdb", "current": {"text": "Old", "value": "Old"}, "regex": "/Old/"},
			{"name": "q", "type": "query", "datasource": "${DS_X}", "query": "y"}, {"name": "h", "type": "adhoc", "datasource": {"type": "influxdb", "uid": "z"}}]},
		"annotations": {"list": [{"name": "built in", "builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}}, {"name": "old", "datasource": "InfluxDB", "query": "q"}, {"name": "new", "datasource": {"uid": "${DS_X}"}, "target": {"datasource": {"type": "influxdb", "uid": "${DS_X}"}, "query": "q"}}]}
	}, "overwrite": true, "meta": {}}`})
	f.link("p")
	var text string
	for _, text = range f.served() {
	}
	o := parsed(t, text)
	var got []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case model.Object:
			if ds, ok := v["datasource"]; ok {
				b, _ := json.Marshal(ds)
				got = append(got, path+" "+string(b))
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(path+"/"+key, v[key])
			}
		case []any:
			for i := range v {
				walk(fmt.Sprintf("%s/%d", path, i), v[i])
			}
		}
	}
	walk("", o)
	const lab = `{"type":"influxdb","uid":"influxdb"}`
	for _, line := range got {
		path, ds, _ := strings.Cut(line, " ")
		want := lab
		switch path {
		case "/panels/5":
			want = `"-- Mixed --"`
		case "/panels/5/targets/1":
			want = `{"type":"prometheus","uid":"${DS_P}"}`
		case "/panels/5/targets/2":
			want = `{"type":"__expr__","uid":"__expr__"}`
		case "/panels/6":
			want = `"${DS_P}"`
		case "/annotations/list/0":
			want = `{"type":"grafana","uid":"-- Grafana --"}`
		}
		if ds != want {
			t.Errorf("%s is %s, want %s", path, ds, want)
		}
	}
	if len(got) < 18 {
		t.Errorf("%d references: %v", len(got), got)
	}
	panels := o["panels"].([]any)
	last := panels[len(panels)-1].(model.Object)
	if last["type"] != "gauge" || last["title"] != "mine" || last["id"] != 9.0 || last["libraryPanel"] != nil || !strings.Contains(text, `from(bucket: \"mine\")`) {
		t.Errorf("the library's panel is %v", last)
	}
	if o["version"] != 1.0 || o["overwrite"] != nil || o["__elements"] != nil || o["__requires"] != nil {
		t.Errorf("it is %s", text)
	}
	if v := o["templating"].(model.Object)["list"].([]any)[0].(model.Object); v["current"].(model.Object)["value"] != "influxdb" || v["regex"] != "" {
		t.Errorf("the variable is %v", v)
	}
}

func TestLinksWithinAProjectLeadToItsCopies(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{
		"p/a.json":     `{"uid": "aaa", "title": "A", "links": [{"url": "/d/bbb/b?var-x=1"}, {"url": "https://elsewhere.example/d/ccc/x"}], "panels": [{"type": "text", "options": {"content": "[b](/d/bbb) and [own](d/aaa/x)"}}, {"type": "stat", "targets": [{"query": "r.path == \"/d/bbb\""}], "fieldConfig": {"defaults": {"links": [{"url": "d/bbb/b?viewPanel=3"}]}}}]}`,
		"p/sub/b.json": `{"uid": "bbb", "title": "B", "panels": []}`})
	done := f.link("p")[0]
	uid := map[string]string{}
	for _, b := range done.Boards {
		uid[b.From] = b.UID
	}
	text := f.served()["p/"+uid["aaa"]+".json"]
	for _, want := range []string{`"/d/` + uid["bbb"] + `/b?var-x=1"`, `/d/ccc/x`, `[b](/d/` + uid["bbb"] + `)`, `"d/` + uid["bbb"] + `/b?viewPanel=3"`, `r.path == \"/d/bbb\"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the copy does not hold %s:\n%s", want, text)
		}
	}
}

func TestOneBrokenFileLinksNothing(t *testing.T) {
	huge := simpleBoard("huge", "Huge")
	for name, c := range map[string]struct{ content, why string }{
		"no JSON":         {"{\n\"title\": \"x\",\n}", "line 3"},
		"half":            {`{"title": "x", "panels": [`, "ends too early"},
		"empty":           {"", "it is empty"},
		"two":             {simpleBoard("x", "X") + simpleBoard("y", "Y"), "behind the end"},
		"no title":        {`{"panels": []}`, "has no title"},
		"schema v2":       {`{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"title": "t", "elements": {}, "layout": {}}}`, "schema v2"},
		"too large":       {huge[:len(huge)-1] + strings.Repeat(" ", 50<<20) + "}", "it has 50 MB"},
		"a uid once more": {simpleBoard("good", "Other"), `the uid "good" of a.json`},
	} {
		f := newFixture(t)
		f.write(map[string]string{"p/a.json": simpleBoard("good", "Good"), "p/b.json": c.content, "other/o.json": simpleBoard("o", "O")})
		f.link("other")
		before := f.served()
		_, err := f.Link(t.Context(), []Source{f.source("other"), f.source("p")}, world)
		var invalid *Invalid
		if !errors.As(err, &invalid) || len(invalid.Wrong) != 1 || filepath.Base(invalid.Wrong[0].Path) != "b.json" || !strings.Contains(invalid.Wrong[0].Why, c.why) {
			t.Errorf("%s: %v", name, err)
		}
		if links, err := f.Links(); err != nil || len(links) != 1 || !maps.Equal(before, f.served()) {
			t.Errorf("%s: something was linked: %v, %v", name, links, err)
		}
	}
}

func TestWhatIsNoDashboardIsPassedOverInAFolderAndRefusedAlone(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/package.json": `{"name": "x"}`, "p/list.json": `[1]`, "p/.hidden/x.json": "{", "p/node_modules/x.json": "{", "q/readme.md": "x", "p/a.JSON": simpleBoard("a", "A")})
	if done := f.link("p"); len(done[0].Boards) != 1 {
		t.Errorf("linked %+v", done[0].Boards)
	}
	for path, want := range map[string]error{"q": ErrNone, "nowhere": ErrGone} {
		if _, err := f.Link(t.Context(), []Source{f.source(path)}, world); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	var invalid *Invalid
	if _, err := f.Link(t.Context(), []Source{f.source("p/package.json")}, world); !errors.As(err, &invalid) {
		t.Errorf("package.json: %v", err)
	}
}

func TestNamesNeverLeaveTheFolder(t *testing.T) {
	f := newFixture(t)
	h := f.home
	for project, want := range map[string]string{"../../etc": "-..-etc", "ltlab": "ltlab-2", "General": "General-2", "<b>x</b>": "-b-x--b-", "": "project", "...": "project", "Ünï code": "Ünï code", strings.Repeat("x", 100): strings.Repeat("x", 60)} {
		if got := folderFor(h, project, nil); got != want || !filepath.IsLocal(got) || strings.ContainsAny(got, `/\<>`) {
			t.Errorf("%q becomes %q, want %q", project, got, want)
		}
	}
	if newUID("checkout-service-a", "k6") == newUID("checkout-service-b", "k6") || newUID("a", strings.Repeat("x", 30)+"1") == newUID("a", strings.Repeat("x", 30)+"2") {
		t.Error("long names share a uid")
	}
	f.write(map[string]string{"home/dashboards/shop/own.json": "{}", "p/a.json": `{"uid": "../../x", "title": "<script>alert(1)</script>", "panels": []}`, "p/b.json": `{"title": "no uid", "panels": []}`})
	if got := folderFor(h, "Shop", []Link{{Folder: "shop-2"}}); got != "Shop" {
		t.Errorf("got %q", got) // another than the folder shop of somebody's own, where case counts
	}
	done := f.link("p")
	for path, text := range f.served() {
		if strings.Contains(path, "..") || strings.Contains(path, "<") {
			t.Errorf("a file is called %s", path)
		}
		if strings.HasPrefix(path, "p/") && strings.Contains(text, "script") && parsed(t, text)["title"] != "<script>alert(1)</script>" {
			t.Errorf("the title became something else:\n%s", text)
		}
	}
	if len(done[0].Boards) != 2 || done[0].Boards[0].UID == done[0].Boards[1].UID {
		t.Errorf("%+v", done[0].Boards)
	}
}

func TestASyncFollowsTheProjectsFiles(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"shop/a.json": simpleBoard("a", "A"), "shop/b.json": simpleBoard("b", "B"), "bank/c.json": simpleBoard("c", "C")})
	f.link("shop", "bank")
	state := func(folder string) State {
		t.Helper()
		links, err := f.Links()
		if err != nil {
			t.Fatal(err)
		}
		l, err := Find(links, folder, "")
		if err != nil {
			t.Fatal(err)
		}
		s, _, _ := f.Look(l, world)
		return s
	}
	expect := func(folder string, want State) {
		t.Helper()
		if got := state(folder); got != want {
			t.Errorf("%s is %s, want %s", folder, got, want)
		}
	}
	expect("shop", InStep)
	f.write(map[string]string{"shop/a.json": simpleBoard("a", "A2"), "shop/d.json": simpleBoard("d", "D")})
	if err := os.Remove(filepath.Join(f.dir, "shop", "b.json")); err != nil {
		t.Fatal(err)
	}
	expect("shop", Changed)
	if err := os.RemoveAll(filepath.Join(f.dir, "bank")); err != nil {
		t.Fatal(err)
	}
	expect("bank", Gone)
	done, failed, err := f.Sync(t.Context(), nil, false, world)
	if err != nil || len(done) != 1 || len(failed) != 1 || failed[0].Folder != "bank" || !errors.Is(failed[0].Err, ErrGone) {
		t.Fatalf("%v, %+v, %v", done, failed, err)
	}
	expect("shop", InStep)
	titles := []string{}
	for _, text := range f.served() {
		titles = append(titles, parsed(t, text)["title"].(string))
	}
	slices.Sort(titles)
	if !slices.Equal(titles, []string{"A2", "C", "D"}) {
		t.Errorf("served: %v", titles)
	}
	f.write(map[string]string{"shop/a.json": "{"})
	expect("shop", Broken)
	before := f.served()
	if _, failed, err := f.Sync(t.Context(), []string{"shop"}, false, world); err != nil || len(failed) != 1 || !maps.Equal(before, f.served()) {
		t.Errorf("%+v, %v", failed, err)
	}
	f.write(map[string]string{"shop/a.json": simpleBoard("a", "A2")})
	for path := range before {
		if strings.HasPrefix(path, "shop/") {
			f.write(map[string]string{"home/dashboards/" + path: "{}"})
		}
	}
	expect("shop", Changed)
	if f.link("shop"); !maps.Equal(before, f.served()) {
		t.Error("copies that somebody changed are not mended")
	}
}

func TestUnlinkingTakesWhatWasLinkedAndNothingElse(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"shop/.git/HEAD": "", "shop/one/a.json": simpleBoard("a", "A"), "shop/two/b.json": simpleBoard("b", "B"), "bank/c.json": simpleBoard("c", "C"), "home/dashboards/mine/own.json": "{}"})
	f.link("shop/one", "bank")
	f.link("shop/two")
	if links, err := f.Links(); err != nil || len(links) != 2 || len(links[1].Sources) != 2 || len(f.served()) != 4 {
		t.Fatalf("%+v, %v", links, err)
	}
	f.write(map[string]string{"home/dashboards/bank/own.json": "{}"})
	for _, c := range []struct {
		name, path string
		boards     int
	}{{"two", "shop/two", 1}, {"shop", "nowhere", 1}, {"bank", "bank", 1}} {
		got, err := f.Unlink(t.Context(), c.name, filepath.Join(f.dir, c.path), world)
		if err != nil || got.Boards != c.boards {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if got := slices.Sorted(maps.Keys(f.served())); !slices.Equal(got, []string{"bank/own.json", "mine/own.json"}) {
		t.Errorf("left: %v", got)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "home", "dashboards", "shop")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
	if _, err := f.Unlink(t.Context(), "shop", "/nowhere", world); !errors.Is(err, ErrUnlinked) {
		t.Errorf("once more: %v", err)
	}
}

func TestLinksAtOnceAreAllKept(t *testing.T) {
	f := newFixture(t)
	const n = 12
	for i := range n {
		f.write(map[string]string{fmt.Sprintf("p%d/a.json", i): simpleBoard("same", fmt.Sprint("P", i))})
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := Open(f.home).Link(t.Context(), []Source{f.source(fmt.Sprintf("p%d", i))}, world); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	links, err := f.Links()
	if err != nil || len(links) != n || len(f.served()) != n {
		t.Errorf("%d links, %d served, %v", len(links), len(f.served()), err)
	}
	left, err := filepath.Glob(filepath.Join(f.dir, "home", "dashboards.new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestALinkWaitsForAnotherAsLongAsItMay(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": simpleBoard("a", "A")})
	unlock, err := f.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Link(ctx, []Source{f.source("p")}, world); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	unlock()
	f.link("p")
}

func TestRepairsStayInTheCopiesAndOutliveASync(t *testing.T) {
	f := newFixture(t)
	content := `{"uid": "a", "title": "A", "time": {"from": "2024-01-01", "to": "2024-02-01"}, "panels": []}`
	f.write(map[string]string{"p/a.json": content})
	f.link("p")
	for _, repair := range []bool{true, false} {
		if _, _, err := f.Sync(t.Context(), []string{"p"}, repair, world); err != nil {
			t.Fatal(err)
		}
		for _, text := range f.served() {
			if !strings.Contains(text, `"now-1h"`) {
				t.Errorf("not repaired:\n%s", text)
			}
		}
	}
	if b, err := os.ReadFile(filepath.Join(f.dir, "p", "a.json")); err != nil || string(b) != content {
		t.Errorf("the project's file became %s, %v", b, err)
	}
}
