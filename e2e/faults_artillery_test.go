//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// artilleryFaults are what goes wrong before and while Artillery runs on this machine. Those on Docker have a file of their own.
func artilleryFaults() []Fault {
	return append([]Fault{
		{"artillery-node-missing", "`ltlab artillery` on a machine without Node", artilleryNodeMissing},
		{"artillery-node-old", "`ltlab artillery` with a Node that Artillery does not run on", artilleryNodeOld},
		{"artillery-npm-unreachable", "`ltlab artillery install` where no registry answers", artilleryNpmUnreachable},
		{"artillery-yaml", "a script that is no YAML", artilleryRefused("artillery-script-invalid", "config: { target: TARGET, phases: [ }\n", "missed comma")},
		{"artillery-engine", "a scenario with an engine that Artillery does not know", artilleryEngine},
		{"artillery-processor-missing", "a script with a processor that is not there", artilleryRefused("script-file-missing", "config: { target: TARGET, processor: ./prices.js }\n"+anyFlow, "./prices.js")},
		{"artillery-payload-missing", "a script with a payload that is not there", artilleryRefused("script-file-missing", "config: { target: TARGET, payload: { path: ../users.csv, fields: [name] } }\n"+anyFlow, "../users.csv")},
		{"artillery-env-unset", "a script whose target is `{{ $env.X }}` with X unset, and one that reads X elsewhere", artilleryEnvUnset},
		{"artillery-target-refuses", "a target that refuses every connection, and `--no-preflight`", artilleryTarget("ECONNREFUSED", func(t *testing.T) string { return closedPort(t) })},
		{"artillery-target-slow", "a target that does not answer before Artillery's timeout", artilleryTarget("ETIMEDOUT", func(t *testing.T) string { return silent(t).URL })},
		{"artillery-target-resets", "a target that resets every connection", artilleryTarget("ECONNRESET", func(t *testing.T) string { return resetting(t).URL })},
		{"artillery-vusers-fail", "a processor that throws before the first request of every virtual user", artilleryUsersFail},
		{"artillery-killed", "Artillery's Node killed with SIGKILL in the middle of the run, before any report is written", artilleryKilled},
		{"artillery-ctrl-c", "one SIGINT to ltlab in the middle of a run of Artillery", artilleryCtrlC},
		{"artillery-ctrl-c-twice", "a second SIGINT to ltlab while a plugin of the script keeps Artillery from ending", artilleryCtrlCTwice},
	}, artilleryDockerFaults()...)
}

const anyFlow = "scenarios: [{ flow: [{ get: { url: / } }] }]\n"

func artilleryNodeMissing(t *testing.T, b *Bench) Result {
	for name, text := range map[string]string{"package.json": `{"name": "artillery", "version": "2.0.34", "bin": {"artillery": "bin/run"}}`, "bin/run": "", "dist/index.js": ""} {
		b.Write("node_modules/artillery/"+name, text)
	}
	b.vars = append(b.vars, "PATH="+b.tmp, "XDG_CACHE_HOME="+b.Dir+"/cache")
	b.Write("a.yml", strings.ReplaceAll("config: { target: TARGET }\n"+anyFlow, "TARGET", closedPort(t)))
	r := b.problem(b.Ltlab("artillery", "-s", "a.yml"), "node-not-found", 10, "ltlab artillery install")
	r.Data = b.nothingMade()
	return r
}

func artilleryNodeOld(t *testing.T, b *Bench) Result {
	b.artillery()
	b.Write("node", "#!/bin/sh\necho v20.20.2\n")
	b.try(os.Chmod(filepath.Join(b.Dir, "node"), 0o755))
	b.vars = append(b.vars, "LTLAB_NODE="+b.Dir+"/node")
	b.Write("a.yml", strings.ReplaceAll("config: { target: TARGET }\n"+anyFlow, "TARGET", closedPort(t)))
	r := b.problem(b.Ltlab("artillery", "-s", "a.yml"), "node-too-old", 10, "20.20.2", "22.18.0")
	r.Data = b.nothingMade()
	return r
}

func artilleryNpmUnreachable(t *testing.T, b *Bench) Result {
	b.vars = append(b.vars, "XDG_CACHE_HOME="+b.Dir+"/cache", "npm_config_registry=http://127.0.0.1:9", "npm_config_fetch_retries=0", "HTTP_PROXY=", "HTTPS_PROXY=")
	r := b.problem(b.Ltlab("artillery", "install"), "install-failed", 10, "ECONNREFUSED")
	b.try(filepath.WalkDir(filepath.Join(b.Dir, "cache"), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(path, ".lock") {
			t.Errorf("%s is left", path)
		}
		return nil
	}))
	head, _, _ := strings.Cut(r.Message, "\n")
	r.Message = head + "\n" + b.said(r.Message, "ECONNREFUSED") // the rest is npm's own, and long
	r.Data = "nothing is installed, and nothing is left of it"
	return r
}

// artilleryRefused is a script that never runs.
func artilleryRefused(problem, script, says string) func(*testing.T, *Bench) Result {
	return func(t *testing.T, b *Bench) Result {
		b.artillery()
		b.Write("load/a.yml", strings.ReplaceAll(script, "TARGET", "'"+closedPort(t)+"'"))
		o := b.Ltlab("artillery", "-s", "load/a.yml")
		r := b.problem(o, problem, 15)
		if said := b.said(o.Stderr, says); !strings.Contains(r.Message, says) {
			r.Message = said + "\n" + r.Message
		}
		r.Data = b.nothingMade()
		return r
	}
}

func artilleryEngine(t *testing.T, b *Bench) Result {
	b.artillery()
	b.Write("a.yml", "config: { target: '"+closedPort(t)+"' }\nscenarios: [{ engine: carrier-pigeon, flow: [{ get: { url: / } }] }]\n")
	o := b.Ltlab("artillery", "-s", "a.yml", "--id", "pigeon", "--no-preflight")
	r := b.problem(o, "artillery-script-failed", 15)
	said := b.said(o.Stdout, `unknown engine "carrier-pigeon"`)
	r.Message = said[strings.Index(said, "Failed to"):] + "\n" + r.Message
	if doc := b.Show("pigeon"); doc.Exit != 15 || doc.OK || doc.Summary.Requests != 0 {
		t.Errorf("exit %d, %d requests", doc.Exit, doc.Summary.Requests)
	}
	r.Data = "the run is in the list with its exit code; it has no request"
	return r
}

func artilleryEnvUnset(t *testing.T, b *Bench) Result {
	b.artillery()
	api := newTarget(t)
	b.Write("target.yml", "config: { target: '{{ $env.SHOP_URL }}' }\n"+anyFlow)
	r := b.problem(b.Ltlab("artillery", "-s", "target.yml"), "target-missing", 15, "SHOP_URL", "-e SHOP_URL=")
	b.nothingMade()
	b.Write("path.yml", "config: { target: '"+api.URL+"' }\nscenarios: [{ flow: [{ get: { url: '/{{ $env.SHOP_PATH }}' } }] }]\n")
	o := b.OK("artillery", "-s", "path.yml", "--id", "path", "--", "--solo")
	r.Message += "\n" + b.said(o.Stderr, "SHOP_PATH, which nothing sets")
	if doc := b.Show("path"); api.count() != 1 || doc.whole(1) != nil {
		t.Errorf("%d requests came: %+v", api.count(), doc.Ledger)
	}
	r.Data = "no run was made without a target; with one the run is made, and a line before it names the variable"
	return r
}

// silent answers nothing.
func silent(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(s.Close)
	return s
}

// resetting resets each connection that asks for something.
func resetting(t *testing.T) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = c.(*net.TCPConn).SetLinger(0) // a reset instead of an end
		c.Close()
	}))
	t.Cleanup(s.Close)
	return s
}

// artilleryTarget is a run against a target that never answers.
func artilleryTarget(name string, target func(*testing.T) string) func(*testing.T, *Bench) Result {
	return func(t *testing.T, b *Bench) Result {
		b.artillery()
		const rate = 5
		seconds := int64(lasts(time.Second, 30*time.Second) / time.Second)
		b.Write("a.yml", fmt.Sprintf("config: { target: '%s', http: { timeout: 1 }, phases: [{ duration: %d, arrivalRate: %d }] }\n%s", target(t), seconds, rate, anyFlow))
		r := b.problem(b.Ltlab("artillery", "-s", "a.yml", "--id", "none", "--no-preflight"), "nothing-answered", 17, "errors      "+name, "latency     none: no request was answered")
		doc, asked := b.Show("none"), seconds*rate
		if s := doc.Summary; s.Requests != asked || s.Unanswered == nil || *s.Unanswered != asked || *s.FailedRatio != 1 || b.showTool("none").Summary.Errors[name] != asked || b.showTool("none").Summary.TTFB != nil {
			t.Errorf("summary %+v", s)
		}
		if l := doc.Ledger; l.Emitted == nil || *l.Emitted != l.Recorded || *doc.ToolExit != 0 {
			t.Errorf("ledger %+v, Artillery's exit code %v", l, doc.ToolExit)
		}
		r.Data = fmt.Sprintf("all %d requests recorded as unanswered, with the error's name; Artillery itself ends with 0", asked)
		return r
	}
}

func artilleryUsersFail(t *testing.T, b *Bench) Result {
	b.artillery()
	api := newTarget(t)
	b.Write("key.js", "exports.key = async () => { throw new Error('no key for the shop'); };\n")
	b.Write("a.yml", "config: { target: '"+api.URL+"', processor: ./key.js, phases: [{ duration: 1, arrivalRate: 10 }] }\nscenarios: [{ flow: [{ function: key }, { get: { url: / } }] }]\n")
	r := b.problem(b.Ltlab("artillery", "-s", "a.yml", "--id", "keyless"), "vusers-failed", 17, "10 of 10 errors are no key for the shop")
	if doc := b.Show("keyless"); api.count() != 0 || doc.Summary.Requests != 0 || doc.Load.Iterations != 10 || doc.OK {
		t.Errorf("%d requests came; %d requests, %d iterations", api.count(), doc.Summary.Requests, doc.Load.Iterations)
	}
	r.Data = "complete: no request, 10 virtual users, all failed; Artillery itself ends with 0"
	return r
}

// arrivals starts a run of Artillery at 20 requests a second for longer than any fault lasts, and waits until a period of it
// is recorded.
func (b *Bench) arrivals(id string, config string) (*Process, *target) {
	b.t.Helper()
	b.artillery()
	api := newTarget(b.t)
	b.Write("arrivals.yml", "config: { target: '"+api.URL+"', phases: [{ duration: 120, arrivalRate: 20 }]"+config+" }\n"+anyFlow)
	p := b.Start("artillery", "-s", "arrivals.yml", "--id", id)
	b.loaded(api, lasts(0, 30*time.Second))
	b.aPeriod(id)
	return p, api
}

// aPeriod waits until a run's record has a period.
func (b *Bench) aPeriod(id string) {
	b.t.Helper()
	b.until("a period of run "+id, limit, func() bool { return b.periods(id) > 0 })
}

// anotherPeriod waits for one that nothing has seen yet: they end by the clock, so one may have ended already.
func (b *Bench) anotherPeriod(id string) {
	b.t.Helper()
	had := b.periods(id)
	b.until("another period of run "+id, limit, func() bool { return b.periods(id) > had })
}

// periods is how many a run's record has.
func (b *Bench) periods(id string) int {
	text, err := os.ReadFile(b.run(id, "tool.ndjson"))
	if err != nil {
		return 0 // not begun
	}
	return strings.Count(string(text), "\n{\"second\":")
}

// periodsKept asserts that of a run which broke off what its periods counted is there, and that nobody claims to know the rest.
func (b *Bench) periodsKept(id string, api *target) string {
	b.t.Helper()
	doc := b.Show(id)
	if s := doc.Summary; doc.State != "interrupted" || doc.OK || s.Requests == 0 || s.Requests > api.count() || doc.Ledger.Emitted != nil || doc.Ledger.Lost != 0 {
		b.t.Errorf("%s, %d requests of %d, ledger %+v", doc.State, s.Requests, api.count(), doc.Ledger)
	}
	return fmt.Sprintf("the record has the periods that had been reported: %d of %d requests; what was emitted is said to be unknown", doc.Summary.Requests, api.count())
}

func artilleryKilled(t *testing.T, b *Bench) Result {
	p, api := b.arrivals("killed", "")
	b.kill(b.find("node " + newPluginRig(t).run))
	r := b.problem(p.Wait(), "artillery-killed", 18, "signal killed", "ltlab runs show killed")
	r.Data = b.periodsKept("killed", api)
	b.OK("start")
	b.lossNotHidden("killed")
	return r
}

func artilleryCtrlC(t *testing.T, b *Bench) Result {
	p, api := b.arrivals("once", "")
	p.Signal(interrupted)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as once")
	r.Data = b.periodsKept("once", api)
	if doc := b.Show("once"); doc.Exit != 130 || doc.ToolExit == nil || *doc.ToolExit != 130 || !b.toolFile("once").Ended {
		t.Errorf("exit %d, Artillery's %v", doc.Exit, doc.ToolExit)
	}
	return r
}

func artilleryCtrlCTwice(t *testing.T, b *Bench) Result {
	b.Write("node_modules/artillery-plugin-lingers/index.js", `exports.Plugin = class {
  constructor() {
    if (process.env.LOCAL_WORKER_ID === undefined) global.artillery.ext({ ext: 'onShutdown', method: () => new Promise(() => setTimeout(() => {}, 1e6)) });
  }
};
`)
	p, api := b.arrivals("twice", ", plugins: { lingers: {} }")
	p.Signal(interrupted)
	b.until("the first Ctrl-C on the run's timeline", soon, func() bool {
		return strings.Contains(string(b.read(b.run("twice", "run.ndjson"))), `"id":"interrupted"`)
	})
	b.pass(500 * time.Millisecond) // in which it would end
	if !p.Running() {
		t.Fatalf("Artillery ended by itself:\n%s", p.Stderr())
	}
	p.Signal(interrupted)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as twice")
	r.Data = "Artillery killed; " + b.periodsKept("twice", api)
	if b.toolFile("twice").Ended {
		t.Error("the record has an end")
	}
	return r
}
