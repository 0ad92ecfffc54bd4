package runner

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

func wantProblem(t *testing.T, err error, id string, says ...string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != id {
		t.Errorf("got %v, want problem %s", err, id)
		return
	}
	for _, s := range says {
		if !strings.Contains(p.Text(), s) {
			t.Errorf("%s does not say %q:\n%s", id, s, p.Text())
		}
	}
}

const plain = `import http from 'k6/http'; export default () => { http.get(__ENV.BASE_URL); };`

func TestTheContainerSeesTheProjectAndWritesToTheWorkingFolder(t *testing.T) {
	for name, f := range map[string]*fake{
		"folders are shared":              {tool: writes(true)},
		"the engine sees empty folders":   {tool: writes(false), blind: true},
		"the engine sees no such folders": {tool: writes(false), refuses: errors.New("invalid mount config: bind source path does not exist: /x")},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, f, map[string]string{"main.js": plain, "lib/a.js": "1"})
			exit, how, files := p.run()
			report := filepath.Join(p.spec.Dir, "out", "report.html")
			if exit != 99 || how != "" || !slices.Equal(files, []string{report}) {
				t.Errorf("exit %d %q, files %q", exit, how, files)
			}
			for path, want := range map[string]string{report: "<p>", p.folder.Tool(): "the record\n", filepath.Join(p.scratch, "summary.json"): "{}"} {
				if got, err := os.ReadFile(path); err != nil || string(got) != want {
					t.Errorf("%s: %q, %v", path, got, err)
				}
			}
			left, err := os.ReadDir(string(p.folder))
			if err != nil || len(left) != 2 {
				t.Errorf("the run's folder holds %v, %v", left, err)
			}
			last := f.jobs[len(f.jobs)-1]
			shared := !f.blind && f.refuses == nil
			if shared != (len(last.Binds) == 3) || shared == p.noted("is copied into the container") {
				t.Errorf("mounted %v, notes %q", last.Binds, p.notes)
			}
			if wantRemoved := map[bool]int{true: 2, false: 1}[f.blind]; f.removed != wantRemoved {
				t.Errorf("%d containers were removed of %d", f.removed, len(f.jobs))
			}
			if !shared && (f.files["/project/lib/a.js"] != "1" || f.owners["/project/main.js"] != p.owner.UID || f.owners["/results/out"] != p.owner.UID) {
				t.Errorf("copied %q of %v", f.files, f.owners)
			}
			if shared && (!last.Binds[0].ReadOnly || last.Binds[0].To != inProject || filepath.Base(last.Binds[0].From) != "my tests (ü)") {
				t.Errorf("mounted %+v", last.Binds)
			}
		})
	}
}

func TestAnEngineThatFailsOtherwiseIsNotAskedToCopy(t *testing.T) {
	f := &fake{refuses: problem.EngineFailed("make the run's container", errors.New("no such image"))}
	p := newPlace(t, f, map[string]string{"main.js": plain})
	_, err := p.tool()
	wantProblem(t, err, "engine-failed", "no such image")
	if len(f.jobs) != 1 {
		t.Errorf("%d containers were asked for", len(f.jobs))
	}
}

func TestNothingThatIsGivenToTheScenarioShowsFromOutside(t *testing.T) {
	f := &fake{}
	p := newPlace(t, f, map[string]string{"main.js": plain})
	p.spec.Target = "http://127.0.0.1:5083/v1?q=1"
	p.spec.Vars = []string{"BASE_URL=" + p.spec.Target, "TOKEN=two\nlines"}
	p.spec.Environ = []string{"HOME=/home/me", "SECRET=s"}
	if _, err := p.tool("run"); err != nil {
		t.Fatal(err)
	}
	job := f.jobs[0]
	slices.Sort(job.Env)
	if want := []string{"LTLAB_ENV_FILE=" + inEnv, "LTLAB_REACH=toy-api:5081"}; !slices.Equal(job.Env, want) {
		t.Errorf("the container's environment is %q, want %q", job.Env, want)
	}
	got := f.variables()
	for _, want := range []string{"BASE_URL=http://toy-api:5081/v1?q=1", "TOKEN=two\nlines", "LTLAB_PARENT=stdin", "LTLAB_RECORD=/record/tool.ndjson", "LTLAB_RUN=r1"} {
		if !slices.Contains(got, want) {
			t.Errorf("the tool is not given %q but %q", want, got)
		}
	}
	if has(got, "HOME") || has(got, "SECRET") {
		t.Errorf("the caller's environment is in %q", got)
	}
	if !slices.Equal(job.Args, []string{"run", "/project/main.js"}) || job.User != fmt.Sprintf("%d:%d", p.owner.UID, p.owner.GID) || p.owner.UID == 0 {
		t.Errorf("args %q, user %s", job.Args, job.User)
	}
}

func TestTheToolIsGivenTheDatabaseThatItsContainerReaches(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:8087": "http://influxdb:8086", "http://localhost:8087/": "http://influxdb:8086/", "https://influx.example": "https://influx.example",
		"http://localhost:9999": "", // another one of this machine
	} {
		f := &fake{}
		p := newPlace(t, f, map[string]string{"main.js": plain})
		p.Inside["http://127.0.0.1:8087"] = "http://influxdb:8086"
		p.spec.Sink = &Sink{Target: influx.Target{URL: address, Bucket: "b"}}
		if _, err := p.tool(); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, v := range f.variables() {
			if value, ok := strings.CutPrefix(v, "K6_INFLUXDB_ADDR="); ok {
				got = value
			}
		}
		if got != want || has(f.variables(), "K6_INFLUXDB_BUCKET") != (want != "") || p.spec.Sink.URL != address || p.noted(address) != (want == "") {
			t.Errorf("%s: the tool is given %q, want %q; notes %q", address, got, want, p.notes)
		}
	}
}

func TestAddressesAreThoseOfTheLabsNetwork(t *testing.T) {
	c := &Container{spec: &Spec{Program: K6{}}, Inside: map[string]string{"http://127.0.0.1:5083": "http://toy-api:5081", "http://127.0.0.1:8087": "http://influxdb:8086"}}
	for target, want := range map[string]string{
		"http://127.0.0.1:5083":            "http://toy-api:5081",
		"http://localhost:5083/a?b":        "http://toy-api:5081/a?b",
		"http://127.0.0.1:50831":           "",
		"https://localhost:5083":           "",
		"http://[::1]:3000/":               "",
		"http://localhost":                 "",
		"http://api.localhost:3000":        "",
		"http://localhost.example:3000":    "http://localhost.example:3000",
		"http://host.docker.internal:3000": "http://host.docker.internal:3000",
		"https://shop.example/v1":          "https://shop.example/v1",
		"not a URL at all%":                "not a URL at all%",
	} {
		got, err := c.translate(target)
		if want == "" {
			wantProblem(t, err, "target-on-localhost", target, "--runner host", "host.docker.internal")
		} else if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", target, got, err, want)
		}
	}
}

func TestTheTargetIsNotReachedForWhoDoesNotWantIt(t *testing.T) {
	f := &fake{}
	p := newPlace(t, f, map[string]string{"main.js": plain})
	p.Reach = false
	if _, err := p.tool(); err != nil || has(f.jobs[0].Env, "LTLAB_REACH") {
		t.Errorf("%v, %q", err, f.jobs[0].Env)
	}
}

func TestFlagsThatNameWhatTheContainerDoesNotSeeAreRefused(t *testing.T) {
	for _, c := range []struct {
		args []string
		id   string
		says string
	}{
		{[]string{"--summary-export", "/tmp/x.json"}, "file-outside-container", "/tmp/x.json"},
		{[]string{"-o", "csv=/tmp/x.csv", "-o", "json=x.json"}, "file-outside-container", "/tmp/x.csv"},
		{[]string{"-ojson=/tmp/x.json"}, "file-outside-container", "/tmp/x.json"},
		{[]string{"--log-output=file=/tmp/k6.log,level=info"}, "file-outside-container", "does not see /tmp/k6.log\n"},
		{[]string{"--console-output=/tmp/c"}, "file-outside-container", "/tmp/c"},
		{[]string{"-c", "k6.json"}, "file-outside-container", "k6.json"},
		{[]string{"--secret-source=file=secrets"}, "file-outside-container", "secrets"},
		{[]string{"--out=influxdb=http://me:pw@localhost:8086/k6"}, "target-on-localhost", "@localhost:8086/k6"},
		{[]string{"-e", "BASE_URL=http://localhost:1"}, "target-on-localhost", "http://localhost:1"},
		{[]string{"-eBASE_URL=http://127.0.0.1:1"}, "target-on-localhost", "http://127.0.0.1:1"},
		{[]string{"-o", "json=out/x.json", "--summary-export=x.json", "--console-output", "c", "--log-output", "none", "--secret-source=mock=a=b", "-e", "BASE_URL=http://a", "-o", "cloud"}, "", ""},
	} {
		err := (K6{}).Inside(&Spec{Args: c.args})
		if c.id != "" {
			wantProblem(t, err, c.id, c.says)
		} else if err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
	}
	wantProblem(t, (K6{}).Inside(&Spec{Environ: []string{"K6_OUT=json=/tmp/x.json"}}), "file-outside-container", "/tmp/x.json")
}

func TestWhatTheScenarioNeedsIsGivenOrNamed(t *testing.T) {
	const local = `import http from 'k6/http'; export default () => { http.get('http://localhost:3000'); };`
	for name, c := range map[string]struct {
		files map[string]string
		given bool // -p
		vars  []string
		env   []string
		id    string // of the problem
		says  []string
		notes []string
		root  string // relative to the project
	}{
		"a file outside of -p": {files: map[string]string{"main.js": `import '../lib.js';` + plain, "../lib.js": ""}, given: true, id: "import-outside-project", says: []string{"lib.js"}},
		"a file outside":       {files: map[string]string{"main.js": `import '../lib.js';` + plain, "../lib.js": ""}, notes: []string{"the container is given"}, root: ".."},
		"local in the script":  {files: map[string]string{"main.js": local}, vars: []string{}, id: "target-on-localhost", says: []string{"http://localhost:3000"}},
		"local beside another": {files: map[string]string{"main.js": local}, notes: []string{"http://localhost:3000, which is the container itself"}},
		"local as a default":   {files: map[string]string{"main.js": `export default () => __ENV.BASE_URL || 'http://localhost:3000';`}},
		"local by -e":          {files: map[string]string{"main.js": plain}, vars: []string{"BASE_URL=http://localhost:3000"}, id: "target-on-localhost"},
		"a variable it misses": {files: map[string]string{"main.js": `export default () => __ENV.USERS + __ENV.TOKEN + __ENV.GIVEN;`}, vars: []string{"GIVEN=1"}, env: []string{"USERS=3", "TOKEN=secret", "GIVEN=2", "OTHER=1"},
			notes: []string{"reads TOKEN, USERS, which", "-e TOKEN -e USERS"}},
		"options that k6 misses": {files: map[string]string{"main.js": plain}, env: []string{"K6_VUS=3", "K6_OUT=json", "K6_INFLUXDB_ADDR=x"}, notes: []string{"your environment has K6_VUS, which"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, &fake{}, c.files)
			p.spec.Scenario.Given, p.spec.Environ = c.given, c.env
			if c.vars != nil {
				p.spec.Vars = c.vars
			}
			project := p.spec.Scenario.Dir
			_, err := p.tool()
			if c.id != "" {
				wantProblem(t, err, c.id, c.says...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(p.notes) != len(c.notes) && c.notes == nil || slices.ContainsFunc(p.notes, func(n string) bool { return strings.Contains(n, "secret") }) {
				t.Errorf("notes %q", p.notes)
			}
			for _, n := range c.notes {
				if !p.noted(n) {
					t.Errorf("nobody said %q but %q", n, p.notes)
				}
			}
			if want := filepath.Join(project, c.root); p.root != want {
				t.Errorf("the container is given %s, want %s", p.root, want)
			}
			if _, err := os.Stat(filepath.Join(p.root, p.script)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLinksThatTheContainerCouldNotFollowAreCopied(t *testing.T) {
	f := &fake{}
	p := newPlace(t, f, map[string]string{"main.js": `import './shared/lib.js';` + plain, "../shared/lib.js": "1"})
	if err := os.Symlink("../shared", filepath.Join(p.spec.Scenario.Dir, "shared")); err != nil {
		t.Fatal(err)
	}
	p.spec.Scenario.Given = true
	if _, err := p.tool(); err != nil {
		t.Fatal(err)
	}
	if f.files["/project/shared/lib.js"] != "1" || !p.noted("shared/lib.js is a link") {
		t.Errorf("copied %q, notes %q", f.files, p.notes)
	}
}

func TestHowAContainerEndedIsTold(t *testing.T) {
	for want, end := range map[string]engine.End{
		"memory":  {Code: 137, OOM: true},
		"removed": {Gone: true},
		"killed":  {Code: 137},
	} {
		p := newPlace(t, &fake{tool: func(*fake) engine.End { return end }}, map[string]string{"main.js": plain})
		if exit, how, _ := p.run(); exit != -1 || !strings.Contains(how, want) {
			t.Errorf("%+v: exit %d, %q", end, exit, how)
		}
	}
}

func TestAnEngineThatComesBackIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		ends []engine.End
		exit int
		how  string
	}{
		"and the run had ended":   {[]engine.End{{Lost: true}, {Lost: true}, {Code: 99}}, 99, ""},
		"and k6 had ended it":     {[]engine.End{{Lost: true}, {Code: 105}}, -1, "ceased to answer"},
		"and k6 ended the record": {[]engine.End{{Lost: true}, {Lost: true}, {Lost: true}}, -1, "ceased to answer"},
	} {
		t.Run(name, func(t *testing.T) {
			n := 0
			f := &fake{}
			p := newPlace(t, f, map[string]string{"main.js": plain})
			f.tool = func(*fake) engine.End {
				end := c.ends[min(n, len(c.ends)-1)]
				if n++; n == len(c.ends) && end.Lost {
					w, err := record.Create(p.folder.Tool())
					if err != nil {
						t.Fatal(err)
					}
					w.Header(record.Header{Format: record.Format, Run: "r1", Tool: "k6", Mapping: record.DefaultMapping(), Period: 1})
					w.End(record.End{})
					if err := w.Close(); err != nil {
						t.Error(err)
					}
				}
				return end
			}
			if exit, how, _ := p.run(); exit != c.exit || !strings.Contains(how, c.how) || (how == "") != (c.how == "") || n != len(c.ends) {
				t.Errorf("exit %d, %q, after %d questions", exit, how, n)
			}
		})
	}
}

func TestATargetThatTheContainerDoesNotReachIsAProblem(t *testing.T) {
	f := &fake{tool: func(f *fake) engine.End {
		fmt.Fprint(f.stderr, "ltlab-k6: unrea")
		fmt.Fprint(f.stderr, "chable: dial tcp: refused\n")
		return engine.End{Code: exitUnreachable}
	}}
	p := newPlace(t, f, map[string]string{"main.js": plain})
	var said bytes.Buffer
	p.spec.Stderr, p.spec.Target = &said, "http://me:pw@api.example"
	tool, err := p.tool()
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	exit, how := tool.Wait()
	wantProblem(t, notStarted(tool, exit, how, p.spec), "target-unreachable", "@api.example", "dial tcp: refused", "--runner host", "--no-preflight")
	if said.Len() > 0 {
		t.Errorf("the user is told %q, too", said.String())
	}
}

func TestOnlyALineForLtlabIsHeldBack(t *testing.T) {
	for _, c := range []struct{ in, out, line string }{
		{"time=1 level=error\nx", "time=1 level=error\nx", ""},
		{"ltlab-k6: other\n", "ltlab-k6: other\n", ""},
		{"ltlab", "ltlab", ""},
		{(K6{}).NotReached() + "why\nmore\n", "more\n", "why"},
		{"\n" + (K6{}).NotReached() + "why\n", "\n" + (K6{}).NotReached() + "why\n", ""},
	} {
		for _, size := range []int{1, 7, 100} {
			var out bytes.Buffer
			w := &caught{to: &out, begins: (K6{}).NotReached()}
			for part := range slices.Chunk([]byte(c.in), size) {
				if n, err := w.Write(part); n != len(part) || err != nil {
					t.Errorf("%d, %v", n, err)
				}
			}
			if line := w.line(); out.String() != c.out || line != c.line {
				t.Errorf("%q by %d: passed on %q, held %q", c.in, size, out.String(), line)
			}
		}
	}
}

func TestSignalsReachTheContainer(t *testing.T) {
	f := &fake{}
	p := newPlace(t, f, map[string]string{"main.js": plain})
	tool, err := p.tool()
	if err != nil {
		t.Fatal(err)
	}
	tool.Interrupt()
	tool.Kill()
	if !slices.Equal(f.signals, []string{"SIGINT", "SIGKILL"}) {
		t.Errorf("it got %v", f.signals)
	}
}

func TestAMirroredRecordIsOnlyAppendedTo(t *testing.T) {
	f := &fake{t: t, files: map[string]string{}}
	folder := record.Folder(t.TempDir())
	m := newMirror(folder)
	if err := m.take(t.Context(), f); err != nil {
		t.Errorf("no record yet: %v", err)
	}
	for _, text := range []string{"one\n", "one\ntwo\n", "one\ntwo\n", "one\ntwo\nthree\n"} {
		f.files[inRecord+"/tool.ndjson"] = strings.ToUpper(text[:m.have]) + text[m.have:] // what is here is not written again
		if err := m.take(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(folder.Tool()); err != nil || string(got) != text {
			t.Errorf("%q, %v; want %q", got, err, text)
		}
	}
}
