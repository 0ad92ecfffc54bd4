package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ltlab/ltlab/internal/problem"
)

// Scenario is a script that was found.
type Scenario struct {
	Name    string // as a person would call it: the file's path as given, or the shipped name
	Path    string // absolute; "" for a shipped one until it is unpacked
	Dir     string // the project's folder: that of -p, else the script's own
	Given   bool   // Dir is that of -p
	Shipped bool
	SHA256  string
	source  []byte // of a shipped one
}

// Shipped are the scenarios that come with ltlab.
type Shipped struct {
	Tool   string                                     // whose they are: "k6"
	Names  []string                                   // "smoke", ...
	Source func(name string) (script []byte, ok bool) // by one of the names
	Ext    string                                     // of their files: ".js"
}

// FindScenario resolves -s and -p: with a project folder the script is a path inside it; without, a path from cwd, or
// the name of a shipped scenario with or without its ending.
func FindScenario(cwd, project, name string, shipped Shipped) (*Scenario, error) {
	if project != "" {
		return findInProject(shipped.Tool, cwd, project, name)
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(cwd, path)
	}
	s, err := readScenario(shipped.Tool, name, path, filepath.Dir(path))
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	short := strings.TrimSuffix(name, shipped.Ext)
	if b, ok := shipped.Source(short); ok {
		return &Scenario{Name: short + shipped.Ext, Shipped: true, SHA256: hash(b), source: b}, nil
	}
	return nil, problem.ScenarioNotFound(shipped.Tool, name, shipped.Names)
}

func findInProject(tool, cwd, project, name string) (*Scenario, error) {
	dir := project
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(cwd, dir)
	}
	st, err := os.Stat(dir)
	if err != nil {
		return nil, problem.ProjectNotFound(tool, project, reason(err))
	}
	if !st.IsDir() {
		return nil, problem.ProjectNotFound(tool, project, "it is a file; the scenario's file belongs to -s")
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if rel, err := filepath.Rel(dir, path); err != nil || !filepath.IsLocal(rel) {
		return nil, problem.ScenarioOutsideProject(tool, name, project)
	}
	s, err := readScenario(tool, name, path, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.ScenarioNotInProject(name, project)
	}
	if s != nil {
		s.Given = true
	}
	return s, err
}

// readScenario returns fs.ErrNotExist as it is, and everything else that is wrong as a problem.
func readScenario(tool, name, path, dir string) (*Scenario, error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, problem.ScenarioUnreadable(tool, name, reason(err))
	}
	if st.IsDir() {
		return nil, problem.ScenarioUnreadable(tool, name, "it is a directory; name a file in it, or give the folder with -p")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, problem.ScenarioUnreadable(tool, name, reason(err))
	}
	return &Scenario{Name: name, Path: path, Dir: dir, SHA256: hash(b)}, nil
}

// unpack writes a shipped scenario into dir, for tools read files.
func (s *Scenario) unpack(dir string) error {
	s.Path, s.Dir = filepath.Join(dir, s.Name), dir
	return os.WriteFile(s.Path, s.source, 0o600)
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// reason is an error without the path that the message names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}
