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

// Pack writes a folder as a tar archive whose paths begin with prefix. Links that leave the folder are followed if they lead
// to a file, devices and sockets are left out, and a file that cannot be read is an error. Nothing is written when the folder
// is a *TooLargeError.
func Pack(dir, prefix string, most int64, owner Owner, w io.Writer) error {
	ignored, err := ignores(dir)
	if err != nil {
		return err
	}
	var files []string
	sizes, total := map[string]int64{}, int64(0)
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil || rel == "." {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		if skip {
			if d.IsDir() && !ignored.Exclusions() {
				return fs.SkipDir
			}
			return nil
		}
		st, err := os.Stat(p)
		if err != nil {
			return nil // a link to nowhere
		}
		if st.Mode().IsRegular() {
			first, _, _ := cutPath(rel)
			sizes[first] += st.Size()
			total += st.Size()
		}
		if st.Mode().IsRegular() || d.IsDir() {
			files = append(files, rel)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if total > most {
		e := &TooLargeError{Dir: dir, Most: most}
		for name, n := range sizes {
			if n > e.Bytes {
				e.Largest, e.Bytes = name, n
			}
		}
		return e
	}
	return write(dir, prefix, files, owner, w)
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

func cutPath(rel string) (first, rest string, found bool) {
	for i, c := range rel {
		if c == filepath.Separator {
			return rel[:i], rel[i+1:], true
		}
	}
	return rel, "", false
}

func write(dir, prefix string, files []string, owner Owner, w io.Writer) error {
	buffered := bufio.NewWriterSize(w, 1<<20)
	out := tar.NewWriter(buffered)
	add := func(name string, st fs.FileInfo) error {
		h := &tar.Header{Name: name, Mode: int64(st.Mode().Perm()), Uid: owner.UID, Gid: owner.GID, ModTime: st.ModTime(), Format: tar.FormatPAX}
		if st.IsDir() {
			h.Typeflag, h.Name, h.Mode = tar.TypeDir, name+"/", 0o755
		} else {
			h.Typeflag, h.Size = tar.TypeReg, st.Size()
		}
		return out.WriteHeader(h)
	}
	st, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if err := add(prefix, st); err != nil {
		return err
	}
	for _, rel := range files {
		if err := addFile(out, add, filepath.Join(dir, rel), path.Join(prefix, filepath.ToSlash(rel))); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

func addFile(out io.Writer, add func(string, fs.FileInfo) error, from, name string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if err := add(name, st); err != nil || st.IsDir() {
		return err
	}
	_, err = io.CopyN(out, f, st.Size()) // a file that grows meanwhile is cut where it was
	return err
}
