package runner

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// unpacked is a plugin's folder in tests.
func unpacked(dir string) error {
	plugin := filepath.Join(dir, "artillery-plugin-ltlab")
	return errors.Join(os.MkdirAll(plugin, 0o755), os.WriteFile(filepath.Join(dir, preload), []byte("preload"), 0o644),
		os.WriteFile(filepath.Join(plugin, "index.js"), []byte("plugin"), 0o644))
}

// script is a run of an Artillery script in a folder with those files; the script itself is main.yml.
func script(t *testing.T, files map[string]string) (*Spec, *Artillery) {
	t.Helper()
	dir := real(t.TempDir())
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	a := &Artillery{Node: "/bin/node", Script: "/artillery/bin/run", Plugins: unpacked}
	return &Spec{Program: a, Dir: dir, Scenario: &Scenario{Name: "main.yml", Path: filepath.Join(dir, "main.yml"), Dir: dir}}, a
}

const flow = "\nscenarios: [{flow: [{get: {url: /}}]}]\n"

// without is all of a list but for one.
func without(list []string, v string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == v })
}

func TestARunOfArtilleryGoesWhereScriptFlagsAndVariablesSay(t *testing.T) {
	const staged = "config: {target: 'http://a', environments: {stage: {target: 'http://stage'}, other: {phases: []}}}" + flow
	for name, c := range map[string]struct {
		config  string
		args    []string
		vars    []string
		environ []string
		base    string // BASE_URL
		want    string // where the record says it goes
		given   string // by --target
		problem string
	}{
		"its own":                           {config: "config: {target: 'http://a'}" + flow, base: "http://lab", want: "http://a"},
		"none, and the lab's":               {config: "config: {}" + flow, base: "http://lab", want: "http://lab", given: "http://lab"},
		"none at all":                       {config: "config: {}" + flow, problem: "target-missing"},
		"by a variable":                     {config: "config: {target: '{{ $env.SHOP }}/v1'}" + flow, vars: []string{"SHOP=http://x", "SHOP=http://b"}, base: "http://lab", want: "http://b/v1"},
		"by a variable of the caller's":     {config: "config: {target: '{{$processEnvironment.SHOP}}'}" + flow, environ: []string{"SHOP=http://b"}, want: "http://b"},
		"by two variables, one of them not": {config: "config: {target: '{{ $env.SHOP }}{{ $env.PORT }}'}" + flow, vars: []string{"SHOP=http://b"}, base: "http://lab", problem: "target-missing"},
		"by BASE_URL":                       {config: "config: {target: '{{ $env.BASE_URL }}'}" + flow, base: "http://lab", want: "http://lab"},
		"by BASE_URL, which is not set":     {config: "config: {target: '{{ $env.BASE_URL }}'}" + flow, problem: "target-missing"},
		"by a variable of the script's":     {config: "config: {target: 'http://{{ host }}'}" + flow, base: "http://lab", want: "http://lab"},
		"by a flag":                         {config: "config: {target: 'http://a'}" + flow, args: []string{"-t", "http://flag"}, want: "http://flag"},
		"by a flag alone":                   {config: "config: {}" + flow, args: []string{"--target=http://flag"}, base: "http://lab", want: "http://flag"},
		"by an override":                    {config: "config: {target: 'http://a'}" + flow, args: []string{"-t", "http://flag", "--overrides", `{"config":{"target":"http://over"}}`}, want: "http://over"},
		"by another override":               {config: "config: {target: 'http://a'}" + flow, args: []string{"--overrides", `{"config":{"phases":[]}}`}, want: "http://a"},
		"by an environment":                 {config: staged, args: []string{"-e", "stage"}, want: "http://stage"},
		"by an environment without one":     {config: staged, args: []string{"--environment=other"}, want: "http://a"},
		"perhaps by a file of config":       {config: "config: {}" + flow, args: []string{"--config", "c.yml"}, want: ""},
		"what does not parse says nothing":  {config: "config: [", want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, a := script(t, map[string]string{"main.yml": c.config})
			s.Args, s.Vars, s.Environ, s.Target = c.args, c.vars, c.environ, c.base
			err := a.Check(s, func(string) {})
			if c.problem != "" {
				wantProblem(t, err, c.problem, "main.yml")
				return
			}
			if err != nil || s.Target != c.want {
				t.Errorf("it goes to %q, want %q (%v)", s.Target, c.want, err)
			}
			args := a.Args(s, Paths{Target: s.Target})
			given := ""
			if i := slices.Index(args, "--target"); i >= 0 && len(c.args) == 0 {
				given = args[i+1]
			}
			if given != c.given {
				t.Errorf("Artillery is given %q, want %q", given, c.given)
			}
		})
	}
}

func TestArtilleryTakesAFlagOnce(t *testing.T) {
	const literal = "config: {target: 'http://127.0.0.1:5083', processor: ./p.ts}" + flow
	paths := Paths{Scenario: "/project/main.yml", Export: "/record/summary.json", Plugin: "/ltlab", Target: "http://toy-api:5081"}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"ours": {nil, []string{"run", "--output", "/record/summary.json", "--overrides", `{"config":{"processor":"/ltlab/processor/p.js","target":"http://toy-api:5081"}}`, "/project/main.yml"}},
		"the caller's report": {[]string{"-o", "out.json", "--quiet"},
			[]string{"run", "-o", "out.json", "--quiet", "--overrides", `{"config":{"processor":"/ltlab/processor/p.js","target":"http://toy-api:5081"}}`, "/project/main.yml"}},
		"the caller's overrides": {[]string{"--overrides", `{"config":{"phases":[{"duration":1}],"processor":"./mine.js"},"before":{}}`, "--solo"},
			[]string{"run", "--output", "/record/summary.json", "--solo", "--overrides", `{"before":{},"config":{"phases":[{"duration":1}],"processor":"./mine.js","target":"http://toy-api:5081"}}`, "/project/main.yml"}},
		"the caller's, in one word": {[]string{`--overrides={"config":{"phases":[]}}`},
			[]string{"run", "--output", "/record/summary.json", "--overrides", `{"config":{"phases":[],"processor":"/ltlab/processor/p.js","target":"http://toy-api:5081"}}`, "/project/main.yml"}},
		"what is no object is Artillery's to refuse": {[]string{"--overrides", "null"}, []string{"run", "--output", "/record/summary.json", "--overrides", "null", "/project/main.yml"}},
		"nor what is no JSON":                        {[]string{"--overrides", "{"}, []string{"run", "--output", "/record/summary.json", "--overrides", "{", "/project/main.yml"}},
	} {
		s, a := script(t, map[string]string{"main.yml": literal, "p.ts": "export const x = 1;"})
		s.Args = c.args
		if err := a.Check(s, func(string) {}); err != nil {
			t.Fatal(err)
		}
		if got := a.Args(s, paths); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	s, a := script(t, map[string]string{"main.yml": literal, "p.ts": ""})
	s.Scenario.Shipped, s.Target = true, "http://lab"
	if err := a.Check(s, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if got := a.Args(s, Paths{Export: "/s.json", Scenario: "/s.yml", Target: "http://lab"}); !slices.Equal(got, []string{"run", "--output", "/s.json", "/s.yml"}) {
		t.Errorf("a shipped script is run with %q", got)
	}
}

func TestArtilleryIsGivenThePluginBesideWhatTheCallerHas(t *testing.T) {
	a := &Artillery{}
	s := &Spec{Vars: []string{"TOKEN=two\nlines", "LTLAB_RUN=theirs"}, Target: "http://a"}
	paths := Paths{Scenario: "/p/t/main.yml", Record: "/r/tool.ndjson", Parent: "7", Plugin: `/tmp/my "p\x`, Target: "http://a", StatsD: "127.0.0.1:8125"}
	env := a.Env(s, []string{"PATH=/bin", "ARTILLERY_PLUGINS={\"mine\":{}}", "ARTILLERY_PLUGIN_PATH=/mine", "NODE_OPTIONS=--enable-source-maps", "LTLAB_STATSD=x:1", "LTLAB_ENV_FILE=/x"}, paths, "r1", "shop")
	for _, want := range []string{
		"PATH=/bin", "TOKEN=two\nlines", `ARTILLERY_PLUGINS={"ltlab":{"scope":"artillery-plugin-"},"mine":{}}`,
		`ARTILLERY_PLUGIN_PATH=/mine:/p/t/node_modules:/p/node_modules:/node_modules:/tmp/my "p\x`, "ARTILLERY_DISABLE_TELEMETRY=true",
		`NODE_OPTIONS=--enable-source-maps --require="/tmp/my \"p\\x/preload.cjs"`, "LTLAB_PARENT=7", "LTLAB_RECORD=/r/tool.ndjson", "LTLAB_RUN=r1", "LTLAB_PROJECT=shop",
		"BASE_URL=http://a", "LTLAB_STATSD=127.0.0.1:8125", "STATSD_HOST=127.0.0.1", "STATSD_PORT=8125",
	} {
		if !slices.Contains(env, want) {
			t.Errorf("it lacks %s", want)
		}
		env = without(env, want)
	}
	if len(env) > 0 {
		t.Errorf("it also has %q", env)
	}
	for _, plugins := range []string{"null", "[]", "{", ""} { // Artillery takes none of these for a list of plugins
		if env := a.Env(&Spec{}, []string{"ARTILLERY_PLUGINS=" + plugins}, Paths{}, "r1", "shop"); !slices.Contains(env, `ARTILLERY_PLUGINS={"ltlab":{"scope":"artillery-plugin-"}}`) {
			t.Errorf("beside %q: %q", plugins, env)
		}
	}
	if env := a.Env(&Spec{Vars: []string{"BASE_URL=http://b", "STATSD_HOST=own"}}, nil, paths, "r1", "shop"); has(env, "STATSD_PORT") || !slices.Contains(env, "BASE_URL=http://b") || slices.Contains(env, "BASE_URL=http://a") {
		t.Errorf("the caller's own are not kept: %q", env)
	}
	if got := a.Args(&Spec{Vars: []string{"TOKEN=s3cret"}}, Paths{}); strings.Contains(strings.Join(got, " "), "s3cret") {
		t.Errorf("a variable is shown by ps: %q", got)
	}
}

func TestAProxyIsNotAskedForAnAddressOfThisMachine(t *testing.T) {
	environ := []string{"HTTP_PROXY=http://p:1", "HTTPS_PROXY=http://p:1"}
	for target, kept := range map[string]bool{"http://127.0.0.1:3000": false, "http://localhost": false, "http://shop.example": true, "": true} {
		s := &Spec{Target: target}
		if env := (&Artillery{}).Env(s, environ, Paths{Target: target}, "r1", "shop"); has(env, "HTTP_PROXY") != kept || has(env, "HTTPS_PROXY") != kept {
			t.Errorf("%q: %q", target, env)
		}
		s.Vars = environ // given for this run
		if env := (&Artillery{}).Env(s, nil, Paths{Target: target}, "r1", "shop"); !has(env, "HTTP_PROXY") {
			t.Errorf("%q: what -e sets is taken away: %q", target, env)
		}
	}
}

func TestWhatAnArtilleryScriptLacksIsSaidBeforeTheRun(t *testing.T) {
	const text = `
config: {target: "http://a", ensure: {maxErrorRate: 1}, plugins: {expect: {}}}
scenarios: [{flow: [{get: {url: "/{{ $env.SET }}/{{ $env.UNSET }}/{{ $env.BASE_URL }}/{{ $env.STATSD_HOST }}", expect: [{statusCode: 200}]}}]}]
`
	said := func(change func(*Spec)) string {
		s, a := script(t, map[string]string{"main.yml": text})
		s.Vars = []string{"SET=1"}
		change(s)
		var notes []string
		if err := a.Check(s, func(n string) { notes = append(notes, n) }); err != nil {
			t.Fatal(err)
		}
		return strings.Join(notes, "\n")
	}
	const idle = "the script has ensure, which nothing checks: config.plugins does not enable it (ensure: {})"
	if got, want := said(func(*Spec) {}), "the script reads STATSD_HOST, UNSET, which nothing sets: pass it with -e NAME=value\n"+idle; got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
	if got := said(func(s *Spec) { s.Environ, s.StatsD = []string{"UNSET="}, &Address{} }); got != idle {
		t.Errorf("of variables that are there it says\n%s", got)
	}
}

func TestFilesThatAnArtilleryScriptNamesAreLookedFor(t *testing.T) {
	s, a := script(t, map[string]string{"main.yml": "config: {target: 'http://a', processor: ./none, payload: {path: gone.csv}}" + flow})
	wantProblem(t, a.Check(s, func(string) {}), "script-file-missing", "main.yml", "gone.csv", "./none")
	s.Scenario.Path = filepath.Join(s.Dir, "not-there.yml")
	wantProblem(t, a.Check(s, func(string) {}), "scenario-unreadable")
}

func TestATypeScriptProcessorLeavesTheProjectAsItIs(t *testing.T) {
	files := map[string]string{"main.yml": "config: {target: 'http://a', processor: ./p.ts}" + flow, "p.ts": `import { n } from "./n"; export const f = (): number => n;`, "n.ts": "export const n: number = 42;"}
	s, a := script(t, files)
	paths, err := prepared(t, s, a)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(paths.Plugin, "processor", "p.js")); err != nil || !strings.Contains(string(text), "42") {
		t.Errorf("%v: %s", err, text)
	}
	if left, _ := os.ReadDir(s.Dir); len(left) != len(files) {
		t.Errorf("the project has %v", left)
	}
	write(t, filepath.Join(s.Dir, "p.ts"), "const y: = 1;")
	_, err = prepared(t, s, a)
	wantProblem(t, err, "processor-invalid", "p.ts:1:10")

	external := "config: {target: 'http://a', processor: ./p.ts, bundling: {external: [lodash]}}" + flow // found from the project's folder only
	s, a = script(t, map[string]string{"main.yml": external, "p.ts": ""})
	if paths, err = prepared(t, s, a); err != nil {
		t.Fatal(err)
	}
	if g, err := a.Scan(s); err != nil || !g.Writes || exists(filepath.Join(paths.Plugin, "processor")) || slices.Contains(a.Args(s, paths), "--overrides") {
		t.Errorf("a processor with external packages is compiled by ltlab: %+v, %v", g, err)
	}
}

func prepared(t *testing.T, s *Spec, a *Artillery) (Paths, error) {
	t.Helper()
	if err := a.Check(s, func(string) {}); err != nil {
		t.Fatal(err)
	}
	return Host{}.Prepare(t.Context(), s, "", t.TempDir())
}

func TestArtillerysOwnCountOfRequests(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]int64{
		`{"aggregate":{"counters":{"http.requests":12}}}`: 12, `{"aggregate":{"counters":{}}}`: 0, `{"aggregate":{}}`: 0, `{}`: -1, `{`: -1, `{"aggregate":null}`: -1,
	} {
		file := filepath.Join(dir, "report.json")
		write(t, file, text)
		got := (&Artillery{}).Requests(file, time.Time{})
		if got == nil != (want < 0) || got != nil && *got != want {
			t.Errorf("%s: %v, want %d", text, got, want)
		}
		if got := (&Artillery{}).Requests(file, time.Now().Add(time.Hour)); got != nil {
			t.Errorf("%s: counts an earlier run", text)
		}
	}
	if got := (&Artillery{}).Requests(dir, time.Time{}); got != nil {
		t.Error("a folder for reports counts")
	}
	s := &Spec{Dir: "/cwd", Args: []string{"--output=x.json"}}
	if got := (&Artillery{}).Export(s); got != "/cwd/x.json" {
		t.Errorf("the caller's report is at %q", got)
	}
}
