package runner

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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

// k6Args is the command line behind the binary. Ours come first, so that the caller's flags win.
func k6Args(s *Spec, paths Paths) []string {
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

// k6Env is what the tool gets of the caller's environment with the scenario's variables, which are kept off the command
// line where anybody could read them.
func k6Env(s *Spec, base []string, paths Paths, id, project string) []string {
	var env []string
	for _, v := range base {
		name, _, _ := strings.Cut(v, "=")
		// k6 ignores K6_OUT once -o is given; its entries are repeated as flags.
		if name != "K6_OUT" && name != "LTLAB_RECORD" && name != "LTLAB_RUN" && name != "LTLAB_PROJECT" && name != "LTLAB_PARENT" && !foreign(name) {
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

// flagValue finds --name VALUE or --name=VALUE among k6's flags; the last one counts.
func flagValue(args []string, names ...string) string {
	values := flagValues(args, names...)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// flagValues are all values of a flag that may be given more than once.
func flagValues(args []string, names ...string) (values []string) {
	for i, a := range args {
		for _, n := range names {
			if a == n && i+1 < len(args) {
				values = append(values, args[i+1])
			} else if v, ok := strings.CutPrefix(a, n+"="); ok {
				values = append(values, v)
			} else if v, ok := strings.CutPrefix(a, n); ok && len(n) == 2 && v != "" && v[0] != '=' {
				values = append(values, v) // -eNAME=value
			}
		}
	}
	return values
}

// ownExport is where the caller wants k6's summary export; "" when nowhere.
func (s *Spec) ownExport() string {
	path := flagValue(s.Args, "--summary-export")
	for _, v := range s.Environ {
		if value, ok := strings.CutPrefix(v, "K6_SUMMARY_EXPORT="); ok && path == "" {
			path = value
		}
	}
	if path != "" && !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	return path
}

// k6Requests reads k6's own count of requests from its summary export: 0 when it saw none, nil when there is no export
// of this run (the summary was switched off, or k6 did not get to it, and an older file may lie there).
func k6Requests(path string, began time.Time) *int64 {
	st, err := os.Stat(path)
	if err != nil || st.ModTime().Before(began) {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
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

// fileFlags are k6's flags whose value holds a file, after the first "=" where there is one.
var fileFlags = [][]string{{"--secret-source"}, {"--console-output"}, {"--log-output"}, {"--out", "-o"}}

// missingFile is a file that k6's flags name and that it cannot use: it does not exist, nor could it be made there. ""
// when there is none.
func missingFile(dir string, args []string) string {
	for _, names := range fileFlags {
		value := flagValue(args, names...)
		if _, path, ok := strings.Cut(value, "="); ok {
			value = path
		} else if names[0] != "--console-output" {
			continue
		}
		path, _, _ := strings.Cut(value, ",")
		if path == "" || strings.Contains(path, "://") {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		need := path
		if names[0] != "--secret-source" {
			need = filepath.Dir(path)
		}
		if _, err := os.Stat(need); err != nil {
			return path
		}
	}
	return ""
}

// redact makes flags fit for a record: values of -e and of secret sources go, and so do passwords and tokens in URLs.
func redact(args []string) []string {
	out := slices.Clone(args)
	hideNext := false
	for i, a := range out {
		name, value, has := strings.Cut(a, "=")
		secret := name == "-e" || name == "--env" || name == "--secret-source"
		short, attached := strings.CutPrefix(a, "-e")
		switch {
		case !hideNext && attached && short != "" && short[0] != '=':
			key, _, _ := strings.Cut(short, "=")
			out[i] = "-e" + key + "=***"
		case hideNext:
			key, _, _ := strings.Cut(a, "=")
			out[i] = key + "=***"
			hideNext = false
		case secret && has:
			key, _, _ := strings.Cut(value, "=")
			out[i] = name + "=" + key + "=***"
		case secret:
			hideNext = true
		default:
			out[i] = redactURL(a)
		}
	}
	return out
}

var urlIn = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://\S+`)

func redactURL(text string) string {
	return urlIn.ReplaceAllStringFunc(text, func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil {
			return "***"
		}
		if u.User != nil {
			u.User = url.User("***")
		}
		if u.RawQuery != "" {
			u.RawQuery = "***"
		}
		return u.String()
	})
}
