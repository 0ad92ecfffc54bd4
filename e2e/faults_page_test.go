//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const faultsPage = "../docs/reliability.md"

const faultsHead = `# What survives what

What ltlab does when things go wrong, as measured: ` + "`make faults`" + ` breaks each of these on purpose, with the real programs, at full
length (runs of 30 to 60 s), and writes this page. ` + "`make e2e`" + ` does the same at short length and checks that the page lists the
same faults. After each of them no process, no container, no lock, no temporary file and no half-made run is left; only a killed
ltlab cannot take its temporary folder away. Exit codes are listed by ` + "`ltlab help exit-codes`" + `, problems in [problems](problems/README.md).

Nothing is lost in silence: the last column names what is lost, and where that is said. F1 to F55 are the numbers of the
[list of faults](#the-list-of-faults) below, which also names those that do not apply yet.

| fault | F | what was done | message | exit code | what survives | lost, and where it is said |
| --- | --- | --- | --- | --- | --- | --- |
`

// line is the beginning of the fault's line on the page.
func (f *Fault) line() string {
	return fmt.Sprintf("| %s | %s | %s |", f.ID, numbers(f.ID), cell(f.Title))
}

// lost is what the fault loses.
func (f *Fault) lost() string {
	if text := lost[f.ID]; text != "" {
		return text
	}
	return "nothing"
}

// numbers are those of the list that a row shows.
func numbers(id string) string {
	var out []string
	for i, n := range listed {
		for row := range strings.FieldsSeq(n.rows) {
			if row == id {
				out = append(out, fmt.Sprint(i+1))
			}
		}
	}
	return strings.Join(out, ", ")
}

// faultsTail is the list of all faults.
func faultsTail() string {
	var b strings.Builder
	b.WriteString("\n## The list of faults\n\nWhat is to be tried of a load lab, and where it is.\n\n| F | fault | shown by |\n| --- | --- | --- |\n")
	for i, n := range listed {
		var by []string
		for row := range strings.FieldsSeq(n.rows) {
			by = append(by, row)
		}
		for test := range strings.FieldsSeq(n.tests) {
			by = append(by, "`"+test+"`")
		}
		if n.not != "" {
			by = append(by, "*"+n.not+"*")
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", i+1, cell(n.what), strings.Join(by, ", "))
	}
	return b.String()
}

// writeFaultsPage writes the page with the lines of the faults that ran; those of others stay as they were measured.
func writeFaultsPage(t *testing.T, ran map[string]string) {
	t.Helper()
	before := map[string]string{}
	if page, err := os.ReadFile(faultsPage); err == nil {
		for line := range strings.Lines(string(page)) {
			if id, ok := strings.CutPrefix(line, "| "); ok {
				id, _, _ = strings.Cut(id, " ")
				before[id] = strings.TrimSuffix(line, "\n")
			}
		}
	}
	var b strings.Builder
	b.WriteString(faultsHead)
	for _, f := range faults() {
		line, ok := ran[f.ID]
		if !ok {
			line, ok = before[f.ID]
		}
		if !ok {
			t.Logf("the page is not written: there is nothing to say of %s", f.ID)
			return
		}
		b.WriteString(line + "\n")
	}
	if err := os.WriteFile(faultsPage, []byte(b.String()+faultsTail()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestFaultsPageListsEveryFault keeps the page from going stale between two full-length runs.
func TestFaultsPageListsEveryFault(t *testing.T) {
	page, err := os.ReadFile(faultsPage)
	if err != nil {
		t.Fatalf("%v: `make faults` writes it", err)
	}
	text, ok := strings.CutPrefix(string(page), faultsHead)
	if !ok {
		t.Error("docs/reliability.md has another head: `make faults` writes it anew")
	}
	if text, ok = strings.CutSuffix(text, faultsTail()); !ok {
		t.Error("docs/reliability.md has another list of faults at its end: `make faults` writes it anew")
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, f := range faults() {
		if i >= len(lines) || !strings.HasPrefix(lines[i], f.line()) || !strings.HasSuffix(lines[i], "| "+cell(f.lost())+" |") {
			t.Fatalf("docs/reliability.md does not list fault %s where the table does: `make faults` writes it anew, `LTLAB_FAULTS=full go test -run TestFaults/%[1]s$` its line alone", f.ID)
		}
	}
	if len(lines) != len(faults()) {
		t.Errorf("docs/reliability.md lists %d faults, the table %d", len(lines), len(faults()))
	}
}
