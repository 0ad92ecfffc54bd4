//go:build e2e

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// onEngine starts a lab on the machine's engine.
func (b *Bench) onEngine() {
	b.t.Helper()
	if !b.engine {
		b.useEngine()
	}
	b.OK(onDocker()...)
	b.volumes = true
}

// asUser makes somebody without any rights of root run ltlab, who may use the engine.
func (b *Bench) asUser() {
	b.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	b.proxied()
	const nobody = 65534
	b.user = &syscall.Credential{Uid: nobody, Gid: nobody}
	b.try(os.MkdirAll(b.Home, 0o700))
	for _, dir := range []string{b.Home, b.tmp, b.Dir} {
		b.try(os.Chown(dir, nobody, nobody))
	}
	b.borrow()
}

// reachable is an API that containers and this machine reach, under an address for each.
func (b *Bench) reachable() (api *target, inside string) {
	b.t.Helper()
	gateway := b.docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").String()
	api = newTargetAt(b.t, gateway)
	b.vars = append(b.vars, "NO_PROXY="+gateway) // for k6 on this machine
	u, err := url.Parse(api.URL)
	b.try(err)
	return api, "http://host.docker.internal:" + u.Port()
}

// project writes the project same.js into a folder of the working folder. It belongs to whoever runs ltlab.
func (b *Bench) project(dir string) {
	b.t.Helper()
	text := string(b.read(filepath.Join("testdata", "same.js")))
	b.Write(dir+"/main.js", text)
	b.Write(dir+"/lib/paths.js", "export { path } from './wait.js';\n")
	b.Write(dir+"/lib/wait.js", "export const path = () => '/wait';\n")
	b.Write(dir+"/data/names.json", `["basket", "search", "größe"]`)
	for _, at := range []string{filepath.Join(dir, "out"), "out"} { // it writes to out/ of wherever the user is
		b.try(os.MkdirAll(filepath.Join(b.Dir, at), 0o755))
		b.own(at)
	}
	b.own(dir)
}

// own gives a folder, with all that is in it, to whoever runs ltlab.
func (b *Bench) own(dir string) {
	b.t.Helper()
	if b.user == nil {
		return
	}
	b.try(filepath.WalkDir(filepath.Join(b.Dir, dir), func(p string, _ os.DirEntry, err error) error {
		b.try(err)
		return os.Lchown(p, int(b.user.Uid), int(b.user.Gid))
	}))
}

// mine asserts that files belong to whoever runs ltlab.
func (b *Bench) mine(paths ...string) {
	b.t.Helper()
	want := uint32(os.Getuid())
	if b.user != nil {
		want = b.user.Uid
	}
	for _, p := range paths {
		st, err := os.Lstat(p)
		b.try(err)
		if got := st.Sys().(*syscall.Stat_t).Uid; got != want {
			b.t.Errorf("%s belongs to %d, want %d", p, got, want)
		}
	}
}

// boxes are the containers of runs, running or not, by their run.
func (b *Bench) boxes() printed {
	b.t.Helper()
	return b.docker("ps", "-a", "--no-trunc", "--filter", "label=io.ltlab.home="+b.Home, "--filter", "label=io.ltlab.run", "--format", "{{.Label \"io.ltlab.run\"}}")
}

// box waits for the running container of a run.
func (b *Bench) box(run string) (id string) {
	b.t.Helper()
	b.until("the container of run "+run, limit, func() bool {
		id = b.docker("ps", "-q", "--no-trunc", "--filter", "label=io.ltlab.home="+b.Home, "--filter", "label=io.ltlab.run="+run).String()
		return id != ""
	})
	return id
}

// tidy asserts that runs left no container, and in their folders their records alone, which are the caller's.
func (b *Bench) tidy(runs ...string) {
	b.t.Helper()
	if left := b.boxes(); len(left) > 0 {
		b.t.Errorf("containers of runs %v are left", left)
	}
	for _, run := range runs {
		dir := filepath.Join(b.Home, "runs", run)
		if names := b.entries(dir); !slices.Equal(names, []string{"run.ndjson", "tool.ndjson"}) {
			b.t.Errorf("run %s has %v", run, names)
		}
		b.mine(dir, filepath.Join(dir, "run.ndjson"), filepath.Join(dir, "tool.ndjson"))
	}
}

// inInflux is how many requests of a run the lab's InfluxDB has: the sum over its seconds, and the run's own row.
func (b *Bench) inInflux(run string) (seconds, whole int64) {
	b.t.Helper()
	bucket := b.settings()["INFLUXDB_BUCKET"]
	count := func(window string) (sum int64) {
		out := b.flux(fmt.Sprintf(`from(bucket: %q) |> range(start: -1h) |> filter(fn: (r) => r._measurement == "http_reqs" and r._field == "count" and r.run == %q and r.rollup == "run" and r.window == %q) |> group() |> sum()`,
			bucket, run, window))
		rows, err := csv.NewReader(strings.NewReader(strings.TrimSpace(out))).ReadAll()
		b.try(err)
		for _, row := range rows[min(1, len(rows)):] {
			n, err := strconv.ParseFloat(row[slices.Index(rows[0], "_value")], 64)
			b.try(err)
			sum += int64(n)
		}
		return sum
	}
	return count("second"), count("run")
}

// agree asserts that a run is whole, and that k6, its record, the target and InfluxDB count the same.
func (b *Bench) agree(run string, asked int64) runDoc {
	b.t.Helper()
	doc := b.Show(run)
	if err := doc.whole(asked); err != nil {
		b.t.Error(err)
	}
	if seconds, whole := b.inInflux(run); seconds != asked || whole != asked {
		b.t.Errorf("run %s: InfluxDB has %d requests by the second and %d in all, want %d", run, seconds, whole, asked)
	}
	return doc
}

// fields are the names in a document, as paths. What stands in a list, and what is keyed by data, is not looked into.
func fields(v any, path string, into map[string]bool) {
	m, ok := v.(map[string]any)
	if into[path] = true; !ok || slices.Contains([]string{".summary.codes", ".summary.trends", ".ledger.sinks"}, path) {
		return
	}
	for name, value := range m {
		fields(value, path+"."+name, into)
	}
}

// TestTheSameProjectGivesTheSameEverywhere runs one project in the lab's network, beside it, and without it.
func TestTheSameProjectGivesTheSameEverywhere(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	b.project("shop")
	api, inside := b.reachable()
	before := int64(0)
	names := map[string]map[string]bool{}
	docs := map[string]runDoc{}
	for place, args := range map[string][]string{
		"embedded": {"--engine", "embedded", "-e", "BASE_URL=" + api.URL},
		"docker":   {"--runner", "docker", "-e", "BASE_URL=" + inside},
		"host":     {"--runner", "host", "-e", "BASE_URL=" + api.URL},
	} {
		o := b.OK(append([]string{"k6", "-p", "shop", "-s", "main.js", "--id", place, "--json"}, args...)...)
		var all map[string]any
		b.document(o, &all)
		names[place] = map[string]bool{}
		fields(all, "", names[place])
		asked := api.count() - before
		before = api.count()
		doc := b.Show(place)
		if err := doc.whole(asked); err != nil || asked != 600 {
			t.Errorf("%s: %v", place, err)
		}
		if want := map[string]string{"embedded": "embedded", "docker": "docker", "host": "docker"}[place]; fmt.Sprint(all["engine"]) != want {
			t.Errorf("%s ran on engine %v, want %s", place, all["engine"], want)
		}
		seconds, whole := b.inInflux(place)
		if want := map[bool]int64{false: asked}[place == "embedded"]; seconds != want || whole != want {
			t.Errorf("%s: InfluxDB has %d requests by the second and %d in all, want %d", place, seconds, whole, want)
		}
		if d := doc.Summary.Duration; d == nil || d.Count != asked {
			t.Errorf("%s: latency %+v", place, d)
		}
		docs[place] = doc
	}
	for _, place := range []string{"docker", "host"} {
		for name := range names[place] {
			if !names["embedded"][name] && name != ".ledger.sinks" {
				t.Errorf("%s has %s, embedded has not", place, name)
			}
		}
		for name := range names["embedded"] {
			if !names[place][name] {
				t.Errorf("embedded has %s, %s has not", name, place)
			}
		}
		mine, other := docs[place].Summary.Duration, docs["embedded"].Summary.Duration
		for _, c := range [][2]float64{{mine.P50, other.P50}, {mine.P95, other.P95}} {
			if c[0] > 5*c[1] || c[1] > 5*c[0] {
				t.Errorf("%s measures %v ms, embedded %v ms", place, c[0], c[1])
			}
		}
	}
	var start struct {
		Start struct{ Binary string }
	}
	line, _, _ := strings.Cut(string(b.read(b.run("docker", "run.ndjson"))), "\n")
	b.try(json.Unmarshal([]byte(line), &start))
	if id := b.docker("image", "inspect", "--format", "{{.Id}}", "ltlab/k6").String(); start.Start.Binary != "ltlab/k6@"+id {
		t.Errorf("the record says that %q ran, want ltlab/k6@%s", start.Start.Binary, id)
	}
	b.tidy("docker")
	b.leftNothing()
}

// TestFilesOfAProjectLandWhereTheUserLooks does it as root and as somebody else.
func TestFilesOfAProjectLandWhereTheUserLooks(t *testing.T) {
	for who, be := range map[string]func(*Bench){"as root": func(b *Bench) { b.useEngine() }, "as somebody else": (*Bench).asUser} {
		t.Run(who, func(t *testing.T) {
			b := newBench(t)
			be(b)
			b.onEngine()
			const dir = "my tests (ü)"
			b.project(dir)
			api, inside := b.reachable()
			home := b.Dir
			b.Dir = filepath.Join(home, dir) // the user is there
			o := b.OK("k6", "-p", ".", "-s", "main.js", "--id", "reported", "-e", "BASE_URL="+inside, "--", "-o", "csv=samples.csv", "--summary-export=export.json")
			for name, want := range map[string]string{"out/report.html": "<p>600 requests</p>", "summary.txt": "ü", "samples.csv": "metric_name,", "export.json": "{"} {
				path := filepath.Join(b.Dir, name)
				if got := string(b.read(path)); !strings.HasPrefix(got, want) {
					t.Errorf("%s begins with %.40q", name, got)
				}
				b.mine(path)
				b.said(o.Stdout, path)
			}
			b.agree("reported", api.count())
			b.tidy("reported")
			// what is there is replaced, and without -p the folder is found
			b.Write("out/report.html", strings.Repeat("old", 1000))
			b.own(".")
			b.Dir = home
			b.OK("k6", "-s", dir+"/main.js", "--id", "again", "-e", "BASE_URL="+inside)
			if _, err := os.Stat(filepath.Join(home, "summary.txt")); err != nil {
				t.Errorf("files belong to where the user is: %v", err)
			}
			b.tidy("again")
			b.leftNothing()
		})
	}
}

// inNamespace runs ltlab where the mounts of a script, and they alone, are seen by nobody else. $1 is the working folder, $2
// the home, $3 a folder that is kept.
func (b *Bench) inNamespace(script string, args ...string) Output {
	b.t.Helper()
	keep, err := os.MkdirTemp(filepath.Dir(b.Home), "keep-")
	b.try(err)
	all := []string{"-m", "--propagation", "private", "sh", "-ec", `dir=$1 home=$2 keep=$3 ltlab=$4; shift 4; ` + script, "sh", b.Dir, b.Home, keep, b.ltlab}
	return b.start("unshare", append(all, args...)...).Wait()
}

// TestAProjectThatTheEngineDoesNotSeeIsCopied runs a scenario through mounts that ltlab and the engine see differently.
func TestAProjectThatTheEngineDoesNotSeeIsCopied(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("mounts of one's own need root: run these tests as root")
	}
	for name, c := range map[string]struct {
		mounted       func(*Bench) // for everybody
		before, after string       // for ltlab alone
	}{
		"the engine sees an empty tmpfs over it": {func(b *Bench) {
			b.try(syscall.Mount("tmpfs", filepath.Join(b.Dir, "in/shop"), "tmpfs", 0, "size=1m"))
			b.t.Cleanup(func() { _ = syscall.Unmount(filepath.Join(b.Dir, "in/shop"), 0) })
		}, `umount $dir/in/shop`, ""},
		"the engine sees an empty folder":               {nil, `mv $dir/in/shop $keep; mkdir $dir/in/shop; mount -t tmpfs tmpfs $dir/in/shop; cp -a $keep/shop/. $dir/in/shop`, ""},
		"the engine has no such folder":                 {nil, `mv $dir/in/shop $keep; mount -t tmpfs tmpfs $dir/in; mv $keep/shop $dir/in`, ""},
		"the engine sees another scenario of that name": {nil, `cp -a $dir/in/shop $keep; echo 'throw new Error("another one")' >$dir/in/shop/main.js; mount --bind $keep/shop $dir/in/shop`, ""},
		"the engine does not see the run's folder":      {nil, `mkdir -p $home/runs; mount -t tmpfs tmpfs $home/runs`, `cp -a $home/runs/. $keep; umount $home/runs; cp -a $keep/. $home/runs`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.onEngine()
			b.project("in/shop")
			api, inside := b.reachable()
			if c.mounted != nil {
				c.mounted(b)
			}
			o := b.inNamespace(c.before+`; $ltlab "$@"; `+c.after, "k6", "-p", "in/shop", "-s", "main.js", "--id", "copied", "-e", "BASE_URL="+inside)
			if o.Exit != 0 {
				t.Fatalf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
			}
			b.said(o.Stderr, "shop is copied into the container: the Docker engine does not share")
			if api.count() != 600 {
				t.Errorf("%d requests came", api.count())
			}
			b.agree("copied", api.count())
			b.tidy("copied")
			if got := string(b.read(filepath.Join(b.Dir, "summary.txt"))); got != "ü" {
				t.Errorf("summary.txt holds %q", got)
			}
			b.leftNothing()
		})
	}
}

// TestAnAPIOnThisMachineIsNamedBeforeTheRun meets target-on-localhost in all its forms, and both ways out.
func TestAnAPIOnThisMachineIsNamedBeforeTheRun(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	b.project("shop")
	api := newTarget(t)
	b.Write("fixed.js", "import http from 'k6/http';\nexport default () => { http.get(`${__ENV.BASE_URL || '"+api.URL+"'}/`); };\n")
	shell := b.vars
	for _, args := range [][]string{
		{"-p", "shop", "-s", "main.js", "-e", "BASE_URL=" + api.URL},
		{"-p", "shop", "-s", "main.js", "-e", "BASE_URL=" + strings.Replace(api.URL, "127.0.0.1", "localhost", 1)},
		{"-s", "fixed.js"},
		{"-p", "shop", "-s", "main.js"},
		{"-s", "fixed.js", "--", "-e", "BASE_URL=" + api.URL},
	} {
		b.vars = shell
		if len(args) == 4 && args[0] == "-p" {
			b.vars = append(slices.Clone(shell), "BASE_URL="+api.URL)
		}
		b.problem(b.Ltlab(append([]string{"k6"}, args...)...), "target-on-localhost", 15, "--runner host", "host.docker.internal")
	}
	b.vars = shell
	if b.nothingMade(); api.count() > 0 {
		t.Errorf("%d requests came", api.count())
	}
	b.OK("k6", "-p", "shop", "-s", "main.js", "--id", "beside", "--runner", "host", "-e", "BASE_URL="+api.URL)
	b.agree("beside", api.count())

	open, inside := b.reachable()
	b.vars = append(slices.Clone(shell), "BASE_URL="+inside) // the shell's own counts in a container, too
	b.OK("k6", "-p", "shop", "-s", "main.js", "--id", "within")
	b.agree("within", open.count())
	b.vars = shell
	b.OK("k6", "-s", "smoke.js", "--id", "toy", "--runner", "docker", "-e", "BASE_URL="+b.service("toy-api")) // an address of this machine, which is translated
	b.tidy("within", "toy")
	b.leftNothing()
}

// TestTwoProjectsAtOnceDoNotMix runs two projects with scenarios of the same name.
func TestTwoProjectsAtOnceDoNotMix(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	apis, inside := map[string]*target{}, map[string]string{}
	var running []*Process
	for _, name := range []string{"shop", "bank"} {
		b.project(name)
		apis[name], inside[name] = b.reachable()
	}
	for name, n := range map[string]string{"shop": "900", "bank": "1300"} {
		running = append(running, b.Start("k6", "-p", name, "-s", "main.js", "--id", "of-"+name, "-e", "ITERATIONS="+n, "-e", "BASE_URL="+inside[name]))
	}
	for _, p := range running {
		if o := p.Wait(); o.Exit != 0 {
			t.Errorf("%s: exit %d\n%s", o.Command, o.Exit, o.Stderr)
		}
	}
	for name, n := range map[string]int64{"shop": 900, "bank": 1300} {
		doc := b.agree("of-"+name, apis[name].count())
		if doc.Project != name || doc.Summary.Requests != n {
			t.Errorf("run of %s: project %q, %d requests", name, doc.Project, doc.Summary.Requests)
		}
		bucket := b.settings()["INFLUXDB_BUCKET"]
		for _, c := range []struct{ project, op string }{{name, "=="}, {name, "!="}} {
			out := b.flux(fmt.Sprintf(`from(bucket: %q) |> range(start: -1h) |> filter(fn: (r) => r._measurement == "http_reqs" and r._field == "count" and r.run == "of-%s" and r.project %s %q) |> group() |> count()`, bucket, name, c.op, c.project))
			if strings.Contains(out, "_value") != (c.op == "==") {
				t.Errorf("rows of run of-%s with project %s %q:\n%s", name, c.op, c.project, out)
			}
		}
	}
	b.tidy("of-shop", "of-bank")
	b.leftNothing()
}

// TestNoSecretShowsInARunsContainer looks at a run from outside, as `docker inspect` and `ps` do.
func TestNoSecretShowsInARunsContainer(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	b.Scenario("paced.js")
	_, inside := b.reachable()
	p := b.Start("k6", "-s", "paced.js", "--id", "seen", "-e", "LENGTH=4s", "-e", "TOKEN=only-for-the-scenario", "-e", "BASE_URL="+inside)
	id := b.box("seen")
	text := strings.Join(b.docker("inspect", id), " ") + string(b.read("/proc/"+b.docker("inspect", "--format", "{{.State.Pid}}", id).String()+"/cmdline"))
	for name, value := range b.settings() {
		if (strings.Contains(name, "TOKEN") || strings.Contains(name, "PASSWORD")) && value != "" && strings.Contains(text, value) {
			t.Errorf("%s shows", name)
		}
	}
	if strings.Contains(text, "only-for-the-scenario") {
		t.Error("a variable of the scenario shows")
	}
	for _, c := range b.inspect(b.Home) {
		if c.ID != id {
			continue
		}
		if c.Config.User == "" || strings.HasPrefix(c.Config.User, "0") || c.HostConfig.Privileged || len(c.HostConfig.PortBindings) > 0 {
			t.Errorf("it runs as %q, with %+v", c.Config.User, c.HostConfig)
		}
		for _, m := range c.Mounts {
			if strings.Contains(m.Source, "docker.sock") {
				t.Error("it has Docker's socket")
			}
		}
	}
	if o := p.Wait(); o.Exit != 0 {
		t.Errorf("exit %d\n%s", o.Exit, o.Stderr)
	}
	b.leftNothing()
}
