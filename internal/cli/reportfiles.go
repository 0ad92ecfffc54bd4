package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// annotations are a format that goes to standard output alone.
const annotations = "github"

// documents are the runs as JSON: one as `runs show --json` has it, several as a list of those.
func documents(docs []*runDoc) ([]byte, error) {
	var out bytes.Buffer
	if len(docs) == 1 {
		err := term.JSON(&out, docs[0])
		return out.Bytes(), err
	}
	err := term.JSON(&out, struct {
		Schema int       `json:"schema"`
		Runs   []*runDoc `json:"runs"`
	}{Schema, docs})
	return out.Bytes(), err
}

// writeReports writes all files or none: each is whole beside its place before the first gets there.
func writeReports(ctx context.Context, stdout io.Writer, targets []reportTarget, text map[string][]byte, force bool, exists func(string) error) (err error) {
	var staged []stagedFile
	defer func() {
		for _, s := range staged {
			os.Remove(s.temporary) // gone already where it got to its place
		}
	}()
	for _, t := range targets {
		if t.path == "" {
			continue
		}
		s, err := stage(t.path, text[t.format])
		if err != nil {
			return problem.ReportUnwritable(t.name, err)
		}
		if s != nil {
			s.name = t.name
			staged = append(staged, *s)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, s := range staged {
		if err := s.place(force, exists); err != nil {
			return err
		}
	}
	for _, t := range targets {
		if t.path == "" {
			if _, err := stdout.Write(text[t.format]); err != nil {
				return problem.ReportUnwritable("(standard output)", err)
			}
		}
	}
	return nil
}

// stagedFile is a file that is whole, under a name of its own in the folder of its place.
type stagedFile struct{ name, temporary, path string }

// stage writes a file beside its place. What is no regular file, such as a device or a pipe, is written at once: nil.
func stage(path string, text []byte) (*stagedFile, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil { // the file that a link leads to is replaced, not the link
		path = real
	}
	switch st, err := os.Stat(path); {
	case err == nil && st.IsDir():
		return nil, errors.New("it is a folder")
	case err == nil && !st.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		_, err = f.Write(text)
		return nil, errors.Join(err, f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ltlab-report-*")
	if err != nil {
		return nil, named(err, filepath.Dir(path))
	}
	_, err = f.Write(text)
	err = cmp.Or(err, f.Sync())
	err = cmp.Or(err, f.Close(), os.Chmod(f.Name(), 0o644))
	if err != nil {
		os.Remove(f.Name())
		return nil, named(err, path)
	}
	return &stagedFile{temporary: f.Name(), path: path}, nil
}

// named is an error of a file under the name that the reader knows, in place of a temporary one.
func named(err error, path string) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return &fs.PathError{Op: at.Op, Path: path, Err: at.Err}
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return &fs.PathError{Op: "write", Path: path, Err: link.Err}
	}
	return err
}

// place puts the file where it belongs. Without force it must not take the place of another, not even of one that came a
// moment ago.
func (s *stagedFile) place(force bool, exists func(string) error) error {
	if force {
		if err := os.Rename(s.temporary, s.path); err != nil {
			return problem.ReportUnwritable(s.name, named(err, s.path))
		}
		return nil
	}
	err := os.Link(s.temporary, s.path)
	if errors.Is(err, fs.ErrExist) {
		return exists(s.name)
	}
	if err == nil {
		return nil
	}
	if _, serr := os.Lstat(s.path); serr == nil { // a file system without hard links
		return exists(s.name)
	}
	if err := os.Rename(s.temporary, s.path); err != nil {
		return problem.ReportUnwritable(s.name, named(err, s.path))
	}
	return nil
}

// annotate prints annotations, and adds the Markdown to the summary of the job that runs on GitHub.
func (d *Deps) annotate(text map[string][]byte) error {
	if _, err := d.IO.Out.Write(text[annotations]); err != nil {
		return err
	}
	path := d.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return problem.ReportUnwritable(path, err)
	}
	_, err = f.Write(append(text[asMarkdown], '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return problem.ReportUnwritable(path, err)
	}
	return nil
}
