package flux

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

func everyTarget(f func(b *boards.Board, p *boards.Panel, t Target)) {
	for _, b := range boards.All() {
		b.Panels(func(p *boards.Panel) {
			for _, t := range Targets(&b, p) {
				f(&b, p, t)
			}
		})
	}
}

func TestQueriesReadRowsAndNeverAverage(t *testing.T) {
	n := 0
	everyTarget(func(b *boards.Board, p *boards.Panel, g Target) {
		n++
		for _, bad := range []string{"quantile(", "mean", "median", `"value"`} {
			if strings.Contains(g.Text, bad) && !(bad == `"value"` && p.Kind == boards.Spectrum) && !strings.Contains(g.Text, `part: "value"`) {
				t.Errorf("%s/%s has %s:\n%s", b.ID, p.ID, bad, g.Text)
			}
		}
		if !strings.Contains(g.Text, "r.run == run") && !strings.Contains(g.Text, "r.run == compared") {
			t.Errorf("%s/%s is of no run:\n%s", b.ID, p.ID, g.Text)
		}
		if p.Kind.Over() && !strings.Contains(g.Text, "every: v.windowPeriod") {
			t.Errorf("%s/%s does not thin its points:\n%s", b.ID, p.ID, g.Text)
		}
		if strings.Count(g.Text, "from(bucket:") != strings.Count(g.Text, "from(bucket: v.defaultBucket)") {
			t.Errorf("%s/%s names a bucket", b.ID, p.ID)
		}
	})
	if n < 150 {
		t.Errorf("%d queries", n)
	}
}

func TestLinesThatDifferInTheirFieldAreOneQuery(t *testing.T) {
	b := &boards.Board{Tool: "k6"}
	line := func(field string) boards.Query {
		return boards.Query{Label: field, Metric: "http_req_duration", Field: field, Rollup: rows.ByRun, Window: rows.Second}
	}
	other := line("p50")
	other.Metric = "http_req_waiting"
	p := &boards.Panel{Kind: boards.Timeseries, Queries: []boards.Query{line("max"), line("p99"), other}}
	got := Targets(b, p)
	if len(got) != 2 || strings.Join(got[0].Labels, " ") != "max p99" || strings.Join(got[1].Labels, " ") != "p50" {
		t.Errorf("got %+v", got)
	}
}

func TestBindingPutsInWhatGrafanaDoes(t *testing.T) {
	v := Vars{Bucket: "b", Run: `a.b/c\d$e"f`, Endpoint: "x", From: time.Unix(1_700_000_000, 0), To: time.Unix(1_700_000_060, 5e6), Every: 2500 * time.Millisecond}
	got := v.Bind(value(VarRunID) + " " + value(VarScenario) + " " + value(VarEndpoint) + " v.defaultBucket v.timeRangeStart v.timeRangeStop v.windowPeriod")
	want := `value(of: /=a\.b\/c\\d\$e"f=/) value(of: /=\(all\)=/) value(of: /=x=/) "b" 2023-11-14T22:13:20Z 2023-11-14T22:14:20.005Z 2500ms`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	everyTarget(func(b *boards.Board, p *boards.Panel, g Target) {
		if left := regexp.MustCompile(`\$\{|v\.[a-z]\w+`).FindString(v.Bind(g.Text)); left != "" {
			t.Errorf("%s/%s: %s is left", b.ID, p.ID, left)
		}
	})
}

func TestAFluxStringIsWhatItSays(t *testing.T) {
	for s, want := range map[string]string{`a"b`: `"a\"b"`, `a\b`: `"a\\b"`, "${1}": `"\${1}"`, "a\nb": `"a\nb"`} {
		if got := text(s); got != want {
			t.Errorf("text(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestVariablesAreThoseThatTheBoardHasAUseFor(t *testing.T) {
	for id, want := range map[string]string{"k6-elite": "project run run_id scenario endpoint", "artillery-elite": "project run run_id endpoint",
		"compare": "project run run_id compare_run compare_id"} {
		for _, b := range boards.All() {
			var got []string
			for _, c := range Choices(&b) {
				got = append(got, c.Name)
			}
			if b.ID == id && strings.Join(got, " ") != want {
				t.Errorf("variables of %s are %v, want %s", id, got, want)
			}
		}
	}
}

func TestSumsOverTheWholeRunReadNoSecond(t *testing.T) {
	n := 0
	everyTarget(func(b *boards.Board, p *boards.Panel, g Target) {
		if p.Kind != boards.Stat && p.Kind != boards.Table {
			return
		}
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) {
				if q.By == "" || q.Calc == boards.Largest {
					return
				}
				n++
				if !strings.Contains(g.Text, `r.rollup == "whole"`) || strings.Contains(g.Text, `r.rollup == "series"`) {
					t.Errorf("%s/%s adds up seconds:\n%s", b.ID, p.ID, g.Text)
				}
			})
		}
	})
	if n < 20 {
		t.Errorf("%d sums", n)
	}
}

func TestFiguresOfAPanelAreOneQueryAndLinesNeedNoUnion(t *testing.T) {
	for _, b := range boards.All() {
		b.Panels(func(p *boards.Panel) {
			all := Targets(&b, p)
			if p.Kind == boards.Stat && (len(all) != 1 || len(all[0].Labels) != len(p.Queries)) {
				t.Errorf("%s/%s has %d queries", b.ID, p.ID, len(all))
			}
			for _, g := range all {
				if b.Tool == "k6" && p.Kind == boards.Timeseries && strings.Contains(g.Text, "union(") {
					t.Errorf("%s/%s has a union, which is slow:\n%s", b.ID, p.ID, g.Text)
				}
			}
		})
	}
}

func TestCountsByStatusReadTheirRollupUntilTheReaderChooses(t *testing.T) {
	for _, c := range []struct{ board, panel, want string }{
		{"k6-elite", "codes", `else tables |> filter(fn: (r) => r.rollup == "status")`},
		{"k6-elite", "failures", `r._measurement == "http_reqs" and (r._field == "count") and r.rollup == "status" and (not exists`},
		{"k6-elite", "percentiles", `r._measurement == "http_reqs" and (r._field == "count") and r.rollup == "series" and r.name == endpoint and (exists`},
		{"artillery-elite", "codes", `r.rollup == "status"`},
	} {
		found := false
		everyTarget(func(b *boards.Board, p *boards.Panel, g Target) {
			if b.ID == c.board && p.ID == c.panel {
				found = found || strings.Contains(g.Text, c.want)
			}
		})
		if !found {
			t.Errorf("%s/%s does not read %s", c.board, c.panel, c.want)
		}
	}
}
