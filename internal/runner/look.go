package runner

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// look finds the folder that holds all that the scenario needs, and what of it the container would not get.
func (c *Container) look() error {
	s := c.spec
	if s.Scenario.Shipped {
		c.root, c.script = filepath.Join(c.scratch, "project"), s.Scenario.Name
		if err := os.Mkdir(c.root, 0o755); err != nil {
			return problem.HomeUnusable(c.scratch, err)
		}
		if err := os.WriteFile(filepath.Join(c.root, c.script), s.Scenario.source, 0o644); err != nil {
			return problem.HomeUnusable(c.scratch, err)
		}
		return os.Chmod(c.scratch, 0o755) // the engine may not run as root
	}
	g, err := s.Program.Scan(s)
	if err != nil {
		return problem.ScenarioUnreadable(s.Program.Name(), s.Scenario.Name, reason(err))
	}
	c.root = filepath.Clean(s.Scenario.Dir)
	if outside := g.Outside(c.root); len(outside)+len(g.Fixed) > 0 {
		c.root = g.Root()
		if s.Scenario.Given || len(g.Fixed) > 0 || c.root == filepath.Dir(c.root) {
			return problem.ImportOutsideProject(s.Program.Name(), s.Scenario.Dir, slices.Compact(slices.Sorted(slices.Values(append(outside, g.Fixed...)))))
		}
		c.note("the container is given %s, for the scenario needs %s", c.root, strings.Join(outside, ", "))
	}
	rel, err := filepath.Rel(c.root, filepath.Clean(s.Scenario.Path))
	if err != nil || !filepath.IsLocal(rel) {
		return problem.ImportOutsideProject(s.Program.Name(), c.root, []string{s.Scenario.Path})
	}
	c.script = filepath.ToSlash(rel)
	if err := c.targets(g); err != nil {
		return err
	}
	c.environment(g)
	if linked := g.Linked(c.root); g.Writes {
		c.reason = s.Program.Name() + " writes the compiled script beside it"
	} else if len(linked) > 0 {
		c.reason = linked[0] + " is a link that a container could not follow"
	} else if os.Getuid() == 0 && slices.ContainsFunc(g.Files, c.closed) {
		c.reason = s.Program.Name() + " does not run as root there, and some of its files are open to root only"
	}
	return nil
}

// targets refuses a target that is the container itself, where it can be told before the run.
func (c *Container) targets(g *mount.Graph) error {
	switch given := has(c.spec.Program.Variables(c.spec), "BASE_URL"); {
	case len(g.Locals) == 0 || given && slices.Contains(g.Env, "BASE_URL"): // then it is what counts
	case !given:
		return problem.TargetOnLocalhost(c.spec.Program.Name(), g.Locals[0])
	default:
		c.note("the scenario names %s, which is the container itself there, and does not read BASE_URL", strings.Join(g.Locals, ", "))
	}
	return nil
}

// environment names what the scenario and the tool itself would find in the caller's environment and miss in a container.
func (c *Container) environment(g *mount.Graph) {
	given := c.spec.Program.Variables(c.spec)
	var absent []string
	for _, name := range g.Env {
		if has(c.spec.Environ, name) && !has(given, name) {
			absent = append(absent, name)
		}
	}
	if len(absent) > 0 {
		c.note("the scenario reads %s, which your environment has and a container is not given: pass it with -e %s", strings.Join(absent, ", "), strings.Join(absent, " -e "))
	}
	if ignored := c.spec.Program.Ignored(c.spec); ignored != "" {
		c.note("%s", ignored)
	}
}

// closed says whether the tool could not read a file of the project: it, or a folder on the way to it, is not open to
// everybody.
func (c *Container) closed(file string) bool {
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm()&0o004 == 0 {
		return err == nil
	}
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if st, err := os.Stat(dir); err == nil && st.Mode().Perm()&0o001 == 0 {
			return true
		}
		if dir == c.root || dir == filepath.Dir(dir) {
			return false
		}
	}
}

// visible says whether the container sees the scenario as it is here, and the run's folder.
func (c *Container) visible(ctx context.Context, box Box) bool {
	for from, here := range map[string]string{
		path.Join(inProject, c.script): filepath.Join(c.root, filepath.FromSlash(c.script)), path.Join(inRecord, record.RunFile): c.folder.Run(),
	} {
		got, err := one(ctx, box, from)
		if err != nil || len(got) == 0 {
			return false
		}
		want, err := os.ReadFile(here)
		if err != nil || !bytes.HasPrefix(want, got) { // the run's file may have grown meanwhile
			return false
		}
	}
	return true
}

// one is a file of the container.
func one(ctx context.Context, box Box, name string) ([]byte, error) {
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
