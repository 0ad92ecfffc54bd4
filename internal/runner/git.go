package runner

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// gitState asks git about the folder's repository: its top folder and commit. Without git or a repository both are empty.
func gitState(ctx context.Context, dir string) (top string, state *record.Git) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		return "", nil
	}
	commit, err := git("rev-parse", "--verify", "HEAD")
	if err != nil {
		return top, nil // no commit yet
	}
	changed, err := git("status", "--porcelain", "--untracked-files=no")
	return top, &record.Git{Commit: commit, Dirty: err != nil || changed != ""}
}

// projectName is the repository's name, else the folder's.
func projectName(top, dir string) string {
	if top != "" {
		return filepath.Base(top)
	}
	return filepath.Base(dir)
}
