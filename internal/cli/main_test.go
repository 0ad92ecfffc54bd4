package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// run runs a command line with an environment of its own and without a terminal.
func run(t *testing.T, change func(*Deps), args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	home := t.TempDir()
	d := &Deps{
		IO:         &term.IO{In: strings.NewReader(""), Out: &out, Err: &err},
		Getenv:     func(k string) string { return map[string]string{"LTLAB_HOME": home}[k] },
		Environ:    func() []string { return nil },
		Getwd:      os.Getwd,
		Executable: os.Executable,
	}
	if change != nil {
		change(d)
	}
	code = Run(context.Background(), d, args)
	return code, out.String(), err.String()
}

func TestAnUnexpectedErrorIsInternal(t *testing.T) {
	lost := func(d *Deps) { d.Getwd = func() (string, error) { return "", errors.New("the ground is gone") } }
	code, out, err := run(t, lost, "k6", "-s", "a.js")
	if code != problem.Internal || out != "" || !strings.Contains(err, "docs/problems/internal.md") || !strings.Contains(err, "the ground is gone") {
		t.Errorf("exit %d, stdout %q, stderr:\n%s", code, out, err)
	}
	code, out, err = run(t, lost, "k6", "-s", "a.js", "--json")
	var doc failure
	if jerr := json.Unmarshal([]byte(out), &doc); jerr != nil || code != problem.Internal || err != "" || doc.Problem.ID != "internal" || doc.Exit != code || doc.OK {
		t.Errorf("exit %d, stdout %q (%v), stderr %q", code, out, jerr, err)
	}
}

func TestFlagsBehindTheDashAreTheTools(t *testing.T) {
	code, out, _ := run(t, nil, "k6", "-s", "nope.js", "--", "--json")
	if code != problem.Input || out != "" {
		t.Errorf("exit %d, stdout %q: --json behind -- is not ltlab's", code, out)
	}
}

func TestEveryCommandIsDescribed(t *testing.T) {
	root := newRoot(&Deps{IO: &term.IO{}})
	for _, c := range root.Commands() {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.Name(), c.Short)
		}
	}
}
