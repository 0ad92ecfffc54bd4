package dashboards

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// staged is a change of links and copies, written beside the folder that Grafana watches: what follows is renaming, for which a
// full disk has room. What it replaces is kept there, too, so that it can be put back.
type staged struct {
	dir   string
	plans []*plan
	undo  []func() error
}

// staging is what names of folders with staged files begin with.
func (r *Registry) staging() string { return filepath.Base(r.home.Dashboards()) + ".new-" }

// stale are staged files' folders. Whoever holds the lock knows that they are of commands that were killed.
func (r *Registry) stale() (dirs []string) {
	entries, _ := os.ReadDir(string(r.home)) // a home that is not there has none
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), r.staging()) {
			dirs = append(dirs, filepath.Join(string(r.home), e.Name()))
		}
	}
	return dirs
}

// commit makes links those of plans, in the registry and in the folder that Grafana watches, or leaves both as they were. The
// registry goes first: a copy that it names and that is not there, for the command was killed, is made by the next sync; one
// that it does not name would stay for ever.
func (r *Registry) commit(links []Link, plans []*plan) ([]Result, error) {
	links = slices.Clone(links)
	for _, p := range plans {
		i := slices.IndexFunc(links, func(l Link) bool { return l.Folder == p.link.Folder })
		if p.ended {
			links = slices.Delete(links, i, i+1)
		} else {
			links[i] = p.link
		}
	}
	s, err := r.stage(links, plans)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	if err := r.place(s); err != nil {
		return nil, errors.Join(err, s.back())
	}
	var out []Result
	for _, p := range plans {
		if p.ended {
			_ = os.Remove(r.Dir(&p.link)) // not when it holds what is not ours
		} else {
			out = append(out, Result{Link: p.link, Checked: p.checks})
		}
	}
	return out, nil
}

func (r *Registry) stage(links []Link, plans []*plan) (*staged, error) {
	dir, err := os.MkdirTemp(string(r.home), r.staging())
	if err != nil {
		return nil, err
	}
	s := &staged{dir: dir, plans: plans}
	if err := s.fill(links); err != nil {
		s.drop()
		return nil, err
	}
	return s, nil
}

func (s *staged) fill(links []Link) error {
	if err := write(s.registry(), links); err != nil {
		return err
	}
	for i, p := range s.plans {
		for j := range p.link.Boards {
			if p.copies[j] == nil {
				continue
			}
			path := s.path(i, j)
			if err := os.WriteFile(path, p.copies[j], 0o644); err != nil {
				return err
			}
			if err := os.Chmod(path, 0o644); err != nil { // whatever the umask: Grafana's user reads it
				return err
			}
		}
	}
	return nil
}

func (s *staged) registry() string { return filepath.Join(s.dir, "links.json") }

func (s *staged) path(i, j int) string { return filepath.Join(s.dir, fmt.Sprintf("%d-%d", i, j)) }

func (s *staged) drop() { _ = os.RemoveAll(s.dir) }

// place puts staged files where they belong; one that is right already is left alone. What a link had before and has no more is
// taken away.
func (r *Registry) place(s *staged) error {
	if err := r.home.MakeDashboards(); err != nil {
		return err
	}
	if err := s.swap(s.registry(), r.file()); err != nil {
		return err
	}
	for i, p := range s.plans {
		if !p.ended {
			if err := s.folder(r.Dir(&p.link)); err != nil {
				return err
			}
		}
		for j := range p.link.Boards {
			path := r.Copy(&p.link, &p.link.Boards[j])
			if p.copies[j] == nil || same(path, p.copies[j]) {
				continue
			}
			if err := s.swap(s.path(i, j), path); err != nil {
				return err
			}
		}
		for j := range p.had {
			old := p.had[j]
			if !slices.ContainsFunc(p.link.Boards, func(b Board) bool { return b.UID == old.UID }) {
				if err := s.take(r.Copy(&p.link, &old)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// folder makes a link's folder, readable by Grafana's own user.
func (s *staged) folder(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		s.undo = append(s.undo, func() error { return remove(dir) })
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// swap puts a staged file where it belongs, whole and at once.
func (s *staged) swap(from, to string) error {
	had := s.had()
	err := keep(to, had)
	there := !errors.Is(err, fs.ErrNotExist)
	if there && err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	s.undo = append(s.undo, func() error {
		if !there {
			return remove(to)
		}
		return os.Rename(had, to)
	})
	return nil
}

// take takes a copy away. A folder in its place is somebody's own.
func (s *staged) take(path string) error {
	st, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), err == nil && st.IsDir():
		return nil
	case err != nil:
		return err
	}
	had := s.had()
	if err := os.Rename(path, had); err != nil {
		return err
	}
	s.undo = append(s.undo, func() error { return os.Rename(had, path) })
	return nil
}

// had is a name for the next file that is replaced.
func (s *staged) had() string { return filepath.Join(s.dir, fmt.Sprintf("had-%d", len(s.undo))) }

// keep is a file under a second name, with its content where the disk knows no second names. The first one stays there all the
// time: Grafana looks.
func keep(path, as string) error {
	err := os.Link(path, as)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(as, content, st.Mode().Perm())
}

// back undoes what was done of a change, the last first.
func (s *staged) back() (err error) {
	for _, undo := range slices.Backward(s.undo) {
		err = errors.Join(err, undo())
	}
	return err
}
