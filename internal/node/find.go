package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

// Options say where to look.
type Options struct {
	Artillery string   // LTLAB_ARTILLERY: Artillery's program, its package or a folder with node_modules; set: no other place counts
	Node      string   // LTLAB_NODE: a program; set: no other counts
	Scenario  string   // the scenario's folder, absolute; "": there is none, as with a scenario that comes with ltlab
	Root      string   // the last folder above Scenario whose node_modules counts; "": see rootOf
	Cache     string   // of CacheDir; "": there is none
	Environ   []string // what `node --version` gets
}

// Find looks for Artillery: LTLAB_ARTILLERY, the node_modules folders from the scenario's up to its project's root, PATH,
// the lab's cache; and for Node: LTLAB_NODE, beside that Artillery, PATH, the lab's cache. One that is broken or too old
// is passed over, but for one that was named. Errors are problems: artillery-not-found, artillery-too-old, node-not-found,
// node-too-old.
func Find(ctx context.Context, o Options) (*Tool, error) {
	t := &Tool{}
	pkg, err := o.artillery(t)
	if err != nil {
		return nil, err
	}
	t.Script, t.Version = pkg.script, pkg.version
	if err := o.node(ctx, t, pkg.modules); err != nil {
		return nil, err
	}
	return t, nil
}

// seen is what was found in the places looked at, for the problem when none does.
type seen struct {
	looked []string
	old    []string
}

func (s *seen) note(place string, err error) {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		s.looked = append(s.looked, place)
	case errors.Is(err, errOld):
		s.old = append(s.old, fmt.Sprintf("%s has %v", place, err))
	default:
		s.looked = append(s.looked, fmt.Sprintf("%s (%v)", place, err))
	}
}

// artillery finds the package and says in t where, and what it passed over.
func (o *Options) artillery(t *Tool) (*artilleryPackage, error) {
	var s seen
	try := func(place, from string, pkg *artilleryPackage, err error) bool {
		if err == nil && before(pkg.version, ArtilleryOldest) {
			err = tooOld(pkg.version)
		}
		if err != nil {
			s.note(place, err)
			return false
		}
		t.From = from
		return true
	}
	if o.Artillery != "" {
		place := "LTLAB_ARTILLERY=" + o.Artillery
		pkg, err := named(o.Artillery)
		if try(place, "LTLAB_ARTILLERY", pkg, err) {
			return pkg, nil
		}
		if len(s.old) > 0 {
			return nil, problem.ArtilleryTooOld(s.old, ArtilleryOldest, true)
		}
		return nil, problem.ArtilleryNotFound(s.looked, true)
	}
	s.looked = append(s.looked, "LTLAB_ARTILLERY (not set)")
	for _, dir := range o.projectDirs() {
		modules := filepath.Join(dir, "node_modules")
		pkg, err := readArtillery(filepath.Join(modules, "artillery"))
		if try(modules, "the project", pkg, err) {
			t.Passed = s.passed("Artillery", ArtilleryOldest)
			return pkg, nil
		}
	}
	pkg, place, err := onPath()
	if try(place, "PATH", pkg, err) {
		t.Passed = s.passed("Artillery", ArtilleryOldest)
		return pkg, nil
	}
	if o.Cache != "" {
		pkg, err = readArtillery(filepath.Join(o.Cache, "node_modules", "artillery"))
		if try(o.Cache, "the lab's cache", pkg, err) {
			t.Passed = s.passed("Artillery", ArtilleryOldest)
			return pkg, nil
		}
	}
	if len(s.old) > 0 {
		return nil, problem.ArtilleryTooOld(s.old, ArtilleryOldest, false)
	}
	return nil, problem.ArtilleryNotFound(s.looked, false)
}

// passed are the places that had something, though nothing that does: a warning each.
func (s *seen) passed(what, oldest string) (out []string) {
	for _, v := range s.looked {
		if strings.HasSuffix(v, ")") && !strings.HasSuffix(v, "(not set)") {
			out = append(out, what+" is not taken from "+v)
		}
	}
	for _, v := range s.old {
		out = append(out, fmt.Sprintf("%s is not taken from where it is older than %s: %s", what, oldest, v))
	}
	return out
}

// node finds a Node for the Artillery of those node_modules folders.
func (o *Options) node(ctx context.Context, t *Tool, modules []string) error {
	var s seen
	try := func(place, program string) bool {
		path, err := exec.LookPath(program)
		if err == nil {
			path, err = filepath.Abs(path)
		}
		version := ""
		if err == nil {
			version, err = nodeVersion(ctx, path, o.Environ)
		}
		if err == nil && before(version, NodeOldest) {
			err = tooOld(version)
		}
		if err != nil {
			s.note(place, err)
			return false
		}
		t.Node, t.NodeVersion = path, version
		return true
	}
	places := [][2]string{}
	if o.Node != "" {
		places = append(places, [2]string{"LTLAB_NODE=" + o.Node, o.Node})
	} else {
		s.looked = append(s.looked, "LTLAB_NODE (not set)")
		for _, dir := range modules {
			places = append(places, beside(dir)...)
		}
		places = append(places, [2]string{"PATH", "node"})
		if o.Cache != "" {
			places = append(places, beside(filepath.Join(o.Cache, "node_modules"))...)
		}
	}
	for _, p := range places {
		if try(p[0], p[1]) {
			t.Passed = append(t.Passed, s.passed("Node", NodeOldest)...)
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if len(s.old) > 0 {
		return problem.NodeTooOld(s.old, NodeOldest, o.Node != "")
	}
	return problem.NodeNotFound(s.looked, o.Node != "")
}

// beside are the places of a node_modules folder that hold a program Node: one of npm's packages, if any.
func beside(modules string) (places [][2]string) {
	for _, p := range programs(modules) {
		if _, err := os.Stat(p); err == nil {
			return [][2]string{{p, p}}
		}
	}
	return [][2]string{{modules, programs(modules)[0]}}
}

// nodeVersion asks the program itself, as "22.23.3".
func nodeVersion(ctx context.Context, program string, environ []string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("does not answer to --version"))
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "--version")
	cmd.WaitDelay = time.Second
	for _, v := range environ {
		if !strings.HasPrefix(v, "NODE_OPTIONS=") { // what they name need not exist, and says nothing of Node
			cmd.Env = append(cmd.Env, v)
		}
	}
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return "", errors.New("cannot be run: " + bare(err).Error()) // not wrapped: it is there, be it that its loader is not
	}
	version, ok := strings.CutPrefix(strings.TrimSpace(string(out)), "v")
	if !ok {
		return "", errors.New("says no version")
	}
	return version, nil
}

// bare is why a program was not started, without its path, which stands before it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// projectDirs are the scenario's folder and those above it up to the root.
func (o *Options) projectDirs() (dirs []string) {
	if o.Scenario == "" {
		return nil
	}
	root := o.Root
	if root == "" {
		root = rootOf(o.Scenario)
	}
	for dir := filepath.Clean(o.Scenario); ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == filepath.Clean(root) {
			return dirs
		}
		if dir == filepath.Dir(dir) { // the root is not above it
			return dirs[:1]
		}
	}
}

// rootOf is the folder above dir that holds .git, else the nearest with a package.json, else dir itself: what lies above a
// project may be anybody's.
func rootOf(dir string) string {
	nearest := ""
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if _, err := os.Stat(filepath.Join(at, "package.json")); err == nil && nearest == "" {
			nearest = at
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if nearest == "" {
		return dir
	}
	return nearest
}
