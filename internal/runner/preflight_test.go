package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/preflight"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// reader is a stand-in for ltlab-k6 that answers `inspect` with that, by its shell, and writes down how it was called.
func reader(t *testing.T, answers string) (k K6, s *Spec, called func() []string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	k.Binary = write("ltlab-k6", "#!/bin/sh\nfor a; do echo \"arg $a\"; done >>"+dir+"/called\n/usr/bin/env | sed 's/^/env /' >>"+dir+"/called\n"+answers+"\n", 0o755)
	script := write("main.js", "import http from 'k6/http';\nexport default () => http.get(__ENV.BASE_URL);\n", 0o644)
	s = &Spec{Program: k, Scenario: &Scenario{Name: "main.js", Path: script, Dir: dir}, Dir: dir, Target: "http://shop.example"}
	return k, s, func() []string {
		text, err := os.ReadFile(filepath.Join(dir, "called"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(text), "\n")
	}
}

func TestK6ReadsAScriptWithWhatARunWouldGiveIt(t *testing.T) {
	k, s, called := reader(t, `echo '{"maxVUs": 9}'`)
	s.Vars, s.Sink = []string{"USERS=20", "K6_VUS=3"}, &Sink{Target: influx.Target{URL: "http://db", Token: "hunter2"}}
	s.Args = []string{"-u", "7", "--stage", "1s:2", "--stage=3s:4", "--no-connection-reuse", "--no-vu-connection-reuse=false", "-eTHEIRS=1", "--no-thresholds", "--out", "json=x"}
	a, err := k.Asks(t.Context(), s, []string{"PATH=" + os.Getenv("PATH"), "SHOP=1", "LTLAB_RECORD=/x"})
	if err != nil || a.MostUsers != 9 || a.Target != "http://shop.example" {
		t.Fatalf("%+v, %v", a, err)
	}
	got := called()
	for _, want := range []string{"arg inspect", "arg --execution-requirements", "arg --include-system-env-vars=true", "arg K6_VUS=3", "arg THEIRS=1", "arg " + s.Scenario.Path,
		"env K6_VUS=7", "env K6_STAGES=1s:2,3s:4", "env K6_NO_CONNECTION_REUSE=true", "env K6_NO_VU_CONNECTION_REUSE=false", "env K6_NO_THRESHOLDS=true", "env USERS=20", "env SHOP=1"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, strings.Join(got, "\n"))
		}
	}
	for _, line := range got {
		if strings.Contains(line, "hunter2") || strings.HasPrefix(line, "env LTLAB_") || strings.Contains(line, "json=x") || line == "arg USERS=20" {
			t.Errorf("it is told %q", line)
		}
	}
}

func TestATargetIsKnownWhereTheScriptReadsItAndSaysNothingElse(t *testing.T) {
	for name, c := range map[string]struct{ answer, script, want string }{
		"read":     {`{}`, "__ENV.BASE_URL", "http://shop.example"},
		"not read": {`{}`, "'http://elsewhere'", ""},
		"mapped":   {`{"hosts": {"shop.example": "127.0.0.1"}}`, "__ENV.BASE_URL", ""},
	} {
		k, s, _ := reader(t, "echo '"+c.answer+"'")
		if err := os.WriteFile(s.Scenario.Path, []byte("export default () => get("+c.script+")"), 0o644); err != nil {
			t.Fatal(err)
		}
		if a, err := k.Asks(t.Context(), s, nil); err != nil || a.Target != c.want {
			t.Errorf("%s: %q, %v, want %q", name, a.Target, err, c.want)
		}
	}
	k, s, _ := reader(t, `echo '{}'`)
	s.Args = []string{"-e", "BASE_URL=http://theirs"}
	if a, err := k.Asks(t.Context(), s, nil); err != nil || a.Target != "http://theirs" {
		t.Errorf("behind --: %q, %v", a.Target, err)
	}
}

func TestAScriptWithoutUsersIsReadWithOne(t *testing.T) {
	k, s, _ := reader(t, `if [ -z "$K6_VUS" ]; then echo "the number of VUs must be more than 0" >&2; exit 104; fi; echo "{\"maxVUs\": $K6_VUS}"`)
	if a, err := k.Asks(t.Context(), s, nil); err != nil || a.MostUsers != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestWhatK6CannotReadIsNotKnown(t *testing.T) {
	k, s, _ := reader(t, `echo "SyntaxError" >&2; exit 107`)
	var p *problem.Problem
	if _, err := k.Asks(t.Context(), s, nil); err == nil || errors.As(err, &p) {
		t.Errorf("%v", err)
	}
	k, s, _ = reader(t, `echo 'invalid threshold defined on mine; reason: no metric name "mine" found' >&2; exit 104`)
	if _, err := k.Asks(t.Context(), s, nil); !errors.As(err, &p) || p.ID != "threshold-invalid" {
		t.Errorf("%v", err)
	}
	k, s, _ = reader(t, "exec sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := k.Asks(ctx, s, nil); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
	if _, err := (K6{}).Asks(t.Context(), s, nil); err == nil || !strings.Contains(err.Error(), "no ltlab-k6") {
		t.Errorf("%v", err)
	}
}

func TestTheGateAndTheChecksAreAskedAtOnce(t *testing.T) {
	k, s, called := reader(t, `echo '{"thresholds": {"a{scenario:x}": []}, "scenarios": {"y": {}}}'`)
	s.Target, s.Program = "", k
	var notes []string
	began := make(chan struct{})
	r := &Runner{Runs: record.Runs(t.TempDir()), Preflight: time.Minute, Note: func(text string) { notes = append(notes, text) }, Gate: func(context.Context) error {
		close(began)
		return nil
	}}
	found, err := r.ready(t.Context(), s)
	<-began
	if err != nil || !slices.ContainsFunc(found, func(w record.Warning) bool { return w.ID == "threshold-unmatched" }) || len(notes) != len(found) {
		t.Errorf("%v, %v, %v", found, notes, err)
	}
	sick := &problem.Problem{ID: "lab-unhealthy"}
	r.Gate = func(context.Context) error { return sick }
	if _, err := r.ready(t.Context(), s); !errors.Is(err, error(sick)) {
		t.Errorf("%v", err)
	}
	before := len(called())
	r.Gate, r.Preflight = nil, 0
	if found, err := r.ready(t.Context(), s); err != nil || len(found) > 0 || len(called()) != before {
		t.Errorf("left out: %v, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.ready(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("after Ctrl-C: %v", err)
	}
}

func TestAContainersLimitsAreNotThisMachines(t *testing.T) {
	names := func(p Place) (out []string) {
		r := &Runner{Place: p}
		for _, c := range r.checks(&Spec{Program: K6{}, Scenario: &Scenario{}}) {
			out = append(out, c.Name)
		}
		return out
	}
	if got := names(&Container{}); !slices.Equal(got, []string{"disk", "scenario", "processors"}) {
		t.Errorf("in a container %v", got)
	}
	if got := names(nil); !slices.Equal(got, []string{"disk", "scenario", "files", "ports", "memory", "imports", "target", "processors"}) {
		t.Errorf("here %v", got)
	}
}

func TestATargetBehindAProxyIsNotTried(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		environ []string
		tried   bool
	}{{nil, true}, {[]string{"https_proxy=http://proxy"}, false}, {[]string{"HTTP_PROXY=http://proxy", "NO_PROXY=192.0.2.0/24"}, true}} {
		asked := func(context.Context) (preflight.Asked, error) {
			return preflight.Asked{Target: "http://192.0.2.1"}, nil
		}
		checks := local(&Spec{Program: K6{}, Scenario: &Scenario{}}, c.environ, asked)
		i := slices.IndexFunc(checks, func(c preflight.Check) bool { return c.Name == "target" })
		if f := checks[i].Ask(ctx); (f.Unknown != "") != c.tried { // nobody waits for an answer
			t.Errorf("with %v: %+v", c.environ, f)
		}
	}
}

func TestAProblemOfTheChecksEndsTheWaitForTheGate(t *testing.T) {
	k, s, _ := reader(t, `echo 'invalid threshold defined on mine; reason: no metric name "mine" found' >&2; exit 104`)
	s.Program = k
	ended := make(chan struct{})
	r := &Runner{Runs: record.Runs(t.TempDir()), Preflight: time.Minute, Gate: func(ctx context.Context) error {
		defer close(ended)
		<-ctx.Done()
		return ctx.Err()
	}}
	var p *problem.Problem
	if _, err := r.ready(t.Context(), s); !errors.As(err, &p) || p.ID != "threshold-invalid" {
		t.Errorf("%v", err)
	}
	<-ended
}

func TestAProjectThatIsNotWholeIsSaid(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"shop/main.js": "import '../lib.js'; import './own.js';", "lib.js": "", "shop/own.js": ""} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	s := &Spec{Program: K6{}, Scenario: &Scenario{Path: filepath.Join(dir, "shop/main.js"), Dir: filepath.Join(dir, "shop"), Given: true}}
	f := inside(s)
	if len(f.Warnings) != 1 || f.Warnings[0].ID != "import-outside-project" || !strings.Contains(f.Warnings[0].Text, filepath.Join(dir, "lib.js")+", which") {
		t.Errorf("%+v", f)
	}
	s.Scenario.Given = false
	if f := inside(s); len(f.Warnings) > 0 {
		t.Errorf("without -p: %+v", f)
	}
	s.Scenario.Given, s.Scenario.Path = true, filepath.Join(dir, "none.js")
	if f := inside(s); f.Unknown == "" {
		t.Errorf("a script that is not there: %+v", f)
	}
}
