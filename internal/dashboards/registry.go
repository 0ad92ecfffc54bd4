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
	"syscall"
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

// lock keeps two commands from changing links at once; it waits as long as ctx lets it. What a killed one left is then removed.
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
	for _, dir := range r.stale() {
		_ = os.RemoveAll(dir)
	}
	return func() { _ = l.Unlock() }, nil
}

func (r *Registry) save(links []Link) error { return write(r.file(), links) }

func write(path string, links []Link) error {
	slices.SortFunc(links, func(a, b Link) int {
		if a.Folder < b.Folder {
			return -1
		}
		return 1
	})
	return config.WriteJSON(path, register{Format: format, Links: links})
}

// Dir is the folder of a link's copies.
func (r *Registry) Dir(l *Link) string { return filepath.Join(r.home.Dashboards(), l.Folder) }

// Copy is the lab's file of a dashboard.
func (r *Registry) Copy(l *Link, b *Board) string { return filepath.Join(r.Dir(l), b.UID+".json") }

// clear removes a link's copies, and its folder where nothing else lies in it.
func (r *Registry) clear(l *Link) (err error) {
	for i := range l.Boards {
		err = errors.Join(err, remove(r.Copy(l, &l.Boards[i])))
	}
	_ = os.Remove(r.Dir(l)) // not when it holds what is not ours
	return err
}

// Made is all that linking has made in the lab's home: the copies, the registry and what a killed command left, and the folders
// of the copies. Of a registry that cannot be read only that itself is known.
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
	for _, dir := range r.stale() {
		entries, _ := os.ReadDir(dir) // what cannot be read is none of ours
		for _, e := range entries {
			files = append(files, filepath.Join(dir, e.Name()))
		}
		folders = append(folders, dir)
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
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return err
	}
	return nil
}
