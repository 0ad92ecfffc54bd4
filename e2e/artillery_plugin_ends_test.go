//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

const pluginShort = `
config:
  target: %s
  phases: [{ duration: %d, arrivalRate: 3 }]
scenarios: [{ flow: [{ get: { url: "/200" } }] }]
`

func TestAnInterruptedArtilleryLeavesItsPeriodsAndAnOpenLedger(t *testing.T) {
	r := newPluginRig(t)
	target := newPluginTarget(t)
	script := r.write("script.yml", fmt.Sprintf(pluginShort, target.URL, 90))
	// Nobody listens there, and Telegraf's name may be gone as well: neither holds up the end.
	for name, statsd := range map[string]string{"interrupt": "127.0.0.1:9", "its ltlab is gone": "telegraf.invalid:8125"} {
		t.Run(name, func(t *testing.T) {
			r.record = filepath.Join(t.TempDir(), record.ToolFile)
			cmd := r.command(map[string]string{"LTLAB_STATSD": statsd, "LTLAB_PARENT": "stdin"}, r.run, "run", script)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				if !eventually(soon, func() bool {
					text, err := os.ReadFile(r.record)
					return err == nil && strings.Contains(string(text), `{"load":`)
				}) {
					t.Error("no period came")
				}
				if name == "interrupt" {
					if err := cmd.Process.Signal(os.Interrupt); err != nil {
						t.Error(err)
					}
				} else {
					stdin.Close()
				}
			}()
			if out := r.finish(cmd); out.exit != 130 {
				t.Errorf("exit %d\n%s%s", out.exit, out.stdout, out.stderr)
			}
			rec := r.read()
			if rec.end == nil || rec.end.Exit == nil || *rec.end.Exit != 130 || rec.end.Error != "interrupted" || rec.end.Ledger.Emitted != nil {
				t.Fatalf("end: %+v", rec.end)
			}
			if n := rec.merged(t, rec.seconds...)["http.requests"].Sum; n == 0 || rec.end.Ledger.Recorded == 0 {
				t.Errorf("%v requests, %d samples recorded", n, rec.end.Ledger.Recorded)
			}
		})
	}
}

func TestTelegrafThatCannotBeReachedIsNotedOnceAndHarmsNothing(t *testing.T) {
	r := newPluginRig(t)
	target := newPluginTarget(t)
	out := r.artillery(map[string]string{"LTLAB_STATSD": "127.0.0.1:0"}, fmt.Sprintf(pluginShort, target.URL, 1))
	rec := r.read()
	if out.exit != 0 || len(rec.notes["statsd-failed"]) != 1 || rec.end == nil || !rec.end.Ledger.Balanced() {
		t.Errorf("exit %d, notes %q, end %+v\n%s", out.exit, rec.notes, rec.end, out.stderr)
	}
}

func TestTheEndOfACrashedArtilleryIsRecorded(t *testing.T) {
	r := newPluginRig(t)
	target := newPluginTarget(t)
	r.write("crash.js", "throw new Error('no such thing');\n")
	script := strings.Replace(fmt.Sprintf(pluginShort, target.URL, 1), "config:", "config:\n  processor: ./crash.js", 1)
	out := r.artillery(nil, script)
	rec := r.read()
	if out.exit == 0 || rec.end == nil || rec.end.Exit == nil || *rec.end.Exit != out.exit || rec.end.Error == "" || rec.end.Ledger.Emitted != nil {
		t.Errorf("exit %d, end %+v\n%s%s", out.exit, rec.end, out.stdout, out.stderr)
	}
}

func TestAnArtilleryWhoseRecordCannotBeWrittenRunsAsEver(t *testing.T) {
	r := newPluginRig(t)
	target := newPluginTarget(t)
	taken := r.write("taken.ndjson", "another run's\n")
	for name, c := range map[string]struct{ path, want string }{
		"no record":     {"", "ltlab: LTLAB_RECORD is not set, so nothing is recorded\n"},
		"disk full":     {"/dev/full", "ltlab: the record is not complete: ENOSPC"},
		"another run's": {taken, "ltlab: nothing is recorded: EEXIST"},
		"no folder":     {filepath.Join(r.dir, "gone", "x"), "ltlab: nothing is recorded: ENOENT"},
	} {
		t.Run(name, func(t *testing.T) {
			before := target.count("200")
			out := r.artillery(map[string]string{"LTLAB_RECORD": c.path}, fmt.Sprintf(pluginShort, target.URL, 1))
			if out.exit != 0 || strings.Count(out.stderr, "ltlab:") != 1 || !strings.Contains(out.stderr, c.want) {
				t.Errorf("exit %d, stderr %q, want %q once", out.exit, out.stderr, c.want)
			}
			if n := target.count("200") - before; n != 3 {
				t.Errorf("%v requests, want 3", n)
			}
		})
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "another run's\n" {
		t.Errorf("the other run's record: %q, %v", text, err)
	}
}

func TestWhatNodeRunsBeforeArtillerySetsUpTheProcess(t *testing.T) {
	r := newPluginRig(t)
	env := r.write("env", "A=one\nline=2\x00EMPTY=\x00")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	show := `const w = require('worker_threads'); const show = () => console.log(JSON.stringify([process.env.A, process.env.EMPTY, process.env.LTLAB_ENV_FILE, process.env.LTLAB_REACH, process.env.LTLAB_PARENT]));
show(); if (w.isMainThread) { new w.Worker(process.argv[1] || '(' + show + ')()', { eval: true }); }`
	for name, c := range map[string]struct {
		env            map[string]string
		exit           int
		stdout, stderr string
	}{
		"environment": {map[string]string{"LTLAB_ENV_FILE": env}, 0, `["one\nline=2","",null,null,null]` + "\n" + `["one\nline=2","",null,null,null]` + "\n", ""},
		"reachable":   {map[string]string{"LTLAB_REACH": free.Addr().String(), "LTLAB_PARENT": strconv.Itoa(os.Getpid())}, 0, strings.Repeat("[null,null,null,null,null]\n", 2), ""},
		"unreachable": {map[string]string{"LTLAB_REACH": gone.Addr().String()}, 69, "", "ltlab: unreachable: connect ECONNREFUSED " + gone.Addr().String() + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			out := r.finish(r.command(c.env, "-e", show))
			if out.exit != c.exit || out.stdout != c.stdout || out.stderr != c.stderr {
				t.Errorf("exit %d, %q, %q; want %d, %q, %q", out.exit, out.stdout, out.stderr, c.exit, c.stdout, c.stderr)
			}
		})
	}
	t.Run("the parent's end", func(t *testing.T) {
		parent := r.command(map[string]string{"NODE_OPTIONS": ""}, "-e", "setTimeout(() => {}, 60000)")
		if err := parent.Start(); err != nil {
			t.Fatal(err)
		}
		cmd := r.command(map[string]string{"LTLAB_PARENT": strconv.Itoa(parent.Process.Pid)}, "-e",
			`process.on('SIGINT', () => { console.log('interrupted'); process.exit(130); }); setTimeout(() => process.kill(`+strconv.Itoa(parent.Process.Pid)+`), 100); setTimeout(() => {}, 60000)`)
		go func() { _ = parent.Wait() }() // it is killed
		if out := r.finish(cmd); out.exit != 130 || out.stdout != "interrupted\n" {
			t.Errorf("exit %d, %q, %q", out.exit, out.stdout, out.stderr)
		}
	})
}
