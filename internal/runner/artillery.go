package runner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
)

// Artillery is Artillery with our plugin. Used for one run.
type Artillery struct {
	Node    string                 // the program; "" when it runs in a container, as for Script
	Script  string                 // bin/run of the package
	Plugins func(dir string) error // writes the plugin's folder

	test  *mount.Test // nil for a scenario that comes with ltlab
	aims  bool        // the script has no target: it is given the run's
	known bool        // the script's own target is the run's
}

var _ Program = (*Artillery)(nil)

// preload is what Node runs before Artillery, in the plugin's folder.
const preload = "preload.cjs"

// Name is artillery.
func (*Artillery) Name() string { return "artillery" }

// Sends is not what the plugin does: its StatsD is for a project's own dashboards.
func (*Artillery) Sends() bool { return false }

// Command is Node with Artillery's program.
func (a *Artillery) Command() []string { return []string{a.Node, a.Script} }

// Check reads the script: what it names and what is not there, and where it aims.
func (a *Artillery) Check(s *Spec, note func(string)) error {
	if s.Scenario.Shipped {
		return nil
	}
	test, err := mount.ScanArtillery(s.Scenario.Path)
	if err != nil {
		return problem.ScenarioUnreadable(s.Program.Name(), s.Scenario.Name, reason(err))
	}
	a.test = test
	if len(test.Missing) > 0 {
		return problem.ScriptFileMissing(s.Scenario.Name, test.Missing)
	}
	if err := a.aim(s); err != nil {
		return err
	}
	var unset []string
	for _, name := range test.Env {
		if !s.sets(a, name) {
			unset = append(unset, name)
		}
	}
	if len(unset) > 0 {
		note("the script reads " + strings.Join(unset, ", ") + ", which nothing sets: pass it with -e NAME=value")
	}
	for _, name := range test.Idle {
		note(fmt.Sprintf("the script has %s, which nothing checks: config.plugins does not enable it (%[1]s: {})", name))
	}
	return nil
}

// targetVariable finds the variables of a target.
var targetVariable = regexp.MustCompile(`\{\{\s*\$(?:env|processEnvironment)\.([A-Za-z_]\w*)\s*\}\}`)

// aim decides where the run goes: where the script or a flag says so, else to the run's target.
func (a *Artillery) aim(s *Spec) error {
	override, _ := overridden(s.Args)["target"].(string)
	target := cmp.Or(override, flagValue(s.Args, "--target", "-t"), a.test.Aimed[flagValue(s.Args, "--environment", "-e")], a.test.Target)
	for _, m := range targetVariable.FindAllStringSubmatch(target, -1) {
		value, ok := s.lookup(a, m[1])
		if !ok {
			return problem.TargetUnset(s.Scenario.Name, m[1])
		}
		target = strings.ReplaceAll(target, m[0], value)
	}
	switch {
	case target != "" && !strings.Contains(target, "{{"):
		s.Target, a.known = target, true
	case target != "" || flagValue(s.Args, "--config", "-c") != "" || !a.test.Read:
	case s.Target == "":
		return problem.TargetMissing(s.Scenario.Name)
	default:
		a.aims = true
	}
	return nil
}

// lookup is what the script finds under a variable's name.
func (s *Spec) lookup(a *Artillery, name string) (value string, ok bool) {
	for _, v := range slices.Concat(s.Environ, a.Variables(s)) { // the last one counts
		if found, is := strings.CutPrefix(v, name+"="); is {
			value, ok = found, true
		}
	}
	if !ok && name == "BASE_URL" && s.Target != "" {
		return s.Target, true
	}
	return value, ok
}

// overridden is the config in the caller's --overrides, nil when there is none.
func overridden(args []string) map[string]any {
	var doc struct{ Config map[string]any }
	_ = json.Unmarshal([]byte(flagValue(args, overrides)), &doc) // of what is no JSON Artillery speaks
	return doc.Config
}

// sets says whether the script finds a variable: of the user's, or one that ltlab sets itself.
func (s *Spec) sets(a *Artillery, name string) bool {
	_, ok := s.lookup(a, name)
	return ok || s.StatsD != nil && strings.HasPrefix(name, "STATSD_")
}

// Unpack writes the plugin, and a TypeScript processor as JavaScript: Artillery would write that into the project.
func (a *Artillery) Unpack(_ *Spec, dir string) error {
	if err := a.Plugins(dir); err != nil {
		return problem.HomeUnusable(dir, err)
	}
	if !a.compiles() {
		return nil
	}
	if err := mount.Bundle(a.test.Processor, filepath.Join(dir, a.compiled()), a.test.External); err != nil {
		return problem.ProcessorInvalid(err)
	}
	return nil
}

// compiles says whether ltlab compiles the processor. Packages that it finds at run time, it finds from its own folder only.
func (a *Artillery) compiles() bool {
	return a.test != nil && filepath.Ext(a.test.Processor) == ".ts" && len(a.test.External) == 0
}

func (a *Artillery) compiled() string {
	return path.Join("processor", strings.TrimSuffix(filepath.Base(a.test.Processor), ".ts")+".js")
}

// Scan is of the script as Check read it.
func (a *Artillery) Scan(s *Spec) (*mount.Graph, error) {
	if a.test == nil {
		return &mount.Graph{Files: []string{s.Scenario.Path}}, nil
	}
	g := a.test.Graph
	g.Locals = slices.DeleteFunc(slices.Clone(g.Locals), func(l string) bool { return a.known && strings.HasPrefix(s.Target, l) }) // see Args
	g.Writes = g.Writes || filepath.Ext(a.test.Processor) == ".ts" && !a.compiles()
	return &g, nil
}

// Args are those of artillery run.
func (a *Artillery) Args(s *Spec, p Paths) []string {
	args := []string{"run"}
	if flagValue(s.Args, "--output", "-o") == "" {
		args = append(args, "--output", p.Export)
	}
	if a.aims {
		args = append(args, "--target", p.Target)
	}
	return slices.Concat(args, a.override(s, p), []string{p.Scenario})
}

const overrides = "--overrides"

// override are the caller's flags with what ltlab changes of the script's config. Artillery takes a flag once, and --overrides
// last.
func (a *Artillery) override(s *Spec, p Paths) []string {
	config := map[string]any{}
	if a.known && p.Target != s.Target { // a container knows the lab's own services by other addresses
		config["target"] = p.Target
	}
	if _, own := overridden(s.Args)["processor"]; a.compiles() && !own {
		config["processor"] = path.Join(filepath.ToSlash(p.Plugin), a.compiled())
	}
	doc, given := map[string]any{}, flagValue(s.Args, overrides)
	if len(config) == 0 || given != "" && (json.Unmarshal([]byte(given), &doc) != nil || doc == nil) { // Artillery says what is wrong with it
		return s.Args
	}
	for name, value := range overridden(s.Args) {
		if _, ours := config[name]; !ours {
			config[name] = value
		}
	}
	doc["config"] = config
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err) // it came from JSON
	}
	var args []string
	for i, arg := range s.Args {
		if arg != overrides && !strings.HasPrefix(arg, overrides+"=") && (i == 0 || s.Args[i-1] != overrides) {
			args = append(args, arg)
		}
	}
	return append(args, overrides, string(text))
}

// Env adds the plugin to those that the caller's environment names.
func (a *Artillery) Env(s *Spec, base []string, p Paths, id, project string) []string {
	set := map[string]string{}
	var env []string
	for i, v := range slices.Concat(base, s.Vars) {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case slices.Contains(merged, name):
			set[name] = value
		case i < len(base) && slices.Contains(proxies, name) && address.Direct(s.Target, s.Environ): // left out
		default:
			if !slices.Contains(ours, name) {
				env = append(env, v)
			}
		}
	}
	plugins := map[string]any{}
	if json.Unmarshal([]byte(set["ARTILLERY_PLUGINS"]), &plugins) != nil || plugins == nil { // Artillery ignores what does not parse, too
		plugins = map[string]any{}
	}
	plugins["ltlab"] = map[string]string{"scope": "artillery-plugin-"}
	named, err := json.Marshal(plugins)
	if err != nil {
		panic(err) // it came from JSON
	}
	from := append(modules(p.Scenario), p.Plugin)
	if before := set["ARTILLERY_PLUGIN_PATH"]; before != "" {
		from = append([]string{before}, from...)
	}
	env = append(env, "ARTILLERY_PLUGINS="+string(named), "ARTILLERY_PLUGIN_PATH="+strings.Join(from, ":"), "ARTILLERY_DISABLE_TELEMETRY=true",
		"LTLAB_PARENT="+p.Parent, "LTLAB_RECORD="+p.Record, "LTLAB_RUN="+id, "LTLAB_PROJECT="+project)
	if p.Parent != ParentStdin { // a container's Node has started when it reads this
		env = append(env, "NODE_OPTIONS="+strings.TrimSpace(set["NODE_OPTIONS"]+" --require="+nodeOption(filepath.Join(p.Plugin, preload))))
	}
	if p.Target != "" && !has(env, "BASE_URL") {
		env = append(env, "BASE_URL="+p.Target)
	}
	if host, port, ok := strings.Cut(p.StatsD, ":"); ok {
		env = append(env, "LTLAB_STATSD="+p.StatsD)
		if !has(env, "STATSD_HOST") && !has(env, "STATSD_PORT") { // for the script's own publish-metrics
			env = append(env, "STATSD_HOST="+host, "STATSD_PORT="+port)
		}
	}
	return env
}

// nodeOption quotes a value as NODE_OPTIONS wants it.
func nodeOption(path string) string {
	if !strings.ContainsAny(path, " \"\\") {
		return path
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(path) + `"`
}

// Boot makes Node read the file of variables before anything else.
func (*Artillery) Boot(plugin, file string) []string {
	return []string{"LTLAB_ENV_FILE=" + file, "NODE_OPTIONS=--require=" + plugin + "/" + preload, "HOME=/tmp"}
}

// Variables are those of ltlab's -e: Artillery has no flag for them.
func (*Artillery) Variables(s *Spec) []string { return s.Vars }

// Export is where the caller wants the report.
func (*Artillery) Export(s *Spec) string {
	return s.absolute(flagValue(s.Args, "--output", "-o"))
}

// Requests reads Artillery's count from its report.
func (*Artillery) Requests(file string, began time.Time) *int64 {
	if st, err := os.Stat(file); err == nil && st.IsDir() {
		return nil // Artillery makes up a name in it
	}
	var doc struct {
		Aggregate *struct {
			Counters map[string]float64 `json:"counters"`
		} `json:"aggregate"`
	}
	if json.Unmarshal(report(file, began), &doc) != nil || doc.Aggregate == nil {
		return nil
	}
	n := int64(doc.Aggregate.Counters["http.requests"])
	return &n
}
