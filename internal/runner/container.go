package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// What the container calls the folders.
const (
	inProject = "/project" // of the scenario, read-only
	inRecord  = "/record"  // of the run
	inResults = "/results" // its working folder
	inPlugin  = "/ltlab"   // what the program needs besides
	inEnv     = "/ltlab.env"
)

// nobody runs the tool when the caller is root, as which nothing of ours runs.
const nobody = 65532

// makeIn and bringIn bound the making of a container, with a copy of the project, and the way back of what it wrote.
const (
	makeIn  = 5 * time.Minute
	bringIn = 5 * time.Minute
)

// Box is a container of the lab that can be started once.
type Box interface {
	Start(ctx context.Context, stdout, stderr io.Writer) error
	Wait(ctx context.Context) (engine.End, error)
	Signal(ctx context.Context, name string) error
	Fetch(ctx context.Context, path string) (io.ReadCloser, error)
	Remove(ctx context.Context) error
}

// Container is a one-off container of the lab on Docker: the tool sees the project's folder, the run's and a working folder of
// its own, and nothing else of this machine. Used for one run.
type Container struct {
	Create  func(context.Context, engine.Job) (Box, error)
	Service string
	Image   string
	Inside  map[string]string // addresses of the lab's services: as this machine knows them, to as containers do
	Reach   bool              // the target must accept a connection from inside before the tool begins
	Note    func(text string) // told what the user should know

	spec    *Spec
	folder  record.Folder
	scratch string
	root    string // the project's folder here
	script  string // the scenario inside root, with slashes
	staged  string // the working folder here
	owner   mount.Owner
	target  string // as the container knows it
	reason  string // why folders are not shared, "" when that is tried
	box     Box
	copied  bool
	mirror  *mirror // of the record, when copied
}

var _ Place = (*Container)(nil)

// Prepare looks at what the scenario needs, and makes the folders that the container gets.
func (c *Container) Prepare(_ context.Context, s *Spec, folder record.Folder, scratch string) (Paths, error) {
	c.spec, c.folder, c.scratch, c.owner = s, folder, scratch, mount.Owner{UID: os.Getuid(), GID: os.Getgid()}
	if c.owner.UID <= 0 {
		c.owner = mount.Owner{UID: nobody, GID: nobody}
	}
	if err := c.look(); err != nil {
		return Paths{}, err
	}
	if err := s.Program.Inside(s); err != nil {
		return Paths{}, err
	}
	c.database(s.Sink)
	c.staged = staged(folder)
	if err := mount.Stage(c.staged, s.Dir, c.owner); err != nil {
		return Paths{}, problem.HomeUnusable(string(folder), err)
	}
	if err := give(folder, c.owner); err != nil {
		return Paths{}, problem.HomeUnusable(string(folder), err)
	}
	paths := Paths{
		Scenario: path.Join(inProject, c.script), Record: inRecord + "/" + record.ToolFile, Export: inRecord + "/" + summaryFile, Exported: c.summary(),
		Parent: ParentStdin, Plugin: inPlugin,
	}
	if own := s.Program.Export(s); own != "" && len(s.Args) > 0 {
		paths.Exported = own
	}
	if s.StatsD != nil {
		paths.StatsD = s.StatsD.Inside
	}
	var err error
	if c.target, err = c.translate(s.Target); err != nil {
		return Paths{}, err
	}
	paths.Target = c.target
	if err := s.Program.Unpack(s, c.plugin()); err != nil {
		return Paths{}, err
	}
	return paths, nil
}

// plugin is where what the program needs besides is here.
func (c *Container) plugin() string { return filepath.Join(c.scratch, "plugin") }

// staged is the working folder of a run's container, until its files are where they belong.
func staged(folder record.Folder) string { return filepath.Join(string(folder), "results") }

// summaryFile is the tool's own report in the run's folder; when the tool has ended it is where summary says.
const summaryFile = "summary.json"

func (c *Container) summary() string { return filepath.Join(c.scratch, summaryFile) }

// give makes the run's folder, which the tool reads and writes, that user's, with all that is in it.
func give(folder record.Folder, to mount.Owner) error {
	if os.Getuid() != 0 { // it is the caller's, as whom the tool runs
		return nil
	}
	entries, err := os.ReadDir(string(folder))
	err = errors.Join(err, os.Chown(string(folder), to.UID, to.GID))
	for _, e := range entries {
		if e.Name() != filepath.Base(staged(folder)) { // that one is the tool's already
			err = errors.Join(err, os.Chown(filepath.Join(string(folder), e.Name()), to.UID, to.GID))
		}
	}
	return err
}

// Environ is empty: a container sees nothing of the caller's environment.
func (c *Container) Environ(*Spec) []string { return nil }

// Tool makes the container and proves that it sees the folders; where it does not, they are copied in. Its variables are in
// a file, for `docker inspect` would show them.
func (c *Container) Tool(ctx context.Context, s *Spec, args, env []string) (Tool, error) {
	ctx, cancel := context.WithTimeout(ctx, makeIn)
	defer cancel()
	job := engine.Job{
		Service: c.Service, Image: c.Image, Run: c.folder.ID(), Args: args, Env: s.Program.Boot(inPlugin, inEnv), Dir: inResults,
		User: fmt.Sprintf("%d:%d", c.owner.UID, c.owner.GID),
	}
	for i, v := range env {
		if name, value, _ := strings.Cut(v, "="); name == "BASE_URL" {
			target, err := c.translate(value)
			if err != nil {
				return nil, err
			}
			env[i] = name + "=" + target
		}
	}
	if at := address.HostPort(c.target); c.Reach && at != "" {
		job.Env = append(job.Env, "LTLAB_REACH="+at)
	}
	variables := []byte(strings.Join(env, "\x00") + "\x00")
	given := []func(io.Writer) error{func(w io.Writer) error { return mount.File(w, inEnv[1:], variables, c.owner) }}
	if exists(c.plugin()) {
		given = append(given, func(w io.Writer) error { return mount.Pack(c.plugin(), inPlugin[1:], mount.MostBytes, c.owner, w) })
	}
	if c.reason == "" {
		box, err := c.share(ctx, job, given)
		if box != nil || err != nil {
			return box, err
		}
		c.reason = "the Docker engine does not share it"
	}
	c.note("%s is copied into the container: %s", c.root, c.reason)
	c.copied, c.mirror = true, newMirror(c.folder)
	project := func(w io.Writer) error { return mount.Pack(c.root, inProject[1:], mount.MostBytes, c.owner, w) }
	job.Copy = append(given, c.folders, project)
	box, err := c.Create(ctx, job)
	if err != nil {
		return nil, c.uncopied(err)
	}
	c.box = box
	return c.boxed(), nil
}

// share is the container with the folders mounted; nil when it does not see them.
func (c *Container) share(ctx context.Context, job engine.Job, given []func(io.Writer) error) (Tool, error) {
	job.Copy = given
	job.Binds = []engine.Bind{
		{From: real(c.root), To: inProject, ReadOnly: true}, {From: string(c.folder), To: inRecord}, {From: c.staged, To: inResults},
	}
	box, err := c.Create(ctx, job)
	if err != nil {
		if unshared(err) {
			return nil, nil
		}
		return nil, err
	}
	if c.visible(ctx, box) {
		c.box = box
		return c.boxed(), nil
	}
	return nil, errors.Join(box.Remove(context.WithoutCancel(ctx)), ctx.Err())
}

// unshared says whether the engine refused to mount a folder that it cannot see.
func unshared(err error) bool {
	text := err.Error()
	return strings.Contains(text, "bind source path does not exist") || strings.Contains(text, "mounts denied") || strings.Contains(text, "is not shared")
}

// uncopied is the problem of a project that could not be copied.
func (c *Container) uncopied(err error) error {
	var large *mount.TooLargeError
	var known *problem.Problem
	switch {
	case errors.As(err, &large):
		return problem.ProjectTooLarge(c.spec.Program.Name(), large)
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	}
	return problem.ProjectNotFound(c.spec.Program.Name(), c.root, err.Error())
}

// folders are those that the tool writes into, as an archive.
func (c *Container) folders(w io.Writer) error {
	return mount.Folders(w, map[string]string{inResults[1:]: c.staged, inRecord[1:]: ""}, c.owner)
}

// Finish brings what the tool wrote: the record where it was not shared, and the scenario's own files.
func (c *Container) Finish(ctx context.Context) (files []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, bringIn)
	defer cancel()
	if c.box != nil {
		if c.copied {
			err = c.fetch(ctx)
		}
		if rerr := c.box.Remove(ctx); rerr != nil {
			c.note("the run's container could not be removed; the next run does that, or ltlab stop: %s", rerr)
		}
	}
	if c.staged != "" {
		delivered, derr := mount.Deliver(c.staged, c.spec.Dir)
		files, err = delivered, errors.Join(err, derr)
	}
	if content, rerr := os.ReadFile(filepath.Join(string(c.folder), summaryFile)); rerr == nil {
		err = errors.Join(err, os.WriteFile(c.summary(), content, 0o600))
	}
	return files, errors.Join(err, Reclaim(c.folder))
}

// Reclaim makes a run's folder the caller's again, and takes away what was there for a container only.
func Reclaim(folder record.Folder) error {
	err := errors.Join(os.RemoveAll(staged(folder)), give(folder, mount.Owner{}))
	if rerr := os.Remove(filepath.Join(string(folder), summaryFile)); !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

// fetch reads what is left of the record, and the results, out of the container.
func (c *Container) fetch(ctx context.Context) error {
	err := c.mirror.take(ctx, c.box)
	if content, serr := one(ctx, c.box, inRecord+"/"+summaryFile); serr == nil {
		err = errors.Join(err, os.WriteFile(c.summary(), content, 0o600))
	}
	in, rerr := c.box.Fetch(ctx, inResults+"/.")
	if rerr == nil {
		rerr = mount.Unpack(in, c.staged)
		in.Close()
	}
	return errors.Join(err, rerr)
}

func (c *Container) note(format string, args ...any) {
	if c.Note != nil {
		c.Note(fmt.Sprintf(format, args...))
	}
}

func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func has(vars []string, name string) bool {
	return slices.ContainsFunc(vars, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
