package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/problem"
)

// network are the checks of ports and addresses.
func (p *Patient) network() []Check {
	return []Check{
		{ID: "loopback", Title: "this machine reaches itself by 127.0.0.1 and as localhost", Run: p.loopback},
		{ID: "ports", Title: "the lab's ports are its own, or free", Run: p.ports},
		{ID: "proxy", Title: "no proxy stands between the load and its target", Needs: []string{"settings"}, Run: p.proxy},
		{ID: "target", Title: "the target accepts connections from where the load starts", Needs: []string{"settings"}, Run: p.target},
	}
}

func (p *Patient) loopback(ctx context.Context) Result {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fails("", "nothing can listen on 127.0.0.1: "+err.Error(), step("bring the interface up", "sudo ip link set lo up"))
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost"} {
		c, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "tcp4", net.JoinHostPort(host, port))
		if err != nil {
			return fails("", fmt.Sprintf("%s leads elsewhere: %v", host, err), step("give it back its line", "echo '127.0.0.1 localhost' | sudo tee -a /etc/hosts"))
		}
		c.Close()
	}
	return pass("127.0.0.1 and localhost")
}

func (p *Patient) proxy(context.Context) Result {
	var environ []string
	for _, name := range append([]string{"NO_PROXY"}, address.Proxies...) {
		for _, name := range []string{name, strings.ToLower(name)} {
			environ = append(environ, name+"="+p.Getenv(name))
		}
	}
	set := address.Through("", environ)
	if len(set) == 0 {
		return pass("none is set")
	}
	text := strings.Join(set, ", ") + " set"
	target := p.aim().Value
	host := address.Host(target)
	switch {
	case host == "":
		return pass("%s; no target is set, and a lab's own services are never asked through one", text)
	case address.Direct(target, environ):
		return pass("%s, and not used for %s", text, host)
	}
	return warn(fmt.Sprintf("%s: a run on this machine calls %s through it, and measures it, too", text, host),
		step("leave the target out of it", "export NO_PROXY="+problem.Word(host)))
}

// aim is the target of scenarios where the user is.
func (p *Patient) aim() config.Value {
	s, err := p.Settings()
	if err != nil {
		return config.Value{}
	}
	return s.Value(config.BaseURL)
}

func (p *Patient) target(ctx context.Context) Result {
	v := p.aim()
	if v.Value == "" {
		return skip("no target is set: shipped scenarios call the lab's toy API, others what they name themselves")
	}
	u, err := url.Parse(v.Value)
	at := address.HostPort(v.Value)
	if err != nil || at == "" {
		return skip("the target of %s is no address", v.Origin)
	}
	local := address.Loopback(u.Hostname())
	if p.Offline && !local && u.Hostname() != insideHost {
		return skip("%s may be on another machine, and --offline leaves those alone", u.Host)
	}
	if _, _, err := p.where(ctx); err != nil {
		return skip("it is not known where the load would start, for the lab's engine does not answer")
	}
	boxed, _ := p.on(ctx, "docker")
	if boxed && local && !p.toy(ctx, v.Value) {
		return p.onLocalhost(v, u)
	}
	if boxed && !local {
		return p.reachInside(ctx, v, at)
	}
	c, err := (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, "tcp", at)
	if err != nil {
		return fails("target-unreachable", fmt.Sprintf("%s, from %s: %v", at, v.Origin, err), p.retarget(v, "")...)
	}
	c.Close()
	return pass("%s (from %s) accepts connections from this machine", at, v.Origin)
}

// insideHost is what a container of the lab calls this machine.
const insideHost = "host.docker.internal"

// toy says whether a target is the lab's own toy API, which runs translate.
func (p *Patient) toy(ctx context.Context, target string) bool {
	_, st, err := p.where(ctx)
	return err == nil && address.Same(st.URL(engine.ToyAPI), target)
}

// onLocalhost is a target that is the container itself for whoever runs in one.
func (p *Patient) onLocalhost(v config.Value, u *url.URL) Result {
	moved := *u
	_, port, _ := net.SplitHostPort(address.HostPort(v.Value))
	moved.Host = net.JoinHostPort(insideHost, port)
	return fails("target-on-localhost", fmt.Sprintf("%s, from %s: the lab runs on Docker, and inside k6's container %s is the container itself", u.Host, v.Origin, u.Hostname()),
		append(p.retarget(v, moved.String()), step("or run the tool on this machine", p.cmd("k6 --runner host -s FILE")))...)
}

// retarget is how to set another target, or none, where the present one was set.
func (p *Patient) retarget(v config.Value, to string) []problem.Step {
	say := "take the target back, or start what should listen there"
	if to != "" {
		say = "name this machine as containers do"
	}
	switch v.Origin.From {
	case config.FromLab:
		return []problem.Step{step(say, p.cmd("configure set "+problem.Word(config.BaseURL+"="+to)))}
	case config.FromEnviron:
		if to == "" {
			return []problem.Step{step(say, "unset "+config.BaseURL)}
		}
		return []problem.Step{step(say, "export "+config.BaseURL+"="+problem.Word(to))}
	}
	if to == "" {
		return []problem.Step{step("start what should listen there, or mend target in "+v.Origin.At, "")}
	}
	return []problem.Step{step(say+": in "+v.Origin.At, "target: "+to)}
}

// reachInside connects to an address from a container of the lab's network, as a run does before it begins.
func (p *Patient) reachInside(ctx context.Context, v config.Value, at string) Result {
	all, err := p.Docker.Images(ctx)
	if err != nil {
		return of(err)
	}
	i := slices.IndexFunc(all, func(img docker.Image) bool { return img.Service == engine.K6 })
	if i < 0 || !all[i].Local {
		return skip("k6's image is not here to try it from: ltlab rebuild k6")
	}
	box, err := p.Docker.Create(ctx, engine.Job{Service: engine.K6, Image: all[i].ID, Args: []string{"version"}, Env: []string{"LTLAB_REACH=" + at}})
	if err != nil {
		return of(err)
	}
	defer func() { _ = box.Remove(context.WithoutCancel(ctx)) }()
	var said bytes.Buffer
	if err := box.Start(ctx, io.Discard, &said); err != nil {
		return of(err)
	}
	end, err := box.Wait(ctx)
	if err != nil {
		return of(err)
	}
	const unreachable = 69 // of ltlab-k6
	switch end.Code {
	case 0:
		return pass("%s (from %s) accepts connections from a container of the lab", at, v.Origin)
	case unreachable:
		_, why, _ := strings.Cut(firstLine(said.String()), "unreachable: ")
		return fails("target-unreachable", fmt.Sprintf("%s, from %s, as seen from a container of the lab: %s", at, v.Origin, why), p.retarget(v, "")...)
	}
	return Result{Status: Warn, Evidence: fmt.Sprintf("k6's container ended with %d before it could try: %s", end.Code, firstLine(said.String())),
		Fix: []problem.Step{step("make its image anew", p.cmd("rebuild k6"))}}
}
