//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// containers are the ids of a lab's containers by service; a service that has two is a failure.
func (b *Bench) containers() map[string]string {
	b.t.Helper()
	ids := map[string]string{}
	for _, c := range b.inspect(b.Home) {
		service := c.Config.Labels["com.docker.compose.service"]
		if ids[service] != "" {
			b.t.Errorf("%s has two containers", service)
		}
		ids[service] = c.ID
	}
	return ids
}

// one asserts that the lab is healthy and has one of everything.
func (b *Bench) one() {
	b.t.Helper()
	if st := b.status(b.OK("status", "--json")); st.State != "healthy" || st.Engine != "docker" || len(st.Services) != 3 {
		b.t.Errorf("the lab is %+v", st)
	}
	left := b.left(b.Home)
	slices.Sort(left)
	kinds := map[string]int{}
	for _, l := range left {
		kind, _, _ := strings.Cut(l, " ")
		kinds[kind]++
	}
	if len(b.containers()) != 3 || kinds["container"] != 3 || kinds["network"] != 1 || kinds["volume"] != 2 {
		b.t.Errorf("the engine has %v", left)
	}
}

func engineDiesStarting(t *testing.T, b *Bench) Result {
	p := b.proxied()
	var r Result
	for _, step := range []string{"created influxdb", "started influxdb", "started telegraf"} {
		held := p.hold(step)
		start := b.Start(onDocker()...)
		p.wait(held)
		p.cut()
		o := start.Wait()
		r = b.problem(o, "engine-lost", 10)
		b.said(o.Stderr, "could not be removed")
		p.mend()
	}
	if len(b.left(b.Home)) == 0 {
		t.Error("nothing was half made, so nothing is shown")
	}
	b.OK(onDocker()...)
	b.volumes = true
	b.one()
	p.cut()
	for _, args := range [][]string{{"status"}, onDocker(), {"stop"}, {"k6", "-s", "smoke.js"}} {
		b.problem(b.Ltlab(args...), "engine-not-found", 10, "no Docker engine answers at unix://")
	}
	p.mend()
	b.one()
	r.Data = "what was half made stays while the engine is away; the next start makes a healthy lab of it, and nothing is there twice; a lab that runs is found again"
	return r
}

func twoStartsDocker(t *testing.T, b *Bench) Result {
	b.useEngine()
	one, two := b.Start(onDocker()...), b.Start(onDocker()...)
	first, second := one.Wait(), two.Wait()
	b.volumes = true
	b.one()
	for _, o := range []Output{first, second} {
		if o.Exit != 0 || !strings.Contains(o.Stdout, "docker · healthy") || !strings.Contains(o.Stdout, b.service("influxdb")) {
			t.Errorf("exit %d\n%s\n%s", o.Exit, o.Stdout, o.Stderr)
		}
	}
	if n := strings.Count(first.Stderr+second.Stderr, "set up for admin"); n != 1 {
		t.Errorf("set up %d times\n%s\n%s", n, first.Stderr, second.Stderr)
	}
	return Result{Message: b.said(second.Stdout, "docker · healthy"), Exit: 0,
		Data: "both wait for one lab and name the same addresses; every service has one container, InfluxDB was set up once"}
}

func ctrlCDocker(t *testing.T, b *Bench) Result {
	p := b.proxied()
	var r Result
	interrupt := func(start *Process) {
		t.Helper()
		start.Signal(syscall.SIGINT)
		r = b.problem(start.Wait(), "interrupted", 130)
	}
	for _, step := range []string{"created influxdb", "started influxdb", "started telegraf"} {
		held := p.hold(step)
		start := b.Start(onDocker()...)
		p.wait(held)
		interrupt(start)
		b.nothingStarted()
	}
	registry, err := net.Listen("tcp4", "127.0.0.1:0") // one that never answers
	b.try(err)
	defer registry.Close()
	b.try(registry.(*net.TCPListener).SetDeadline(time.Now().Add(limit)))
	b.vars = append(b.vars, "LTLAB_IMAGE_TOY_API="+registry.Addr().String()+"/toy-api:1")
	start := b.Start(onDocker()...)
	conn, err := registry.Accept()
	b.try(err)
	defer conn.Close()
	interrupt(start)
	b.nothingStarted()
	b.vars = append(b.vars, "LTLAB_IMAGE_TOY_API=")

	start = b.Start(onDocker()...)
	b.until("InfluxDB being provisioned", limit, func() bool { return b.setUp() })
	interrupt(start)
	b.nothingStarted()

	b.OK(onDocker()...)
	b.volumes = true
	b.keep()
	before := b.containers()
	held := p.hold("listed")
	start = b.Start(onDocker()...)
	p.wait(held)
	interrupt(start)
	b.one()
	if after := b.containers(); !maps.Equal(before, after) {
		t.Errorf("the lab that ran had %v and has %v", before, after)
	}
	b.kept()

	b.docker("rm", "-f", before["telegraf"])
	held = p.hold("started telegraf")
	start = b.Start(onDocker()...)
	p.wait(held)
	interrupt(start)
	delete(before, "telegraf")
	if after := b.containers(); !maps.Equal(before, after) {
		t.Errorf("a start that was to bring Telegraf back left %v of %v", after, before)
	}
	b.OK(onDocker()...)
	b.one()
	r.Data = "nothing is left of a first start, whether an image was being pulled, its first container was just made, InfluxDB just ran, was being set up, or Telegraf just ran; a lab that runs is untouched by Ctrl-C in a second start"
	return r
}

// setUp says whether the starting lab's InfluxDB has its administrator.
func (b *Bench) setUp() bool {
	b.t.Helper()
	ports := b.docker("ps", "--filter", "label=io.ltlab.home="+b.Home, "--filter", "label=com.docker.compose.service=influxdb", "--format", "{{.Ports}}").String()
	at, _, published := strings.Cut(ports, "->")
	if !published {
		return false
	}
	res, err := http.Get("http://" + at + "/api/v2/setup")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var state struct{ Allowed bool }
	return json.NewDecoder(res.Body).Decode(&state) == nil && !state.Allowed
}

func containerRemoved(t *testing.T, b *Bench) Result {
	b.useEngine()
	b.OK(onDocker()...)
	b.volumes = true
	before := b.containers()
	b.docker("rm", "-f", before["telegraf"])
	status := b.Ltlab("status")
	message := b.said(status.Stdout, "telegraf")
	if status.Exit != 13 || !strings.Contains(message, "absent") {
		t.Errorf("status: exit %d\n%s", status.Exit, status.Stdout)
	}
	b.problem(b.Ltlab("k6", "-s", "smoke.js", "--id", "refused"), "lab-unhealthy", 13, "telegraf does not run")
	b.nothingMade()
	b.OK(onDocker()...)
	b.one()
	after := b.containers()
	if after["influxdb"] != before["influxdb"] || after["toy-api"] != before["toy-api"] {
		t.Errorf("the others had %v and have %v", before, after)
	}
	return Result{Message: message, Exit: status.Exit, Data: "`ltlab status` and the gate of a run say so (13); the next start brings it back and leaves the others alone"}
}

func startKilled(t *testing.T, b *Bench) Result {
	p := b.proxied()
	b.killed = true
	kill := func(step string) {
		t.Helper()
		held := p.hold(step)
		start := b.Start(onDocker()...)
		p.wait(held)
		start.Signal(syscall.SIGKILL)
		held.release()
		start.Wait()
		if len(b.left(b.Home)) == 0 {
			t.Error("nothing was half made, so nothing is shown")
		}
	}
	for _, step := range []string{"created influxdb", "started influxdb", "started telegraf"} {
		kill(step)
		b.OK("purge", "--yes")
		b.nothingStarted()
		kill(step)
		b.OK(onDocker()...)
		b.one()
		b.OK("purge", "--yes")
	}
	b.OK(onDocker()...) // one that runs, of which a part is exchanged
	b.vars = append(b.vars, "LTLAB_SCRAPE_URLS=http://127.0.0.1:1/metrics")
	kill("created telegraf")
	b.OK(onDocker()...)
	b.one()
	b.OK("purge", "--yes")
	kill("started influxdb")
	status := b.Ltlab("status")
	message := b.said(status.Stdout, `lab "lab"`)
	b.OK(onDocker()...)
	b.one()
	b.volumes = true
	return Result{Message: message, Exit: status.Exit, Data: "what was half made stays; the next start makes a healthy lab of it, `ltlab purge` removes it, whenever ltlab was killed"}
}
