//go:build e2e

// Package e2e tests the real programs from outside, as a user meets them: real processes, real faults, a real browser.
package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Fault is something that goes wrong. Run does it and asserts what comes of it: the message, the exit code and the state
// of the data. Whatever it does must be cleaned up by ltlab itself; that nothing is left is asserted after each.
type Fault struct {
	ID    string
	Title string // what was done
	Run   func(*testing.T, *Bench) Result
}

// Result is what came of a fault, for the page of faults.
type Result struct {
	Message string // as the user saw it
	Exit    int
	Data    string // the state of the data afterwards
}

// faults is the one table of faults; an issue that knows another one adds it here.
func faults() []Fault {
	return slices.Concat(inputFaults(), reportFaults(), dashboardFaults(), targetFaults(), runFaults(), labFaults(), diskFaults(), dataFaults(), homeFaults(), measureFaults(), boardFaults(), dockerFaults(), k6DockerFaults(), influxFaults(), artilleryFaults())
}

func TestFaults(t *testing.T) {
	lines := map[string]string{}
	for _, f := range faults() {
		t.Run(f.ID, func(t *testing.T) {
			b := newBench(t)
			r := f.Run(t, b)
			b.leftNothing()
			if r.Message == "" || r.Data == "" {
				t.Errorf("the fault does not say what came of it: %+v", r)
			}
			if incomplete := 18; r.Exit == incomplete && lost[f.ID] == "" {
				t.Errorf("the data is incomplete, and the table of losses does not say of what")
			}
			t.Logf("exit %d: %s\n%s", r.Exit, r.Message, r.Data)
			lines[f.ID] = f.line() + fmt.Sprintf(" %s | %s | %s | %s |", cell(b.general(r.Message)), r.exit(), cell(b.general(r.Data)), cell(f.lost()))
		})
	}
	if full() && !t.Failed() {
		writeFaultsPage(t, lines)
	}
}

func TestFaultTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range faults() {
		if strings.ContainsAny(f.ID, " |") || seen[f.ID] || f.ID == "" || f.Title == "" || f.Run == nil {
			t.Errorf("fault %q: two of that id, or half a fault", f.ID)
		}
		seen[f.ID] = true
	}
}

func (r Result) exit() string {
	if r.Exit < 0 {
		return "none"
	}
	return fmt.Sprint(r.Exit)
}

// cell is a text as a table's cell.
func cell(s string) string {
	s = strings.NewReplacer("\n", "; ", "|", `\|`, "<", "&lt;").Replace(strings.TrimSpace(s))
	return strings.Join(strings.Fields(s), " ")
}

var changing = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+|pid \d+|corrupt-[0-9.-]+\d|\.(import|new)-\d+`)

// general takes what differs from machine to machine out of a message.
func (b *Bench) general(s string) string {
	s = strings.NewReplacer(b.Home, "$LTLAB_HOME", b.Dir+"/", "", b.Dir, "the working folder", filepath.Base(os.Args[0]), "PROGRAM").Replace(s)
	return changing.ReplaceAllStringFunc(s, func(m string) string {
		if name, _, ok := strings.Cut(m, ":"); ok {
			return name + ":PORT"
		}
		switch {
		case strings.HasPrefix(m, "pid"):
			return "pid N"
		case strings.HasPrefix(m, "."):
			return m[:strings.Index(m, "-")] + "-N"
		}
		return "corrupt-TIME"
	})
}

// problem asserts that a command ended with that problem and exit code and said all of that, and returns its message.
func (b *Bench) problem(o Output, id string, exit int, says ...string) Result {
	b.t.Helper()
	if o.Exit != exit || !strings.Contains(o.Stderr, fmt.Sprintf("docs/problems/%s.md   (exit %d)", id, exit)) {
		b.t.Errorf("%s: exit %d, want %d and problem %s", o.Command, o.Exit, exit, id)
	}
	for _, s := range says {
		if !strings.Contains(o.Stderr+o.Stdout, s) {
			b.t.Errorf("%s does not say %q", o.Command, s)
		}
	}
	_, text, _ := strings.Cut(o.Stderr, "error: ")
	text, _, found := strings.Cut(text, "\n  fix:")
	if !found || b.t.Failed() {
		b.t.Fatalf("%s said:\n%s\n%s", o.Command, o.Stdout, o.Stderr)
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(lines[i], "  cause:"))
	}
	return Result{Message: strings.Join(lines, "\n"), Exit: o.Exit}
}

// said finds the line of an output that holds the text; its absence is a failure.
func (b *Bench) said(output, text string) string {
	b.t.Helper()
	for line := range strings.Lines(output) {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line)
		}
	}
	b.t.Fatalf("nobody said %q:\n%s", text, output)
	return ""
}
