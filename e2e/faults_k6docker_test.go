//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// k6DockerFaults are what goes wrong before and while k6 runs in a container of the lab.
func k6DockerFaults() []Fault {
	return []Fault{
		{"box-folder-names", "projects in folders called `my tests (ü)`, `a:b,c=d`, `$(id) 'x' \"y\"` and one with a line break, k6 in a container", boxFolderNames},
		{"box-import-outside", "`-p` with a scenario that imports `../lib.js`, or a file by its absolute path, k6 in a container", boxImportOutside},
		{"box-link-outside", "a project with a link that leads out of it, k6 in a container", boxLinkOutside},
		{"box-unreadable", "a file that only root may read, k6 in a container, as root and as somebody else", boxUnreadable},
		{"box-project-large", "300 MB of data in a project that must be copied into the container", boxProjectLarge},
		{"box-flag-outside", "k6's flags name files that its container does not see", boxFlagOutside},
		{"box-image-foreign", "an image of k6 for another architecture", boxImageForeign},
		{"box-target-unreachable", "a target that takes no connection from k6's container", boxTargetUnreachable},
		{"box-env-missing", "a scenario that reads a variable of the shell, which its container is not given", boxEnvMissing},
		{"box-influx-dies", "`docker kill` of InfluxDB in the middle of a run in a container", boxInfluxDies},
		{"box-engine-gone", "the Docker engine gone in the middle of a run in a container", boxEngineGone},
		{"box-oom", "k6's container runs out of memory in the middle of the run", boxOOM},
		{"box-ctrl-c", "one SIGINT to ltlab in the middle of a run in a container", boxCtrlC},
		{"box-ctrl-c-twice", "a second SIGINT to ltlab while k6 tears down in its container", boxCtrlCTwice},
		{"box-removed", "`docker rm -f` of k6's container in the middle of the run, with the project mounted and copied", boxRemoved},
		{"box-ltlab-killed", "ltlab killed with SIGKILL in the middle of a run in a container", boxLtlabKilled},
		{"box-disk-full", "the disk of the run's record full in the middle of a run in a container", boxDiskFull},
	}
}

// boxed starts a paced run in a container and waits until some of it is done.
func (b *Bench) boxed(id, length string, args ...string) (*Process, *target) {
	b.t.Helper()
	b.Scenario("paced.js")
	api, inside := b.reachable()
	p := b.Start(append([]string{"k6", "-s", "paced.js", "--id", id, "--runner", "docker", "-e", "LENGTH=" + length, "-e", "BASE_URL=" + inside}, args...)...)
	b.loaded(api, lasts(4e9, 30e9))
	return p, api
}

// nextBoxed asserts that the next run in a container is whole, everywhere.
func (b *Bench) nextBoxed() {
	b.t.Helper()
	b.Scenario("paced.js")
	api, inside := b.reachable()
	b.OK("k6", "-s", "paced.js", "--id", "next", "--runner", "docker", "-e", "LENGTH=2s", "-e", "BASE_URL="+inside)
	b.agree("next", api.count())
}

func boxFolderNames(_ *testing.T, b *Bench) Result {
	b.onEngine()
	var o Output
	var all []string
	for i, dir := range []string{"my tests (ü)", "a:b,c=d", `$(id) 'x' "y"`, "two\nlines", " -spaced "} {
		b.project(dir)
		api, inside := b.reachable()
		id := fmt.Sprint("named-", i)
		o = b.OK("k6", "-p", dir, "-s", "main.js", "--id", id, "--runner", "docker", "-e", "BASE_URL="+inside)
		b.agree(id, api.count())
		all = append(all, id)
	}
	b.tidy(all...)
	return Result{Message: b.said(o.Stdout, "all recorded"), Exit: o.Exit, Data: "mounted and run as they are; record and InfluxDB have every request"}
}

func boxImportOutside(_ *testing.T, b *Bench) Result {
	b.onEngine()
	b.project("shop")
	b.Write("lib.js", "export const a = 1;\n")
	b.Write("shop/up.js", "import { a } from '../lib.js';\nexport default () => a;\n")
	b.Write("shop/fixed.js", "import { path } from '"+b.Dir+"/shop/lib/paths.js';\nexport default path;\n")
	r := b.problem(b.Ltlab("k6", "-p", "shop", "-s", "up.js"), "import-outside-project", 16, filepath.Join(b.Dir, "lib.js"), "--runner host")
	b.problem(b.Ltlab("k6", "-p", "shop", "-s", "fixed.js"), "import-outside-project", 16, filepath.Join(b.Dir, "shop/lib/paths.js"))
	b.nothingMade()
	o := b.OK("k6", "-s", "shop/up.js", "--id", "wider", "--runner", "docker", "--", "-i", "3")
	b.said(o.Stderr, "the container is given "+b.Dir+", for the scenario needs "+filepath.Join(b.Dir, "lib.js"))
	b.OK("k6", "-p", "shop", "-s", "up.js", "--id", "host", "--runner", "host", "--", "-i", "3")
	b.tidy("wider")
	r.Data = "nothing was started; without `-p` the container gets the folder that holds both, and a line says so; `--runner host` works either way"
	return r
}

// linked makes a project that must be copied, for it has a link out of its folder.
func (b *Bench) linked(dir string) {
	b.t.Helper()
	b.project(dir)
	b.try(os.Rename(filepath.Join(b.Dir, dir, "lib"), filepath.Join(b.Dir, "shared lib")))
	b.try(os.Symlink("../shared lib", filepath.Join(b.Dir, dir, "lib")))
	b.own(".")
}

func boxLinkOutside(_ *testing.T, b *Bench) Result {
	b.onEngine()
	b.linked("shop")
	api, inside := b.reachable()
	o := b.OK("k6", "-p", "shop", "-s", "main.js", "--id", "linked", "--runner", "docker", "-e", "BASE_URL="+inside)
	b.agree("linked", api.count())
	b.tidy("linked")
	return Result{Message: b.said(o.Stderr, "is copied into the container"), Exit: o.Exit, Data: "the folder is copied with what the link leads to; record and InfluxDB have every request"}
}

func boxUnreadable(_ *testing.T, b *Bench) Result {
	b.useEngine()
	b.onEngine()
	b.project("shop")
	b.try(os.Chmod(filepath.Join(b.Dir, "shop/data/names.json"), 0o600))
	api, inside := b.reachable()
	o := b.OK("k6", "-p", "shop", "-s", "main.js", "--id", "root", "--runner", "docker", "-e", "BASE_URL="+inside)
	message := b.said(o.Stderr, "open to root only")
	b.agree("root", api.count())
	b.tidy("root")
	b.OK("purge", "--yes")
	b.volumes = false
	b.try(os.RemoveAll(b.Home))

	b.asUser()
	b.onEngine()
	b.own("shop")
	secret := filepath.Join(b.Dir, "shop/secret.json")
	b.Write("shop/secret.json", "{}")
	b.try(os.Chmod(secret, 0o600))
	b.Write("shop/needs.js", "const s = open('./secret.json');\nexport default () => s;\n")
	for _, how := range []string{"mounted", "copied"} {
		if how == "copied" {
			b.try(os.Symlink(b.Dir+"/shop/lib", filepath.Join(b.Dir, "shop/far")))
			b.Write("shop/main.js", strings.Replace(string(b.read("testdata/same.js")), "./lib/", "./far/", 1))
			b.Write("shop/needs.js", "import './far/wait.js';\n"+string(b.read(filepath.Join(b.Dir, "shop/needs.js"))))
		}
		refused := b.Ltlab("k6", "-p", "shop", "-s", "needs.js", "--id", "refused", "--runner", "docker")
		b.problem(refused, "script-failed", 107)
		b.said(refused.Stderr, "permission denied")
		api, inside := b.reachable()
		o := b.OK("k6", "-p", "shop", "-s", "main.js", "--id", how, "--runner", "docker", "-e", "BASE_URL="+inside)
		if copied := strings.Contains(o.Stderr, "is copied into the container"); copied != (how == "copied") {
			b.t.Errorf("%s: %s", how, o.Stderr)
		}
		b.agree(how, api.count())
		b.tidy(how)
	}
	return Result{Message: message, Exit: o.Exit, Data: "root's own files are copied, for k6 does not run as root; somebody else's k6 gets *permission denied* for such a file, as on the host, and no run is made; one that does not need it runs"}
}

func boxProjectLarge(_ *testing.T, b *Bench) Result {
	b.onEngine()
	b.linked("shop")
	for name, size := range map[string]int64{"shop/film.bin": 300 << 20, "shop/data/more.bin": 1 << 20} {
		b.Write(name, "")
		b.try(os.Truncate(filepath.Join(b.Dir, name), size))
	}
	r := b.problem(b.Ltlab("k6", "-p", "shop", "-s", "main.js", "--runner", "docker", "-e", "BASE_URL=http://toy-api:5081"), "project-too-large", 16,
		"film.bin alone has 300 MB", ".ltlabignore")
	b.nothingMade()
	b.tidy()
	b.Write("shop/.ltlabignore", "*.bin\n")
	api, inside := b.reachable()
	b.OK("k6", "-p", "shop", "-s", "main.js", "--id", "slim", "--runner", "docker", "-e", "BASE_URL="+inside)
	b.agree("slim", api.count())

	b.project("mounted") // which is no matter of size
	b.Write("mounted/film.bin", "")
	b.try(os.Truncate(filepath.Join(b.Dir, "mounted/film.bin"), 300<<20))
	api, inside = b.reachable()
	b.OK("k6", "-p", "mounted", "-s", "main.js", "--id", "mounted", "--runner", "docker", "-e", "BASE_URL="+inside)
	b.agree("mounted", api.count())
	b.tidy("slim", "mounted")
	r.Data = "nothing was started; with the file named in `.ltlabignore` it runs; a folder that can be mounted may have any size"
	return r
}

func boxFlagOutside(_ *testing.T, b *Bench) Result {
	b.onEngine()
	b.Write("main.js", empty)
	b.Write("k6.json", `{"vus": 1}`)
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--", "--config", "k6.json"), "file-outside-container", 16, "k6.json", "--runner host")
	b.problem(b.Ltlab("k6", "-s", "main.js", "--", "-o", "csv="+b.Dir+"/all.csv", "-o", "json=all.json"), "file-outside-container", 16, "/all.csv")
	b.nothingMade()
	b.OK("k6", "-s", "main.js", "--id", "host", "--runner", "host", "--", "--config", "k6.json", "-i", "3")
	r.Data = "nothing was started; `--runner host` takes them"
	return r
}

func boxImageForeign(t *testing.T, b *Bench) Result {
	b.onEngine()
	const name = "ltlab-e2e/k6-foreign:1"
	arch := map[string]string{"amd64": "arm64"}[b.docker("version", "--format", "{{.Server.Arch}}").String()]
	if arch == "" {
		arch = "amd64"
	}
	b.Write("image/Dockerfile", "FROM scratch\nCOPY program /\nENTRYPOINT [\"/program\"]\n")
	b.Write("image/program", "for another kind of processor")
	build := exec.Command("docker", "build", "-q", "--platform", "linux/"+arch, "-t", name, filepath.Join(b.Dir, "image"))
	build.Env = append(os.Environ(), "DOCKER_BUILDKIT=0", "DOCKER_HOST="+engineHost())
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { b.docker("rmi", "-f", name) })
	b.Write("main.js", empty)
	b.vars = append(b.vars, "LTLAB_IMAGE_K6="+name)
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--id", "refused", "--runner", "docker"), "image-foreign", 14, name, arch, "ltlab rebuild")
	b.nothingMade()
	o := b.OK("k6", "-s", "main.js", "--id", "host", "--", "-i", "3")
	b.said(o.Stderr, "k6 runs on this machine, for image "+name+" is for another architecture")
	r.Data = "nothing was started; without `--runner docker` k6 runs on the host, and a line says so"
	return r
}

func boxTargetUnreachable(_ *testing.T, b *Bench) Result {
	b.onEngine()
	b.project("shop")
	api, inside := b.reachable()
	api.die()
	r := b.problem(b.Ltlab("k6", "-p", "shop", "-s", "main.js", "-e", "BASE_URL="+inside), "target-unreachable", 17, "connection refused", "--runner host", "--no-preflight")
	b.problem(b.Ltlab("k6", "-p", "shop", "-s", "main.js", "-e", "BASE_URL=http://no-such-host.invalid"), "target-unreachable", 17, "no-such-host.invalid")
	b.nothingMade()
	b.tidy()
	b.problem(b.Ltlab("k6", "-p", "shop", "-s", "main.js", "--id", "anyway", "--no-preflight", "-e", "BASE_URL="+inside), "thresholds-failed", 99)
	b.tidy("anyway")
	r.Message = strings.ReplaceAll(r.Message, inside, "http://host.docker.internal:PORT")
	if _, rest, ok := strings.Cut(r.Message, "dial tcp "); ok {
		address, _, _ := strings.Cut(rest, ": ")
		r.Message = strings.ReplaceAll(r.Message, address, "ADDRESS")
	}
	r.Data = "nothing was started; with `--no-preflight` the run is made"
	return r
}

func boxEnvMissing(t *testing.T, b *Bench) Result {
	b.onEngine()
	b.Write("main.js", "export default function () { if (__ENV.SHOP_KEY) { console.log('has the key'); } }\n")
	b.vars = append(b.vars, "SHOP_KEY=very-secret", "K6_ITERATIONS=7")
	o := b.OK("k6", "-s", "main.js", "--id", "without", "--runner", "docker")
	message := b.said(o.Stderr, "the scenario reads SHOP_KEY, which your environment has and a container is not given")
	b.said(o.Stderr, "your environment has K6_ITERATIONS")
	if all := o.Stderr + o.Stdout; strings.Contains(all, "very-secret") || strings.Contains(all, "has the key") {
		t.Errorf("it was given, or shown:\n%s", all)
	}
	with := b.OK("k6", "-s", "main.js", "--id", "with", "--runner", "docker", "-e", "SHOP_KEY")
	b.said(with.Stderr+with.Stdout, "has the key")
	if strings.Contains(with.Stderr, "reads SHOP_KEY") {
		t.Errorf("it is said to be missing:\n%s", with.Stderr)
	}
	b.tidy("without", "with")
	return Result{Message: message, Exit: o.Exit, Data: "the run is made, and a line before it names the variable, never its value; with `-e SHOP_KEY` the scenario has it"}
}

func boxInfluxDies(t *testing.T, b *Bench) Result {
	b.onEngine()
	p, api := b.boxed("dies", lasts(8e9, 40e9).String())
	b.docker("kill", b.container(b.Home, "influxdb"))
	r := b.problem(p.Wait(), "influxdb-incomplete", 18, "ltlab runs push dies")
	doc := b.Show("dies")
	if err := doc.whole(api.count()); err != nil {
		t.Error(err)
	}
	b.unhurt(&doc)
	b.tidy("dies")
	b.OK(onDocker()...)
	b.OK("runs", "push", "dies")
	if seconds, whole := b.inInflux("dies"); seconds != api.count() || whole != api.count() {
		t.Errorf("InfluxDB has %d and %d requests, want %d", seconds, whole, api.count())
	}
	r.Message, _, _ = strings.Cut(r.Message, "\n") // the rest depends on who has its port now
	r.Data = fmt.Sprintf("run and record are unharmed: all %d requests recorded, none missed; once InfluxDB is up, `ltlab runs push` sends the rest, and it has as many", api.count())
	return r
}

func boxEngineGone(t *testing.T, b *Bench) Result {
	proxy := b.proxied()
	b.onEngine()
	p, api := b.boxed("gone", "120s")
	proxy.cut()
	r := b.problem(p.Wait(), "k6-killed", 18, "the Docker engine ceased to answer", "ltlab runs show gone")
	b.said(p.Stderr(), "the run's container could not be removed")
	proxy.mend()
	doc, file := b.Show("gone"), b.toolFile("gone")
	if doc.State != "interrupted" || !file.Ended || doc.Summary.Requests == 0 || doc.Summary.Requests > api.count() || doc.Ledger.Emitted == nil || doc.Ledger.Lost != 0 {
		t.Errorf("%s, ended %t, %d requests of %d, %+v", doc.State, file.Ended, doc.Summary.Requests, api.count(), doc.Ledger)
	}
	if after := api.count(); !eventually(soon, func() bool { return api.quiet() > 1e9 }) {
		t.Errorf("load goes on: %d requests, then %d", after, api.count())
	}
	b.nextBoxed() // and clears away what is left
	b.tidy("gone", "next")
	r.Data = fmt.Sprintf("k6 ends the run by itself, in order: %d requests recorded, ledger closed; the next run removes the container that could not be", doc.Summary.Requests)
	return r
}

func boxOOM(t *testing.T, b *Bench) Result {
	b.onEngine()
	b.Write("eats.js", `import http from 'k6/http';
import { sleep } from 'k6';
const held = [];
export const options = { vus: 1, duration: '60s' };
export default function () {
  http.get(`+"`${__ENV.BASE_URL}/`"+`);
  if (held.length < 200) { held.push(new Uint8Array(4 << 20).fill(1)); }
  sleep(0.05);
}
`)
	api, inside := b.reachable()
	p := b.Start("k6", "-s", "eats.js", "--id", "eats", "--runner", "docker", "-e", "BASE_URL="+inside)
	b.docker("update", "--memory", "400m", "--memory-swap", "400m", b.box("eats"))
	r := b.problem(p.Wait(), "k6-killed", 18, "its container ran out of memory")
	doc := b.Show("eats")
	if doc.State != "interrupted" || doc.Summary.Requests > api.count() || doc.Ledger.Emitted != nil {
		t.Errorf("%s, %d requests of %d, %+v", doc.State, doc.Summary.Requests, api.count(), doc.Ledger)
	}
	b.tidy("eats")
	r.Data = "record readable, marked interrupted; the last seconds are missing, and what was emitted is said to be unknown"
	return r
}

func boxCtrlC(t *testing.T, b *Bench) Result {
	b.onEngine()
	api, inside := b.reachable()
	p := b.inBursts("once", api, inside, "--runner", "docker")
	p.Signal(interrupted)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as once")
	doc := b.Show("once")
	if doc.State != "interrupted" || doc.Exit != 130 || doc.ToolExit == nil || *doc.ToolExit != 105 || !b.toolFile("once").Ended || doc.Summary.Requests != api.count() {
		t.Errorf("%s, exit %d, k6's %v, %d requests of %d", doc.State, doc.Exit, doc.ToolExit, doc.Summary.Requests, api.count())
	}
	if seconds, whole := b.inInflux("once"); seconds != api.count() || whole != api.count() {
		t.Errorf("InfluxDB has %d and %d requests, want %d", seconds, whole, api.count())
	}
	b.tidy("once")
	r.Data = fmt.Sprintf("k6 gets one SIGINT: complete up to the signal, %d requests in the record and in InfluxDB, as many as the target counted", api.count())
	return r
}

func boxCtrlCTwice(t *testing.T, b *Bench) Result {
	b.onEngine()
	b.Scenario("lingering.js")
	api, inside := b.reachable()
	p := b.Start("k6", "-s", "lingering.js", "--id", "twice", "--runner", "docker", "-e", "BASE_URL="+inside)
	b.loaded(api, lasts(4e9, 30e9))
	p.Signal(interrupted)
	b.until("the record of all load", soon, func() bool { return b.toolFile("twice").Requests >= api.count()-4 })
	if !p.Running() {
		t.Fatalf("k6 did not tear down:\n%s", p.Stderr())
	}
	p.Signal(interrupted)
	r := b.problem(p.Wait(), "interrupted", 130, "kept as twice")
	doc, file := b.Show("twice"), b.toolFile("twice")
	if doc.State != "interrupted" || doc.Ledger.Emitted != nil || doc.Summary.Requests != file.Requests || file.Ended {
		t.Errorf("%s, %d requests of %d, ledger %+v", doc.State, doc.Summary.Requests, file.Requests, doc.Ledger)
	}
	b.tidy("twice")
	r.Data = fmt.Sprintf("k6 killed; record readable, marked interrupted: %d of %d requests are there", file.Requests, api.count())
	return r
}

func boxRemoved(t *testing.T, b *Bench) Result {
	b.onEngine()
	var r Result
	var counts []string
	b.Scenario("paced.js")
	b.Write("shared/x.js", "")
	b.Write("far/main.js", "import './lib/x.js';\n"+string(b.read("testdata/paced.js")))
	b.try(os.Symlink("../shared", filepath.Join(b.Dir, "far/lib")))
	for _, how := range []string{"mounted", "copied"} {
		args := []string{"-s", "paced.js"}
		if how == "copied" {
			args = []string{"-p", "far", "-s", "main.js"}
		}
		api, inside := b.reachable()
		p := b.Start(append([]string{"k6", "--id", how, "--runner", "docker", "-e", "LENGTH=120s", "-e", "BASE_URL=" + inside}, args...)...)
		b.loaded(api, lasts(4e9, 30e9))
		b.until("some of the record", limit, func() bool {
			_, err := os.Stat(b.run(how, "tool.ndjson"))
			return err == nil && b.toolFile(how).Requests > 0
		})
		b.docker("rm", "-f", b.box(how))
		r = b.problem(p.Wait(), "k6-killed", 18, "its container was removed")
		doc := b.Show(how)
		if doc.State != "interrupted" || doc.Summary.Requests == 0 || doc.Summary.Requests > api.count() || doc.Ledger.Emitted != nil {
			t.Errorf("%s: %s, %d requests of %d, %+v", how, doc.State, doc.Summary.Requests, api.count(), doc.Ledger)
		}
		counts = append(counts, fmt.Sprintf("%s %d of %d requests", how, doc.Summary.Requests, api.count()))
		b.tidy(how)
	}
	b.nextBoxed()
	r.Data = "record readable, marked interrupted, the last seconds are missing: " + strings.Join(counts, ", ")
	return r
}

func boxLtlabKilled(t *testing.T, b *Bench) Result {
	b.onEngine()
	p, api := b.boxed("orphan", "120s")
	b.killed = true
	b.kill(p.cmd.Process.Pid)
	b.until("end of k6, whose ltlab is gone", soon, func() bool { return b.toolFile("orphan").Ended })
	doc := b.Show("orphan")
	if doc.State != "interrupted" || doc.Summary.Requests == 0 || doc.Summary.Requests > api.count() {
		t.Errorf("%s, %d requests of %d", doc.State, doc.Summary.Requests, api.count())
	}
	b.until("the container's end", soon, func() bool {
		return !slices.Contains(b.docker("ps", "--filter", "label=io.ltlab.run=orphan", "--format", "{{.State}}"), "running")
	})
	b.nextBoxed()
	if left := b.boxes(); len(left) > 0 {
		t.Errorf("containers of runs %v are left", left)
	}
	if names := slices.DeleteFunc(b.entries(filepath.Join(b.Home, "runs", "orphan")), func(n string) bool { return n == ".lock" }); !slices.Equal(names, []string{"run.ndjson", "tool.ndjson"}) {
		t.Errorf("the run has %v", names)
	}
	b.mine(b.run("orphan", "tool.ndjson"), b.run("orphan", "run.ndjson"))
	message := strings.Join(strings.Fields(b.said(b.OK("runs", "list").Stdout, "orphan"))[:2], " ")
	return Result{Message: message, Exit: p.Wait().Exit,
		Data: fmt.Sprintf("k6 ends the run by itself, in order: %d requests recorded; the list says interrupted; the next run removes the container and the folder for its files", doc.Summary.Requests)}
}

func boxDiskFull(t *testing.T, b *Bench) Result {
	b.useEngine()
	b.smallHome()
	b.onEngine()
	p, api := b.boxed("full", lasts(8e9, 40e9).String())
	b.fill()
	o := p.Wait()
	r := b.problem(o, "data-incomplete", 18, "the run's data is incomplete")
	b.said(o.Stderr, "the run's record cannot be written")
	doc := b.Show("full")
	if doc.OK || doc.Summary.Requests == 0 || doc.Summary.Requests >= api.count() {
		t.Errorf("%s, %d requests of %d", doc.State, doc.Summary.Requests, api.count())
	}
	b.free()
	b.tidy("full")
	b.nextBoxed()
	r.Message, _, _ = strings.Cut(r.Message, "\n")
	r.Data = fmt.Sprintf("%d of %d requests are there, and all say that it is not all; nothing else is left in the run's folder; with space again the next run is complete", doc.Summary.Requests, api.count())
	return r
}
