package record

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Folder is one run's folder; its base name is the run's id.
type Folder string

// ID is the run's id.
func (f Folder) ID() string { return filepath.Base(string(f)) }

// Tool is the path of tool.ndjson.
func (f Folder) Tool() string { return filepath.Join(string(f), ToolFile) }

// Run is the path of run.ndjson.
func (f Folder) Run() string { return filepath.Join(string(f), RunFile) }

// Lock is the path of the file that the ltlab which writes the run holds locked as long as it lives.
func (f Folder) Lock() string { return filepath.Join(string(f), ".lock") }

// Size is the number of bytes of both files.
func (f Folder) Size() int64 {
	var n int64
	for _, p := range []string{f.Tool(), f.Run()} {
		if st, err := os.Stat(p); err == nil {
			n += st.Size()
		}
	}
	return n
}

var validID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// ValidID says whether a run may be called that: it is a folder's name and a tag's value.
func ValidID(id string) bool { return validID.MatchString(id) }

// NewID makes an id that begins with UTC time, so that ids sort by age.
func NewID(now time.Time) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return now.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b[:])
}

// Runs is the folder that holds the runs' folders.
type Runs string

// ErrExists says that the id is in use.
var ErrExists = errors.New("run exists")

// Create makes a run's folder, for its owner alone.
func (r Runs) Create(id string) (Folder, error) {
	if !ValidID(id) {
		return "", fmt.Errorf("run id %q: want letters, digits, dots, dashes or underscores, 100 at most", id)
	}
	if err := os.MkdirAll(string(r), 0o700); err != nil {
		return "", err
	}
	dir := filepath.Join(string(r), id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return "", ErrExists
		}
		return "", err
	}
	return Folder(dir), nil
}

// List returns the runs, oldest start first. Folders that hold no record are not runs.
func (r Runs) List() ([]Folder, error) {
	entries, err := os.ReadDir(string(r))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Folder
	started := map[Folder]time.Time{}
	for _, e := range entries {
		f := Folder(filepath.Join(string(r), e.Name()))
		if st, err := os.Stat(f.Run()); e.IsDir() && ValidID(e.Name()) && err == nil {
			out = append(out, f)
			started[f] = startOf(f, st.ModTime())
		}
	}
	slices.SortFunc(out, func(a, b Folder) int {
		return cmp.Or(started[a].Compare(started[b]), strings.Compare(string(a), string(b)))
	})
	return out, nil
}

// startOf is the run's start by the first line of run.ndjson, or the time given when that cannot be read.
func startOf(f Folder, otherwise time.Time) time.Time {
	l, err := openLines(f.Run())
	if err != nil {
		return otherwise
	}
	defer l.close()
	b, err := l.next()
	var line RunLine
	if err != nil || json.Unmarshal(b, &line) != nil || line.Start == nil {
		return otherwise
	}
	return line.Start.Time
}

// NotFoundError says that a name fits no run, or several.
type NotFoundError struct {
	Name    string
	Matches []string // ids; empty: none fits
	Empty   bool     // there is no run at all
}

func (e *NotFoundError) Error() string {
	if len(e.Matches) == 0 {
		return fmt.Sprintf("no run fits %q", e.Name)
	}
	return fmt.Sprintf("%q fits %d runs: %s", e.Name, len(e.Matches), strings.Join(e.Matches, ", "))
}

// Find resolves a run's id, a unique prefix of it, "last" or "last~N" (N runs before the last).
func (r Runs) Find(name string) (Folder, error) {
	all, err := r.List()
	if err != nil {
		return "", err
	}
	if back, ok := strings.CutPrefix(name, "last"); ok && (back == "" || back[0] == '~') {
		n := 0
		if back != "" {
			if n, err = strconv.Atoi(back[1:]); err != nil || n < 0 {
				return "", &NotFoundError{Name: name}
			}
		}
		if n >= len(all) {
			return "", &NotFoundError{Name: name, Empty: len(all) == 0}
		}
		return all[len(all)-1-n], nil
	}
	var fits []string
	var found Folder
	for _, f := range all {
		if f.ID() == name {
			return f, nil
		}
		if name != "" && strings.HasPrefix(f.ID(), name) {
			fits = append(fits, f.ID())
			found = f
		}
	}
	if len(fits) != 1 {
		return "", &NotFoundError{Name: name, Matches: fits}
	}
	return found, nil
}

// Closed says whether the tool's side of the record has its end, by its last line alone.
func (f Folder) Closed() bool {
	file, err := os.Open(f.Tool())
	if err != nil {
		return false
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return false
	}
	for n := int64(8 << 10); ; n *= 8 { // an end with many thresholds is long
		n = min(n, st.Size())
		b := make([]byte, n)
		if _, err := file.ReadAt(b, st.Size()-n); err != nil || !bytes.HasSuffix(b, []byte("\n")) {
			return false
		}
		line := b[:n-1]
		if i := bytes.LastIndexByte(line, '\n'); i >= 0 || n == st.Size() {
			return bytes.HasPrefix(line[i+1:], []byte(`{"end":`))
		}
	}
}
