package mount

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var mine = Owner{UID: 4711, GID: 815}

// entry is a file of an archive.
type entry struct {
	text  string
	dir   bool
	mode  int64
	owner Owner
}

func unpacked(t *testing.T, archive io.Reader) map[string]entry {
	t.Helper()
	out := map[string]entry{}
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeDir && h.Typeflag != tar.TypeReg {
			t.Errorf("%s is of kind %c", h.Name, h.Typeflag)
		}
		if _, twice := out[h.Name]; twice {
			t.Errorf("%s is there twice", h.Name)
		}
		out[h.Name] = entry{string(text), h.Typeflag == tar.TypeDir, h.Mode, Owner{h.Uid, h.Gid}}
	}
}

func packed(t *testing.T, dir string) map[string]entry {
	t.Helper()
	var b bytes.Buffer
	if err := Pack(dir, "project", MostBytes, mine, &b); err != nil {
		t.Fatal(err)
	}
	return unpacked(t, &b)
}

// names are those below project/, folders with a slash.
func names(m map[string]entry) (out []string) {
	for name := range maps.Keys(m) {
		if rel := strings.TrimPrefix(name, "project/"); rel != "" {
			out = append(out, rel)
		}
	}
	slices.Sort(out)
	return out
}

func TestAPackedFolderHasWhatIsInIt(t *testing.T) {
	dir := tree(t, map[string]string{
		"main.js": "1", "my tests (ü): a\nb/deep/x.csv": "ü", "node_modules/k6/index.js": "", ".git/config": "", "sub/.git/config": "", "sub/node_modules/x": "", ".hidden": "h",
	})
	if err := os.Chmod(filepath.Join(dir, "main.js"), 0o070); err != nil {
		t.Fatal(err)
	}
	got := packed(t, dir)
	same(t, "names", names(got), ".hidden", "main.js", "my tests (ü): a\nb/", "my tests (ü): a\nb/deep/", "my tests (ü): a\nb/deep/x.csv", "sub/")
	for name, e := range got {
		if e.owner != mine || e.dir && e.mode != 0o755 || !e.dir && e.mode&0o400 == 0 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if got["project/main.js"].text != "1" || got["project/my tests (ü): a\nb/deep/x.csv"].text != "ü" || !got["project/"].dir {
		t.Errorf("%+v", got)
	}
}

func TestAnIgnoreFileSaysWhatIsLeftOut(t *testing.T) {
	dir := tree(t, map[string]string{
		IgnoreFile: "# of no use\n*.mp4\n/data\n**/big\n!node_modules/kept\n!data/small.csv\n",
		"main.js":  "", "film.mp4": "", "sub/film.mp4": "", "data/large.csv": "", "data/small.csv": "", "sub/data/x": "", "sub/big/x": "",
		"node_modules/kept/x": "", "node_modules/gone/x": "",
	})
	got := slices.DeleteFunc(names(packed(t, dir)), func(n string) bool { return strings.HasSuffix(n, "/") })
	same(t, "files", got, IgnoreFile, "main.js", "sub/film.mp4", "data/small.csv", "sub/data/x", "node_modules/kept/x")

	put(t, filepath.Join(dir, IgnoreFile), "[")
	if err := Pack(dir, "project", MostBytes, mine, io.Discard); err == nil || !strings.Contains(err.Error(), IgnoreFile) {
		t.Errorf("rules that make no sense: %v", err)
	}
}

func TestAFolderThatHoldsTooMuchNamesItsLargest(t *testing.T) {
	dir := tree(t, map[string]string{"main.js": "1", "data/a": strings.Repeat("x", 2<<20), "data/deep/b": strings.Repeat("x", 1<<20), "film": strings.Repeat("x", 2<<20)})
	var b bytes.Buffer
	err := Pack(dir, "project", 4<<20, mine, &b)
	var large *TooLargeError
	if !errors.As(err, &large) || large.Largest != "data" || large.Bytes != 3<<20 || b.Len() > 0 {
		t.Errorf("%v, and %d bytes were written", err, b.Len())
	}
	if !strings.Contains(err.Error(), "data alone has 3 MB") || !strings.Contains(err.Error(), "more than 4 MB") {
		t.Errorf("it says %q", err)
	}
	put(t, filepath.Join(dir, IgnoreFile), "data\n")
	if err := Pack(dir, "project", 4<<20, mine, io.Discard); err != nil {
		t.Errorf("without the largest: %v", err)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	dir := tree(t, map[string]string{"project/main.js": "", "project/lib/a.js": "a", "shared/b.js": "b", "data.csv": "d"})
	project := filepath.Join(dir, "project")
	link(t, "../data.csv", filepath.Join(project, "data.csv"))
	link(t, filepath.Join(dir, "shared"), filepath.Join(project, "shared"))
	link(t, "lib", filepath.Join(project, "near"))
	link(t, "..", filepath.Join(project, "lib", "round")) // to where it is in
	link(t, "nowhere", filepath.Join(project, "dead"))
	link(t, "self", filepath.Join(project, "self"))
	got := packed(t, project)
	same(t, "names", names(got), "main.js", "lib/", "lib/a.js", "near/", "near/a.js", "shared/", "shared/b.js", "data.csv")
	if got["project/shared/b.js"].text != "b" || got["project/data.csv"].text != "d" {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBeReadHereCannotBeReadThere(t *testing.T) {
	dir := tree(t, map[string]string{"main.js": "1", "secret.key": "s", "private/x": "x"})
	a := &archive{owner: mine}
	var b bytes.Buffer
	a.Writer = tar.NewWriter(&b)
	for name := range map[string]bool{"secret.key": false, "private": true} {
		if err := a.closed(filepath.Join(dir, name), "project/"+name); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	same2 := map[string]entry{"project/secret.key": {}, "project/private/": {dir: true}}
	if got := unpacked(t, &b); !maps.Equal(got, same2) {
		t.Errorf("%+v", got)
	}
	if os.Getuid() == 0 {
		return // root reads everything; the fault "unreadable" of e2e does this as somebody else
	}
	for name, mode := range map[string]os.FileMode{"secret.key": 0, "private": 0} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	got := packed(t, dir)
	if got["project/secret.key"] != (entry{}) || got["project/private/"] != (entry{dir: true}) || got["project/main.js"].text != "1" {
		t.Errorf("%+v", got)
	}
}
