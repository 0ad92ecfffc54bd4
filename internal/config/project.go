package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ProjectFile is the name of a project's own settings.
const ProjectFile = "ltlab.yaml"

// Project is what a project's ltlab.yaml says. Its folder is the project: paths in it are relative to the file and stay
// inside.
type Project struct {
	Path       string            // of the file
	Name       string            // "" takes the repository's
	Scenarios  string            // folder, absolute; "" for none
	Dashboards string            // folder, absolute; "" for none
	Target     string            // BASE_URL of its scenarios, "" for none
	SLOs       map[string]string // name -> expression
	lines      map[string]int
}

// Line is where the file says something, 0 when it does not.
func (p *Project) Line(key string) int { return p.lines[key] }

// FindProject reads the ltlab.yaml that holds for dir: of the nearest folder that has one, from dir up to the root of its
// git repository; outside of one up to cwd, or dir alone where cwd does not hold it. Nil when there is none. Errors are
// *FileError and *UnusableError.
func FindProject(dir, cwd string) (*Project, error) {
	stop := repository(dir)
	if rel, err := filepath.Rel(cwd, dir); stop == "" && err == nil && filepath.IsLocal(rel) {
		stop = filepath.Clean(cwd)
	}
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		path := filepath.Join(at, ProjectFile)
		if _, err := os.Lstat(path); err == nil {
			return ReadProject(path)
		}
		if stop == "" || at == stop || at == filepath.Dir(at) {
			return nil, nil
		}
	}
}

// repository is the root of dir's git repository, "" when it is in none.
func repository(dir string) string {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil { // a folder, or a worktree's file
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// ReadProject reads one ltlab.yaml; see FindProject for errors.
func ReadProject(path string) (*Project, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	if !st.Mode().IsRegular() {
		return nil, unusable(path, errors.New("it is not a regular file"))
	}
	content, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	return ParseProject(path, content)
}

// ParseProject reads the content of an ltlab.yaml. Errors are *FileError.
func ParseProject(path string, content []byte) (*Project, error) {
	p := &Project{Path: path, lines: map[string]int{}}
	root, err := document(path, content)
	if err != nil || root == nil {
		return p, err
	}
	if root.Tag == "!!null" {
		return p, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, p.wrong(root, "want settings such as target: http://127.0.0.1:3000")
	}
	known := []string{"scenarios", "dashboards", "target", "project", "slos"}
	for key, value := range pairs(root) {
		name := key.Value
		switch {
		case p.lines[name] > 0:
			return nil, p.wrong(key, name+" stands in the file twice")
		case name == "slos":
			err = p.readSLOs(value)
		default:
			err = p.read(name, key, value, known)
		}
		if err != nil {
			return nil, err
		}
		p.lines[name] = key.Line
	}
	return p, nil
}

func (p *Project) read(name string, key, value *yaml.Node, known []string) error {
	to := map[string]*string{"scenarios": &p.Scenarios, "dashboards": &p.Dashboards, "target": &p.Target, "project": &p.Name}[name]
	if to == nil {
		text := "unknown setting " + name + "; there are " + strings.Join(known, ", ")
		if near := nearest(name, known); near != "" {
			text = "unknown setting " + name + "; did you mean " + near
		}
		return p.wrong(key, text)
	}
	text, err := p.scalar(name, value)
	if err != nil {
		return err
	}
	switch name {
	case "scenarios", "dashboards":
		text, err = p.inside(text)
	case "target":
		err = address(text)
	case "project":
		err = projectName(text)
	}
	if err != nil {
		return p.wrong(value, name+": "+err.Error())
	}
	*to = text
	return nil
}

func (p *Project) readSLOs(value *yaml.Node) error {
	if value.Kind != yaml.MappingNode {
		return p.wrong(value, "slos: want names with an expression each")
	}
	p.SLOs = map[string]string{}
	for key, value := range pairs(value) {
		if _, ok := p.SLOs[key.Value]; ok {
			return p.wrong(key, "slos: "+key.Value+" stands in the file twice")
		}
		text, err := p.scalar("slos: "+key.Value, value)
		if err != nil {
			return err
		}
		p.SLOs[key.Value] = text
	}
	return nil
}

// scalar is a value that is one text, as it stands there: a number stays the digits it was written with.
func (p *Project) scalar(name string, value *yaml.Node) (string, error) {
	at := value
	if value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	switch {
	case value.Kind != yaml.ScalarNode:
		return "", p.wrong(at, name+": want one value, no list and no map")
	case value.Tag == "!!null" || strings.TrimSpace(value.Value) == "":
		return "", p.wrong(at, name+" has no value")
	case !printable(value.Value):
		return "", p.wrong(at, name+": want printable characters on one line")
	}
	return value.Value, nil
}

// inside is a folder of the project, absolute. It need not exist, but no link on the way may lead out.
func (p *Project) inside(path string) (string, error) {
	dir := filepath.Dir(p.Path)
	if filepath.IsAbs(path) {
		return "", errors.New("want a path relative to this file")
	}
	path = filepath.FromSlash(path)
	if !filepath.IsLocal(path) {
		return "", errors.New("the folder is outside the project, which is this file's folder")
	}
	path = filepath.Join(dir, path)
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", reason(err)
	}
	top, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", reason(err)
	}
	if rel, err := filepath.Rel(top, real); err != nil || !filepath.IsLocal(rel) {
		return "", errors.New("the folder is a link that leads out of the project")
	}
	return path, nil
}

func projectName(v string) error {
	if strings.ContainsAny(v, `/\`) {
		return errors.New("want a name, not a path")
	}
	return name(v)
}

func (p *Project) wrong(at *yaml.Node, text string) error {
	return &FileError{Path: p.Path, Line: at.Line, Text: text}
}

// document is the file's one document, nil when it is empty.
func document(path string, content []byte) (*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var first, second yaml.Node
	err = loader.Load(&first)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err == nil {
		if err = loader.Load(&second); errors.Is(err, io.EOF) {
			return first.Content[0], nil
		}
		if err == nil {
			return nil, &FileError{Path: path, Line: second.Line, Text: "want one document"}
		}
	}
	var load *yaml.LoadError
	if errors.As(err, &load) {
		return nil, &FileError{Path: path, Line: load.Mark.Line, Text: load.Message}
	}
	return nil, &FileError{Path: path, Text: err.Error()}
}

// pairs are the keys and values of a map.
func pairs(m *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if !yield(m.Content[i], m.Content[i+1]) {
				return
			}
		}
	}
}
