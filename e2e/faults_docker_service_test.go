//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// image makes an image of nothing but a shell that runs a script, whatever it is called with, and returns its name.
func (b *Bench) image(name, script string) string {
	b.t.Helper()
	shell, err := exec.LookPath("busybox")
	if err != nil {
		b.t.Fatalf("%v: install it (Debian: apt-get install busybox-static)", err)
	}
	root := filepath.Join(b.logs, name)
	b.try(os.MkdirAll(filepath.Join(root, "bin"), 0o755))
	b.try(os.WriteFile(filepath.Join(root, "bin", "busybox"), b.read(shell), 0o755))
	for _, link := range []string{"sh", "sleep", "echo"} {
		b.try(os.Symlink("busybox", filepath.Join(root, "bin", link)))
	}
	b.try(os.WriteFile(filepath.Join(root, "script"), []byte(script), 0o644))
	packed := filepath.Join(b.logs, name+".tar")
	if out, err := exec.Command("tar", "-C", root, "-cf", packed, ".").CombinedOutput(); err != nil {
		b.t.Fatalf("tar: %v\n%s", err, out)
	}
	tag := "ltlab-e2e/" + name + ":" + strings.ToLower(filepath.Base(filepath.Dir(b.Dir)))
	b.docker("import", "--change", `ENTRYPOINT ["/bin/sh", "/script"]`, packed, tag)
	b.t.Cleanup(func() { b.docker("rmi", "-f", tag) }) // before the containers' own cleanup, hence -f
	return tag
}

func imageMissing(t *testing.T, b *Bench) Result {
	b.useEngine()
	none := "127.0.0.1:1/no-influxdb:1"
	b.vars = append(b.vars, "LTLAB_IMAGE_INFLUXDB="+none)
	r := b.problem(b.Ltlab(onDocker()...), "image-missing", 14, none+" (LTLAB_IMAGE_INFLUXDB)", "connection refused")
	b.nothingStarted()
	b.vars = append(b.vars, "LTLAB_IMAGE_GRAFANA=telegraf:1.37.2") // so that only one is missing
	if message := b.startsEmbedded(none + " (LTLAB_IMAGE_INFLUXDB)"); strings.Contains(message, "GRAFANA") {
		t.Errorf("an image that is here is said to be missing: %s", message)
	}
	r.Data = "nothing was started; without `--engine docker` the lab runs embedded and says which image is missing"
	return r
}

func imageUnbuildable(_ *testing.T, b *Bench) Result {
	p := b.proxied()
	p.hide("ltlab/toy-api")
	b.borrow() // the program alone
	r := b.problem(b.Ltlab(onDocker()...), "image-unbuildable", 14, "ltlab/toy-api", "its program is not in", "make images")
	b.nothingStarted()
	b.problem(b.Ltlab("rebuild", "toy-api"), "image-unbuildable", 14, "its program is not in")
	b.vars = append(b.vars, "LTLAB_IMAGE_GRAFANA=telegraf:1.37.2")
	b.startsEmbedded("image ltlab/toy-api cannot be made")
	r.Message = strings.ReplaceAll(r.Message, b.logs, "FOLDER")
	r.Data = "nothing was started; without `--engine docker` the lab runs embedded and says why"
	return r
}

func portBusyDocker(t *testing.T, b *Bench) Result {
	b.useEngine()
	b.several("other")
	held := fmt.Sprintf("8086 is held by %s (pid %d)", filepath.Base(os.Args[0]), os.Getpid())
	if l, err := net.Listen("tcp4", "127.0.0.1:8086"); err == nil {
		defer l.Close()
	} else { // somebody else's: as good, but for the name
		held = "8086 is held by "
	}
	message := b.said(b.OK(onDocker()...).Stderr, held)
	first := b.service("influxdb")
	port := first[strings.LastIndex(first, ":")+1:]
	b.problem(b.Ltlab(onDocker("--lab", "other", "--port", "influxdb="+port)...), "port-in-use", 12,
		"influxdb cannot listen on 127.0.0.1:"+port, `it is held by lab "lab"`)
	if left := b.left(b.labs[0]); len(left) > 0 {
		t.Errorf("the refused start left %v", left)
	}
	b.OK("stop")
	b.OK(onDocker()...)
	if again := b.service("influxdb"); again != first {
		t.Errorf("the replacement was not kept: %s, then %s", first, again)
	}
	b.OK("purge", "--yes")
	return Result{Message: message, Exit: 0,
		Data: "a free port is taken instead, and again at the next start; one that was asked for with `--port` and is another lab's is refused (12), and that lab named"}
}

func serviceExits(_ *testing.T, b *Bench) Result {
	b.useEngine()
	b.vars = append(b.vars, "LTLAB_IMAGE_TOY_API="+b.image("exits", "echo the license has expired >&2\nexit 3\n"))
	r := b.problem(b.Ltlab(onDocker()...), "lab-unhealthy", 13, "toy-api stopped before it was ready", "exited with code 3", "last lines of its log", "the license has expired")
	b.nothingStarted()
	r.Data = "no container, network or volume is left"
	return r
}

func serviceNeverHealthy(_ *testing.T, b *Bench) Result {
	b.useEngine()
	b.vars = append(b.vars, "LTLAB_IMAGE_TOY_API="+b.image("sleeps", "echo waiting for better times\nexec sleep 3600\n"))
	r := b.problem(b.Ltlab(onDocker("--wait-timeout", "5s")...), "lab-unhealthy", 13,
		"toy-api did not become ready in ", `toy-api: waited for "answers GET /health", last saw: `, "waiting for better times")
	b.nothingStarted()
	r.Data = "no container, network or volume is left"
	return r
}

// serviceOOM has the kernel kill a service: told to, it takes memory until there is none.
func serviceOOM(_ *testing.T, b *Bench) Result {
	b.useEngine()
	b.vars = append(b.vars, "LTLAB_IMAGE_TOY_API="+b.image("eats", `
trap 'eat=1' USR1
echo hungry
while [ -z "$eat" ]; do sleep 0.1; done
x=0123456789abcdef
while :; do x=$x$x; done
`))
	p := b.Start(onDocker()...)
	id := b.container(b.Home, "toy-api")
	b.until("the program's first line", soon, func() bool { return len(b.docker("logs", id)) > 0 })
	b.docker("update", "--memory", "24m", "--memory-swap", "24m", id)
	b.docker("kill", "--signal", "USR1", id)
	r := b.problem(p.Wait(), "lab-unhealthy", 13, "toy-api ran out of memory before it was ready", "the kernel killed its container")
	b.nothingStarted()
	r.Data = "no container, network or volume is left"
	return r
}
