package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/problem"
)

// A file that appears while the report is made is not replaced, and nothing is left beside it.
func TestAReportTakesNobodysPlaceAtTheLastMoment(t *testing.T) {
	dir := t.TempDir()
	taken, free := filepath.Join(dir, "taken.md"), filepath.Join(dir, "free.md")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := map[string][]byte{asMarkdown: []byte("report")}
	var stdout bytes.Buffer
	write := func(force bool, paths ...string) error {
		var all []reportTarget
		for _, p := range paths {
			all = append(all, reportTarget{name: filepath.Base(p), path: p, format: asMarkdown})
		}
		return writeReports(context.Background(), &stdout, append(all, reportTarget{name: "-", format: asMarkdown}), text, force,
			func(name string) error { return problem.ReportExists(name, "", "") })
	}
	if err := write(false, taken); err == nil || problem.From(err).ID != "report-exists" || stdout.Len() > 0 {
		t.Errorf("got %v, and %q on standard output", err, stdout.String())
	}
	if b, err := os.ReadFile(taken); err != nil || string(b) != "mine" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	link := filepath.Join(dir, "link.md")
	if err := os.Symlink(taken, link); err != nil {
		t.Fatal(err)
	}
	if err := write(true, link, free); err != nil || stdout.String() != "report" {
		t.Errorf("got %v, and %q on standard output", err, stdout.String())
	}
	for _, name := range []string{taken, free} {
		if b, err := os.ReadFile(name); err != nil || string(b) != "report" {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is not one any more: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("left beside the reports: %v, %v", entries, err)
	}
}
