package docker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/ltlab/ltlab/compose"
)

// Machine is the computer that runs the containers, this one or a virtual one on it, as the engine describes it.
type Machine struct {
	Host     string // the engine's address
	Engine   string // its version
	API      string
	System   string // "Debian GNU/Linux 12", "Docker Desktop"
	Kernel   string
	Arch     string
	Driver   string // of images and containers
	Root     string // the engine's folder
	CPUs     int
	Memory   int64 // bytes
	Rootless bool
	Clock    time.Time     // of its system
	Ahead    time.Duration // of this machine's clock, from the middle of the question
	Within   time.Duration // how far off Ahead may be
}

// Machine asks the engine what it runs on.
func (e *Engine) Machine(ctx context.Context) (*Machine, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	got, err := c.API.Info(ctx, client.InfoOptions{})
	took := time.Since(asked)
	if err != nil {
		return nil, e.explain("describe itself", err)
	}
	m := &Machine{
		Host: c.Host, Engine: got.Info.ServerVersion, System: got.Info.OperatingSystem, Kernel: got.Info.KernelVersion, Arch: got.Info.Architecture,
		Driver: got.Info.Driver, Root: got.Info.DockerRootDir, CPUs: got.Info.NCPU, Memory: got.Info.MemTotal, Within: took / 2,
	}
	for _, o := range got.Info.SecurityOptions {
		m.Rootless = m.Rootless || strings.Contains(o, "rootless")
	}
	if m.Clock, err = time.Parse(time.RFC3339Nano, got.Info.SystemTime); err == nil {
		m.Ahead = m.Clock.Sub(asked.Add(took / 2).Round(0)) // wall against wall
	}
	if _, m.API, err = e.Version(ctx); err != nil {
		return nil, err
	}
	return m, nil
}

// Condition is how the container of a service is.
type Condition struct {
	Service  string
	State    string // as Docker calls it; "gone" for one that was started and is no more
	Exit     int    // of one that has ended
	OOM      bool
	Restarts int
	Port     int    // published on 127.0.0.1, 0: none
	Image    string // that it was made of, its id
	Log      string // the last lines of one that does not run
}

// Runs says whether the container runs.
func (c *Condition) Runs() bool { return c.State == string(container.StateRunning) }

// Conditions looks at the containers of the lab's services, those that should run among them, in the order of Services.
func (e *Engine) Conditions(ctx context.Context) ([]Condition, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.find(ctx, string(e.Home))
	if err != nil {
		return nil, e.explain("list the lab's containers", err)
	}
	wanted := map[string]bool{}
	for _, n := range e.remembered().Services {
		wanted[n] = true
	}
	var out []Condition
	for _, n := range e.Services() {
		v := all.service(n)
		if v == nil {
			if wanted[n] {
				out = append(out, Condition{Service: n, State: "gone"})
			}
			continue
		}
		one := Condition{Service: n, State: string(v.State), Port: published(v), Image: v.ImageID}
		got, err := c.API.ContainerInspect(ctx, v.ID, client.ContainerInspectOptions{})
		if err != nil {
			return nil, e.explain("look at the container of "+n, err)
		}
		one.Restarts = got.Container.RestartCount
		if s := got.Container.State; s != nil {
			one.Exit, one.OOM = s.ExitCode, s.OOMKilled
		}
		if !one.Runs() {
			one.Log = c.tail(ctx, v.ID, 5)
		}
		out = append(out, one)
	}
	return out, nil
}

// Orphan is a container that nobody will ever use again: of a run whose ltlab is gone, or of a lab whose folder is.
type Orphan struct {
	ID     string
	Name   string
	Why    string
	Since  time.Time
	Unsure bool // what its lab's folder was in is not there either, as when a file system is not mounted; Discard leaves it alone
}

// young is what may still be in somebody's hands.
const young = time.Minute

// Orphans finds them. What runs, and what was made a minute ago, is never among them.
func (e *Engine) Orphans(ctx context.Context, alive func(run string) bool) ([]Orphan, error) {
	c, err := e.conn(ctx)
	if err != nil {
		return nil, err
	}
	labs := make(client.Filters).Add("label", compose.LabLabel).Add("label", compose.HomeLabel)
	got, err := c.API.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labs})
	if err != nil {
		return nil, e.explain("list the labs' containers", err)
	}
	var out []Orphan
	for _, v := range got.Items {
		if o, ok := e.orphan(v, alive); ok {
			out = append(out, o)
		}
	}
	return out, nil
}

// orphan says why nobody will use a container again, if that is so.
func (e *Engine) orphan(v container.Summary, alive func(run string) bool) (o Orphan, ok bool) {
	home, run := v.Labels[compose.HomeLabel], v.Labels[compose.RunLabel]
	o = Orphan{ID: v.ID, Name: strings.TrimPrefix(strings.Join(v.Names[:min(1, len(v.Names))], ""), "/"), Since: time.Unix(v.Created, 0)}
	_, err := os.Stat(home)
	switch {
	case v.State == container.StateRunning, time.Since(o.Since) < young:
		return o, false
	case errors.Is(err, os.ErrNotExist):
		o.Why = "its lab's folder " + home + " is gone"
		if _, err := os.Stat(filepath.Dir(home)); err != nil {
			o.Unsure, o.Why = true, "its lab's folder "+home+" is not there, nor is what that was in"
		}
		return o, true
	case home == string(e.Home) && run != "" && !alive(run):
		o.Why = "run " + run + " was killed"
		return o, true
	}
	return o, false
}

// Discard removes orphans. A container that is not there any more is fine; no volume with a name goes.
func (e *Engine) Discard(ctx context.Context, all []Orphan) error {
	c, err := e.conn(ctx)
	if err != nil {
		return err
	}
	var left objects
	for _, o := range all {
		if !o.Unsure {
			left.containers = append(left.containers, container.Summary{ID: o.ID})
		}
	}
	if err := c.remove(ctx, left); err != nil {
		return e.explain("remove containers that nobody uses", err)
	}
	return nil
}

// ComposeFile is the Compose project of the services that the lab runs, or would run, as ltlab makes it. It names secrets
// and may hold some: whoever shows it takes them out.
func (e *Engine) ComposeFile(ctx context.Context, ports map[string]int) ([]byte, error) {
	services := e.remembered().Services
	if len(services) == 0 {
		services = e.Services()
	}
	p, err := e.project(ctx, services, ports)
	if err != nil {
		return nil, err
	}
	return p.MarshalYAML()
}

// Tail is the last lines of a service's output, "" when there are none.
func (e *Engine) Tail(ctx context.Context, service string, lines int) string {
	c, err := e.conn(ctx)
	if err != nil {
		return ""
	}
	return c.logsOf(string(e.Home))(ctx, service, lines)
}

// HolderOf names who has a TCP or UDP port: a lab or a container that publishes it, else the process that was seen.
func (e *Engine) HolderOf(ctx context.Context, port int, process string) string {
	c, err := e.conn(ctx)
	if err != nil {
		return process
	}
	return c.holder(ctx, port, process)
}
