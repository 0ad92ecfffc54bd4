package runner

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/problem"
)

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

// Inside looks at where k6 reads and writes.
func (K6) Inside(s *Spec) error {
	config := flagValues(s.Args, "--config", "-c")
	var outs []string
	for _, v := range slices.Concat(flagValues(s.Args, "--out", "-o", "--log-output"), k6Outs(s.Environ)) {
		file, _, _ := strings.Cut(after(v), ",")
		outs = append(outs, file)
	}
	for _, v := range slices.Concat(flagValues(s.Args, "--summary-export", "--console-output"), outs) {
		if filepath.IsAbs(v) {
			return problem.FileOutsideContainer("k6", v)
		}
		if u := urlIn.FindString(v); u != "" && address.Loopback(address.Host(u)) {
			return problem.TargetOnLocalhost("k6", redactURL(u))
		}
	}
	for _, v := range flagValues(s.Args, "--secret-source") {
		if kind, _, _ := strings.Cut(v, "="); kind == "file" {
			config = append(config, after(v))
		}
	}
	for _, v := range config { // read from the working folder, which is empty in there
		return problem.FileOutsideContainer("k6", v)
	}
	for _, v := range flagValues(s.Args, "-e", "--env") {
		if value, ok := strings.CutPrefix(v, "BASE_URL="); ok && address.Loopback(address.Host(value)) {
			return problem.TargetOnLocalhost("k6", redactURL(value))
		}
	}
	return nil
}

// Redact takes away the values of -e and of secret sources, and passwords and tokens in URLs.
func (K6) Redact(args []string) []string {
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

// Ignored are k6's own options.
func (k K6) Ignored(s *Spec) string {
	var options []string
	for _, v := range s.Environ {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "K6_") && name != "K6_OUT" && !foreign(name) {
			options = append(options, name)
		}
	}
	if len(options) == 0 {
		return ""
	}
	return "your environment has " + strings.Join(options, ", ") + ", which k6 in a container is not given: pass k6's flags behind --"
}
