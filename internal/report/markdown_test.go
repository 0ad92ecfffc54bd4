package report

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/record"
)

// read takes inline Markdown apart as GitHub does: what stands in code spans and, of the rest, in <code>. Anything else is
// returned as outside.
func read(t *testing.T, text string) (inside, outside string) {
	t.Helper()
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "<code>"); ok {
			bars, after, ok := strings.Cut(rest, "</code>")
			if strings.ReplaceAll(bars, "&#124;", "") != "" || !ok {
				t.Fatalf("in <code> stands %.60q", rest)
			}
			inside, text = inside+strings.Repeat("|", len(bars)/len("&#124;")), after
			continue
		}
		if text[0] != '`' {
			outside, text = outside+text[:1], text[1:]
			continue
		}
		rest := strings.TrimLeft(text, "`")
		fence := len(text) - len(rest)
		end := regexp.MustCompile("(?:^|[^`])(`{" + fmt.Sprint(fence) + "})(?:[^`]|$)").FindStringSubmatchIndex(rest)
		if fence > 1000 || end == nil {
			t.Fatalf("a code span is not closed: %.60q", text)
		}
		span := rest[:end[2]]
		if strings.HasPrefix(span, " ") && strings.HasSuffix(span, " ") && strings.Trim(span, " ") != "" {
			span = span[1 : len(span)-1]
		}
		inside, text = inside+span, rest[end[3]:]
	}
	return inside, outside
}

var odd = []string{
	`a|b`, `a\|b`, `a\\|b`, `|`, `||`, `\|`, `\`, `a\`, `|a|`, "a | b", "a |  `b` | c", "`", "``", "`a`", "a`|`b", "`|`", "<code>", "</code>", "</code>|@all",
	"a\n| b |\n\n# c", "a\r\nb", "@all", "a@b.example", "http://a.example", "www.a.example", "[x](http://a.example)", "![x](y)", "_a_ **b** ~~c~~", "#1", "&#124;", "&lt;",
	"<!--", "<img src=x>", "| --- |", "a\u2028b", "\x00\x01\xff", "日本|語`", "`` a ` b ``", " ", "",
}

func TestNoNameMentionsLinksOrEndsItsCell(t *testing.T) {
	all := append([]string{strings.Repeat("x", 64<<10), strings.Repeat("|", 64<<10), strings.Repeat("`", 64<<10), strings.Repeat("a\\|`", 16<<10)}, odd...)
	rng, parts := rand.New(rand.NewPCG(1, 2)), []string{"|", `\`, "`", " ", "a", "<code>", "</code>", "&#124;", "\n", "@", "*"}
	for range 2000 {
		var name strings.Builder
		for range rng.IntN(12) {
			name.WriteString(parts[rng.IntN(len(parts))])
		}
		all = append(all, name.String())
	}
	for _, name := range all {
		want := line(name)
		if n := len([]rune(want)); n > mostName || strings.ContainsAny(want, "\r\n") {
			t.Fatalf("%.60q is shown with %d characters: %.60q", name, n, want)
		}
		if want == "" {
			want = none
		}
		for what, text := range map[string]string{"cell": cell(name), "code": code(name)} {
			inside, outside := read(t, text)
			if want == none {
				inside, outside = outside, inside
			}
			if inside != want || outside != "" {
				t.Errorf("%s of %.60q is %.90q: it shows %.60q, and outside of code %.60q", what, name, text, inside, outside)
			}
			if strings.ContainsAny(text, "\r\n") || what == "cell" && strings.Contains(text, "|") {
				t.Errorf("%s of %.60q breaks its row: %.90q", what, name, text)
			}
		}
	}
}

func TestAnyNameKeepsTheRowsOfItsTables(t *testing.T) {
	for _, name := range append(odd, evil) {
		r := Run{ID: "one", Tool: name, Project: name, Scenario: name, Target: name, Verdict: Verdict{Level: Failed, Text: "failed"},
			Figures: []Figure{{"requests", "3"}, {OfStatus + name, "3"}}, Warnings: []string{name},
			Limits: []record.Threshold{{Metric: name, Expression: name}}, Checks: []analysis.Check{{Name: name, Fails: 1}}}
		text, err := Markdown(context.Background(), []Run{r}, nil)
		must(t, err)
		for _, row := range []string{"| ? | ", "| ✗ | ", "| status "} {
			at := strings.Index(string(text), "\n"+row)
			if at < 0 {
				t.Fatalf("%q: there is no row %q:\n%s", name, row, text)
			}
			whole, _, _ := strings.Cut(string(text[at+1:]), "\n")
			want := map[bool]int{true: 3, false: 4}[row == "| status "]
			if row == "| ✗ | " {
				want = 5
			}
			if n := strings.Count(whole, "|"); n != want {
				t.Errorf("%q: the row has %d bars, want %d: %s", name, n, want, whole)
			}
		}
		for l := range strings.Lines(string(text)) {
			_, outside := read(t, strings.TrimSuffix(l, "\n"))
			if strings.ContainsAny(strings.TrimPrefix(outside, ">"), "@<[*!\\") || strings.Contains(outside, "example") || strings.Contains(outside, "#1") {
				t.Errorf("%q: outside of code stands %q", name, outside)
			}
		}
	}
}

// manyRuns are runs of which each has its own names, so long.
func manyRuns(n, long int) (out []Run) {
	for i := range n {
		r := sample()
		name := func(what string) string { return fmt.Sprintf("%s %d %s", what, i, strings.Repeat("☃", long)) }
		r.ID, r.Scenario, r.Project, r.Target = fmt.Sprintf("20260102-030405-%06d", i), name("scenario"), name("project"), name("http://target")
		r.Warnings, r.Figures = nil, nil
		for k := range 30 {
			r.Figures = append(r.Figures, Figure{fmt.Sprintf("figure %d", k), "1 234.5 ms"}, Figure{name(fmt.Sprintf("status %d", k)), "3"})
			r.Warnings = append(r.Warnings, name("warning"))
			r.Limits = append(r.Limits, record.Threshold{Metric: name("metric"), Expression: "p(95)<1", Evaluated: true})
			r.Checks = append(r.Checks, analysis.Check{Name: name("check"), Fails: 1})
		}
		if i%2 == 0 {
			r.Verdict = Verdict{Level: Passed, Text: "passed"}
		}
		out = append(out, r)
	}
	return out
}

func TestHoweverManyRunsACommentHoldsThemOrSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct{ runs, long int }{{1, 1000}, {2, 1000}, {20, 1000}, {200, 1000}, {200, 1}, {200, 0}} {
		all := manyRuns(c.runs, c.long)
		text, err := Markdown(context.Background(), all, nil)
		must(t, err)
		n := size(string(text))
		said, _, _ := strings.Cut(string(text), "\n")
		if strings.HasPrefix(said, "## ") {
			said = "nothing is left out"
		}
		t.Logf("%d runs, names of %d characters: %d characters; %s", c.runs, c.long, n, said)
		if n > 65_536 {
			t.Errorf("%d runs make %d characters", c.runs, n)
		}
		heads := strings.Count("\n"+string(text), "\n## ")
		missing := c.runs - heads
		if missing > 0 {
			failed := 0
			for i := range all[heads:] {
				if all[heads+i].Verdict.Level == Failed {
					failed++
				}
			}
			if want := fmt.Sprintf("%s, %d of which did not pass", runsOf(missing), failed); !strings.Contains(said, want) {
				t.Errorf("it shows %d of %d runs and does not say %q: %s", heads, c.runs, want, said)
			}
		}
		for part, shown := range map[string]int{"figures": columns(string(text)), "thresholds": strings.Count(string(text), "| | threshold | |"),
			"failed checks": strings.Count(string(text), "| | check |"), "warnings": strings.Count(string(text), "\n> and 10 more")} {
			want := fmt.Sprintf("the %s of %s", part, runsOf(heads-shown))
			if shown < heads != strings.Contains(said, "the "+part+" of ") || shown < heads && !strings.Contains(said, want) {
				t.Errorf("%d of %d runs have %s; it says %s", shown, heads, part, said)
			}
		}
		if heads == 0 || columns(string(text)) == 0 {
			t.Errorf("%d runs of %d, %d of them with figures", heads, c.runs, columns(string(text)))
		}
	}
	text, err := Markdown(context.Background(), []Run{sample(), sample()}, nil)
	must(t, err)
	if strings.Contains(string(text), "Left out") || !strings.HasPrefix(string(text), "## ") {
		t.Errorf("nothing is missing, and it says: %.200s", text)
	}
}

// columns is how many runs the table of figures has.
func columns(text string) int {
	_, table, _ := strings.Cut(text, "\n| figure |")
	row, _, _ := strings.Cut(table, "\n")
	return strings.Count(row, "|")
}
