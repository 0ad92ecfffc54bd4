// Package mount brings a project's folder to where its scenario runs, and what the scenario writes back to the user.
package mount

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Graph is what a script needs of the disk.
type Graph struct {
	Files  []string // absolute paths that exist: the script itself, what it imports, what it opens by a literal name
	Env    []string // names that it reads from __ENV, sorted
	Locals []string // addresses of the machine itself that stand in it, as http://localhost:3000, sorted
}

// opens finds k6's open("file"): a path counts from the script's own folder.
var opens = regexp.MustCompile("\\bopen\\(\\s*(?:\"([^\"\\n]+)\"|'([^'\\n]+)'|`([^`$\\n]+)`)")

// reads finds the variables that a script reads.
var reads = regexp.MustCompile(`__ENV(?:\.([A-Za-z_$][\w$]*)|\[["']([^"']+)["']\])`)

// loopback finds addresses of the machine that the script runs on.
var loopback = regexp.MustCompile(`(?:https?|wss?)://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?`)

// local is an import of a file, as k6 resolves it: relative, absolute or a file URL. The rest is k6's own or remote.
var local = regexp.MustCompile(`^(\.\.?/|/|file://)`)

// Scan follows a script's imports as k6 does. What does not parse, or does not exist, is left for k6 to say: it says it
// better. An error is a script that cannot be read.
func Scan(script string) (*Graph, error) {
	script, err := filepath.Abs(script)
	if err != nil {
		return nil, err
	}
	if _, err := os.ReadFile(script); err != nil {
		return nil, err
	}
	found := map[string]bool{}
	follow := api.Plugin{Name: "k6", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind == api.ResolveEntryPoint {
				found[a.Path] = true
				return api.OnResolveResult{Path: a.Path}, nil
			}
			path := strings.TrimPrefix(a.Path, "file://")
			if !local.MatchString(a.Path) {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(a.ResolveDir, path)
			}
			if st, err := os.Stat(path); err != nil || st.IsDir() {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			found[path] = true
			return api.OnResolveResult{Path: path, External: !parsed(path)}, nil
		})
	}}
	built := api.Build(api.BuildOptions{ // its errors are syntax errors, which k6 reports with line and column
		EntryPoints: []string{script}, Bundle: true, Write: false, LogLevel: api.LogLevelSilent, Plugins: []api.Plugin{follow},
		Platform: api.PlatformNeutral, AbsWorkingDir: filepath.Dir(script), Loader: map[string]api.Loader{".json": api.LoaderJSON},
	})
	g := &Graph{}
	for _, out := range built.OutputFiles { // without comments
		for _, m := range reads.FindAllSubmatch(out.Contents, -1) {
			g.Env = append(g.Env, string(m[1])+string(m[2]))
		}
		for _, m := range loopback.FindAll(out.Contents, -1) {
			g.Locals = append(g.Locals, string(m))
		}
	}
	g.Env, g.Locals = unique(g.Env), unique(g.Locals)
	for path := range found {
		g.Files = append(g.Files, path)
		if parsed(path) {
			g.Files = append(g.Files, opened(path)...)
		}
	}
	g.Files = unique(g.Files)
	return g, nil
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// parsed says whether a file is a script, which may import others.
func parsed(path string) bool {
	return slices.Contains([]string{".js", ".mjs", ".cjs", ".ts"}, filepath.Ext(path))
}

// opened are the files that a script opens by a literal name and that exist.
func opened(script string) (files []string) {
	text, err := os.ReadFile(script)
	if err != nil {
		return nil
	}
	for _, m := range opens.FindAllStringSubmatch(string(text), -1) {
		path := strings.TrimPrefix(m[1]+m[2]+m[3], "file://")
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(script), path)
		}
		if st, err := os.Stat(path); err == nil && !st.IsDir() {
			files = append(files, path)
		}
	}
	return files
}

// Outside are the files that are not in a folder, symbolic links resolved: a container that is given the folder does not
// see them.
func (g *Graph) Outside(dir string) (files []string) {
	for _, f := range g.Files {
		if !Within(dir, f) {
			files = append(files, f)
		}
	}
	return files
}

// Root is the deepest folder that holds every file of the graph.
func (g *Graph) Root() (string, error) {
	if len(g.Files) == 0 {
		return "", fmt.Errorf("the script needs no files")
	}
	root := filepath.Dir(real(g.Files[0]))
	for _, f := range g.Files[1:] {
		for !Within(root, f) {
			up := filepath.Dir(root)
			if up == root {
				return root, nil
			}
			root = up
		}
	}
	return root, nil
}

// Within says whether a path, symbolic links resolved, is in a folder.
func Within(dir, path string) bool {
	rel, err := filepath.Rel(real(dir), real(path))
	return err == nil && filepath.IsLocal(rel)
}

// real resolves symbolic links where that is possible.
func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return path
}
