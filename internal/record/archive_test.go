package record

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// packed is an archive of files with sizes as their headers claim them.
func packed(t *testing.T, files ...tar.Header) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for i := range files {
		if err := w.WriteHeader(&files[i]); err != nil {
			t.Fatal(err)
		}
		if i+1 < len(files) { // the last one's content is not there: nobody may come to read it
			if _, err := io.CopyN(w, strings.NewReader(strings.Repeat("x", 1<<10)), files[i].Size); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func refused(t *testing.T, src io.Reader, want string) {
	t.Helper()
	runs := Runs(filepath.Join(t.TempDir(), "runs"))
	_, err := runs.Import(src)
	var corrupt *CorruptError
	if err == nil || !strings.Contains(err.Error(), want) || errors.As(err, &corrupt) {
		t.Errorf("got %v, want %q and no damage", err, want)
	}
	if left, err := os.ReadDir(string(runs)); err != nil || len(left) > 0 {
		t.Errorf("left of it: %v, %v", left, err)
	}
}

func TestAnArchiveWithoutTheRunsOwnFileIsNoRun(t *testing.T) {
	f := Folder(filepath.Join(string(runsOf(t, "a")), "a"))
	w, err := Create(f.Tool())
	if err != nil {
		t.Fatal(err)
	}
	declare(w)
	if err := errors.Join(w.Close(), os.Remove(f.Run())); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Export(f, &out); err != nil {
		t.Fatal(err)
	}
	refused(t, &out, "it holds no run.ndjson")
}

func TestWhatClaimsToUnpackToMoreThanARecordIsRefusedBeforeItIsRead(t *testing.T) {
	file := func(name string, size int64) tar.Header {
		return tar.Header{Name: name, Size: size, Mode: 0o600, Typeflag: tar.TypeReg}
	}
	const much = "it unpacks to more than 8589934592 bytes"
	refused(t, packed(t, file(ToolFile, maxImport+1)), much)
	refused(t, packed(t, file(RunFile, 1<<10), file(ToolFile, maxImport-1<<10+1)), much) // together
	refused(t, packed(t, file(ToolFile, 1<<62)), much)
	refused(t, packed(t, file(ToolFile, maxImport)), "unexpected EOF") // which is allowed, and not there
	refused(t, packed(t, tar.Header{Name: ToolFile, Typeflag: tar.TypeSymlink, Linkname: "/dev/zero"}), "no part of a run")
	refused(t, packed(t, file("../"+ToolFile, 1)), "no part of a run")
}
