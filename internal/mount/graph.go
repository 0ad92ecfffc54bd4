// Package mount brings a project's folder to where its scenario runs, and what the scenario writes back to the user.
package mount

import (
	"cmp"
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
	Fixed  []string // those of them that are named by an absolute path, which is another one in a container
	Env    []string // names that it reads from __ENV, sorted
	Writes bool     // the program writes into the script's folder
	Locals []string // addresses of the machine itself that stand in it, as http://localhost:3000, sorted
}

// What is looked for in scripts without comments and without needless spaces, as esbuild writes them.
var (
	// opens finds k6's open("file"): a path counts from the script's own folder.
	opens = regexp.MustCompile("\\bopen\\((?:import\\.meta\\.resolve\\()?(?:\"([^\"\\n]+)\"|'([^'\\n]+)'|`([^`$\\n]+)`)")
	// reads finds the variables that a script reads, one by one; several are those that it takes at once.
	reads   = regexp.MustCompile(`__ENV(?:\??\.([A-Za-z_$][\w$]*)|(?:\?\.)?\[["']([^"']+)["']\])`)
	several = regexp.MustCompile(`\{([^{}]*)\}=__ENV`)
	first   = regexp.MustCompile(`(?:^|,)([A-Za-z_$][\w$]*)`)
	// loopback finds addresses of the machine that the script runs on.
	loopback = regexp.MustCompile(`(?:https?|wss?)://` + here + `(?::\d+)?` + "|[\"'`](" + here + `:\d+)`)
)

const here = `(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])`

// local is an import of a file, as k6 resolves it: relative, absolute or a file URL. The rest is k6's own or remote.
var local = regexp.MustCompile(`^(\.\.?/|/|file://)`)

// dialect is how a program reads scripts.
type dialect struct {
	reads *regexp.Regexp                           // finds the variables of the environment that a script reads, in its first or second group
	find  func(path string) (file string, ok bool) // the file that an import means
}

var (
	k6   = dialect{reads: reads, find: file}
	node = dialect{
		reads: regexp.MustCompile(`process\.env(?:\??\.([A-Za-z_$][\w$]*)|(?:\?\.)?\[["']([^"']+)["']\])`),
		find: func(path string) (string, bool) {
			for _, end := range []string{"", ".js", ".cjs", ".mjs", ".ts", ".json", "/index.js"} {
				if found, ok := file(path + end); ok {
					return found, true
				}
			}
			return "", false
		},
	}
)

func file(path string) (string, bool) {
	st, err := os.Stat(path)
	return path, err == nil && !st.IsDir()
}

// Scan follows a script's imports as k6 does. What does not parse, or does not exist, is left for k6 to say: it says it
// better. An error is a script that cannot be read.
func Scan(script string) (*Graph, error) { return follow(script, k6) }

func follow(script string, as dialect) (*Graph, error) {
	script, err := filepath.Abs(script)
	if err != nil {
		return nil, err
	}
	if _, err := os.ReadFile(script); err != nil {
		return nil, err
	}
	found, fixed := map[string]bool{}, map[string]bool{}
	resolve := api.Plugin{Name: "k6", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Kind == api.ResolveEntryPoint {
				found[a.Path] = true
				return api.OnResolveResult{Path: a.Path}, nil
			}
			path := strings.TrimPrefix(a.Path, "file://")
			if !local.MatchString(a.Path) {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			if filepath.IsAbs(path) {
				fixed[path] = true
			} else {
				path = filepath.Join(a.ResolveDir, path)
			}
			path, ok := as.find(path)
			if !ok {
				return api.OnResolveResult{Path: a.Path, External: true}, nil
			}
			found[path] = true
			return api.OnResolveResult{Path: path, External: !parsed(path)}, nil
		})
	}}
	built := api.Build(api.BuildOptions{ // its errors are syntax errors, which k6 reports with line and column
		EntryPoints: []string{script}, Bundle: true, Write: false, LogLevel: api.LogLevelSilent, Plugins: []api.Plugin{resolve},
		Platform: api.PlatformNeutral, AbsWorkingDir: filepath.Dir(script), MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, Charset: api.CharsetUTF8,
	})
	g := &Graph{}
	for _, out := range built.OutputFiles {
		text := string(out.Contents)
		for _, m := range as.reads.FindAllStringSubmatch(text, -1) {
			g.Env = append(g.Env, m[1]+m[2])
		}
		for _, m := range several.FindAllStringSubmatch(text, -1) {
			for _, name := range first.FindAllStringSubmatch(m[1], -1) {
				g.Env = append(g.Env, name[1])
			}
		}
		for _, m := range loopback.FindAllStringSubmatch(text, -1) {
			g.Locals = append(g.Locals, cmp.Or(m[1], m[0]))
		}
	}
	g.Env, g.Locals = unique(g.Env), unique(g.Locals)
	for path := range found {
		g.Files = append(g.Files, path)
		if !parsed(path) {
			continue
		}
		for _, name := range opened(path) {
			if at, ok := file(beside(path, name)); ok {
				g.Files = append(g.Files, at)
				fixed[at] = fixed[at] || at == name
			}
		}
	}
	g.Files = unique(g.Files)
	for _, path := range g.Files {
		if fixed[path] {
			g.Fixed = append(g.Fixed, path)
		}
	}
	return g, nil
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// loaders are the kinds of scripts, which may import others.
var loaders = map[string]api.Loader{".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS, ".ts": api.LoaderTS}

func parsed(path string) bool { return loaders[filepath.Ext(path)] != api.LoaderNone }

// opened are the literal names that a script opens.
func opened(script string) (names []string) {
	source, err := os.ReadFile(script)
	if err != nil {
		return nil
	}
	text := string(api.Transform(string(source), api.TransformOptions{
		Loader: loaders[filepath.Ext(script)], MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent,
	}).Code)
	for _, m := range opens.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.TrimPrefix(m[1]+m[2]+m[3], "file://"))
	}
	return names
}

// Outside are the files that are not below a folder: a container that is given the folder does not have them. Links are
// not looked at, see Linked.
func (g *Graph) Outside(dir string) (files []string) {
	for _, f := range g.Files {
		if !below(dir, f) {
			files = append(files, f)
		}
	}
	return files
}

// Linked are the files below a folder that lead, by a link, to where a container that sees the folder elsewhere cannot
// follow: out of it, or by an absolute path.
func (g *Graph) Linked(dir string) (files []string) {
	for _, f := range g.Files {
		if below(dir, f) && !follows(dir, f) {
			files = append(files, f)
		}
	}
	return files
}

// follows says whether each link between a folder and a file in it is relative and stays in the folder.
func follows(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	if err != nil {
		return false
	}
	parts := strings.Split(rel, string(filepath.Separator))
	at := dir
	for hops := 0; len(parts) > 0; parts = parts[1:] {
		if at = filepath.Join(at, parts[0]); !below(dir, at) {
			return false
		}
		to, err := os.Readlink(at)
		if err != nil {
			continue
		}
		if hops++; hops > 40 || filepath.IsAbs(to) {
			return false
		}
		at = filepath.Dir(at)
		parts = append([]string{""}, append(strings.Split(filepath.FromSlash(to), string(filepath.Separator)), parts[1:]...)...)
	}
	return true
}

// Root is the deepest folder that holds every file of the graph. Links are not looked at, for neither does k6 where an import
// climbs out of a folder.
func (g *Graph) Root() string {
	root := filepath.Dir(g.Files[0])
	for _, f := range g.Files[1:] {
		for !below(root, f) {
			root = filepath.Dir(root)
		}
	}
	return root
}

// Within says whether a path, symbolic links resolved, is in a folder.
func Within(dir, path string) bool { return below(real(dir), real(path)) }

// below says whether a path is in a folder, by their names alone.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// real resolves symbolic links where that is possible.
func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return path
}
