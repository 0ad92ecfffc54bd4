package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
)

// runFiles are the folders of a lab's runs and of what was cut short while it became one; nothing else that somebody put
// beside them. A run that is being written is a problem: its folder must not go from under it.
func runFiles(h config.Home) (holdings []engine.Holding, err error) {
	runs, err := h.Runs().List()
	if err != nil {
		return nil, problem.HomeUnusable(string(h), err)
	}
	for _, f := range runs {
		if runner.Alive(f) {
			return nil, problem.RunActive(f.ID())
		}
		holdings = append(holdings, folder(string(f)))
	}
	entries, err := os.ReadDir(string(h.Runs()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, problem.HomeUnusable(string(h), err)
	}
	for _, e := range entries {
		f := record.Folder(filepath.Join(string(h.Runs()), e.Name()))
		if !e.IsDir() || slices.Contains(runs, f) || !cutShort(f) {
			continue
		}
		if runner.Alive(f) {
			return nil, problem.RunActive(f.ID())
		}
		holdings = append(holdings, folder(string(f)))
	}
	return holdings, nil
}

// cutShort says whether a folder is of an import or of a run that did not get so far as to be one.
func cutShort(f record.Folder) bool {
	if strings.HasPrefix(f.ID(), ".import-") {
		return true
	}
	entries, err := os.ReadDir(string(f))
	return err == nil && record.ValidID(f.ID()) && !slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return !slices.Contains([]string{f.Tool(), f.Lock()}, filepath.Join(string(f), e.Name()))
	})
}

// removeRuns removes them, and the folder that held them when nothing else is in it.
func removeRuns(h config.Home, holdings []engine.Holding) error {
	for _, v := range holdings {
		if err := os.RemoveAll(v.Name); err != nil {
			return problem.HomeUnusable(string(h), err)
		}
	}
	_ = os.Remove(string(h.Runs())) // not when it holds what is not ours
	return nil
}

// asOne are the holdings of runs as one, for nobody reads a list of hundreds.
func asOne(h config.Home, runs []engine.Holding) []engine.Holding {
	if len(runs) == 0 {
		return nil
	}
	one := engine.Holding{Kind: "folder", Name: string(h.Runs())}
	for _, v := range runs {
		one.Bytes += v.Bytes
	}
	return []engine.Holding{one}
}

// folder is a folder with the size of all that is in it, links not followed.
func folder(path string) engine.Holding {
	out := engine.Holding{Kind: "folder", Name: path}
	_ = filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if st, err := e.Info(); err == nil {
				out.Bytes += st.Size()
			}
		}
		return nil // what cannot be read is not counted
	})
	return out
}
