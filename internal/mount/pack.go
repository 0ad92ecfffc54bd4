package mount

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// IgnoreFile names, in the project's folder, what is not copied, by the rules of a .dockerignore.
const IgnoreFile = ".ltlabignore"

// MostBytes is how much of a project is copied into a container that cannot see its folder.
const MostBytes = 200 << 20

// always are not needed by any scenario and often large. An IgnoreFile can take them back with "!".
var always = []string{"**/.git", "**/node_modules"}

// TooLargeError is a folder that holds more than is copied.
type TooLargeError struct {
	Dir     string
	Most    int64
	Largest string // the file or folder in it that takes most
	Bytes   int64  // what Largest takes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s holds more than %d MB; %s alone has %d MB", e.Dir, e.Most>>20, e.Largest, e.Bytes>>20)
}

// Owner is whose files are in an archive.
type Owner struct{ UID, GID int }

// Pack writes a folder as a tar archive whose paths begin with prefix. Links are followed, also those that leave the folder;
// devices, sockets, links to nowhere and links to a folder that they are in are left out. What cannot be read here is there, and cannot be read there either.
// Nothing is written when the folder is a *TooLargeError.
func Pack(dir, prefix string, most int64, owner Owner, w io.Writer) error {
	ignored, err := ignores(dir)
	if err != nil {
		return err
	}
	p := &packing{dir: dir, ignored: ignored, sizes: map[string]int64{}}
	if err := p.list(".", nil); err != nil {
		return err
	}
	if p.total > most {
		e := &TooLargeError{Dir: dir, Most: most}
		for name, n := range p.sizes {
			if n > e.Bytes {
				e.Largest, e.Bytes = name, n
			}
		}
		return e
	}
	buffered := bufio.NewWriterSize(w, 1<<20)
	out := &archive{Writer: tar.NewWriter(buffered), owner: owner}
	for _, rel := range p.files {
		if err := out.add(filepath.Join(dir, rel), path.Join(prefix, filepath.ToSlash(rel))); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// packing is a folder that is looked at.
type packing struct {
	dir     string
	ignored *patternmatcher.PatternMatcher
	files   []string         // paths from dir, a folder before what is in it
	sizes   map[string]int64 // by what they are below in dir
	total   int64
}

// list adds a folder; within are the real paths of those it is in, so that a link to one of them is not followed for ever.
func (p *packing) list(rel string, within []string) error {
	at := filepath.Join(p.dir, rel)
	self := real(at)
	if slices.Contains(within, self) {
		return nil
	}
	within = append(within[:len(within):len(within)], self)
	p.files = append(p.files, rel)
	entries, err := os.ReadDir(at)
	if errors.Is(err, fs.ErrPermission) && rel != "." {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(rel, e.Name())
		skip, err := p.ignored.MatchesOrParentMatches(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		st, err := os.Stat(filepath.Join(p.dir, name))
		if err != nil || skip && (!st.IsDir() || !p.ignored.Exclusions()) {
			continue // a link to nowhere, or gone meanwhile
		}
		switch {
		case st.IsDir():
			if err := p.list(name, within); err != nil {
				return err
			}
		case st.Mode().IsRegular():
			p.files = append(p.files, name)
			p.sizes[top(name)] += st.Size()
			p.total += st.Size()
		}
	}
	return nil
}

func ignores(dir string) (*patternmatcher.PatternMatcher, error) {
	patterns := always
	f, err := os.Open(filepath.Join(dir, IgnoreFile))
	if err == nil {
		defer f.Close()
		own, err := ignorefile.ReadAll(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", IgnoreFile, err)
		}
		patterns = append(patterns[:len(patterns):len(patterns)], own...)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", IgnoreFile, err)
	}
	return m, nil
}

// top is the first part of a path.
func top(rel string) string {
	for i, c := range rel {
		if c == filepath.Separator {
			return rel[:i]
		}
	}
	return rel
}

// archive is a tar archive of files that belong to one user.
type archive struct {
	*tar.Writer
	owner Owner
}

// add adds a file with its content, or a folder without.
func (a *archive) add(from, name string) error {
	f, err := os.Open(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it went away since it was listed, as editors' files do
	case errors.Is(err, fs.ErrPermission):
		return a.closed(from, name)
	case err != nil:
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: name, Mode: int64(st.Mode().Perm() | 0o400), Uid: a.owner.UID, Gid: a.owner.GID, ModTime: st.ModTime(), Format: tar.FormatPAX}
	if st.IsDir() {
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, name+"/", 0o755
		return a.WriteHeader(h)
	}
	h.Typeflag, h.Size = tar.TypeReg, st.Size()
	if err := a.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.CopyN(a, f, st.Size()) // a file that grows meanwhile is cut where it was
	return err
}

// closed adds what may not be read: root's, empty and without any right.
func (a *archive) closed(from, name string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, ModTime: st.ModTime(), Format: tar.FormatPAX}
	if st.IsDir() {
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	}
	return a.WriteHeader(h)
}
