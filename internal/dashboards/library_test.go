package dashboards

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// library is a dashboard with a panel of the library panel a, and what each library panel holds.
func library(holds map[string]string) string {
	var elements []string
	for uid, panels := range holds {
		elements = append(elements, fmt.Sprintf(`%q: {"uid": %q, "name": %q, "kind": 1, "model": {"type": "text", "title": "t", "panels": [%s]}}`, uid, uid, uid, panels))
	}
	return fmt.Sprintf(`{"uid": "x", "title": "X", "__elements": {%s}, "panels": [%s]}`, strings.Join(elements, ", "), ref("a"))
}

func ref(uid string) string {
	return fmt.Sprintf(`{"type": "text", "libraryPanel": {"uid": %q, "name": %q}}`, uid, uid)
}

func TestLibraryPanelsWithoutAnEndAreRefused(t *testing.T) {
	chain, wide := map[string]string{"a": ref("l0")}, map[string]string{"a": ref("l0")}
	for i := range 40 {
		next := ref(fmt.Sprint("l", i+1))
		chain[fmt.Sprint("l", i)] = next
		if i < 6 {
			wide[fmt.Sprint("l", i)] = strings.Repeat(next+", ", 9) + next
		}
	}
	for name, c := range map[string]struct {
		holds map[string]string
		why   string
	}{
		"one that holds itself":     {map[string]string{"a": ref("a")}, `without an end: "a holds a"`},
		"two that hold each other":  {map[string]string{"a": ref("b"), "b": ref("a")}, `without an end: "a holds b holds a"`},
		"one in a row of one":       {map[string]string{"a": `{"type": "row", "panels": [` + ref("a") + `]}`}, `without an end: "a holds a"`},
		"very deep":                 {chain, "without an end"},
		"ten of ten of ten of ten…": {wide, "more than 10 MB"},
	} {
		f := newFixture(t)
		f.write(map[string]string{"p/x.json": library(c.holds)})
		_, err := f.Link(t.Context(), []Source{f.source("p")}, world)
		var invalid *Invalid
		if !errors.As(err, &invalid) || len(invalid.Wrong) != 1 || !strings.Contains(invalid.Wrong[0].Why, c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := newFixture(t)
	f.write(map[string]string{"p/x.json": library(map[string]string{"a": ref("b") + ", " + ref("b"), "b": ref("nowhere")})})
	f.link("p")
	for _, text := range f.served() {
		if n := strings.Count(text, `"libraryPanel"`); n != 2 { // those that are nowhere, which lint says
			t.Errorf("%d library panels are left in\n%s", n, text)
		}
	}
}
