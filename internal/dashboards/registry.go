// Package dashboards is what the lab knows of projects' own Grafana dashboards: which folders and files are linked, and the
// copies of them that Grafana reads. A project's files are only ever read.
//
// A link is of one project, which has one folder in Grafana. The registry and the copies lie in the lab's home; both change
// under one lock, and each file is replaced whole.
package dashboards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/config"
)

// Link is a project's dashboards in the lab.
type Link struct {
	Folder  string   `json:"folder"`  // in Grafana, and below the folder that it watches; no two links share one
	Project string   `json:"project"` // its name
	Root    string   `json:"root"`    // its folder, absolute: what makes two sources one project's
	Sources []string `json:"sources"` // folders and files, absolute
	Repair  bool     `json:"repair"`  // copies are made with what lint can repair
	Boards  []Board  `json:"boards"`
}

// Board is one dashboard of a link.
type Board struct {
	File  string `json:"file"`  // in the project, absolute
	Title string `json:"title"` // as the copy has it
	UID   string `json:"uid"`   // of the copy; its file in the lab is UID.json
	From  string `json:"from"`  // the uid in the project's file, "" for none
	Read  string `json:"read"`  // SHA-256 of the project's file
	Wrote string `json:"wrote"` // SHA-256 of the copy
}

type register struct {
	Format int    `json:"format"`
	Links  []Link `json:"links"`
}

const format = 1

// Registry is a lab's linked dashboards.
type Registry struct {
	home config.Home
}

// Open is the registry of a lab. Nothing is made or read yet.
func Open(h config.Home) *Registry { return &Registry{home: h} }

func (r *Registry) file() string { return r.home.Dashboards() + ".json" }

// ErrNewer is a registry that a newer ltlab wrote.
var ErrNewer = errors.New("it was written by a newer ltlab")

// Links are all links, by folder. Reading takes no lock: the registry is replaced whole.
func (r *Registry) Links() ([]Link, error) {
	var all register
	err := config.ReadJSON(r.file(), &all)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", r.file(), err)
	case all.Format > format:
		return nil, fmt.Errorf("%s: %w", r.file(), ErrNewer)
	}
	return all.Links, nil
}

// lock keeps two commands from changing links at once; it waits as long as ctx lets it.
func (r *Registry) lock(ctx context.Context) (unlock func(), err error) {
	if err := r.home.Make(); err != nil {
		return nil, err
	}
	l := flock.New(r.home.Dashboards() + ".lock")
	if _, err := l.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return func() { _ = l.Unlock() }, nil
}

func (r *Registry) save(links []Link) error {
	slices.SortFunc(links, func(a, b Link) int {
		if a.Folder < b.Folder {
			return -1
		}
		return 1
	})
	return config.WriteJSON(r.file(), register{Format: format, Links: links})
}

// Dir is the folder of a link's copies.
func (r *Registry) Dir(l *Link) string { return filepath.Join(r.home.Dashboards(), l.Folder) }

// Copy is the lab's file of a dashboard.
func (r *Registry) Copy(l *Link, b *Board) string { return filepath.Join(r.Dir(l), b.UID+".json") }

// staged are the files of a link that is about to change, written beside the folder that Grafana watches: what follows is
// renaming, for which a full disk has room.
type staged struct {
	dir   string
	plans []*plan
}

func (r *Registry) stage(plans []*plan) (s *staged, err error) {
	s = &staged{plans: plans}
	left, _ := filepath.Glob(r.home.Dashboards() + ".new-*") // of a command that was killed
	for _, dir := range left {
		_ = os.RemoveAll(dir)
	}
	if s.dir, err = os.MkdirTemp(string(r.home), filepath.Base(r.home.Dashboards())+".new-"); err != nil {
		return nil, err
	}
	for i, p := range plans {
		for j := range p.link.Boards {
			path := s.path(i, j)
			if err = os.WriteFile(path, p.copies[j], 0o644); err == nil {
				err = os.Chmod(path, 0o644) // whatever the umask: Grafana's user reads it
			}
			if err != nil {
				s.drop()
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *staged) path(i, j int) string { return filepath.Join(s.dir, fmt.Sprintf("%d-%d", i, j)) }

func (s *staged) drop() { _ = os.RemoveAll(s.dir) }

// place puts staged copies where Grafana sees them; one that is right already is left alone. What the link had before and has
// no more is removed.
func (r *Registry) place(s *staged) (err error) {
	if err := r.home.MakeDashboards(); err != nil {
		return err
	}
	for i, p := range s.plans {
		dir := r.Dir(&p.link)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
		for j := range p.link.Boards {
			path := r.Copy(&p.link, &p.link.Boards[j])
			if same(path, p.copies[j]) {
				continue
			}
			if err := os.Rename(s.path(i, j), path); err != nil {
				return err
			}
		}
		for j := range p.had {
			old := p.had[j]
			if !slices.ContainsFunc(p.link.Boards, func(b Board) bool { return b.UID == old.UID }) {
				err = errors.Join(err, remove(r.Copy(&p.link, &old)))
			}
		}
	}
	return err
}

// clear removes a link's copies, and its folder where nothing else lies in it.
func (r *Registry) clear(l *Link) (err error) {
	for i := range l.Boards {
		err = errors.Join(err, remove(r.Copy(l, &l.Boards[i])))
	}
	_ = os.Remove(r.Dir(l)) // not when it holds what is not ours
	return err
}

// Made is all that linking has made in the lab's home: the copies and the registry, and the folders of the copies. Of a
// registry that cannot be read only that itself is known.
func (r *Registry) Made() (files, folders []string) {
	links, err := r.Links()
	for i := range links {
		for j := range links[i].Boards {
			files = append(files, r.Copy(&links[i], &links[i].Boards[j]))
		}
		folders = append(folders, r.Dir(&links[i]))
	}
	if len(links) > 0 || err != nil {
		files = append(files, r.file())
	}
	return files, folders
}

func same(path string, content []byte) bool {
	st, err := os.Stat(path)
	if err != nil || st.Size() != int64(len(content)) || st.Mode().Perm() != 0o644 {
		return false
	}
	had, err := os.ReadFile(path)
	return err == nil && string(had) == string(content)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
