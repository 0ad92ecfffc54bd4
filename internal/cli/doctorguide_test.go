package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/docs"
	"github.com/ltlab/ltlab/internal/doctor"
	"github.com/ltlab/ltlab/internal/problem"
)

func TestTheGuideListsEveryCheckOfTheDoctor(t *testing.T) {
	b, err := os.ReadFile("../../docs/guides/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range (&doctor.Patient{}).Checks() {
		want = append(want, fmt.Sprintf("| %s | `%s` | %s |", c.Group, c.ID, c.Title))
	}
	if rows := strings.Join(want, "\n") + "\n\n"; !strings.Contains(string(b), rows) {
		t.Errorf("docs/guides/doctor.md does not have these rows:\n%s", rows)
	}
}

func TestEveryProblemCanBeExplained(t *testing.T) {
	listed := map[string]bool{}
	for _, p := range docs.Problems() {
		listed[p.ID] = true
	}
	for _, p := range problem.Examples() {
		if _, ok := docs.Page(p.ID); !ok || !listed[p.ID] {
			t.Errorf("%s: a page %t, a line in the list %t", p.ID, ok, listed[p.ID])
		}
	}
}

// What a check says has a page must have one.
func TestPagesThatChecksNameAreThere(t *testing.T) {
	known := map[string]bool{}
	for _, p := range docs.Problems() {
		known[p.ID] = true
	}
	for _, file := range []string{"services", "files", "machine", "network", "ports", "resources", "locks", "project", "embedded", "tools", "dashboards", "binary"} {
		b, err := os.ReadFile("../doctor/" + file + ".go")
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range strings.Split(string(b), `fails("`)[1:] {
			if id, _, _ := strings.Cut(after, `"`); id != "" && !known[id] {
				t.Errorf("%s.go names %s, which has no page", file, id)
			}
		}
	}
}
