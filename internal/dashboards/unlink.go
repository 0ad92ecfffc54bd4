package dashboards

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/lint"
)

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
	Kept   int    `json:"kept"`          // dashboards of its other sources that could not be read anew, and stay as they were
	Why    string `json:"why,omitempty"` // they could not
}

// Unlink takes a project out of the lab, or the source of it that path is: also where neither that nor its other sources can be
// read. ErrUnlinked, or errors of the lab's home.
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
		return r.unlinkSource(links, *l, path, w)
	}
	out := &Unlinked{Folder: l.Folder, Boards: len(l.Boards)}
	if err := r.clear(l); err != nil { // first: what the registry still names can be removed again, and a full disk gets room
		return nil, err
	}
	return out, r.save(slices.DeleteFunc(links, func(v Link) bool { return v.Folder == out.Folder }))
}

func (r *Registry) unlinkSource(links []Link, l Link, path string, w lint.World) (*Unlinked, error) {
	out := &Unlinked{Folder: l.Folder, Source: path}
	l.Sources = slices.DeleteFunc(slices.Clone(l.Sources), func(s string) bool { return s == path })
	p, err := newPlan(l, w)
	if err != nil {
		p = kept(l)
		out.Kept, out.Why = len(p.link.Boards), err.Error()
	}
	out.Boards = len(l.Boards) - len(p.link.Boards)
	_, err = r.commit(links, []*plan{p})
	return out, err
}

// kept is a link with fewer sources than it had, not all of which can be read: what is of them stays as it was copied.
func kept(l Link) *plan {
	p := &plan{link: l, had: l.Boards}
	p.link.Boards = slices.DeleteFunc(slices.Clone(l.Boards), func(b Board) bool {
		return !slices.ContainsFunc(l.Sources, func(s string) bool { return b.File == s || strings.HasPrefix(b.File, s+string(filepath.Separator)) })
	})
	p.copies = make([][]byte, len(p.link.Boards))
	return p
}
