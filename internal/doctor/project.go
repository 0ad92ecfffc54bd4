package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/problem"
)

// Bounds of the checks that read much.
const (
	limitOfStore     = 30 * time.Second
	limitOfScenarios = 20 * time.Second
	mostScenarios    = 200 // files that are read
	mostInspected    = 8   // of them by k6 itself, which takes a while each
)

func (p *Patient) project(context.Context) Result {
	y, err := p.Project()
	switch {
	case err != nil:
		return of(err)
	case y == nil:
		return skip("no ltlab.yaml holds for %s", p.Dir)
	}
	for _, dir := range []struct{ key, path string }{{"scenarios", y.Scenarios}, {"dashboards", y.Dashboards}} {
		if st, err := os.Stat(dir.path); dir.path != "" && (err != nil || !st.IsDir()) {
			return fails("project-file-invalid", fmt.Sprintf("%s:%d: %s names %s, which is no folder", y.Path, y.Line(dir.key), dir.key, dir.path),
				step("make it, or mend that line", "mkdir -p "+problem.Word(dir.path)))
		}
	}
	return pass("%s", y.Path)
}

// scenarios follows the imports of every scenario in the folder that ltlab.yaml names, and has k6 itself resolve some.
func (p *Patient) scenarios(ctx context.Context) Result {
	y, err := p.Project()
	if err != nil || y == nil || y.Scenarios == "" {
		return skip("ltlab.yaml names no folder of scenarios")
	}
	k6, others, err := listed(y.Scenarios)
	if err != nil {
		return of(err)
	}
	boxed, _ := p.on(ctx, "docker")
	for _, file := range k6 {
		g, err := mount.Scan(file)
		if err != nil {
			return of(problem.ScenarioUnreadable("k6", file, err.Error()))
		}
		if r, bad := p.outside("k6", y.Scenarios, file, g, boxed); bad {
			return r
		}
	}
	for _, file := range others {
		t, err := mount.ScanArtillery(file)
		if err != nil {
			return of(problem.ScenarioUnreadable("artillery", file, err.Error()))
		}
		if !t.Read || !t.Phases && t.Target == "" && t.Processor == "" {
			continue // another kind of YAML
		}
		if len(t.Missing) > 0 {
			return fails("script-file-missing", fmt.Sprintf("%s names %s, which is not there", file, strings.Join(t.Missing, ", ")), step("put it there, or mend the script", ""))
		}
		if r, bad := p.outside("artillery", y.Scenarios, file, &t.Graph, boxed); bad {
			return r
		}
	}
	inspected, r := p.inspect(ctx, k6)
	if r != nil {
		return *r
	}
	if len(k6)+len(others) == 0 {
		return skip("there are none in %s", y.Scenarios)
	}
	return pass("%s in %s, of which k6 loaded %d", many(len(k6)+len(others), "file"), y.Scenarios, inspected)
}

// outside is a scenario with files that its container would not see.
func (p *Patient) outside(tool, dir, file string, g *mount.Graph, boxed bool) (Result, bool) {
	away := append(g.Outside(dir), g.Fixed...)
	if len(away) == 0 {
		return Result{}, false
	}
	slices.Sort(away)
	rel, err := filepath.Rel(g.Root(), file)
	if err != nil {
		rel = file
	}
	r := fails("import-outside-project", fmt.Sprintf("%s needs %s, outside of %s: its container sees that folder alone", file, strings.Join(slices.Compact(away), ", "), dir),
		step("give it the folder that holds both", p.cmd(tool+" -p "+problem.Word(g.Root())+" -s "+problem.Word(filepath.ToSlash(rel)))))
	if !boxed {
		r.Status = Warn
		r.Evidence += "; on this machine, as the lab runs now, it is found"
	}
	return r, true
}

// listed are the files of a folder that may be scenarios, of k6 and of Artillery.
func listed(dir string) (k6, artillery []string, err error) {
	seen := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != dir):
			return filepath.SkipDir
		case d.IsDir():
			return nil
		case seen == mostScenarios:
			return filepath.SkipAll
		}
		seen++
		switch strings.ToLower(filepath.Ext(path)) {
		case ".js", ".ts", ".mjs":
			k6 = append(k6, path)
		case ".yml", ".yaml":
			artillery = append(artillery, path)
		}
		return nil
	})
	return k6, artillery, err
}

// unfound are the words with which k6 says that it does not find an import.
var unfound = []string{"couldn't be found on local disk", "unknown module", "couldn't be located", "cannot find", "no such file"}

// inspect has k6 load scripts as it does before a run. What else may be wrong with one is not looked at: helpers of
// scenarios are no scenarios.
func (p *Patient) inspect(ctx context.Context, files []string) (n int, bad *Result) {
	binary, err := p.K6()
	if err != nil {
		return 0, nil // another check says so
	}
	for _, file := range files[:min(len(files), mostInspected)] {
		cmd := exec.CommandContext(ctx, binary, "inspect", file)
		cmd.Dir, cmd.Env = filepath.Dir(file), append(minimal(p.Getenv), "K6_AUTO_EXTENSION_RESOLUTION=false", "K6_NO_USAGE_REPORT=true")
		cmd.WaitDelay = time.Second
		var said bytes.Buffer
		cmd.Stderr = &said
		err := cmd.Run()
		if ctx.Err() != nil {
			return n, nil
		}
		var ended *exec.ExitError
		if err == nil {
			n++
			continue
		}
		text := said.String()
		if errors.As(err, &ended) && slices.ContainsFunc(unfound, func(s string) bool { return strings.Contains(text, s) }) {
			r := fails("script-failed", fmt.Sprintf("%s: k6 does not find what it imports: %s", file, message(text)), step("put it there, or mend the import; then look again", p.cmd("doctor scenarios")))
			return n, &r
		}
	}
	return n, nil
}

// message is the first error in what k6 prints, without its time and level.
func message(text string) string {
	line := firstLine(strings.TrimSpace(text))
	if _, msg, ok := strings.Cut(line, `msg="`); ok {
		return strings.TrimSuffix(msg, `"`)
	}
	return line
}

// minimal is the least that programs need of an environment.
func minimal(getenv func(string) string) (env []string) {
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP", "TMP"} {
		if v := getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}
