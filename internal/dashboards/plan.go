package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// Invalid is a source of which nothing was linked, because something in it cannot be.
type Invalid struct {
	Source string
	Wrong  []Wrong
}

func (e *Invalid) Error() string {
	if len(e.Wrong) == 0 {
		return e.Source
	}
	return fmt.Sprintf("%s: %s", e.Wrong[0].Path, e.Wrong[0].Why)
}

// SourceError is a source that cannot be read at all, or has no dashboards: ErrNone, ErrGone or an error of the system.
type SourceError struct {
	Source string
	Err    error
}

func (e *SourceError) Error() string { return e.Source + ": " + e.Err.Error() }

func (e *SourceError) Unwrap() error { return e.Err }

// plan is a link as it shall be, with its copies.
type plan struct {
	link   Link
	had    []Board
	copies [][]byte // nil for one that stays as it is
	checks []Checked
	ended  bool // the link goes, with all that it had
}

// Checked is what lint finds in one dashboard.
type Checked struct {
	File     string // in the project, absolute
	Title    string
	UID      string // of the copy
	Folder   string // of the link, "" where it is not linked
	Findings []lint.Finding
}

// newPlan reads a link's sources and makes its copies. Errors are *Invalid and *SourceError.
func newPlan(l Link, w lint.World) (*plan, error) {
	p := &plan{link: l, had: l.Boards}
	p.link.Boards = nil
	var all []found
	for _, s := range l.Sources {
		some, wrong, err := read(s)
		if err != nil {
			return nil, &SourceError{s, err}
		}
		if len(wrong) > 0 {
			return nil, &Invalid{s, wrong}
		}
		for _, f := range some {
			if !slices.ContainsFunc(all, func(a found) bool { return a.path == f.path }) { // a folder and a file in it
				all = append(all, f)
			}
		}
	}
	if err := unique(l.Sources, all); err != nil {
		return nil, err
	}
	uids := map[string]string{}
	for _, f := range all {
		if f.UID != "" {
			uids[f.UID] = newUID(l.Folder, f.UID)
		}
	}
	for _, f := range all {
		b := Board{File: f.path, UID: uids[f.UID], From: f.UID}
		if f.UID == "" {
			rel, err := filepath.Rel(l.Root, f.path)
			if err != nil {
				rel = f.path
			}
			b.UID = newUID(l.Folder, strings.TrimSuffix(filepath.ToSlash(rel), ".json")+"/") // no uid has a slash
		}
		board, err := rewrite(f.File, b.UID, uids)
		if err != nil {
			return nil, &Invalid{f.path, []Wrong{{f.path, err.Error()}}}
		}
		findings := lint.Check(board, w, l.Repair)
		content, err := model.Write(board)
		if err != nil {
			return nil, &Invalid{f.path, []Wrong{{f.path, err.Error()}}}
		}
		b.Title, b.Read, b.Wrote = f.Title, f.sum, digest(content)
		p.link.Boards, p.copies = append(p.link.Boards, b), append(p.copies, content)
		p.checks = append(p.checks, Checked{File: f.path, Title: f.Title, UID: b.UID, Folder: l.Folder, Findings: findings})
	}
	return p, nil
}

// unique finds two files that have one uid: Grafana would take neither, and a link could mean either.
func unique(sources []string, all []found) error {
	first := map[string]string{}
	var wrong []Wrong
	for _, f := range all {
		if other, ok := first[f.UID]; ok && f.UID != "" {
			wrong = append(wrong, Wrong{f.path, fmt.Sprintf("it has the uid %q of %s", f.UID, filepath.Base(other))})
			continue
		}
		first[f.UID] = f.path
	}
	if len(wrong) > 0 {
		return &Invalid{sources[0], wrong}
	}
	return nil
}

// newUID is the copy's uid: readable, of at most 40 of the signs that Grafana takes, and always the same for a folder and the
// uid in its file.
func newUID(folder, uid string) string {
	sum := sha256.Sum256([]byte(folder + "\x00" + uid))
	return short(folder, 14) + "-" + short(uid, 14) + "-" + hex.EncodeToString(sum[:5])
}

func short(s string, n int) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return '-'
	}, s), "-")
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "-")
	}
	if s = strings.Trim(s[:min(n, len(s))], "-"); s == "" {
		return "x"
	}
	return s
}

// folderName is a project's name as a folder's.
func folderName(project string) string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' || r == '.' || r == ' ' {
			return r
		}
		return '-'
	}, project))
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60])
	}
	if name = strings.Trim(name, " ."); name == "" {
		name = "project"
	}
	return name
}

// folderFor finds a name for a project's folder: its own, or with a number where another link or somebody's own folder has it.
func folderFor(h config.Home, project string, links []Link) string {
	name := folderName(project)
	taken := func(try string) bool {
		for _, own := range []string{"ltlab", "general", "con", "prn", "aux", "nul"} { // ours, Grafana's, and Windows'
			if strings.EqualFold(try, own) {
				return true
			}
		}
		if slices.ContainsFunc(links, func(l Link) bool { return strings.EqualFold(l.Folder, try) }) {
			return true
		}
		_, err := os.Lstat(filepath.Join(h.Dashboards(), try))
		return !errors.Is(err, os.ErrNotExist)
	}
	for try, n := name, 2; ; n++ {
		if !taken(try) {
			return try
		}
		try = fmt.Sprintf("%s-%d", name, n)
	}
}
