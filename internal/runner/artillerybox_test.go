package runner

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/engine"
)

// boxes is a run of main.yml in a container of that engine.
func boxes(t *testing.T, f *fake, files map[string]string) (*place, *Artillery) {
	t.Helper()
	files["main.js"] = "" // what newPlace looks for
	p := newPlace(t, f, files)
	scenario, err := FindScenario(p.spec.Dir, p.spec.Scenario.Dir, "main.yml", Shipped{Tool: "artillery"})
	if err != nil {
		t.Fatal(err)
	}
	a := &Artillery{Plugins: unpacked}
	p.spec.Program, p.spec.Scenario, p.Service = a, scenario, "artillery"
	return p, a
}

// boxed makes the container, as Runner.Run does.
func (p *place) boxed(a *Artillery) (Tool, error) {
	p.t.Helper()
	if err := a.Check(p.spec, func(text string) { p.notes = append(p.notes, text) }); err != nil {
		return nil, err
	}
	paths, err := p.Prepare(p.t.Context(), p.spec, p.folder, p.scratch)
	if err != nil {
		return nil, err
	}
	return p.Tool(p.t.Context(), p.spec, a.Args(p.spec, paths), a.Env(p.spec, p.Environ(p.spec), paths, "r1", "shop"))
}

func TestAContainerOfArtilleryIsGivenItsPluginAndNothingThatShows(t *testing.T) {
	for name, f := range map[string]*fake{"shared": {}, "copied": {blind: true}} {
		t.Run(name, func(t *testing.T) {
			p, a := boxes(t, f, map[string]string{"main.yml": "config: {target: 'http://127.0.0.1:5083/v1', processor: ./p.ts}" + flow, "p.ts": "export const n: number = 42;"})
			p.spec.Vars, p.spec.Environ = []string{"TOKEN=s3cret"}, []string{"HOME=/home/me", "SECRET=s3cret", "NODE_OPTIONS=--inspect"}
			p.spec.StatsD = &Address{Here: "127.0.0.1:8125", Inside: "telegraf:8125"}
			if _, err := p.boxed(a); err != nil {
				t.Fatal(err)
			}
			job := f.jobs[len(f.jobs)-1]
			slices.Sort(job.Env)
			if want := []string{"HOME=/tmp", "LTLAB_ENV_FILE=/ltlab.env", "LTLAB_REACH=toy-api:5081", "NODE_OPTIONS=--require=/ltlab/preload.cjs"}; !slices.Equal(job.Env, want) {
				t.Errorf("the container's environment is %q, want %q", job.Env, want)
			}
			if want := []string{"run", "--output", "/record/summary.json", "--overrides", `{"config":{"processor":"/ltlab/processor/p.js","target":"http://toy-api:5081/v1"}}`, "/project/main.yml"}; !slices.Equal(job.Args, want) {
				t.Errorf("arguments %q, want %q", job.Args, want)
			}
			got := f.variables()
			for _, want := range []string{"TOKEN=s3cret", "BASE_URL=http://toy-api:5081/v1", "LTLAB_PARENT=stdin", "LTLAB_RECORD=/record/tool.ndjson", "LTLAB_STATSD=telegraf:8125",
				"STATSD_HOST=telegraf", "ARTILLERY_PLUGIN_PATH=/project/node_modules:/node_modules:/ltlab"} {
				if !slices.Contains(got, want) {
					t.Errorf("Artillery is not given %q but %q", want, got)
				}
			}
			if has(got, "HOME") || has(got, "SECRET") || has(got, "NODE_OPTIONS") || f.owners["/ltlab.env"] != p.owner.UID {
				t.Errorf("the caller's environment is in %q, of %d", got, f.owners["/ltlab.env"])
			}
			if f.files["/ltlab/preload.cjs"] != "preload" || f.files["/ltlab/artillery-plugin-ltlab/index.js"] != "plugin" || !strings.Contains(f.files["/ltlab/processor/p.js"], "42") {
				t.Errorf("copied in are %q", f.files)
			}
			if _, ok := f.files["/project/main.yml"]; ok != f.blind {
				t.Errorf("the project is copied: %t", ok)
			}
		})
	}
}

func TestAScriptThatIsCompiledBesideItselfIsCopied(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a script in TypeScript":           {"main.ts": "export const config = {target: 'http://a'};", "main.yml": ""},
		"a processor with outside modules": {"main.yml": "config: {target: 'http://a', processor: p.ts, bundling: {external: [lodash]}}" + flow, "p.ts": ""},
	} {
		f := &fake{}
		p, a := boxes(t, f, files)
		if _, ok := files["main.ts"]; ok {
			p.spec.Scenario.Path = filepath.Join(p.spec.Scenario.Dir, "main.ts")
		}
		if _, err := p.boxed(a); err != nil {
			t.Fatal(err)
		}
		if len(f.jobs) != 1 || len(f.jobs[0].Binds) > 0 || f.files["/project/main.js"] != files["main.js"] || !p.noted("artillery writes the compiled script beside it") {
			t.Errorf("%s: mounted %v, notes %q", name, f.jobs[0].Binds, p.notes)
		}
	}
}

func TestWhatAnArtilleryScriptNamesIsInTheContainerOrRefused(t *testing.T) {
	out := map[string]string{"main.yml": "config: {target: 'http://a', processor: ../lib/p, payload: [{path: ../data/users.csv}]}" + flow,
		"../lib/p.js": `require("./q")`, "../lib/q/index.js": "", "../data/users.csv": "ann"}
	p, a := boxes(t, &fake{}, out)
	p.spec.Scenario.Given = true
	_, err := p.boxed(a)
	wantProblem(t, err, "import-outside-project", "lib/p.js", "lib/q/index.js", "data/users.csv")
	p, a = boxes(t, &fake{}, out)
	p.spec.Scenario.Given = false
	if _, err := p.boxed(a); err != nil || !p.noted("users.csv") || filepath.Join(p.root, p.script) != p.spec.Scenario.Path {
		t.Errorf("%v, notes %q, root %s", err, p.notes, p.root)
	}
	for text, id := range map[string]string{
		"config: {target: 'http://localhost:3000'}" + flow:                                        "target-on-localhost",
		"config: {target: 'http://a'}\nscenarios: [{flow: [{get: {url: 'http://127.0.0.1:9'}}]}]": "target-on-localhost",
		"config: {target: 'http://127.0.0.1:5083'}" + flow:                                        "", // the lab's own
		"config: {target: '{{ $env.BASE_URL }}'}" + flow:                                          "",
	} {
		p, a := boxes(t, &fake{}, map[string]string{"main.yml": text})
		p.spec.Vars = nil
		_, err := p.boxed(a)
		if id != "" {
			wantProblem(t, err, id)
		} else if err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestATargetThatArtillerysContainerDoesNotReachIsAProblem(t *testing.T) {
	f := &fake{tool: func(f *fake) engine.End {
		_, _ = f.stderr.Write([]byte((&Artillery{}).NotReached() + "connect ECONNREFUSED 172.17.0.1:3000\n"))
		return engine.End{Code: exitUnreachable}
	}}
	p, a := boxes(t, f, map[string]string{"main.yml": "config: {target: 'http://host.docker.internal:3000'}" + flow})
	tool, err := p.boxed(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	exit, how := tool.Wait()
	wantProblem(t, notStarted(tool, exit, how, p.spec), "target-unreachable", "http://host.docker.internal:3000", "ECONNREFUSED")
}

func TestFlagsOfArtilleryThatNameWhatItsContainerDoesNotSeeAreRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		id   string
		says string
	}{
		{[]string{"--config", "c.yml"}, "file-outside-container", "c.yml"},
		{[]string{"-i", "more.yml"}, "file-outside-container", "more.yml"},
		{[]string{"--payload=users.csv"}, "file-outside-container", "users.csv"},
		{[]string{"--dotenv", ".env"}, "file-outside-container", ".env"},
		{[]string{"-o", "/tmp/x.json"}, "file-outside-container", "/tmp/x.json"},
		{[]string{"-t", "http://me:s3cret@localhost:1"}, "target-on-localhost", "@localhost:1"},
		{[]string{"-o", "out/x.json", "--solo", "-e", "stage", "-t", "http://a", "-v", "{}"}, "", ""},
	} {
		err := (&Artillery{}).Inside(&Spec{Args: c.args})
		if c.id != "" {
			wantProblem(t, err, c.id, c.says)
		} else if err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}
