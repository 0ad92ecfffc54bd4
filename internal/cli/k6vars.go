package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/problem"
)

// vars are the scenario's variables in order: files first, so that -e wins.
func (o *runOptions) vars(cwd string) ([]string, error) {
	var out []string
	for _, path := range o.envFiles {
		if !filepath.IsAbs(path) {
			path = filepath.Join(cwd, path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, problem.EnvFileInvalid(path, err)
		}
		file, err := config.ParseEnv(path, content)
		if err != nil { // it names the line and never a value
			return nil, problem.EnvFileInvalid(path, err)
		}
		for name, value := range file.Values() {
			out = append(out, name+"="+value)
		}
	}
	environ := o.deps.Environ()
	for _, v := range o.env {
		name, _, has := strings.Cut(v, "=")
		if name == "" {
			return nil, &usageError{fmt.Errorf("-e %q: want NAME=value or NAME", v)}
		}
		if !has {
			value, ok := lookup(environ, name)
			if !ok {
				return nil, &usageError{fmt.Errorf("-e %s: the environment has no such variable", name)}
			}
			v = name + "=" + value
		}
		out = append(out, v)
	}
	return out, nil
}

func lookup(environ []string, name string) (value string, ok bool) {
	for _, v := range environ {
		if rest, found := strings.CutPrefix(v, name+"="); found {
			value, ok = rest, true
		}
	}
	return value, ok
}

func parseTags(flags []string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range flags {
		name, value, _ := strings.Cut(f, "=")
		if name == "" || value == "" {
			return nil, &usageError{fmt.Errorf("--tag %q: want name=value", f)}
		}
		out[name] = value
	}
	return out, nil
}
