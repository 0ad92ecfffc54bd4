package mount

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree makes files below a new folder and returns its real path.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := real(t.TempDir())
	for name, text := range files {
		put(t, filepath.Join(dir, name), text)
	}
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, path ...string) *Graph {
	t.Helper()
	g, err := Scan(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// relative are paths as seen from a folder.
func relative(t *testing.T, dir string, paths []string) (out []string) {
	t.Helper()
	for _, p := range paths {
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.ToSlash(rel))
	}
	slices.Sort(out)
	return out
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestScanFollowsWhatK6WouldLoad(t *testing.T) {
	dir := tree(t, map[string]string{
		"tests/main.js": `
import http from 'k6/http';
import jslib from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';
import chart from 'some-package';
import { login } from '../lib/login.ts';
import users from './users.json';
import './not-there.js';
const old = require("./old.cjs");
const data = open('../data/ü plan.csv');
const more = open(import.meta.resolve('./more.csv'));
const some = open(` + "`./${name}.csv`" + `), gone = open('./gone.csv');
// open('../secret.csv'); import '../never.js'
export default async function () { await import('./late.mjs'); http.get(login + chart + jslib + users + old + data + more + some + gone); }`,
		"lib/login.ts":       `import { deep } from './deep/deep'; import type { T } from './types.ts'; export const login: string = deep as T;`,
		"lib/deep/deep":      `exports.deep = 1;`,
		"lib/types.ts":       `export type T = string;`,
		"tests/users.json":   `[]`,
		"tests/old.cjs":      `module.exports = open("./of-old.bin", 'b');`,
		"tests/of-old.bin":   "\x00",
		"tests/late.mjs":     `export default 1;`,
		"tests/name.csv":     "x",
		"tests/more.csv":     "x",
		"data/ü plan.csv":    "x",
		"secret.csv":         "x",
		"never.js":           "x",
		"tests/unrelated.js": `import '../never.js';`,
	})
	g := scan(t, dir, "tests/main.js")
	same(t, "files", relative(t, dir, g.Files), "tests/main.js", "lib/login.ts", "lib/deep/deep", "tests/users.json", "tests/old.cjs", "tests/of-old.bin",
		"tests/late.mjs", "tests/more.csv", "data/ü plan.csv")
	same(t, "outside", relative(t, dir, g.Outside(filepath.Join(dir, "tests"))), "data/ü plan.csv", "lib/deep/deep", "lib/login.ts")
	same(t, "outside of all", g.Outside(dir))
	if root := g.Root(); root != dir {
		t.Errorf("root %s, want %s", root, dir)
	}
	if root := scan(t, dir, "tests/old.cjs").Root(); root != filepath.Join(dir, "tests") {
		t.Errorf("root %s of a script and its data", root)
	}
	same(t, "named by absolute paths", g.Fixed)
}

func TestFilesNamedByAnAbsolutePathAreKnown(t *testing.T) {
	dir := tree(t, map[string]string{"lib.js": "export const a = 1;", "data.csv": "x", "near.js": "export const b = 1;"})
	put(t, filepath.Join(dir, "main.js"), `import { a } from '`+dir+`/lib.js'; import { b } from './near.js'; const c = open('file://`+dir+`/data.csv'); export default () => a + b + c;`)
	g := scan(t, dir, "main.js")
	same(t, "fixed", relative(t, dir, g.Fixed), "lib.js", "data.csv")
	same(t, "files", relative(t, dir, g.Files), "lib.js", "data.csv", "near.js", "main.js")
}

func TestVariablesAndLocalTargetsAreThoseOfTheCode(t *testing.T) {
	dir := tree(t, map[string]string{
		"main.js": `
/*! licensed by http://localhost:1 */
import http from 'k6/http';
import { base, unused } from './base.js';
// see http://127.0.0.1:2 and __ENV.COMMENTED
const { SHOP, USER: user = 'me', PASS = "x" } = __ENV;
export default function () {
  http.get(/* http://localhost:3 */ base + __ENV.PATH_A + __ENV["PATH-B"] + __ENV?.PATH_C + SHOP + user + PASS);
  http.get('https://shop.example/localhost');
  new WebSocket("ws://[::1]:4/x").connect(` + "`localhost:5`" + `);
}`,
		"base.js": `
export const base = __ENV.BASE_URL || 'http://localhost:3000';
export const unused = 'http://localhost:6';
export function alsoUnused() { return __ENV.NOBODY + 'http://127.1.2.3:7'; }`,
	})
	g := scan(t, dir, "main.js")
	same(t, "variables", g.Env, "BASE_URL", "PASS", "PATH-B", "PATH_A", "PATH_C", "SHOP", "USER")
	same(t, "local targets", g.Locals, "http://localhost:3000", "localhost:5", "ws://[::1]:4")
}

func TestWhatDoesNotParseIsLeftToK6(t *testing.T) {
	dir := tree(t, map[string]string{"main.js": "import './lib.js'; export default function {", "lib.js": ""})
	g := scan(t, dir, "main.js")
	if len(g.Files) == 0 || len(g.Outside(dir)) > 0 {
		t.Errorf("%+v", g)
	}
	if _, err := Scan(filepath.Join(dir, "none.js")); !os.IsNotExist(err) {
		t.Errorf("a script that is not there: %v", err)
	}
}

func TestLinksThatAContainerCannotFollowAreNamed(t *testing.T) {
	dir := tree(t, map[string]string{
		"project/main.js": `
import './near/a.js'; import './up/b.js'; import './fixed/c.js'; import './chain/d.js'; import './round.js';
export default () => open('./file.csv');`,
		"project/lib/a.js": "", "shared/b.js": "", "project/lib/c.js": "", "shared/d.js": "", "data.csv": "x",
	})
	project := filepath.Join(dir, "project")
	link(t, "lib", filepath.Join(project, "near"))                               // stays
	link(t, "../shared", filepath.Join(project, "up"))                           // leaves
	link(t, filepath.Join(project, "lib"), filepath.Join(project, "fixed"))      // stays, by a path that the container has not
	link(t, "lib/../hop", filepath.Join(project, "chain"))                       // stays, and then leaves
	link(t, filepath.Join("..", "shared"), filepath.Join(project, "hop"))        //
	link(t, "../data.csv", filepath.Join(project, "file.csv"))                   // a file
	link(t, "../project/lib/a.js", filepath.Join(project, "round.js"))           // leaves and comes back
	link(t, filepath.Join(project, "unused.js"), filepath.Join(project, "dead")) // not needed
	g := scan(t, project, "main.js")
	same(t, "outside by name", g.Outside(project))
	same(t, "linked", relative(t, project, g.Linked(project)), "up/b.js", "fixed/c.js", "chain/d.js", "file.csv", "round.js")
	if !Within(project, filepath.Join(project, "near", "a.js")) || Within(project, filepath.Join(project, "up", "b.js")) {
		t.Error("Within does not resolve links")
	}
}
