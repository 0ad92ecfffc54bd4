package dashboards

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/ltlab/ltlab/internal/dashboards/lint"
)

// Failed is a link that could not be renewed. Its copies are as they were.
type Failed struct {
	Link
	Err error // *Invalid or *SourceError
}

// Sync reads the sources of some links anew, of all without names; repair also makes the copies those of lint's repairs from now
// on. One link that fails keeps no other from being renewed.
func (r *Registry) Sync(ctx context.Context, folders []string, repair bool, w lint.World) (done []Result, failed []Failed, err error) {
	unlock, err := r.lock(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	links, err := r.Links()
	if err != nil {
		return nil, nil, err
	}
	var plans []*plan
	for _, l := range links {
		if len(folders) > 0 && !slices.Contains(folders, l.Folder) {
			continue
		}
		l.Repair = l.Repair || repair
		p, err := newPlan(l, w)
		if err != nil {
			failed = append(failed, Failed{l, err})
			continue
		}
		plans = append(plans, p)
	}
	if len(plans) > 0 {
		done, err = r.commit(links, plans)
	}
	return done, failed, err
}

// State is how a link stands.
type State string

// The states.
const (
	InStep  State = "in-step" // the lab's copies are those of the project's files
	Changed State = "changed" // the project's files changed, or a copy did: sync
	Gone    State = "gone"    // a source is not there any more; the copies stay
	Broken  State = "broken"  // a file of the project cannot be linked any more; the copies stay
)

// Look says how a link stands, why where it is gone or broken, and what lint finds in its dashboards where it is neither.
func (r *Registry) Look(l *Link, w lint.World) (State, string, []Checked) {
	p, err := newPlan(*l, w)
	switch {
	case err != nil:
		return Judge(err), err.Error(), nil
	case !slices.EqualFunc(p.link.Boards, l.Boards, func(now, then Board) bool {
		return now.File == then.File && now.UID == then.UID && now.Read == then.Read
	}):
		return Changed, "", p.checks
	}
	if len(r.Lost(l)) > 0 {
		return Changed, "", p.checks
	}
	return InStep, "", p.checks
}

// Lost are the titles of a link's dashboards whose copies are not there any more, or not as they were made.
func (r *Registry) Lost(l *Link) (titles []string) {
	for i := range l.Boards {
		if had, err := os.ReadFile(r.Copy(l, &l.Boards[i])); err != nil || digest(had) != l.Boards[i].Wrote {
			titles = append(titles, l.Boards[i].Title)
		}
	}
	return titles
}

// Judge is the state of a link whose sources gave that error.
func Judge(err error) State {
	if errors.Is(err, ErrGone) || errors.Is(err, ErrNone) {
		return Gone
	}
	return Broken
}

// Resolved is a path without symbolic links, as far as it is there.
func Resolved(path string) string {
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			rest, err := filepath.Rel(at, path)
			if err != nil {
				return path
			}
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return path
		}
	}
}

// Lint looks at links' dashboards as they would be copied now. Errors are *Invalid and *SourceError.
func Lint(l *Link, w lint.World) ([]Checked, error) {
	p, err := newPlan(*l, w)
	if err != nil {
		return nil, err
	}
	return p.checks, nil
}

// LintSource does so for a folder or file that need not be linked.
func LintSource(s Source, w lint.World) ([]Checked, error) {
	all, err := Lint(&Link{Folder: filepath.Base(s.Project), Project: s.Project, Root: s.Root, Sources: []string{s.Path}}, w)
	for i := range all {
		all[i].Folder, all[i].UID = "", ""
	}
	return all, err
}
