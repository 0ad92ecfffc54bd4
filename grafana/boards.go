package grafana

import (
	"bytes"
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// dashboards are those that `make dashboards` writes from internal/boards.
//
//go:embed dashboards/*.json
var dashboards embed.FS

// Boards are the lab's own dashboards, file by file.
func Boards() map[string][]byte {
	all := map[string][]byte{}
	entries, err := dashboards.ReadDir("dashboards")
	for _, e := range entries {
		var b []byte
		if b, err = dashboards.ReadFile("dashboards/" + e.Name()); err != nil {
			break
		}
		all[e.Name()] = b
	}
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return all
}

// WriteBoards makes the folder hold the lab's own dashboards and no others. Grafana watches it: a file appears there whole,
// and one that is right already is left alone.
func WriteBoards(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask: Grafana's user reads it
		return err
	}
	all := Boards()
	there, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range there {
		if _, ours := all[e.Name()]; !ours && e.Type().IsRegular() && (strings.HasSuffix(e.Name(), ".json") || strings.HasSuffix(e.Name(), unfinished)) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	for name, content := range all {
		err = errors.Join(err, replace(filepath.Join(dir, name), content))
	}
	return err
}

const unfinished = ".new"

func replace(path string, content []byte) error {
	if had, err := os.ReadFile(path); err == nil && bytes.Equal(had, content) {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path+unfinished, content, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(path+unfinished, 0o644); err != nil {
		return err
	}
	return os.Rename(path+unfinished, path)
}
