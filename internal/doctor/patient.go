package doctor

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/node"
)

// Patient is a lab with all that is around it, as the command line knows it. Nothing here is read before a check asks.
type Patient struct {
	Lab      string
	Named    bool // by --lab, so that commands that are printed need it, too
	Home     config.Home
	Docker   *docker.Engine
	Embedded *embedded.Engine
	Self     string   // ltlab's own file
	Version  string   // ltlab's own
	Path     []string // folders of PATH
	Dir      string   // where the user is
	Getenv   func(string) string
	Offline  bool

	// Settings are all that count where the user is, read without changing anything. Errors are problems.
	Settings func() (config.Sources, error)
	// Project is the ltlab.yaml that holds where the user is; nil: there is none. Errors are problems.
	Project func() (*config.Project, error)
	// Running is the lab on the engine on which it is, or would be, and how it stands.
	Running func(context.Context) (*lab.Lab, *lab.Status, error)
	// K6 is the file of ltlab-k6 on this machine.
	K6 func() (string, error)
	// Artillery is Artillery with its Node on this machine.
	Artillery func(context.Context) (*node.Tool, error)
	// Iterate makes one iteration of k6 where a run would make it, and says where that was.
	Iterate func(context.Context) (string, error)
	// Start makes the lab on Docker what its settings say, as ltlab start: buckets and tokens are made and repaired.
	Start func(context.Context) error
	// Refill makes the store of runs again from their records.
	Refill func(context.Context) error
	// Alive says whether the ltlab that writes a run still lives.
	Alive func(run string) bool
	// Sync reads the projects of linked dashboards anew, as ltlab dashboard sync.
	Sync func(ctx context.Context, folders []string) error

	once    sync.Once
	running struct {
		lab    *lab.Lab
		status *lab.Status
		err    error
	}
}

// where is the lab as it stands, asked once for all checks.
func (p *Patient) where(ctx context.Context) (*lab.Lab, *lab.Status, error) {
	p.once.Do(func() {
		r := &p.running
		r.lab, r.status, r.err = p.Running(context.WithoutCancel(ctx))
	})
	return p.running.lab, p.running.status, p.running.err
}

// noLab is the answer of a check of services where there are none.
const noLab = "no lab is running: ltlab start"

// on says whether the lab runs, or was left running, on that engine; if not, why a check of it does not apply.
func (p *Patient) on(ctx context.Context, name string) (yes bool, why string) {
	l, st, err := p.where(ctx)
	switch {
	case err != nil && name == "docker" && p.Docker.Remembered():
		return true, ""
	case err != nil:
		return false, noLab
	case l.Engine.Name() != name && st.State != engine.Absent:
		return false, "the lab runs " + how(l.Engine.Name())
	case l.Engine.Name() != name, st.State == engine.Absent && !(name == "docker" && p.Docker.Remembered()):
		return false, noLab
	}
	return true, ""
}

// notOn says why a check of the lab on that engine does not apply.
func (p *Patient) notOn(engine string) func(context.Context) string {
	return func(ctx context.Context) string {
		_, why := p.on(ctx, engine)
		return why
	}
}

func how(engine string) string {
	if engine == "docker" {
		return "on Docker"
	}
	return engine
}

// cmd is a command of ltlab for this lab, to be pasted into a shell.
func (p *Patient) cmd(args string) string {
	text := "ltlab " + args
	if p.Named {
		text += " --lab " + p.Lab
	}
	return text
}

// mend is the command that has a check repair what it found.
func (p *Patient) mend(check string) string { return p.cmd("doctor " + check + " --fix --yes") }

// standing is the nearest folder above a path, or the path itself, that exists.
func standing(path string) string {
	for at := path; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			return at
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Checks are all that the doctor knows to ask, parents before their children, group by group.
func (p *Patient) Checks() []Check {
	var all []Check
	for _, group := range groups {
		for _, c := range map[string]func() []Check{
			"binary": p.binary, "engine": p.engine, "resources": p.resources, "network": p.network,
			"files": p.files, "lab": p.services, "embedded": p.embedded, "tools": p.tools,
		}[group]() {
			c.Group = group
			all = append(all, c)
		}
	}
	return all
}
