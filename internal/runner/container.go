package runner

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// What the container calls the folders.
const (
	inProject = "/project" // of the scenario, read-only
	inRecord  = "/record"  // of the run
	inResults = "/results" // its working folder
)

// nobody runs the tool when the caller is root, as which nothing of ours runs.
const nobody = 65532

// Engine makes a container in the lab's network.
type Engine interface {
	Create(context.Context, docker.Job) (*docker.Container, error)
}

// Container is a one-off container of the lab on Docker: the tool sees the project's folder, the run's and a working folder of
// its own, and nothing else of this machine. Used for one run.
type Container struct {
	Engine  Engine
	Service string
	Image   string
	Inside  map[string]string // addresses of the lab's services: as this machine knows them, to as containers do
	Copy    bool              // do not even try to share folders
	Note    func(text string) // told what the user should know

	spec    *Spec
	folder  record.Folder
	scratch string
	root    string // the project's folder here
	script  string // the scenario inside root, with slashes
	staged  string // the working folder here
	owner   mount.Owner
	box     *docker.Container
	copied  bool
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
	if err := c.inside(s.Args); err != nil {
		return Paths{}, err
	}
	c.staged = filepath.Join(string(folder), "results")
	if err := mount.Stage(c.staged, s.Dir, c.owner); err != nil {
		return Paths{}, problem.HomeUnusable(string(folder), err)
	}
	if err := c.give(c.owner); err != nil {
		return Paths{}, problem.HomeUnusable(string(folder), err)
	}
	paths := Paths{
		Scenario: path.Join(inProject, c.script), Record: inRecord + "/tool.ndjson", Export: inRecord + "/summary.json", Exported: c.summary(),
	}
	if own := flagValue(s.Args, "--summary-export"); own != "" {
		paths.Exported = filepath.Join(s.Dir, own)
	}
	return paths, nil
}

// summary is where k6's export is when the tool has ended; until then it is in the run's folder.
func (c *Container) summary() string { return filepath.Join(c.scratch, "summary.json") }

// look finds the folder that holds all that the scenario needs, and what of it the container would not get.
func (c *Container) look() error {
	s := c.spec
	if s.Scenario.Shipped {
		c.root, c.script = filepath.Join(c.scratch, "project"), s.Scenario.Name
		if err := os.Mkdir(c.root, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(c.root, c.script), s.Scenario.source, 0o644)
	}
	g, err := mount.Scan(s.Scenario.Path)
	if err != nil {
		return problem.ScenarioUnreadable(s.Scenario.Name, reason(err))
	}
	c.root = s.Scenario.Dir
	if outside := g.Outside(c.root); len(outside) > 0 {
		if c.root, err = g.Root(); s.Scenario.Given || err != nil || c.root == filepath.Dir(c.root) {
			return problem.ImportOutsideProject(s.Scenario.Dir, outside)
		}
		c.note("the container is given %s, for the scenario needs %s", c.root, strings.Join(outside, ", "))
	}
	rel, err := filepath.Rel(real(c.root), real(s.Scenario.Path))
	if err != nil || !filepath.IsLocal(rel) {
		return problem.ImportOutsideProject(c.root, []string{s.Scenario.Path})
	}
	c.script = filepath.ToSlash(rel)
	if !slices.ContainsFunc(s.Vars, func(v string) bool { return strings.HasPrefix(v, "BASE_URL=") }) && len(g.Locals) > 0 {
		return problem.TargetOnLocalhost(g.Locals[0])
	}
	var absent []string
	for _, name := range g.Env {
		if has(s.Environ, name) && !has(s.Vars, name) {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		c.note("the scenario reads %s, which your environment has and a container is not given: pass it with -e %s", strings.Join(absent, ", "), absent[0])
	}
	if !c.Copy && c.owner.UID != os.Getuid() && slices.ContainsFunc(g.Files, private) {
		c.Copy = true // root may read them, and the tool does not run as root
	}
	return nil
}

func private(file string) bool {
	st, err := os.Stat(file)
	return err == nil && st.Mode().Perm()&0o004 == 0
}

func has(vars []string, name string) bool {
	return slices.ContainsFunc(vars, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}

func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return path
}

func (c *Container) note(format string, args ...any) {
	if c.Note != nil {
		c.Note(fmt.Sprintf(format, args...))
	}
}

// inside refuses flags that name files which the container does not see.
func (c *Container) inside(args []string) error {
	for _, v := range []string{
		flagValue(args, "--summary-export"), flagValue(args, "--console-output"), flagValue(args, "--config", "-c"),
		after(flagValue(args, "--out", "-o")), after(flagValue(args, "--log-output")),
	} {
		if filepath.IsAbs(v) {
			return problem.FileOutsideContainer(v)
		}
	}
	for _, v := range []string{flagValue(args, "--config", "-c"), after(flagValue(args, "--secret-source"))} {
		if v != "" { // read from the working folder, which is empty in there
			return problem.FileOutsideContainer(v)
		}
	}
	return nil
}

// after is what follows the kind in KIND=FILE.
func after(v string) string {
	_, file, _ := strings.Cut(v, "=")
	return file
}

// give makes the run's folder, which the tool reads and writes, that user's, with all that is in it.
func (c *Container) give(to mount.Owner) error {
	if os.Getuid() != 0 { // it is the caller's, as whom the tool runs
		return nil
	}
	entries, err := os.ReadDir(string(c.folder))
	err = errors.Join(err, os.Chown(string(c.folder), to.UID, to.GID))
	for _, e := range entries {
		if e.Name() != filepath.Base(c.staged) { // that one is the tool's already
			err = errors.Join(err, os.Chown(filepath.Join(string(c.folder), e.Name()), to.UID, to.GID))
		}
	}
	return err
}

// Environ is empty: a container sees nothing of the caller's environment.
func (c *Container) Environ(*Spec) []string { return nil }

// Tool makes the container and proves that it sees the folders; where it does not, they are copied in.
func (c *Container) Tool(s *Spec, args, env []string) (Tool, error) {
	for i, v := range env {
		if name, value, _ := strings.Cut(v, "="); name == "BASE_URL" {
			target, err := c.translate(value)
			if err != nil {
				return nil, err
			}
			env[i] = name + "=" + target
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	job := docker.Job{
		Service: c.Service, Image: c.Image, Run: c.folder.ID(), Args: args, Env: env, Dir: inResults,
		User: fmt.Sprintf("%d:%d", c.owner.UID, c.owner.GID),
		Binds: []docker.Bind{
			{From: real(c.root), To: inProject, ReadOnly: true}, {From: string(c.folder), To: inRecord}, {From: c.staged, To: inResults},
		},
	}
	if !c.Copy {
		box, err := c.Engine.Create(ctx, job)
		if err == nil && c.visible(ctx, box) {
			c.box = box
			return &boxed{box: box, spec: s}, nil
		}
		if err != nil && !unshared(err) {
			return nil, err
		}
		if box != nil {
			box.Remove(ctx)
		}
		c.note("the Docker engine does not share %s: it is copied into the container, and the run's figures come at its end", c.root)
	}
	c.copied = true
	job.Binds = nil
	job.Copy = []func(io.Writer) error{
		func(w io.Writer) error { return mount.Pack(c.root, inProject[1:], mount.MostBytes, c.owner, w) },
		c.folders,
	}
	box, err := c.Engine.Create(ctx, job)
	var large *mount.TooLargeError
	if errors.As(err, &large) {
		return nil, problem.ProjectTooLarge(large)
	}
	if err != nil {
		return nil, err
	}
	c.box = box
	return &boxed{box: box, spec: s}, nil
}

// unshared says whether the engine refused to mount a folder that it cannot see.
func unshared(err error) bool {
	text := err.Error()
	return strings.Contains(text, "bind source path does not exist") || strings.Contains(text, "mounts denied") || strings.Contains(text, "is not shared")
}

// translate is an address as containers know it.
func (c *Container) translate(target string) (string, error) {
	for here, there := range c.Inside {
		if rest, ok := strings.CutPrefix(target, here); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			return there + rest, nil
		}
	}
	u, err := url.Parse(target)
	if err == nil && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
		return "", problem.TargetOnLocalhost(target)
	}
	return target, nil
}

// visible says whether the container sees the scenario as it is here, and the run's folder.
func (c *Container) visible(ctx context.Context, box *docker.Container) bool {
	want, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(c.script)))
	if err != nil {
		return false
	}
	got, err := one(ctx, box, path.Join(inProject, c.script))
	if err != nil || hash(got) != hash(want) {
		return false
	}
	mine, err := os.ReadFile(c.folder.Run())
	if err != nil {
		return false
	}
	got, err = one(ctx, box, inRecord+"/run.ndjson")
	return err == nil && len(got) > 0 && bytes.HasPrefix(mine, got)
}

// one is a file of the container.
func one(ctx context.Context, box *docker.Container, name string) ([]byte, error) {
	in, err := box.Fetch(ctx, name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	r := tar.NewReader(in)
	if _, err := r.Next(); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// folders are those that the tool writes into, as an archive.
func (c *Container) folders(w io.Writer) error {
	return mount.Folders(w, map[string]string{inResults[1:]: c.staged, inRecord[1:]: ""}, c.owner)
}

// Finish brings what the tool wrote: the record where it was not shared, and the scenario's own files.
func (c *Container) Finish(ctx context.Context) (files []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if c.box != nil {
		if c.copied {
			err = c.fetch(ctx)
		}
		c.box.Remove(ctx)
	}
	if c.staged != "" {
		delivered, derr := mount.Deliver(c.staged, c.spec.Dir)
		files, err = delivered, errors.Join(err, derr, c.back())
	}
	return files, err
}

// back makes everything in the run's folder the caller's again, and takes away what was there for the container only.
func (c *Container) back() error {
	err := errors.Join(os.RemoveAll(c.staged), c.give(mount.Owner{}))
	if from := filepath.Join(string(c.folder), "summary.json"); !c.copied {
		if content, rerr := os.ReadFile(from); rerr == nil {
			err = errors.Join(err, os.WriteFile(c.summary(), content, 0o600), os.Remove(from))
		}
	}
	return err
}

// fetch reads the record and the results out of the container.
func (c *Container) fetch(ctx context.Context) error {
	var errs []error
	for from, to := range map[string]string{inRecord + "/tool.ndjson": c.folder.Tool(), inRecord + "/summary.json": c.summary()} {
		content, err := one(ctx, c.box, from)
		if err == nil {
			err = os.WriteFile(to, content, 0o600)
		} else if docker.Missing(err) {
			err = nil
		}
		errs = append(errs, err)
	}
	in, err := c.box.Fetch(ctx, inResults+"/.")
	if err == nil {
		err = mount.Unpack(in, c.staged)
		in.Close()
	}
	return errors.Join(append(errs, err)...)
}

// boxed is a tool in a container.
type boxed struct {
	box  *docker.Container
	spec *Spec
}

const askIn = 10 * time.Second // for one request to the engine

func (b *boxed) Start() error {
	return b.box.Start(context.Background(), b.spec.Stdout, b.spec.Stderr)
}

func (b *boxed) Wait() (exit int, how string) {
	end, err := b.box.Wait(context.Background())
	switch {
	case err != nil:
		return -1, "the Docker engine does not say how it ended: " + err.Error()
	case end.OOM:
		return -1, "its container ran out of memory"
	case end.Gone:
		return -1, "its container was removed, or the Docker engine ended"
	case end.Code == 137:
		return -1, "it ended by signal killed"
	}
	return end.Code, ""
}

func (b *boxed) Interrupt() { b.signal("SIGINT") }

func (b *boxed) Kill() { b.signal("SIGKILL") }

func (b *boxed) signal(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), askIn)
	defer cancel()
	_ = b.box.Signal(ctx, name)
}
