package mount

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The folders that a scenario may expect to exist where it writes are those of the working folder, down to this depth and
// number.
const (
	deepest     = 4
	mostFolders = 2000
)

// Stage makes dir the working folder of a container that must not write into the user's own: it has the same folders as
// like, all empty, so that a report can be written to out/ where there is an out/. They belong to owner.
func Stage(dir, like string, owner Owner) error {
	if err := makeOwned(dir, owner); err != nil {
		return err
	}
	n := 0
	return filepath.WalkDir(like, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || p == like {
			return nil //nolint:nilerr // a folder that cannot be read is one that nobody can write to either
		}
		rel, err := filepath.Rel(like, p)
		if err != nil {
			return err
		}
		name := d.Name()
		if n++; n > mostFolders || name == ".git" || name == "node_modules" || strings.Count(rel, string(filepath.Separator)) >= deepest {
			return fs.SkipDir
		}
		if Within(p, dir) { // itself
			return fs.SkipDir
		}
		return makeOwned(filepath.Join(dir, rel), owner)
	})
}

func makeOwned(dir string, owner Owner) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if os.Getuid() != 0 { // who may not give anything away
		return nil
	}
	return os.Chown(dir, owner.UID, owner.GID)
}

// File writes one file, which only its owner may read, as a tar archive.
func File(w io.Writer, name string, content []byte, owner Owner) error {
	out := tar.NewWriter(w)
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o400, Size: int64(len(content)), Uid: owner.UID, Gid: owner.GID, Format: tar.FormatPAX}
	if err := out.WriteHeader(h); err != nil {
		return err
	}
	if _, err := out.Write(content); err != nil {
		return err
	}
	return out.Close()
}

// Folders writes folders alone, without files, as a tar archive: each name with the folders inside what it stands for here, ""
// for none.
func Folders(w io.Writer, names map[string]string, owner Owner) error {
	out := tar.NewWriter(w)
	add := func(name string) error {
		return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, Uid: owner.UID, Gid: owner.GID, Format: tar.FormatPAX})
	}
	for name, like := range names {
		if err := add(name); err != nil {
			return err
		}
		if like == "" {
			continue
		}
		err := filepath.WalkDir(like, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() || p == like {
				return err
			}
			rel, err := filepath.Rel(like, p)
			if err != nil {
				return err
			}
			return add(path.Join(name, filepath.ToSlash(rel)))
		})
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// Unpack writes the regular files of a tar archive below dir; names that would leave it are refused.
func Unpack(in io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(path.Clean(h.Name))
		if name == "." || !filepath.IsLocal(name) {
			if name != "." {
				return fmt.Errorf("the archive names %q, which is outside", h.Name)
			}
			continue
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = unpackFile(root, name, r)
		}
		if err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// Deliver moves the files of a staged folder to where they would be had the tool run in to, and returns their paths there,
// sorted. They belong to whoever runs ltlab, and replace what is there, as the tool would have. What cannot be moved is left
// behind, and the error names it.
func Deliver(dir, to string) (files []string, err error) {
	var failed []error
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), copyFile(p, target)); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", rel, err))
			return nil
		}
		files = append(files, target)
		return nil
	})
	slices.Sort(files)
	return files, errors.Join(append(failed, err)...)
}

// copyFile copies rather than renames: the staged file belongs to another user, and may be on another disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
