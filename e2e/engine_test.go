//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newDockerBench is a bench whose ltlab has the machine's Docker engine.
func newDockerBench(t *testing.T) *Bench {
	t.Helper()
	b := newBench(t)
	b.useEngine()
	return b
}

// useEngine gives ltlab the machine's Docker engine. Whatever its labs leave there is removed.
func (b *Bench) useEngine() {
	b.t.Helper()
	b.vars, b.engine = append(b.vars, "DOCKER_HOST="+engineHost()), true
	b.t.Cleanup(func() {
		b.endAll() // nothing may go on making things
		for _, home := range b.homes() {
			b.docker("ps", "-aq", "--filter", "label=io.ltlab.home="+home).each(func(id string) { b.docker("rm", "-f", "-v", id) })
			b.docker("network", "ls", "-q", "--filter", "label=io.ltlab.home="+home).each(func(id string) { b.docker("network", "rm", id) })
			b.docker("volume", "ls", "-q", "--filter", "label=io.ltlab.home="+home).each(func(id string) { b.docker("volume", "rm", id) })
		}
	})
}

// several gives this bench two labs side by side: "lab", which is its own, and one of that name.
func (b *Bench) several(other string) {
	b.t.Helper()
	data := filepath.Join(filepath.Dir(b.Home), "data")
	b.vars = append(b.vars, "LTLAB_HOME=", "XDG_DATA_HOME="+data)
	b.Home, b.labs = filepath.Join(data, "ltlab", "lab"), []string{filepath.Join(data, "ltlab", other)}
}

func engineHost() string {
	if h := os.Getenv("DOCKER_HOST"); h != "" {
		return h
	}
	return "unix:///var/run/docker.sock"
}

// homes are the folders of this bench's labs.
func (b *Bench) homes() []string { return append([]string{b.Home}, b.labs...) }

// printed is a program's output by lines.
type printed []string

func (p printed) each(do func(line string)) {
	for _, l := range p {
		do(l)
	}
}

func (p printed) String() string { return strings.Join(p, "\n") }

// docker runs Docker's own command line, which must not fail.
func (b *Bench) docker(args ...string) printed {
	b.t.Helper()
	cmd := exec.Command("docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+engineHost())
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return printed(strings.Fields(string(out)))
}

// container waits for the running container of a service of the lab in that home.
func (b *Bench) container(home, service string) (id string) {
	b.t.Helper()
	b.until("a container of "+service, limit, func() bool {
		ids := b.docker("ps", "-q", "--no-trunc", "--filter", "label=io.ltlab.home="+home, "--filter", "label=com.docker.compose.service="+service)
		if len(ids) > 0 {
			id = ids[0]
		}
		return id != ""
	})
	return id
}

// left is what the engine has of the lab in that home: kinds and names.
func (b *Bench) left(home string) (all []string) {
	b.t.Helper()
	filter := "label=io.ltlab.home=" + home
	b.docker("ps", "-a", "--format", "{{.Names}}", "--filter", filter).each(func(n string) { all = append(all, "container "+n) })
	b.docker("network", "ls", "--format", "{{.Name}}", "--filter", filter).each(func(n string) { all = append(all, "network "+n) })
	b.docker("volume", "ls", "--format", "{{.Name}}", "--filter", filter).each(func(n string) { all = append(all, "volume "+n) })
	return all
}

// inspected is what matters of `docker inspect`.
type inspected struct {
	ID     string `json:"Id"`
	Name   string
	Path   string
	Args   []string
	Config struct {
		User       string
		Env        []string
		Cmd        []string
		Entrypoint []string
		Image      string
		Labels     map[string]string
	}
	HostConfig struct {
		PortBindings map[string][]struct{ HostIP, HostPort string }
		Privileged   bool
	}
	Mounts []struct{ Type, Source, Destination string }
}

func (b *Bench) inspect(home string) (all []inspected) {
	b.t.Helper()
	ids := b.docker("ps", "-aq", "--filter", "label=io.ltlab.home="+home)
	if len(ids) == 0 {
		return nil
	}
	cmd := exec.Command("docker", append([]string{"inspect"}, ids...)...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+engineHost())
	out, err := cmd.Output()
	b.try(err)
	b.try(json.Unmarshal(out, &all))
	return all
}

// labStatus is what `ltlab start` and `ltlab status` print.
type labStatus struct {
	Lab      string
	Engine   string
	State    string
	Services []struct{ Name, State, URL string }
}

func (b *Bench) status(o Output) (s labStatus) {
	b.t.Helper()
	if err := json.Unmarshal([]byte(o.Stdout), &s); err != nil {
		b.t.Fatalf("%s printed no document: %v\n%s\n%s", o.Command, err, o.Stdout, o.Stderr)
	}
	return s
}

func (s labStatus) url(service string) string {
	i := slices.IndexFunc(s.Services, func(v struct{ Name, State, URL string }) bool { return v.Name == service })
	if i < 0 {
		return ""
	}
	return s.Services[i].URL
}

// startDocker starts a lab without Grafana, which cannot be had where these tests run.
func (b *Bench) startDocker(args ...string) labStatus {
	b.t.Helper()
	o := b.OK(append([]string{"start", "--engine", "docker", "--without", "grafana", "--json"}, args...)...)
	return b.status(o)
}

// soon is how long the engine may take for what it does at once.
const soon = time.Minute
