package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

const (
	maxFile  = 64 << 10 // bytes of a file of settings
	maxLines = 200      // lines of one value
)

// EnvFile is the lab's .env: NAME=value lines as godotenv reads them, with what stands around them.
type EnvFile struct {
	Path       string
	Notes      []Note // what its owner should know
	statements []statement
	values     map[string]string // the last one of each name counts
}

// statement is a setting with its comment, a comment or an empty line, as it stands in the file.
type statement struct {
	text string // with its line ending
	line int    // from 1
	key  string // "" for none
}

// Note is something in a file that works, and that its owner should know.
type Note struct {
	Path string
	Line int // 0: the file as a whole
	Text string
}

func (n Note) String() string { return place(n.Path, n.Line) + ": " + n.Text }

// FileError is a file of settings that makes no sense. It quotes nothing but names, for values may be secrets.
type FileError struct {
	Path string
	Line int // 0: the file as a whole
	Text string
}

func (e *FileError) Error() string { return place(e.Path, e.Line) + ": " + e.Text }

// UnusableError is a file of settings that cannot be read, written or kept from others.
type UnusableError struct {
	Path string
	Err  error
}

func (e *UnusableError) Error() string { return e.Path + ": " + e.Err.Error() }

func (e *UnusableError) Unwrap() error { return e.Err }

func place(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

// ReadEnv reads the lab's .env; one that is not there is empty. A file that others may read is made its owner's alone,
// which a note says. Errors are *FileError and *UnusableError.
func ReadEnv(h Home) (*EnvFile, error) {
	path := h.Env()
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // whoever needs the folder says that there is none
		return &EnvFile{Path: path}, nil
	}
	if err != nil {
		return nil, unusable(path, err)
	}
	if st.IsDir() {
		return nil, unusable(path, errors.New("it is a directory"))
	}
	if !st.Mode().IsRegular() {
		return nil, unusable(path, errors.New("it is not a regular file"))
	}
	closed, err := closeToOthers(st.Mode().Perm(), func(to fs.FileMode) (fs.FileMode, error) {
		if err := os.Chmod(path, to); err != nil {
			return 0, err
		}
		st, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		return st.Mode().Perm(), nil
	})
	if err != nil {
		return nil, unusable(path, err)
	}
	content, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	f, err := ParseEnv(path, content)
	if err != nil {
		return nil, err
	}
	if closed {
		f.Notes = append([]Note{{Path: path, Text: fmt.Sprintf("its mode was %04o, so others could read its passwords; it is 0600 now", st.Mode().Perm())}}, f.Notes...)
	}
	return f, nil
}

// closeToOthers takes group's and others' rights away; chmod returns the mode that came of it.
func closeToOthers(mode fs.FileMode, chmod func(fs.FileMode) (fs.FileMode, error)) (changed bool, err error) {
	if runtime.GOOS == "windows" || mode&0o077 == 0 { // Windows has lists of rights and no such bits
		return false, nil
	}
	now, err := chmod(0o600)
	if err != nil {
		return false, fmt.Errorf("others may use it (mode %04o), and that cannot be changed: %w", mode, reason(err))
	}
	if now&0o077 != 0 {
		return false, fmt.Errorf("others may use it (mode %04o), and its file system keeps no modes", mode)
	}
	return true, nil
}

func unusable(path string, err error) error { return &UnusableError{Path: path, Err: reason(err)} }

// reason is an error without the path that the message names already.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// readSmall reads a file of settings, which is UTF-8 text, and drops a byte order mark.
func readSmall(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	if len(content) > maxFile {
		return nil, &FileError{Path: path, Text: fmt.Sprintf("it has %d bytes, want at most %d", len(content), maxFile)}
	}
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil, &FileError{Path: path, Text: "it is not UTF-8 text"}
	}
	return content, nil
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// ParseEnv reads the content of a .env. godotenv decides what a statement is and what it says, so that no second idea of
// the format exists; one statement at a time, so that line and name are known.
func ParseEnv(path string, content []byte) (*EnvFile, error) {
	f := &EnvFile{Path: path}
	lines := strings.SplitAfter(string(content), "\n")
	for i := 0; i < len(lines); {
		s := statement{text: lines[i], line: i + 1}
		i++
		if t := strings.TrimSpace(s.text); t != "" && t[0] != '#' {
			for ; unclosed(s.text) && i < len(lines) && i-s.line < maxLines; i++ {
				s.text += lines[i]
			}
			if err := s.parse(); err != nil {
				return nil, &FileError{Path: path, Line: s.line, Text: err.Error()}
			}
		}
		if s.text != "" {
			f.add(s)
		}
	}
	values, err := godotenv.UnmarshalBytes(content)
	if err != nil {
		return nil, &FileError{Path: path, Text: "it is not lines of NAME=value"}
	}
	f.values = values
	return f, nil
}

// unclosed says whether the text ends inside a quoted value.
func unclosed(text string) bool {
	_, err := godotenv.Unmarshal(text)
	return err != nil && strings.HasPrefix(err.Error(), "unterminated quoted value")
}

func (s *statement) parse() error {
	values, err := godotenv.Unmarshal(s.text)
	switch {
	case unclosed(s.text):
		return errors.New("a quote is not closed")
	case err != nil || !strings.ContainsAny(s.text, "=:"):
		return errors.New("it is no line of NAME=value")
	case len(values) != 1:
		return errors.New("it holds more than one setting")
	}
	for s.key = range values {
	}
	if !variable.MatchString(s.key) {
		return errors.New("the name before = has other characters than letters, digits and underscores")
	}
	return nil
}

// add appends a statement and notes what is odd about it.
func (f *EnvFile) add(s statement) {
	if s.key != "" {
		note := func(format string, args ...any) {
			f.Notes = append(f.Notes, Note{Path: f.Path, Line: s.line, Text: fmt.Sprintf(format, args...)})
		}
		if before := f.Line(s.key); before > 0 {
			note("%s stands on line %d already; this one counts", s.key, before)
		}
		var unknown *KeyError
		if _, err := FindKey(s.key); errors.As(err, &unknown) && unknown.Nearest != "" {
			note("%v", err)
		}
		if s.torn() {
			note("the value of %s goes to the last # of its line; put it into single quotes to end it before the first", s.key)
		}
		if s.expands() {
			note("the $ in %s may begin a variable's name; put the value into single quotes to have it as it is", s.key)
		}
	}
	f.statements = append(f.statements, s)
}

// raw is the value as it stands in the file, with its quotes and its comment.
func (s statement) raw() string {
	i := strings.IndexAny(s.text, "=:")
	return strings.TrimSpace(s.text[i+1:])
}

func (s statement) quoted() bool {
	raw := s.raw()
	return raw != "" && strings.Contains(`'"`, raw[:1])
}

// expands says whether a $ in the value is read as a variable, by godotenv or by docker compose.
func (s statement) expands() bool {
	raw := s.raw()
	switch {
	case strings.HasPrefix(raw, "'"):
		return false
	case strings.HasPrefix(raw, `"`):
		raw = strings.ReplaceAll(raw, `\$`, "")
	default:
		raw, _, _ = strings.Cut(raw, " #")
	}
	return strings.Contains(raw, "$")
}

// torn says whether a bare value has two places where a comment could begin: godotenv takes the last, docker compose and
// people the first.
func (s statement) torn() bool { return !s.quoted() && len(inline.FindAllStringIndex(s.raw(), 2)) > 1 }

// Value is what the file says of a name; "" when it says nothing.
func (f *EnvFile) Value(key string) string { return f.values[key] }

// Values are all of them by name; not to be changed.
func (f *EnvFile) Values() map[string]string { return f.values }

// Line is the line of the statement that counts, 0 when there is none.
func (f *EnvFile) Line(key string) int {
	for i := len(f.statements) - 1; i >= 0; i-- {
		if f.statements[i].key == key {
			return f.statements[i].line
		}
	}
	return 0
}
