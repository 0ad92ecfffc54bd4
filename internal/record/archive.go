package record

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// maxImport bounds what an archive may unpack to: a record of a day at 5,000 series is smaller.
const maxImport = 8 << 30

// Export writes both files of a run as one zstd-compressed tar.
func Export(folder Folder, w io.Writer) error {
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, path := range []string{folder.Run(), folder.Tool()} {
		if err := addFile(t, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

func addFile(t *tar.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: filepath.Base(path), Mode: 0o600, Size: st.Size(), ModTime: st.ModTime()}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err = io.Copy(t, io.LimitReader(f, st.Size())) // it may still grow
	return err
}

// Import unpacks an exported run. It appears under its own id all at once or not at all: ErrExists when the id is in
// use, a *CorruptError or *VersionError when a file in it cannot be read, any other error when it is no archive.
func (r Runs) Import(src io.Reader) (Folder, error) {
	if err := os.MkdirAll(string(r), 0o700); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(string(r), ".import-") // mode 0700
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := unpack(src, tmp); err != nil {
		return "", err
	}
	folder := Folder(tmp)
	run, err := readWhole(folder.Run())
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("it holds no " + RunFile)
	}
	if err != nil {
		return "", err
	}
	if run.Start == nil || !ValidID(run.Start.Run) {
		return "", errors.New("run.ndjson does not say which run it is")
	}
	tail, err := OpenTail(folder.Tool())
	if err == nil {
		err = tail.Each(func(ToolLine) error { return nil })
		tail.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	dest := filepath.Join(string(r), run.Start.Run)
	if _, err := os.Lstat(dest); err == nil {
		return Folder(dest), ErrExists
	}
	return Folder(dest), os.Rename(tmp, dest)
}

// readWhole is ReadRun that looks at every line.
func readWhole(path string) (*Run, error) {
	t, err := OpenRunTail(path)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	run := &Run{}
	return run, t.Each(run.Take)
}

func unpack(src io.Reader, dir string) error {
	z, err := zstd.NewReader(src, zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return err
	}
	defer z.Close()
	t := tar.NewReader(z)
	left := int64(maxImport)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, io.LimitReader(z, left)) // its checksum stands at the very end
			return err
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || (h.Name != ToolFile && h.Name != RunFile) {
			return fmt.Errorf("it holds %q, which is no part of a run", h.Name)
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("it unpacks to more than %d bytes", int64(maxImport))
		}
		f, err := os.OpenFile(filepath.Join(dir, h.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, t)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
}
