package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// lab is a home with an .env of this content and mode.
func lab(t *testing.T, content string, mode fs.FileMode) Home {
	t.Helper()
	h := Home(t.TempDir())
	if err := os.WriteFile(h.Env(), []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(h.Env(), mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return h
}

func TestEnvIsReadAsPeopleWriteIt(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          map[string]string
		lines         map[string]int
		notes         []string // parts
	}{
		{"nothing", "", map[string]string{}, nil, nil},
		{"comments and empty lines", "\n# a=b\n\n  # c\nA=1\n", map[string]string{"A": "1"}, map[string]int{"A": 5}, nil},
		{"no newline at the end", "A=1\nB=2", map[string]string{"A": "1", "B": "2"}, map[string]int{"B": 2}, nil},
		{"CRLF", "A=1\r\nB='x y'\r\nC=\"z\" # c\r\nD=\r\n", map[string]string{"A": "1", "B": "x y", "C": "z", "D": ""}, map[string]int{"D": 4}, nil},
		{"quotes and comments", "A='x # y' # c\nB=\"it's\"\nC=a#b # c\n", map[string]string{"A": "x # y", "B": "it's", "C": "a#b"}, nil, nil},
		{"export and colons", "export A=1\nB: 2\n", map[string]string{"A": "1", "B": "2"}, map[string]int{"A": 1, "B": 2}, nil},
		{"a value of several lines", "A='1\n2\n3'\nB=4\n", map[string]string{"A": "1\n2\n3", "B": "4"}, map[string]int{"A": 1, "B": 4}, nil},
		{"a dollar between single quotes", "A='a$B'\n", map[string]string{"A": "a$B"}, nil, nil},
		{"an escaped dollar", "A=\"a\\$B\"\n", map[string]string{"A": "a$B"}, nil, nil},
		{"a dollar in a comment", "A=a # $B\n", map[string]string{"A": "a"}, nil, nil},
		{"a bare dollar is a variable's", "A=a$B\n", map[string]string{"A": "a"}, nil, []string{"FILE:1: the $ in A"}},
		{"a dollar in double quotes too", "B=b\nA=\"a$B\"\n", map[string]string{"A": "ab", "B": "b"}, nil, []string{"FILE:2: the $ in A"}},
		{"a comment in a comment", "A=a # b # c\n", map[string]string{"A": "a # b"}, nil, []string{"FILE:1: the value of A goes to the last #"}},
		{"a comment in a comment after quotes", "A='a' # b # c\n", map[string]string{"A": "a"}, nil, nil},
		{"the last one of a name counts", "A=1\nB=2\nA=3\n", map[string]string{"A": "3", "B": "2"}, map[string]int{"A": 3},
			[]string{"FILE:3: A stands on line 1 already; this one counts"}},
		{"a misspelled setting", "INFLUXDB_OGR=a\nSHOP_KEY=b\n", map[string]string{"INFLUXDB_OGR": "a", "SHOP_KEY": "b"}, nil,
			[]string{"FILE:1: INFLUXDB_OGR is no setting of the lab; did you mean INFLUXDB_ORG"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := ParseEnv("FILE", []byte(c.content))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(f.values, c.want) {
				t.Errorf("got %q, want %q", f.values, c.want)
			}
			for key, line := range c.lines {
				if got := f.Line(key); got != line {
					t.Errorf("%s is on line %d, want %d", key, got, line)
				}
			}
			if !slices.EqualFunc(f.Notes, c.notes, func(n Note, part string) bool { return strings.Contains(n.String(), part) }) {
				t.Errorf("notes %v, want %q", f.Notes, c.notes)
			}
			var text strings.Builder
			for _, s := range f.statements {
				text.WriteString(s.text)
			}
			if text.String() != c.content {
				t.Errorf("the statements put together are %q, want the file as it was", text.String())
			}
		})
	}
}

func TestABrokenLineIsNamedAndNotQuoted(t *testing.T) {
	long := "A='\n" + strings.Repeat("hunter2\n", 2*maxLines)
	for _, c := range []struct {
		name, content, want string
	}{
		{"no value", "A=1\nhunter2\n", "FILE:2: it is no line of NAME=value"},
		{"no value at the end", "A=1\nhunter2", "FILE:2: it is no line of NAME=value"},
		{"a space in the name", "hunter2 B=1\n", "FILE:1: the name before ="},
		{"a name that is none", "A=1\n\nhunter-2=1\n", "FILE:3: it is no line of NAME=value"},
		{"an open quote", "B=1\nA=\"hunter2\nC=3\n", "FILE:2: a quote is not closed"},
		{"an open quote in a long file", long, "FILE:1: a quote is not closed"},
		{"a quote that is closed far too late", long + "'\n", "FILE:1: a quote is not closed"},
		{"something behind a quote", "A='1'hunter2\n", "FILE:1: it is no line"},
		{"two settings on a line", "A='1' B='hunter2'\n", "FILE:1: it holds more than one setting"},
		{"nothing before =", "A=1\n=hunter2\n", "FILE:2: "},
	} {
		_, err := ParseEnv("FILE", []byte(c.content))
		var file *FileError
		if !errors.As(err, &file) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds what may be a secret: %v", c.name, err)
		}
	}
}

func TestABrokenFileIsRefused(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"UTF-16", "\xff\xfeA\x00=\x001\x00\n\x00", "it is not UTF-8 text"},
		{"Latin 1", "A=t\xfcbingen\n", "it is not UTF-8 text"},
		{"a zero byte", "A=1\x00\n", "it is not UTF-8 text"},
		{"far too long", strings.Repeat("# comment\n", maxFile/10+1), "want at most 65536"},
	} {
		_, err := ReadEnv(lab(t, c.content, 0o600))
		var file *FileError
		if !errors.As(err, &file) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestAByteOrderMarkIsNoPartOfTheFirstName(t *testing.T) {
	f, err := ReadEnv(lab(t, "\uFEFFINFLUXDB_ORG=acme\r\n", 0o600))
	if err != nil || f.Value(InfluxOrg) != "acme" || f.Line(InfluxOrg) != 1 {
		t.Errorf("got %q, %v", f.Value(InfluxOrg), err)
	}
}

func TestNoFileIsAnEmptyOne(t *testing.T) {
	f, err := ReadEnv(Home(filepath.Join(t.TempDir(), "nowhere")))
	if err != nil || f.Value(InfluxOrg) != "" || len(f.Notes) != 0 {
		t.Errorf("got %+v, %v", f, err)
	}
}

func TestWhatIsNoFileIsUnusable(t *testing.T) {
	folder, loop := Home(t.TempDir()), Home(t.TempDir())
	if err := os.Mkdir(folder.Env(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".env", loop.Env()); err != nil {
		t.Fatal(err)
	}
	for h, want := range map[Home]string{folder: "it is a directory", loop: "too many levels of symbolic links"} {
		_, err := ReadEnv(h)
		var unusable *UnusableError
		if !errors.As(err, &unusable) || unusable.Path != h.Env() || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := Ensure(h); !errors.As(err, &unusable) {
			t.Errorf("Ensure: got %v", err)
		}
	}
}

func TestAFileThatOthersMayReadIsClosedToThem(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // it has no modes
	}
	h := lab(t, "INFLUXDB_ORG=acme\n", 0o644)
	f, err := ReadEnv(h)
	if err != nil || f.Value(InfluxOrg) != "acme" {
		t.Fatal(f, err)
	}
	if len(f.Notes) != 1 || !strings.Contains(f.Notes[0].String(), "its mode was 0644") {
		t.Errorf("notes %v", f.Notes)
	}
	st, err := os.Stat(h.Env())
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if f, err = ReadEnv(h); err != nil || len(f.Notes) != 0 {
		t.Errorf("the second time: notes %v, %v", f.Notes, err)
	}
}

func TestAFileThatCannotBeClosedIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		return
	}
	for name, chmod := range map[string]func(fs.FileMode) (fs.FileMode, error){
		"it belongs to somebody else": func(fs.FileMode) (fs.FileMode, error) {
			return 0, &fs.PathError{Op: "chmod", Path: "FILE", Err: fs.ErrPermission}
		},
		"its file system has no modes": func(fs.FileMode) (fs.FileMode, error) { return 0o777, nil },
	} {
		if changed, err := closeToOthers(0o640, chmod); err == nil || changed {
			t.Errorf("%s: got %v, %v", name, changed, err)
		}
	}
	never := func(fs.FileMode) (fs.FileMode, error) { t.Error("a closed file was changed"); return 0, nil }
	for _, mode := range []fs.FileMode{0o600, 0o400, 0o700} {
		if changed, err := closeToOthers(mode, never); err != nil || changed {
			t.Errorf("%o: got %v, %v", mode, changed, err)
		}
	}
}
