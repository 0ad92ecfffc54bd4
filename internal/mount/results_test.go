package mount

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// paths are all that is below a folder, folders with a slash.
func paths(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		rel := relative(t, dir, []string{p})[0]
		if d.IsDir() {
			rel += "/"
		}
		out = append(out, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var me = Owner{os.Getuid(), os.Getgid()}

func TestAStagedFolderHasTheSameFoldersAndNoFiles(t *testing.T) {
	like := tree(t, map[string]string{"out/report.html": "old", "out/a ü/x": "", "main.js": "", ".git/x": "", "node_modules/x/y": "", "1/2/3/4/5/x": "", "home/runs/r/results/x": ""})
	link(t, "out", filepath.Join(like, "linked"))
	dir := filepath.Join(like, "home/runs/new/results")
	if err := Stage(dir, like, me); err != nil {
		t.Fatal(err)
	}
	same(t, "staged", paths(t, dir), "1/", "1/2/", "1/2/3/", "1/2/3/4/", "out/", "out/a ü/")

	many := t.TempDir()
	for i := range mostFolders + 10 {
		if err := os.Mkdir(filepath.Join(many, fmt.Sprint(i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir = t.TempDir()
	if err := Stage(dir, many, me); err != nil {
		t.Fatal(err)
	}
	if n := len(paths(t, dir)); n != mostFolders {
		t.Errorf("%d folders were staged, want %d", n, mostFolders)
	}
}

func TestFoldersOfAnArchiveAreEmptyAndOwned(t *testing.T) {
	like := tree(t, map[string]string{"out/old": "x", "out/ü/x": ""})
	var b bytes.Buffer
	if err := Folders(&b, map[string]string{"results": like, "record": ""}, mine); err != nil {
		t.Fatal(err)
	}
	got := unpacked(t, &b)
	for _, name := range []string{"results/", "results/out/", "results/out/ü/", "record/"} {
		if e, ok := got[name]; !ok || !e.dir || e.owner != mine || e.mode != 0o755 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func TestAFileOfSecretsIsForItsOwner(t *testing.T) {
	var b bytes.Buffer
	if err := File(&b, "ltlab.env", []byte("A=b\x00"), mine); err != nil {
		t.Fatal(err)
	}
	if got := unpacked(t, &b); len(got) != 1 || got["ltlab.env"] != (entry{"A=b\x00", false, 0o400, mine}) {
		t.Errorf("%+v", got)
	}
}

func TestFilesAreDeliveredToWhereTheToolWouldHaveWritten(t *testing.T) {
	staged := tree(t, map[string]string{"out/report.html": "new", "summary.json": "{}", "made/deep/x": "x"})
	to := tree(t, map[string]string{"out/report.html": "old and longer", "out/other": "untouched"})
	files, err := Deliver(staged, to)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "delivered", relative(t, to, files), "out/report.html", "summary.json", "made/deep/x")
	for name, want := range map[string]string{"out/report.html": "new", "summary.json": "{}", "out/other": "untouched", "made/deep/x": "x"} {
		if got, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAFileThatCannotBeDeliveredIsNamedAndTheOthersAre(t *testing.T) {
	staged := tree(t, map[string]string{"a/report.html": "", "b/report.html": "", "c.txt": ""})
	to := tree(t, map[string]string{"a": "a file where a folder must be"})
	files, err := Deliver(staged, to)
	same(t, "delivered", relative(t, to, files), "b/report.html", "c.txt")
	if err == nil || !strings.Contains(err.Error(), "a/report.html") {
		t.Errorf("it says %v", err)
	}
}

func TestUnpackWritesBelowItsFolderOnly(t *testing.T) {
	write := func(hs ...tar.Header) *bytes.Buffer {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range hs {
			h.Mode = 0o644
			if h.Typeflag == tar.TypeReg {
				h.Size = 1
			}
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if h.Size > 0 {
				if _, err := w.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	dir := t.TempDir()
	fine := write(tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./out/", Typeflag: tar.TypeDir}, tar.Header{Name: "./out/ü.html", Typeflag: tar.TypeReg},
		tar.Header{Name: "a/../b", Typeflag: tar.TypeReg}, tar.Header{Name: "link", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink})
	if err := Unpack(fine, dir); err != nil {
		t.Fatal(err)
	}
	same(t, "unpacked", paths(t, dir), "b", "out/", "out/ü.html")

	parent := t.TempDir()
	dir = filepath.Join(parent, "in")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, "..", filepath.Join(dir, "up")) // made by somebody else
	for _, name := range []string{"../x", "/x", "a/../../x", "up/x"} {
		if err := Unpack(write(tar.Header{Name: name, Typeflag: tar.TypeReg}), dir); err == nil {
			t.Errorf("%s is unpacked", name)
		}
	}
	same(t, "beside it", paths(t, parent), "in/", "in/up")
	if err := Unpack(bytes.NewReader([]byte("no archive")), dir); err == nil {
		t.Error("noise is an archive")
	}
}
