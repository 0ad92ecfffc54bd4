package runner

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
)

const k6Name = "ltlab-k6"

// FindK6 looks for ltlab-k6: LTLAB_K6 (its value), beside ltlab itself, on PATH.
func FindK6(fromEnv, self string) (string, error) {
	if fromEnv != "" {
		path, err := exec.LookPath(fromEnv)
		if err != nil {
			return "", problem.ToolNotFound([]string{"LTLAB_K6=" + fromEnv})
		}
		return filepath.Abs(path)
	}
	if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), k6Name)); err == nil {
		return path, nil
	}
	if path, err := exec.LookPath(k6Name); err == nil {
		return filepath.Abs(path)
	}
	return "", problem.ToolNotFound([]string{"LTLAB_K6 (not set)", filepath.Dir(self), "PATH"})
}

// K6 is ltlab-k6 at a path.
type K6 struct {
	Binary  string // what runs
	Inspect string // what reads the script before the run, where Binary is in a container; "" is none
}

var _ Program = K6{}

// Name is k6.
func (K6) Name() string { return "k6" }

// Sends is what our output does.
func (K6) Sends() bool { return true }

// Command is ltlab-k6 itself.
func (k K6) Command() []string { return []string{k.Binary} }

// Check leaves it all to k6, which says it better.
func (K6) Check(*Spec, func(string)) error { return nil }

// Unpack has nothing to write.
func (K6) Unpack(*Spec, string) error { return nil }

// Scan follows the script's imports.
func (K6) Scan(s *Spec) (*mount.Graph, error) { return mount.Scan(s.Scenario.Path) }

// Args are those of k6 run.
func (K6) Args(s *Spec, paths Paths) []string {
	args := []string{"run", "-o", "ltlab", "--summary-export=" + paths.Export}
	for _, out := range k6Outs(s.Environ) {
		args = append(args, "-o", out)
	}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		args = append(args, "--tag", k+"="+s.Tags[k])
	}
	for _, v := range s.Vars {
		if asFlag(v, s) {
			args = append(args, "-e", v)
		}
	}
	args = append(args, s.Args...)
	return append(args, paths.Scenario)
}

// ours are the variables by which ltlab tells a tool what to do: the caller's never reach it.
var ours = []string{"LTLAB_RECORD", "LTLAB_RUN", "LTLAB_PROJECT", "LTLAB_PARENT", "LTLAB_STATSD", "LTLAB_ENV_FILE", "LTLAB_REACH"}

// Env passes the environment on.
func (K6) Env(s *Spec, base []string, paths Paths, id, project string) []string {
	var env []string
	for _, v := range base {
		name, _, _ := strings.Cut(v, "=")
		// k6 ignores K6_OUT once -o is given; its entries are repeated as flags.
		if name != "K6_OUT" && !slices.Contains(ours, name) && !foreign(name) {
			env = append(env, v)
		}
	}
	for _, v := range s.Vars {
		if !asFlag(v, s) {
			env = append(env, v)
		}
	}
	env = append(env, s.Sink.environ()...)
	return append(env, "LTLAB_PARENT="+paths.Parent, "LTLAB_RECORD="+paths.Record, "LTLAB_RUN="+id, "LTLAB_PROJECT="+project,
		"K6_NO_USAGE_REPORT=true", "K6_AUTO_EXTENSION_RESOLUTION=false")
}

// readByTool are variables that k6 or its Go runtime would obey themselves: given for the scenario, they must not.
var readByTool = regexp.MustCompile(`(?i)^(K6_|LTLAB_|XDG_|SSL_CERT_|(GOMAXPROCS|GOGC|GODEBUG|GOMEMLIMIT|GOTRACEBACK|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|NO_COLOR|HOME|PATH|TZ)=)`)

// asFlag says whether a variable NAME=value must reach k6 as -e: its environment would mean something else to it, or is
// not shown to scripts.
func asFlag(v string, s *Spec) bool { return readByTool.MatchString(v) || !s.showsEnvironment() }

// showsEnvironment says whether k6 shows its environment to scripts, as it does unless told otherwise.
func (s *Spec) showsEnvironment() bool {
	shows := true
	for _, v := range s.Environ {
		if value, ok := strings.CutPrefix(v, "K6_INCLUDE_SYSTEM_ENV_VARS="); ok {
			shows = truth(value)
		}
	}
	for _, a := range s.Args {
		if a == "--include-system-env-vars" {
			shows = true
		} else if value, ok := strings.CutPrefix(a, "--include-system-env-vars="); ok {
			shows = truth(value)
		}
	}
	return shows
}

func truth(value string) bool {
	v, err := strconv.ParseBool(value)
	return err != nil || v // k6 refuses what is no boolean
}

func k6Outs(environ []string) []string {
	var outs []string
	for _, v := range environ {
		list, ok := strings.CutPrefix(v, "K6_OUT=")
		if !ok {
			continue
		}
		outs = nil // as for any variable, the last one counts
		for _, out := range strings.Split(list, ",") {
			if out = strings.TrimSpace(out); out != "" && out != "ltlab" {
				outs = append(outs, out)
			}
		}
	}
	return outs
}

// Boot names the file of variables, which ltlab-k6 reads itself.
func (K6) Boot(_, file string) []string { return []string{"LTLAB_ENV_FILE=" + file} }

// Variables are those of -e.
func (K6) Variables(s *Spec) []string {
	return slices.Concat(s.Vars, flagValues(s.Args, "-e", "--env"))
}

// Export is where the caller wants k6's summary export.
func (K6) Export(s *Spec) string {
	path := flagValue(s.Args, "--summary-export")
	for _, v := range s.Environ {
		if value, ok := strings.CutPrefix(v, "K6_SUMMARY_EXPORT="); ok && path == "" {
			path = value
		}
	}
	return s.absolute(path)
}

// absolute is a path as the caller means it, "" for none.
func (s *Spec) absolute(path string) string {
	if path != "" && !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	return path
}

// report is a tool's own report of a run that began then; an older file may lie there.
func report(path string, began time.Time) []byte {
	st, err := os.Stat(path)
	if err != nil || st.ModTime().Before(began) {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return b
}

// Requests reads k6's count from its summary export: 0 when it saw none, nil when the summary was switched off or k6 did not
// get to it.
func (K6) Requests(path string, began time.Time) *int64 {
	b := report(path, began)
	var doc struct {
		Metrics map[string]json.RawMessage `json:"metrics"`
	}
	if json.Unmarshal(b, &doc) != nil || doc.Metrics == nil {
		return nil // the new machine-readable form has a list here
	}
	var m struct {
		Count float64 `json:"count"`
	}
	if raw, ok := doc.Metrics["http_reqs"]; ok && json.Unmarshal(raw, &m) != nil {
		return nil
	}
	n := int64(m.Count)
	return &n
}
