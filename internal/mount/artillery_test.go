package mount

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestAnArtilleryScriptNamesItsFilesItsVariablesAndItsTarget(t *testing.T) {
	dir := tree(t, map[string]string{
		"load/main.yml": `
config:
  target: "{{ $env.TARGET }}"
  processor: ./proc
  ensure: { p95: 100 }
  plugins: { ensure: {} }
  payload:
    - path: ../data/users.csv
      fields: [name]
    - path: gone.csv
  environments:
    stage: { target: http://stage.example }
    other: { phases: [] }
  phases: [{ duration: 1, arrivalRate: 1 }]
scenarios:
  - flow:
      - get: { url: "http://localhost:9999/x", expect: [{ statusCode: 200 }] } # and not http://127.0.0.1:1 of a comment
      - post: { url: "/{{ $processEnvironment.PATH_PART }}", formData: { file: { fromFile: ./up.png } } }
`,
		"load/proc.js":     `const h = require("./lib/help"); console.log(process.env.SECRET, process.env["OTHER"]);`,
		"load/lib/help.js": `module.exports = 1`,
		"load/up.png":      "png",
		"data/users.csv":   "ann\n",
	})
	got, err := ScanArtillery(filepath.Join(dir, "load/main.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, f := range got.Files {
		rel, _ := filepath.Rel(dir, f)
		files = append(files, filepath.ToSlash(rel))
	}
	if want := []string{"data/users.csv", "load/lib/help.js", "load/main.yml", "load/proc.js", "load/up.png"}; !reflect.DeepEqual(files, want) {
		t.Errorf("files %q", files)
	}
	if want := []string{"OTHER", "PATH_PART", "SECRET", "TARGET"}; !reflect.DeepEqual(got.Env, want) {
		t.Errorf("reads %q", got.Env)
	}
	if want := []string{"http://localhost:9999"}; !reflect.DeepEqual(got.Locals, want) {
		t.Errorf("local addresses %q", got.Locals)
	}
	if !got.Read || got.Target != "{{ $env.TARGET }}" || !got.Phases || !reflect.DeepEqual(got.Aimed, map[string]string{"stage": "http://stage.example"}) || !reflect.DeepEqual(got.Missing, []string{"gone.csv"}) || !reflect.DeepEqual(got.Idle, []string{"expect"}) {
		t.Errorf("got %+v", got)
	}
	if got.Processor != filepath.Join(dir, "load/proc.js") {
		t.Errorf("processor %q", got.Processor)
	}
}

func TestAnArtilleryScriptThatDoesNotParseIsLeftForArtillery(t *testing.T) {
	for name, text := range map[string]string{"a.yml": "config: [", "b.yml": "config: {phases: 3}", "c.json": "{", "d.yml": "a: &a [*a]"} {
		dir := tree(t, map[string]string{name: text})
		got, err := ScanArtillery(filepath.Join(dir, name))
		if err != nil || got.Read && name != "d.yml" || len(got.Files) != 1 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := ScanArtillery(filepath.Join(t.TempDir(), "none.yml")); err == nil {
		t.Error("a script that is not there has no error")
	}
}

func TestATypeScriptProcessorIsCompiledElsewhere(t *testing.T) {
	dir := tree(t, map[string]string{
		"p.ts": `import { name } from "./n"; import * as x from "outside"; export function f(v: number): string { return name + v + x; }`,
		"n.ts": `export const name: string = "from n";`, "bad.ts": `import { x } from "./none"; const y: = 1;`,
	})
	out := filepath.Join(t.TempDir(), "p.js")
	if err := Bundle(filepath.Join(dir, "p.ts"), out, []string{"outside"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "from n") || !strings.Contains(string(text), `require("outside")`) {
		t.Errorf("%v: %s", err, text)
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("the project's folder has %d files", len(left))
	}
	if err := Bundle(filepath.Join(dir, "bad.ts"), out, nil); err == nil || !strings.Contains(err.Error(), "bad.ts:1:") {
		t.Errorf("a processor that does not compile: %v", err)
	}
}
