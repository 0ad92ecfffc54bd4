package runner

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/problem"
)

var testShipped = Shipped{Tool: "k6", Ext: ".js", Names: []string{"smoke"}, Source: func(name string) ([]byte, bool) { return []byte("shipped"), name == "smoke" }}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFindScenario(t *testing.T) {
	cwd := t.TempDir()
	write(t, filepath.Join(cwd, "a.js"), "own")
	write(t, filepath.Join(cwd, "load", "main.js"), "main")
	write(t, filepath.Join(cwd, "shadow", "smoke.js"), "mine")
	for _, c := range []struct {
		name, cwd, project, script string
		path, problem              string
	}{
		{"a path from here", cwd, "", "./a.js", "a.js", ""},
		{"inside the project", cwd, "./load", "main.js", "load/main.js", ""},
		{"absolute inside the project", cwd, "load", filepath.Join(cwd, "load", "main.js"), "load/main.js", ""},
		{"a shipped one by name", cwd, "", "smoke", "", ""},
		{"a shipped one by file name", cwd, "", "smoke.js", "", ""},
		{"an own file wins over a shipped one", filepath.Join(cwd, "shadow"), "", "smoke.js", "shadow/smoke.js", ""},
		{"missing", cwd, "", "nope.js", "", "scenario-not-found"},
		{"missing in the project", cwd, "load", "smoke.js", "", "scenario-not-found"},
		{"a directory", cwd, "", "load", "", "scenario-unreadable"},
		{"out of the project", cwd, "load", "../a.js", "", "scenario-outside-project"},
		{"out of the project, absolute", cwd, "load", filepath.Join(cwd, "a.js"), "", "scenario-outside-project"},
		{"no such project", cwd, "nope", "main.js", "", "project-not-found"},
		{"a file for a project", cwd, "a.js", "main.js", "", "project-not-found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := FindScenario(c.cwd, c.project, c.script, testShipped)
			if c.problem != "" {
				var p *problem.Problem
				if !errors.As(err, &p) || p.ID != c.problem {
					t.Fatalf("got %v, want %s", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.path == "" {
				if !s.Shipped || s.Name != "smoke.js" {
					t.Errorf("got %+v, want the shipped one", s)
				}
			} else if s.Path != filepath.Join(cwd, c.path) || s.Shipped {
				t.Errorf("got %+v, want %s", s, c.path)
			}
			if len(s.SHA256) != 64 {
				t.Errorf("hash %q", s.SHA256)
			}
		})
	}
}

func TestToolGetsTheCallersOutputsAndFlagsAfterOurs(t *testing.T) {
	s := &Spec{
		Scenario: &Scenario{Path: "/s/main.js"}, Tags: map[string]string{"b": "2", "a": "1"},
		Environ: []string{"K6_OUT=json=x.json, csv,ltlab", "PATH=/bin", "LTLAB_RECORD=/old", "INFLUXDB_URL=http://mine", "K6_INFLUXDB_ADDR=http://foreign", "K6_INFLUXDB_BUCKET_1M=theirs"},
		Vars:    []string{"TOKEN=secret", "K6_VUS=9", "HTTP_PROXY=http://p"},
		Args:    []string{"--vus", "3"},
	}
	got := (K6{}).Args(s, Paths{Export: "/tmp/e.json", Scenario: s.Scenario.Path})
	want := []string{"run", "-o", "ltlab", "--summary-export=/tmp/e.json", "-o", "json=x.json", "-o", "csv", "--tag", "a=1", "--tag", "b=2",
		"-e", "K6_VUS=9", "-e", "HTTP_PROXY=http://p", "--vus", "3", "/s/main.js"}
	if !slices.Equal(got, want) {
		t.Errorf("arguments\n got %q\nwant %q", got, want)
	}
	s.Sink = &Sink{Target: influx.Target{URL: "http://lab:8086", Org: "o", Bucket: "b", Token: "t"}, ToolURL: "http://influxdb:8086", RawLimit: "0"}
	env := (K6{}).Env(s, s.Environ, Paths{Record: "/r/tool.ndjson"}, "r1", "shop")
	for _, v := range []string{"PATH=/bin", "INFLUXDB_URL=http://mine", "TOKEN=secret", "LTLAB_RECORD=/r/tool.ndjson", "LTLAB_RUN=r1", "LTLAB_PROJECT=shop", "K6_NO_USAGE_REPORT=true",
		"K6_INFLUXDB_ADDR=http://influxdb:8086", "K6_INFLUXDB_ORGANIZATION=o", "K6_INFLUXDB_BUCKET=b", "K6_INFLUXDB_TOKEN=t", "K6_INFLUXDB_RAW_LIMIT=0"} {
		if !slices.Contains(env, v) {
			t.Errorf("environment lacks %s", v)
		}
	}
	for _, v := range env {
		if strings.HasPrefix(v, "K6_OUT=") || v == "LTLAB_RECORD=/old" || v == "K6_VUS=9" || strings.Contains(v, "foreign") || strings.Contains(v, "theirs") {
			t.Errorf("environment has %s", v)
		}
	}
	for _, secret := range []string{"GOOGLE_TOKEN=x", "GOLD=x"} {
		if asFlag(secret, s) {
			t.Errorf("%s is shown in ps", secret)
		}
	}
	s.Environ = append(s.Environ, "K6_INCLUDE_SYSTEM_ENV_VARS=false")
	if !asFlag("TOKEN=secret", s) {
		t.Error("K6_INCLUDE_SYSTEM_ENV_VARS=false is not seen")
	}
	s.Args = []string{"--include-system-env-vars=true"}
	if asFlag("TOKEN=secret", s) {
		t.Error("the flag does not win over the environment")
	}
	s.Args = []string{"--include-system-env-vars=0"}
	if !slices.Contains((K6{}).Args(s, Paths{}), "TOKEN=secret") {
		t.Error("a variable that scripts would not see in the environment is not given with -e")
	}
}

func TestRecordedFlagsHoldNoSecret(t *testing.T) {
	got := strings.Join((K6{}).Redact([]string{"-eTOKEN=s3cret", "-e", "KEY=s3cret", "--env=PASS=s3cret", "--secret-source=file=s3cret", "-o", "influxdb=http://u:s3cret@h:1/db?token=s3cret", "--vus", "3"}), " ")
	if strings.Contains(got, "s3cret") {
		t.Error(got)
	}
	if !strings.Contains(got, "KEY=***") || !strings.Contains(got, "--vus 3") {
		t.Error(got)
	}
}

func TestToolsOwnCountOfRequests(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text string
		want any
	}{
		"counted":      {`{"metrics":{"http_reqs":{"count":12,"rate":3.1}}}`, int64(12)},
		"no requests":  {`{"metrics":{"iterations":{"count":12}}}`, int64(0)},
		"another form": {`{"metrics":[]}`, nil},
		"no metrics":   {`{}`, nil},
		"not JSON":     {`{`, nil},
		"not written":  {"", nil},
	} {
		path := filepath.Join(dir, name)
		if c.text != "" {
			write(t, path, c.text)
		}
		got := (K6{}).Requests(path, time.Time{})
		if c.want == nil && got != nil || c.want != nil && (got == nil || *got != c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestAnOlderExportIsNotThisRuns(t *testing.T) {
	s := &Spec{Dir: t.TempDir(), Environ: []string{"K6_SUMMARY_EXPORT=mine.json"}}
	path := (K6{}).Export(s)
	if path != filepath.Join(s.Dir, "mine.json") {
		t.Fatalf("the caller's export is at %q", path)
	}
	write(t, path, `{"metrics":{"http_reqs":{"count":3}}}`)
	if got := (K6{}).Requests(path, time.Now().Add(time.Hour)); got != nil {
		t.Errorf("counts %d requests of an earlier run", *got)
	}
	if got := (K6{}).Requests(path, time.Now().Add(-time.Hour)); got == nil || *got != 3 {
		t.Errorf("got %v, want 3", got)
	}
}

func TestFindK6SaysWhereItLooked(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	self := filepath.Join(t.TempDir(), "ltlab")
	_, err := FindK6("", self)
	var p *problem.Problem
	if !errors.As(err, &p) || p.ID != "k6-not-found" || !strings.Contains(p.Why, filepath.Dir(self)) {
		t.Errorf("got %v", err)
	}
	beside := filepath.Join(filepath.Dir(self), k6Name)
	write(t, beside, "#!/bin/sh\n")
	if err := os.Chmod(beside, 0o755); err != nil {
		t.Fatal(err)
	}
	if got, err := FindK6("", self); err != nil || got != beside {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMissingFileOfFlags(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "there"), "")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--secret-source", "file=there"}, ""},
		{[]string{"--secret-source", "file=nope"}, "nope"},
		{[]string{"--console-output=nope/log"}, "nope/log"},
		{[]string{"--console-output", "log"}, ""},
		{[]string{"--log-output", "file=nope/log,level=info"}, "nope/log"},
		{[]string{"--log-output", "none"}, ""},
		{[]string{"-o", "json=nope/x.json"}, "nope/x.json"},
		{[]string{"-o", "influxdb=http://127.0.0.1/db"}, ""},
		{[]string{"--vus", "x"}, ""},
	} {
		want := c.want
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := missingFile(dir, c.args); got != want {
			t.Errorf("%q: got %q, want %q", c.args, got, want)
		}
	}
}
