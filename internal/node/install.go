package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// Installed is what is in the folder after Install.
type Installed struct {
	Artillery string // version
	Node      string // version
	Path      string // the folder, absolute
	Anew      bool   // it was installed now; false: it was there
}

// Install puts the pinned Artillery and Node into the folder dir with the npm on PATH. What is there already and runs is
// left alone unless force is set. The folder appears as a whole or not at all; what a canceled or failed installation
// began is removed. Of two at once the second waits for the first. Errors are problems: npm-not-found, install-failed,
// disk-full.
func Install(ctx context.Context, dir string, force bool, environ []string, p term.Progress) (*Installed, error) {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, problem.InstallFailed(err)
	}
	unlock, err := lock(ctx, dir, p)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := sweep(dir); err != nil {
		return nil, problem.InstallFailed(err)
	}
	if !force {
		there, err := look(ctx, dir, environ)
		if err == nil {
			return there, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if _, statErr := os.Stat(dir); statErr == nil {
			p(term.Event{Warn: true, Text: fmt.Sprintf("what is in %s does not do and is replaced: %v", dir, err)})
		}
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, problem.NpmNotFound()
	}
	return install(ctx, npm, dir, environ, p)
}

// unfinished is how the names of folders begin that are made beside dir.
func unfinished(dir string) string {
	return filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".")
}

// sweep removes what an installation left that was killed.
func sweep(dir string) error {
	entries, err := os.ReadDir(filepath.Dir(dir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(filepath.Dir(dir), e.Name())
		if !strings.HasPrefix(path, unfinished(dir)) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

func lock(ctx context.Context, dir string, p term.Progress) (unlock func(), err error) {
	l := flock.New(dir + ".lock")
	got, err := l.TryLock()
	if err == nil && !got {
		p(term.Event{Text: "another ltlab installs it; waiting for that"})
		_, err = l.TryLockContext(ctx, 100*time.Millisecond)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, problem.InstallFailed(err)
	}
	return func() { _ = l.Unlock() }, nil
}

// look says what is installed in dir; an error says what it lacks.
func look(ctx context.Context, dir string, environ []string) (*Installed, error) {
	modules := filepath.Join(dir, "node_modules")
	pkg, err := readArtillery(filepath.Join(modules, "artillery"))
	if err != nil {
		return nil, err
	}
	version, err := nodeVersion(ctx, programs(modules)[0], environ)
	if err != nil {
		return nil, fmt.Errorf("its Node %w", err)
	}
	if pkg.version != ArtilleryPinned || version != NodePinned {
		return nil, fmt.Errorf("it is Artillery %s with Node %s", pkg.version, version)
	}
	return &Installed{Artillery: pkg.version, Node: version, Path: dir}, nil
}

// install makes the folder anew beside dir and then takes dir's place.
func install(ctx context.Context, npm, dir string, environ []string, p term.Progress) (got *Installed, err error) {
	began := time.Now()
	work, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(unfinished(dir))+"new-")
	if err != nil {
		return nil, problem.InstallFailed(err)
	}
	defer func() { err = errors.Join(err, removed(work)) }()
	// Without a package.json npm would look for one in the folders above.
	if err := os.WriteFile(filepath.Join(work, "package.json"), []byte("{\"private\": true}\n"), 0o644); err != nil {
		return nil, problem.InstallFailed(err)
	}
	p(term.Event{Text: fmt.Sprintf("installing Artillery %s and Node %s with npm into %s; that takes about 650 MB", ArtilleryPinned, NodePinned, dir)})
	if err := runNpm(ctx, npm, work, environ, p); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, problem.InstallFailed(err)
	}
	if got, err = look(ctx, work, environ); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, problem.InstallFailed(fmt.Errorf("npm reports no error, but what it installed does not do: %w", err))
	}
	if err := replace(work, dir); err != nil {
		return nil, problem.InstallFailed(err)
	}
	p(term.Event{Text: fmt.Sprintf("installed Artillery %s and Node %s", got.Artillery, got.Node), Took: time.Since(began)})
	got.Path, got.Anew = dir, true
	return got, nil
}

func removed(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return problem.InstallFailed(err)
	}
	return nil
}

// replace moves a finished folder to where it belongs; what stood there goes.
func replace(work, dir string) error {
	old := unfinished(dir) + "old"
	switch err := os.Rename(dir, old); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	}
	if err := os.Rename(work, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// runNpm installs both into the folder work. No package's own script is run: none is needed, and npm may be told so anyway.
func runNpm(ctx context.Context, npm, work string, environ []string, p term.Progress) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", work, "--global=false", "--save-exact", "--ignore-scripts",
		"--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--loglevel=http",
		"--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000", // a registry that is not there is known in seconds
		"artillery@"+ArtilleryPinned, platformPackage()+"@"+NodePinned)
	cmd.Dir = work
	cmd.Env = append(append(cmd.Env, environ...), "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1")
	cmd.WaitDelay = 5 * time.Second
	wholeGroup(cmd)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, out) // a line too long to scan
	}()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("npm cannot be started: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		in.Close()
		ended <- err
	}()
	tail := follow(lines, giveUp, p)
	err := <-ended
	var silent *silentError
	if errors.As(context.Cause(ctx), &silent) {
		return silent
	}
	text := strings.Join(tail, "\n")
	switch {
	case err == nil:
		return nil
	case text == "":
		return fmt.Errorf("npm ended with %w and said nothing", err)
	case strings.Contains(text, "ENOSPC"):
		return fmt.Errorf("%s: %w", text, syscall.ENOSPC)
	}
	return errors.New(text)
}

// enough failed requests without one answer say that npm's registry is not there. npm itself goes on for each of some
// hundreds of packages when it has old answers in its cache.
const enough = 6

// silentError is a registry that does not answer; it holds npm's word on the last request.
type silentError struct{ last string }

func (e *silentError) Error() string { return "npm's registry does not answer: " + e.last }

// follow reads what npm prints, says how far it is every few seconds, and returns what it said of a failure. It gives npm
// up when nothing answers.
func follow(lines <-chan string, giveUp func(error), p term.Progress) []string {
	began := time.Now()
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	answers, failed := 0, 0
	var said, errs []string
	for {
		select {
		case <-tick.C:
			p(term.Event{Text: fmt.Sprintf("npm works: %d answers of its registry", answers), Took: time.Since(began)})
		case line, ok := <-lines:
			if !ok {
				if len(errs) > 0 {
					return errs
				}
				return said
			}
			text := strings.TrimSpace(line)
			fetch, isFetch := strings.CutPrefix(text, "npm http fetch ")
			switch {
			case isFetch && strings.Contains(fetch, " failed with "):
				if failed++; failed >= enough && answers == 0 {
					giveUp(&silentError{fetch})
				}
			case isFetch && !strings.Contains(fetch, "(cache stale)"): // for want of an answer
				answers++
			case text == "", strings.HasPrefix(text, "npm warn "), strings.HasPrefix(text, "npm WARN "), strings.HasPrefix(text, "npm http "),
				strings.Contains(text, "A complete log of this run"):
			case strings.HasPrefix(text, "npm error "), strings.HasPrefix(text, "npm ERR! "):
				errs = last(append(errs, text))
			default:
				said = last(append(said, text))
			}
		}
	}
}

// last keeps the last few lines.
func last(lines []string) []string { return lines[max(0, len(lines)-8):] }
