// Package config knows where the lab keeps things and which settings it has.
package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/record"
)

// DefaultLab is the lab's name when none is given: one a user, not one a folder.
const DefaultLab = "lab"

// Home is a lab's folder.
type Home string

// ErrLabName is a name that no lab can have: it would not do as a folder's and as part of a container's.
var ErrLabName = errors.New("a lab's name has up to 30 lower-case letters, digits and hyphens, and begins with a letter")

var labName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,29}$`)

// FindHome returns $LTLAB_HOME, else $XDG_DATA_HOME/ltlab/LAB, else the same under the user's own folders. A name that no
// lab can have is ErrLabName.
func FindHome(getenv func(string) string, lab string) (Home, error) {
	if !labName.MatchString(lab) {
		return "", ErrLabName
	}
	if dir := getenv("LTLAB_HOME"); dir != "" {
		abs, err := filepath.Abs(dir)
		return Home(resolved(abs)), err
	}
	dir, err := Labs(getenv)
	return Home(resolved(filepath.Join(dir, lab))), err
}

// resolved follows the symbolic links in a path, of which the end may not exist yet: one folder is one lab, by whatever
// name it is called.
func resolved(path string) string {
	for at := path; ; at = filepath.Dir(at) {
		if there, err := filepath.EvalSymlinks(at); err == nil {
			rest, err := filepath.Rel(at, path)
			if err != nil {
				return path
			}
			return filepath.Join(there, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
	}
}

// Labs is the folder in which each lab without an LTLAB_HOME has its own.
func Labs(getenv func(string) string) (string, error) {
	base := getenv("XDG_DATA_HOME")
	if base == "" || !filepath.IsAbs(base) { // the XDG specification says to ignore relative paths
		user, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("neither LTLAB_HOME nor HOME is set")
		}
		base = filepath.Join(user, ".local", "share")
	}
	return filepath.Join(base, "ltlab"), nil
}

// Make creates the folder, for its owner alone, and closes one to others that an earlier ltlab or the user left open.
func (h Home) Make() error {
	if err := os.MkdirAll(string(h), 0o700); err != nil {
		return err
	}
	st, err := os.Stat(string(h))
	if err != nil || st.Mode().Perm()&0o077 == 0 {
		return err
	}
	if own, err := h.own(); err != nil || !own {
		return err
	}
	if err := os.Chmod(string(h), 0o700); err != nil && !errors.Is(err, fs.ErrPermission) { // it may be another user's
		return err
	}
	return nil
}

// own says whether the folder holds nothing but what the lab puts there. LTLAB_HOME may also name a folder that has more
// uses, as /tmp, and nobody must be shut out of that.
func (h Home) own() (bool, error) {
	entries, err := os.ReadDir(string(h))
	for _, e := range entries {
		if !slices.ContainsFunc([]string{"runs", "store.db", "serve.", "ports.json", "docker.json", "dashboards", "start.lock", ".env", ".new-"},
			func(ours string) bool { return strings.HasPrefix(e.Name(), ours) }) {
			return false, err
		}
	}
	return true, err
}

func (h Home) path(name string) string { return filepath.Join(string(h), name) }

// Runs holds one folder a run.
func (h Home) Runs() record.Runs { return record.Runs(h.path("runs")) }

// Store is the run store's file.
func (h Home) Store() string { return h.path("store.db") }

// State is where the embedded lab says what it is doing.
func (h Home) State() string { return h.path("serve.json") }

// Ports remembers which ports the services got.
func (h Home) Ports() string { return h.path("ports.json") }

// Docker is what the lab's last start on Docker left running.
func (h Home) Docker() string { return h.path("docker.json") }

// Dashboards is the folder that the lab's Grafana watches.
func (h Home) Dashboards() string { return h.path("dashboards") }

// OwnDashboards is the part of it that holds the lab's own; in Grafana it is a folder, too.
func (h Home) OwnDashboards() string { return filepath.Join(h.Dashboards(), "ltlab") }

// MakeDashboards makes that folder, readable by Grafana's own user; the home around it stays closed to others.
func (h Home) MakeDashboards() error {
	if err := os.MkdirAll(h.Dashboards(), 0o755); err != nil {
		return err
	}
	return os.Chmod(h.Dashboards(), 0o755) // whatever the umask
}

// ServeLock is held by the embedded lab as long as it lives.
func (h Home) ServeLock() string { return h.path("serve.lock") }

// StartLock is held by the command that starts or stops the lab.
func (h Home) StartLock() string { return h.path("start.lock") }

// Log is the embedded lab's log.
func (h Home) Log() string { return h.path("serve.log") }

// Env holds the lab's own settings, its secrets among them.
func (h Home) Env() string { return h.path(".env") }
