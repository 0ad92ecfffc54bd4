package dashboards

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/ltlab/ltlab/internal/dashboards/lint"
)

// Result is a link that was made or renewed, and what lint says of its dashboards.
type Result struct {
	Link
	Checked []Checked
}

// Link makes the sources' dashboards the lab's: those of a project that is linked already are added to it, and all of that
// project is read anew. Nothing changes unless every file is in order; errors are then *Invalid and *SourceError. All others are
// of the lab's home.
func (r *Registry) Link(ctx context.Context, sources []Source, w lint.World) ([]Result, error) {
	unlock, err := r.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	links, err := r.Links()
	if err != nil {
		return nil, err
	}
	var touched []string
	for _, s := range sources {
		i := slices.IndexFunc(links, func(l Link) bool { return l.Root == s.Root && l.Project == s.Project })
		if i < 0 {
			i = len(links)
			links = append(links, Link{Folder: folderFor(r.home, s.Project, links), Project: s.Project, Root: s.Root})
		}
		l := &links[i]
		if !slices.Contains(l.Sources, s.Path) {
			l.Sources = append(slices.Clone(l.Sources), s.Path)
		}
		if !slices.Contains(touched, l.Folder) {
			touched = append(touched, l.Folder)
		}
	}
	var plans []*plan
	for i := range links {
		if slices.Contains(touched, links[i].Folder) {
			p, err := newPlan(links[i], w)
			if err != nil {
				return nil, err
			}
			plans = append(plans, p)
		}
	}
	return r.commit(links, plans)
}

// commit writes the copies of plans and the registry that names them. The registry goes first: a copy that it names and that is
// not there is made by the next sync, one that it does not name would stay for ever.
func (r *Registry) commit(links []Link, plans []*plan) ([]Result, error) {
	s, err := r.stage(plans)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	before, err := r.Links()
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		i := slices.IndexFunc(links, func(l Link) bool { return l.Folder == p.link.Folder })
		links[i] = p.link
	}
	if err := r.save(slices.Clone(links)); err != nil {
		return nil, err
	}
	if err := r.place(s); err != nil {
		return nil, errors.Join(err, r.save(before))
	}
	var out []Result
	for _, p := range plans {
		out = append(out, Result{p.link, p.checks})
	}
	return out, nil
}

// ErrUnlinked is a name or a path that nothing is linked under.
var ErrUnlinked = errors.New("nothing is linked under that name")

// Find is the link that a user means: by its folder in Grafana, by its project, or by a source's path, which is absolute.
func Find(links []Link, name, path string) (*Link, error) {
	for i := range links {
		if l := &links[i]; l.Folder == name || l.Root == path || slices.Contains(l.Sources, path) {
			return l, nil
		}
	}
	var one *Link
	for i := range links {
		if links[i].Project == name {
			if one != nil {
				return nil, ErrUnlinked // two are called so: their folders are not
			}
			one = &links[i]
		}
	}
	if one == nil {
		return nil, ErrUnlinked
	}
	return one, nil
}

// Unlinked is what unlinking took away.
type Unlinked struct {
	Folder string `json:"folder"`
	Source string `json:"source"` // "" when the whole project went
	Boards int    `json:"boards"`
}

// Unlink takes a project out of the lab, or the source of it that path is. ErrUnlinked, or errors of the lab's home.
func (r *Registry) Unlink(ctx context.Context, name, path string, w lint.World) (*Unlinked, error) {
	unlock, err := r.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	links, err := r.Links()
	if err != nil {
		return nil, err
	}
	l, err := Find(links, name, path)
	if err != nil {
		return nil, err
	}
	if len(l.Sources) > 1 && l.Folder != name && slices.Contains(l.Sources, path) {
		return r.unlinkSource(links, l, path, w)
	}
	out := &Unlinked{Folder: l.Folder, Boards: len(l.Boards)}
	if err := r.clear(l); err != nil { // first: what the registry still names can be removed again
		return nil, err
	}
	return out, r.save(slices.DeleteFunc(links, func(v Link) bool { return v.Folder == out.Folder }))
}

func (r *Registry) unlinkSource(links []Link, l *Link, path string, w lint.World) (*Unlinked, error) {
	had := len(l.Boards)
	l.Sources = slices.DeleteFunc(slices.Clone(l.Sources), func(s string) bool { return s == path })
	p, err := newPlan(*l, w)
	if err != nil {
		return nil, err
	}
	if _, err := r.commit(links, []*plan{p}); err != nil {
		return nil, err
	}
	return &Unlinked{Folder: p.link.Folder, Source: path, Boards: had - len(p.link.Boards)}, nil
}

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
