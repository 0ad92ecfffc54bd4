package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// Limits of what is read, so that a wrong folder or file costs neither memory nor patience.
const (
	MaxFile  = 10 << 20 // bytes of one dashboard
	maxFiles = 500      // of one source
	maxAll   = 64 << 20 // bytes of all of them
	maxLook  = 20_000   // entries of a folder that are looked at
)

// Source is one folder or file that a project linked, with the project that it is of.
type Source struct {
	Path    string // absolute
	Root    string // the project's folder, absolute
	Project string // the project's name
}

// NewSource says which project a folder or file is of: the one whose ltlab.yaml is given by its folder and name, else the git
// repository around it, else the folder itself.
func NewSource(path, root, project string) Source {
	if root == "" {
		dir := path
		if st, err := os.Stat(path); err == nil && !st.IsDir() {
			dir = filepath.Dir(path)
		}
		root = dir
		for at := dir; ; at = filepath.Dir(at) {
			if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
				root = at
				break
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	if project == "" {
		project = filepath.Base(root)
		for up := filepath.Dir(root); slices.Contains([]string{"dashboards", "grafana"}, strings.ToLower(project)) && up != filepath.Dir(up); up = filepath.Dir(up) {
			project = filepath.Base(up) // those names say nothing of a project
		}
	}
	return Source{Path: path, Root: root, Project: project}
}

// found is a dashboard's file as it was read.
type found struct {
	*model.File
	path string
	sum  string // of its bytes
}

// Wrong is a file that cannot be linked, and why.
type Wrong struct {
	Path string
	Why  string
}

// ErrNone is a source in which there is no dashboard; ErrGone one that is not there, or not any more.
var (
	ErrNone = errors.New("there is no dashboard in it")
	ErrGone = errors.New("it is not there")
)

// read reads the dashboards of a source in the order of their paths. A file that is given must be one; in a folder, JSON that
// is no dashboard is passed over. What is broken is in wrong; then the source is of no use.
func read(path string) (all []found, wrong []Wrong, err error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrGone
	}
	if err != nil {
		return nil, nil, err
	}
	files := []string{path}
	if st.IsDir() {
		if files, err = jsonFiles(path); err != nil {
			return nil, nil, err
		}
	}
	left := int64(maxAll)
	for _, file := range files {
		f, sum, err := readFile(file, &left)
		switch {
		case errors.Is(err, model.ErrOther) && st.IsDir():
		case err != nil:
			wrong = append(wrong, Wrong{file, err.Error()})
		default:
			all = append(all, found{f, file, sum})
		}
	}
	if len(all) == 0 && len(wrong) == 0 {
		return nil, nil, ErrNone
	}
	return all, wrong, nil
}

// jsonFiles are a folder's, those in folders of it too, but neither hidden ones nor modules of Node.
func jsonFiles(dir string) (files []string, err error) {
	looked := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if looked++; looked > maxLook {
			return fmt.Errorf("it has more than %d entries: name the folder of the dashboards alone", maxLook)
		}
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(e.Name(), "."), e.IsDir() && e.Name() == "node_modules":
			if e.IsDir() {
				return filepath.SkipDir
			}
		case !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".json"):
			if files = append(files, path); len(files) > maxFiles {
				return fmt.Errorf("it has more than %d JSON files: name the folder of the dashboards alone", maxFiles)
			}
		}
		return nil
	})
	return files, err
}

// readFile reads one file; left is how many bytes may still be read.
func readFile(path string, left *int64) (*model.File, string, error) {
	st, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, "", reason(err)
	case !st.Mode().IsRegular():
		return nil, "", errors.New("it is not a regular file")
	case st.Size() > MaxFile:
		return nil, "", fmt.Errorf("it has %d MB; a dashboard has at most %d MB", st.Size()>>20, MaxFile>>20)
	case st.Size() > *left:
		return nil, "", fmt.Errorf("all files together have more than %d MB", maxAll>>20)
	}
	*left -= st.Size()
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, "", reason(err)
	}
	f, err := model.Parse(content)
	return f, digest(content), err
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// reason is an error of a file without the path, which is said beside it.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
