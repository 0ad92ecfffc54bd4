package runner

import (
	"context"
	"time"

	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/preflight"
	"github.com/ltlab/ltlab/internal/problem"
)

// Program is a load-testing tool: how it is called, and what its end means.
type Program interface {
	// Name is what records call it.
	Name() string
	// Sends says whether it sends its rows to InfluxDB itself.
	Sends() bool
	// Command is what runs it on this machine, before its arguments.
	Command() []string
	// Check refuses what cannot run, before anything is made; note is told what the user should know.
	Check(s *Spec, note func(string)) error
	// Asks finds out what the scenario asks for, with that part of the caller's environment; nothing is asked of its target. An error
	// says why that is not known, or is a problem of the scenario's.
	Asks(ctx context.Context, s *Spec, environ []string) (preflight.Asked, error)
	// Unpack writes what the program needs besides the scenario into a folder of its own.
	Unpack(s *Spec, dir string) error
	// Scan finds what the scenario needs of the disk.
	Scan(s *Spec) (*mount.Graph, error)
	// Args are its arguments. Ours come first, so that the caller's flags win.
	Args(s *Spec, p Paths) []string
	// Env is what it gets of an environment, with the scenario's variables, which are kept off the command line where anybody
	// could read them.
	Env(s *Spec, base []string, p Paths, id, project string) []string
	// Boot is what its container's environment says, where anybody may read it: where its variables are, in file, and what
	// Unpack wrote, in plugin.
	Boot(plugin, file string) []string
	// Variables are those that the scenario is given: by -e, or behind --.
	Variables(s *Spec) []string
	// Export is the file of the tool's own report where the caller asks for one, "" elsewhere.
	Export(s *Spec) string
	// Requests is the tool's own count of requests from that file: nil when it holds none of a run that began then.
	Requests(path string, began time.Time) *int64
	// Inside refuses flags that name files or addresses which a container does not see.
	Inside(s *Spec) error
	// Ignored names what the caller's environment tells the program and a container is not given.
	Ignored(s *Spec) string
	// Redact makes the caller's flags fit for a record.
	Redact(args []string) []string
	// Unstarted is the problem of an end before the record began; how says what ended the tool, "" when it ended by itself.
	Unstarted(s *Spec, exit int, how string) *problem.Problem
	// Killed is the problem of a tool that something else ended.
	Killed(how, run string) *problem.Problem
	// Verdict is what a run that ended by itself comes to; nil when all is well.
	Verdict(s *Spec, o *Outcome) *problem.Problem
	// Orphaned is the exit code with which it ends when its ltlab is gone.
	Orphaned() int
	// NotReached begins the line with which it says, in a container, that its target does not answer from there.
	NotReached() string
}
