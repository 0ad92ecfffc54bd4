package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/problem"
)

// world is a machine's folders, with nothing on PATH but bin.
type world struct {
	*testing.T
	dir string
}

func newWorld(t *testing.T) *world {
	if runtime.GOOS == "windows" {
		t.Fatal("these programs are shell scripts")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, dir}
	t.Setenv("PATH", w.path("bin"))
	return w
}

func (w *world) path(p string) string { return filepath.Join(w.dir, filepath.FromSlash(p)) }

func (w *world) write(path, text string) string {
	w.Helper()
	path = w.path(path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil {
		w.Fatal(err)
	}
	return path
}

// artillery installs one in a folder that holds node_modules.
func (w *world) artillery(dir, version string) {
	w.write(dir+"/node_modules/artillery/package.json", `{"name": "artillery", "version": "`+version+`", "bin": {"artillery": "bin/run"}}`)
	w.write(dir+"/node_modules/artillery/bin/run", "")
	w.write(dir+"/node_modules/artillery/dist/x", "")
}

func (w *world) node(path, version string) string {
	return w.write(path, "#!/bin/sh\necho v"+version+"\n")
}

func (w *world) link(to, from string) {
	w.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(w.path(from)), 0o755), os.Symlink(to, w.path(from))); err != nil {
		w.Fatal(err)
	}
}

func (w *world) find(o Options) (*Tool, string) {
	w.Helper()
	t, err := Find(context.Background(), o)
	if err == nil {
		return t, ""
	}
	var p *problem.Problem
	if !errors.As(err, &p) {
		w.Fatalf("no problem: %v", err)
	}
	return nil, p.ID
}

func TestTheNearestArtilleryThatDoesIsTaken(t *testing.T) {
	w := newWorld(t)
	w.node("bin/node", "22.18.0")
	o := Options{Scenario: w.path("shop/tests/load"), Root: w.path("shop"), Cache: w.path("cache")}
	if _, id := w.find(o); id != "artillery-not-found" {
		t.Fatalf("found something: %s", id)
	}
	for _, step := range []struct{ dir, version, from, at string }{
		{"cache", "2.0.34", "the lab's cache", "cache"},
		{"above", "2.0.40", "the lab's cache", "cache"}, // of no project
		{"global", "2.0.20", "the lab's cache", "cache"},
		{"global", "2.0.35-canary.1", "PATH", "global"},
		{"shop", "2.0.33", "PATH", "global"},
		{"shop", "2.1.0", "the project", "shop"},
		{"shop/tests", "10.0.0", "the project", "shop/tests"},
	} {
		w.artillery(step.dir, step.version)
		if step.dir == "global" {
			_ = os.Remove(w.path("bin/artillery"))
			w.link(w.path("global/node_modules/artillery/bin/run"), "bin/artillery")
		}
		got, id := w.find(o)
		if id != "" || got.From != step.from || got.Script != w.path(step.at+"/node_modules/artillery/bin/run") {
			t.Errorf("with %s of %s: got %+v %s, want %s in %s", step.version, step.dir, got, id, step.from, step.at)
		}
		old := strings.HasPrefix(step.version, "2.0.2") || step.version == "2.0.33"
		if got != nil && old != slices.ContainsFunc(got.Passed, func(s string) bool { return strings.Contains(s, step.version) }) {
			t.Errorf("with %s of %s passed over %q", step.version, step.dir, got.Passed)
		}
	}
}

func TestANamedArtilleryIsTheOnlyOneThatCounts(t *testing.T) {
	w := newWorld(t)
	w.node("bin/node", "22.18.0")
	w.artillery("cache", "2.0.34")
	w.artillery("mine", "2.0.34")
	w.artillery("old", "2.0.9")
	w.link("../artillery/bin/run", "mine/node_modules/.bin/artillery")
	w.write("mine/node_modules/.bin/by-script", "#!/bin/sh\n") // as pnpm makes it
	w.write("half/node_modules/artillery/package.json", `{"name": "artillery", "version": "2.0.34"}`)
	w.write("torn/node_modules/artillery/package.json", `{"name": "artil`)
	w.write("other/node_modules/artillery/package.json", `{"name": "grapeshot", "version": "9.0.0"}`)
	w.write("alone/artillery", "#!/bin/sh\n")
	for path, want := range map[string]string{
		"mine": "", "mine/node_modules": "", "mine/node_modules/artillery": "", "mine/node_modules/artillery/bin/run": "",
		"mine/node_modules/.bin/artillery": "", "mine/node_modules/.bin/by-script": "",
		"old": "artillery-too-old", "half": "artillery-not-found", "torn": "artillery-not-found", "other": "artillery-not-found",
		"alone/artillery": "artillery-not-found", "nowhere": "artillery-not-found", "bin": "artillery-not-found",
	} {
		got, id := w.find(Options{Artillery: w.path(path), Cache: w.path("cache")})
		if id != want || want == "" && (got.From != "LTLAB_ARTILLERY" || got.Script != w.path("mine/node_modules/artillery/bin/run")) {
			t.Errorf("%s: got %+v %q, want %q", path, got, id, want)
		}
	}
}

func TestTheNearestNodeThatDoesIsTaken(t *testing.T) {
	w := newWorld(t)
	w.artillery("shop", "2.0.34")
	o := Options{Scenario: w.path("shop"), Cache: w.path("cache"), Environ: []string{"NODE_OPTIONS=--require=/nowhere"}}
	if _, id := w.find(o); id != "node-not-found" {
		t.Fatalf("found something: %s", id)
	}
	w.node("bin/node", "22.17.9")
	if _, id := w.find(o); id != "node-too-old" {
		t.Fatalf("took an old one: %s", id)
	}
	for _, path := range []string{"cache/node_modules/" + platformPackage() + "/bin/node", "bin/node", "shop/node_modules/node/bin/node"} {
		want := w.node(path, "24.1.0")
		got, id := w.find(o)
		if id != "" || got.Node != want || got.NodeVersion != "24.1.0" {
			t.Errorf("got %+v %s, want %s", got, id, want)
		}
	}
	w.write("shop/node_modules/node/bin/node", "#!/nowhere\n")
	if got, id := w.find(o); id != "" || got.Node != w.path("bin/node") || len(got.Passed) != 1 {
		t.Errorf("a Node that does not run: got %+v %s", got, id)
	}
	for text, want := range map[string]string{
		"#!/bin/sh\necho v20.1.0\n": "node-too-old", "#!/bin/sh\necho hello\n": "node-not-found", "#!/bin/sh\nexit 3\n": "node-not-found", "": "",
		"#!/bin/sh\n[ -z \"$NODE_OPTIONS\" ] && echo v22.18.0\n": "",
	} {
		named := o
		if text != "" {
			named.Node = w.write("named", text)
		}
		if _, id := w.find(named); id != want {
			t.Errorf("LTLAB_NODE that is %q: got %q, want %q", text, id, want)
		}
	}
}

func TestPnpmsArtilleryFindsTheProjectsNode(t *testing.T) {
	w := newWorld(t)
	w.artillery("shop/node_modules/.pnpm/artillery@2.0.34", "2.0.34")
	w.link(".pnpm/artillery@2.0.34/node_modules/artillery", "shop/node_modules/artillery")
	want := w.node("shop/node_modules/node/bin/node", "22.18.0")
	if got, id := w.find(Options{Scenario: w.path("shop")}); id != "" || got.Node != want {
		t.Errorf("got %+v %s, want %s", got, id, want)
	}
}

func TestAProjectEndsAtItsRepositoryElseAtItsPackage(t *testing.T) {
	w := newWorld(t)
	w.write("a/.git", "")
	w.write("a/b/package.json", "{}")
	w.write("x/package.json", "{}")
	w.write("x/y/z", "")
	w.write("bare/s", "")
	for dir, want := range map[string]string{"a/b/c": "a", "x/y": "x", "bare": "bare"} {
		if got := rootOf(w.path(dir)); got != w.path(want) {
			t.Errorf("%s ends at %s, want %s", dir, got, want)
		}
	}
}

func TestVersionsAreComparedAsNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"2.0.9", "2.0.34", true}, {"2.0.34", "2.0.34", false}, {"2.0.34-beta", "2.0.34", false}, {"10.0.0", "2.0.34", false},
		{"22.9.0", "22.18.0", true}, {"22.18.0+x", "22.18.0", false}, {"", "0.0.1", true}, {"3", "2.0.34", false},
	} {
		if got := before(c.a, c.b); got != c.want {
			t.Errorf("%q before %q: %v", c.a, c.b, got)
		}
	}
}

func TestTheCacheIsTheUsers(t *testing.T) {
	for set, want := range map[string]string{"/c": "/c/ltlab/artillery-" + ArtilleryPinned, "c": ".cache/ltlab/artillery-" + ArtilleryPinned} {
		got, err := CacheDir(func(name string) string { return map[string]string{"XDG_CACHE_HOME": set}[name] })
		if err != nil || !filepath.IsAbs(got) || !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %s %v, want %s", set, got, err, want)
		}
	}
}

// What users, containers and tests run is the same Artillery on the same Node.
func TestThePinsAreTheSameEverywhere(t *testing.T) {
	for file, lines := range map[string][]string{
		"../../artillery/Dockerfile": {"FROM node:" + NodePinned + "-slim", "artillery@" + ArtilleryPinned},
		"../../e2e/images":           {"artillery=" + ArtilleryPinned + " node=" + NodePinned},
	} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range lines {
			if !strings.Contains(string(b), want) {
				t.Errorf("%s does not say %q", file, want)
			}
		}
	}
}
