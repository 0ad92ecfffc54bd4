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
	return slices.Concat(inputFaults(), targetFaults(), runFaults(), labFaults(), diskFaults(), dataFaults(), boardFaults(), dockerFaults(), k6DockerFaults(), influxFaults(), artilleryFaults())
}

const faultsPage = "../docs/faults.md"

func TestFaults(t *testing.T) {
	var lines []string
	for _, f := range faults() {
		t.Run(f.ID, func(t *testing.T) {
			b := newBench(t)
			r := f.Run(t, b)
			b.leftNothing()
			if r.Message == "" || r.Data == "" {
				t.Errorf("the fault does not say what came of it: %+v", r)
			}
			t.Logf("exit %d: %s\n%s", r.Exit, r.Message, r.Data)
			lines = append(lines, f.line()+fmt.Sprintf(" %s | %s | %s |", cell(b.general(r.Message)), r.exit(), cell(b.general(r.Data))))
		})
	}
	if full() && !t.Failed() && len(lines) == len(faults()) {
		if err := os.WriteFile(faultsPage, []byte(faultsHead+strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const faultsHead = `# Faults

What ltlab does when things go wrong, as measured: ` + "`make faults`" + ` breaks each of these on purpose, with the real programs, at full
length (runs of 30 to 60 s), and writes this page. ` + "`make e2e`" + ` does the same at short length and checks that the page lists the
same faults. After each of them no process, no container, no lock, no temporary file and no half-made run is left; only a killed
ltlab cannot take its temporary folder away. Exit codes are listed by ` + "`ltlab help exit-codes`" + `, problems in [problems](problems/README.md).

| fault | what was done | message | exit code | data |
| --- | --- | --- | --- | --- |
`

// TestFaultsPageListsEveryFault keeps the page from going stale between two full-length runs.
func TestFaultsPageListsEveryFault(t *testing.T) {
	page, err := os.ReadFile(faultsPage)
	if err != nil {
		t.Fatalf("%v: `make faults` writes it", err)
	}
	text, ok := strings.CutPrefix(string(page), faultsHead)
	if !ok {
		t.Error("docs/faults.md has another head: `make faults` writes it anew")
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, f := range faults() {
		if i >= len(lines) || !strings.HasPrefix(lines[i], f.line()) {
			t.Fatalf("docs/faults.md does not list fault %s where the table does: `make faults` writes it anew", f.ID)
		}
	}
	if len(lines) != len(faults()) {
		t.Errorf("docs/faults.md lists %d faults, the table %d", len(lines), len(faults()))
	}
}

func TestFaultTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range faults() {
		if seen[f.ID] || f.ID == "" || f.Title == "" || f.Run == nil {
			t.Errorf("fault %q: two of that id, or half a fault", f.ID)
		}
		seen[f.ID] = true
	}
}

// line is the beginning of the fault's line on the page.
func (f *Fault) line() string { return fmt.Sprintf("| %s | %s |", f.ID, cell(f.Title)) }

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

var changing = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+|pid \d+|corrupt-[0-9.-]+\d`)

// general takes what differs from machine to machine out of a message.
func (b *Bench) general(s string) string {
	s = strings.NewReplacer(b.Home, "$LTLAB_HOME", b.Dir+"/", "", b.Dir, "the working folder", filepath.Base(os.Args[0]), "PROGRAM").Replace(s)
	return changing.ReplaceAllStringFunc(s, func(m string) string {
		if name, _, ok := strings.Cut(m, ":"); ok {
			return name + ":PORT"
		}
		if strings.HasPrefix(m, "pid") {
			return "pid N"
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
