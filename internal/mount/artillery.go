package mount

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Test is an Artillery script, as far as it can be known without running it.
type Test struct {
	Graph
	Read      bool              // it is YAML or JSON, and parses: all below is known
	Target    string            // config.target, "" when there is none
	Aimed     map[string]string // targets of config.environments, by name
	Processor string            // config.processor, absolute, "" when there is none
	External  []string          // config.bundling.external: packages that a TypeScript processor finds at run time
	Phases    bool              // config.phases is there
	Missing   []string          // files that the script names and that do not exist, as it names them
	Idle      []string          // of expect and ensure, what the script uses and config.plugins does not enable
}

// templated finds the variables of the environment in Artillery's templates.
var templated = regexp.MustCompile(`\$(?:env|processEnvironment)\.([A-Za-z_]\w*)`)

// ScanArtillery reads an Artillery script and the code that it names. What does not parse is left for Artillery to say. An error is
// a script that cannot be read.
func ScanArtillery(script string) (*Test, error) {
	script, err := filepath.Abs(script)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(script)
	if err != nil {
		return nil, err
	}
	t := &Test{Graph: Graph{Files: []string{script}}}
	if parsed(script) {
		g, err := follow(script, node)
		if err == nil {
			t.Graph, t.Graph.Writes = *g, filepath.Ext(script) == ".ts" // compiled beside it
		}
		return t, err
	}
	var doc struct {
		Config struct {
			Target       string
			Processor    string
			Payload      any
			Phases       []any
			Environments map[string]struct{ Target string }
			Bundling     struct{ External []string }
			Plugins      map[string]any
			Ensure       any
		}
	}
	uses := map[string]bool{}
	var all any
	if yaml.Unmarshal(text, &all) != nil || yaml.Unmarshal(text, &doc) != nil {
		return t, nil
	}
	c := &doc.Config
	t.Read, t.Target, t.Aimed, t.External, t.Phases = true, c.Target, map[string]string{}, c.Bundling.External, len(c.Phases) > 0
	for name, e := range c.Environments {
		if e.Target != "" {
			t.Aimed[name] = e.Target
		}
	}
	uses["ensure"] = c.Ensure != nil
	each(all, func(under []string, value string) {
		key := under[len(under)-1]
		uses["expect"] = uses["expect"] || under[0] == "scenarios" && slices.Contains(under, "expect")
		for _, m := range templated.FindAllStringSubmatch(value, -1) {
			t.Env = append(t.Env, m[1])
		}
		t.Locals = append(t.Locals, localIn.FindAllString(value, -1)...)
		if key == "fromFile" {
			t.names(script, value)
		}
	})
	each(c.Payload, func(under []string, value string) {
		if under[len(under)-1] == "path" {
			t.names(script, value)
		}
	})
	if c.Processor != "" && !strings.Contains(c.Processor, "{{") {
		if path, ok := node.find(beside(script, c.Processor)); !ok {
			t.Missing = append(t.Missing, c.Processor)
		} else if g, err := follow(path, node); err == nil {
			t.Processor = path
			t.Files, t.Fixed = append(t.Files, g.Files...), append(t.Fixed, g.Fixed...)
			t.Env, t.Locals = append(t.Env, g.Env...), append(t.Locals, g.Locals...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		if _, on := c.Plugins[name]; uses[name] && !on {
			t.Idle = append(t.Idle, name)
		}
	}
	t.Files, t.Fixed, t.Env, t.Locals = unique(t.Files), unique(t.Fixed), unique(t.Env), unique(t.Locals)
	return t, nil
}

var localIn = regexp.MustCompile(`^(?:https?|wss?)://` + here + `(?::\d+)?`)

// names notes a file that the script names: what is there belongs to it.
func (t *Test) names(script, name string) {
	if strings.Contains(name, "{{") {
		return
	}
	path := beside(script, name)
	if st, err := os.Stat(path); err != nil || st.IsDir() {
		t.Missing = append(t.Missing, name)
		return
	}
	t.Files = append(t.Files, path)
	if filepath.IsAbs(name) {
		t.Fixed = append(t.Fixed, path)
	}
}

// beside is a path as the script means it.
func beside(script, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(filepath.Dir(script), name)
}

// each visits every text and number in a document with the keys that it stands under, from the outside; "" in lists.
func each(doc any, visit func(under []string, value string)) { walk([]string{""}, doc, visit) }

// nested bounds documents that an alias makes contain themselves.
const nested = 100

func walk(under []string, doc any, visit func(under []string, value string)) {
	if len(under) > nested {
		return
	}
	switch v := doc.(type) {
	case nil:
	case []any:
		for _, e := range v {
			walk(append(under, ""), e, visit)
		}
	case map[string]any:
		for k, e := range v {
			if under[0] == "" {
				walk([]string{k}, e, visit)
			} else {
				walk(append(under, k), e, visit)
			}
		}
	default:
		visit(under, fmt.Sprint(v))
	}
}
