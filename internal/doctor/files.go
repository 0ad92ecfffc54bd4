package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/store"
)

// files are the checks of the lab's folder, its settings, and the project where the user is.
func (p *Patient) files() []Check {
	return []Check{
		{ID: "home", Title: "the lab's folder can be written", Run: p.home},
		{ID: "home-mode", Title: "only its owner may enter the lab's folder", Needs: []string{"home"}, Run: p.homeMode},
		{ID: "settings-mode", Title: "only its owner may read the lab's .env", Run: p.settingsMode},
		{ID: "settings-lines", Title: "the lab's .env reads the same for every program", Run: p.settingsLines},
		{ID: "settings", Title: "every setting makes sense", Run: p.settings},
		{ID: "locks", Title: "nothing holds the lab's locks, and none is left of what was killed", Needs: []string{"home"}, Run: p.locks},
		{ID: "store", Title: "the store of runs is whole", Needs: []string{"home"}, Limit: limitOfStore, Run: p.store},
		{ID: "project", Title: "the project's ltlab.yaml makes sense", Run: p.project},
		{ID: "scenarios", Title: "the project's scenarios find what they import, also in a container", Needs: []string{"project"}, Limit: limitOfScenarios, Run: p.scenarios},
		{ID: "mount", Title: "a container sees the folder where you are", Needs: []string{"docker", "settings"}, Run: p.mounted},
	}
}

// home writes a file and removes it. A lab that was never started has no folder, and gets none by being looked at.
func (p *Patient) home(context.Context) Result {
	at := standing(string(p.Home))
	st, err := os.Stat(at)
	switch {
	case err != nil:
		return of(problem.HomeUnusable(string(p.Home), err))
	case !st.IsDir():
		return fails("home-unusable", at+" is a file, and the lab's folder would be "+string(p.Home), step("move it away", "mv "+problem.Word(at)+" "+problem.Word(at+".old")))
	}
	f, err := os.CreateTemp(at, ".new-*")
	if err == nil {
		_, err = f.WriteString("written by ltlab doctor\n")
		err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	if err != nil {
		return of(problem.HomeUnusable(string(p.Home), err), p.writable(at, err)...)
	}
	if at != string(p.Home) {
		return pass("%s does not exist yet, and can be made in %s", p.Home, at)
	}
	return pass("%s", p.Home)
}

func (p *Patient) writable(at string, err error) []problem.Step {
	switch text := err.Error(); {
	case strings.Contains(text, "read-only file system"):
		return []problem.Step{step("mount it for writing", "sudo mount -o remount,rw "+problem.Word(mountPoint(at))), step("or choose another folder", "export LTLAB_HOME=DIR")}
	case errors.Is(err, fs.ErrPermission):
		return []problem.Step{step("make it yours", "sudo chown -R $(id -u):$(id -g) "+problem.Word(at)), step("or choose another folder", "export LTLAB_HOME=DIR")}
	}
	return nil
}

func (p *Patient) homeMode(context.Context) Result {
	st, err := os.Stat(string(p.Home))
	switch {
	case err != nil:
		return skip("there is no folder yet")
	case runtime.GOOS == "windows" || st.Mode().Perm()&0o077 == 0:
		return pass("mode %04o", st.Mode().Perm())
	}
	if !exists(p.Home.Env()) && !exists(string(p.Home.Runs())) {
		return pass("mode %04o; there is nothing of the lab in it yet", st.Mode().Perm())
	}
	r := fails("", fmt.Sprintf("%s has mode %04o: others of this machine may look into it", p.Home, st.Mode().Perm()), step("close it", "chmod 700 "+problem.Word(string(p.Home))))
	r.Repair = chmod(string(p.Home), 0o700)
	return r
}

func (p *Patient) settingsMode(context.Context) Result {
	path := p.Home.Env()
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return skip("there is no %s: every setting is as it comes, until one is set or the lab starts on Docker", path)
	case runtime.GOOS == "windows" || st.Mode().Perm()&0o077 == 0:
		return pass("mode %04o", st.Mode().Perm())
	}
	r := fails("settings-unusable", fmt.Sprintf("%s has mode %04o: others of this machine can read its passwords", path, st.Mode().Perm()), step("close it", "chmod 600 "+problem.Word(path)))
	r.Repair = chmod(path, 0o600)
	return r
}

func chmod(path string, mode fs.FileMode) *Repair {
	return &Repair{Say: fmt.Sprintf("set the mode of %s to %04o", path, mode), Do: func(context.Context) (string, error) {
		return fmt.Sprintf("%s has mode %04o now", path, mode), os.Chmod(path, mode)
	}}
}

// settingsLines looks for what ltlab reads well and a shell, or Compose with an ejected copy, does not.
func (p *Patient) settingsLines(context.Context) Result {
	path := p.Home.Env()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return skip("there is no %s: every setting is as it comes, until one is set or the lab starts on Docker", path)
	}
	if err != nil {
		return of(problem.SettingsUnusable(path, err))
	}
	var odd []string
	if n := bytes.Count(b, []byte("\r\n")); n > 0 {
		odd = append(odd, fmt.Sprintf("lines end as on Windows (CR LF), %d of them: a shell that reads it gets values with a carriage return", n))
	}
	if bytes.HasPrefix(b, []byte("\uFEFF")) {
		odd = append(odd, "it begins with a byte order mark: a shell takes that for a part of the first name")
	}
	if len(odd) == 0 {
		if _, err := config.ParseEnv(path, b); err != nil {
			return skip("its lines make no sense, see settings")
		}
		return pass("%s", many(bytes.Count(b, []byte("\n")), "line"))
	}
	r := fails("settings-invalid", path+": "+strings.Join(odd, "; "), step("write it with plain line ends", p.mend("settings-lines")))
	r.Repair = &Repair{Say: "write " + path + " with plain line ends, and its lines as they are", Do: func(context.Context) (string, error) { return plainLines(path) }}
	return r
}

// plainLines replaces the file in one step.
func plainLines(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	b = bytes.ReplaceAll(bytes.TrimPrefix(b, []byte("\uFEFF")), []byte("\r\n"), []byte("\n"))
	f, err := os.CreateTemp(filepath.Dir(path), ".env-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return path + " has plain line ends now", nil
}

func (p *Patient) settings(context.Context) Result {
	s, err := p.Settings()
	if err != nil {
		return of(err)
	}
	set := 0
	for _, v := range s.All() {
		if v.Value != "" && v.Origin.From != config.FromDefault {
			set++
		}
		if err := v.Check(); err != nil {
			back := step("take it back to its default", p.cmd("configure set "+v.Key.Name+"="))
			switch v.Origin.From {
			case config.FromEnviron:
				back = step("take it back", "unset "+v.Key.Name)
			case config.FromProject:
				back = step("mend target in "+v.Origin.At, "")
			}
			return fails("settings-invalid", fmt.Sprintf("%s: %v", v.Origin, err), back)
		}
	}
	var notes []string
	for _, n := range s.Env.Notes { // as ltlab config has them
		notes = append(notes, n.String())
	}
	if len(notes) > 0 {
		return warn(strings.Join(notes, "\n"), step("see what counts", p.cmd("config --origin")))
	}
	return pass("%d set, the rest as they come", set)
}

func (p *Patient) store(ctx context.Context) Result {
	path := p.Home.Store()
	if !exists(path) {
		return skip("there is no store yet; the first start makes it")
	}
	err := store.Verify(ctx, path)
	var newer *store.VersionError
	switch {
	case err == nil:
		return pass("%s reads well to its end", path)
	case errors.As(err, &newer):
		return of(problem.StoreTooNew(err))
	case errors.Is(err, store.ErrFull):
		return fails("disk-full", err.Error(), p.space(true)...)
	case !errors.Is(err, store.ErrDamaged):
		return of(err, step("see who may read it", "ls -l "+problem.Word(path)))
	}
	r := fails("store-damaged", fmt.Sprintf("%s: %v; the runs' records are whole, and it is made of them", path, err), step("move it aside and make it again from the records", p.mend("store")))
	r.Repair = &Repair{Say: "move " + path + " aside and make it again from the runs' records", Do: func(ctx context.Context) (string, error) {
		return "the store is made again from the runs' records", p.Refill(ctx)
	}}
	return r
}

// mountPoint is the file system's root above a folder.
func mountPoint(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if at == filepath.Dir(at) || !sameDevice(at, filepath.Dir(at)) {
			return at
		}
	}
}
