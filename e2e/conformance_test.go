//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// conformance has the made-up runs in a real InfluxDB and in a store.
type conformance struct {
	db    *influxd
	store *store.Reader
	pairs []pair
}

// pair are two runs that differ, which every panel must show.
type pair struct{ a, b eyes }

func newConformance(t *testing.T) *conformance {
	t.Helper()
	c := &conformance{db: newInfluxd(t)}
	s, _, err := store.Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c.store = s.Reader
	k6A, k6B := knownK6("k6-a", 1, 1), knownK6("k6-b", 2, 1.5)
	artilleryA, artilleryB := knownArtillery("artillery-a", 3, 1), knownArtillery("artillery-b", 4, 1.5)
	runs := record.Runs(t.TempDir())
	for _, r := range []*known{k6A, k6B, artilleryA, artilleryB} {
		folder := r.write(t, runs)
		sink, err := influx.Send(t.Context(), folder, influx.Target{URL: c.db.URL, Org: influxOrgName, Token: c.db.Token, Bucket: shortBucket, Bucket1M: longBucket}, 0, nil)
		if err != nil || !sink.Whole() {
			t.Fatalf("run %s: %v, %+v", r.id, err, sink)
		}
		f := s.NewFollow(folder)
		for done := false; !done; {
			if done, err = f.Step(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	look := func(run, other *known) eyes { return eyes{run: run, other: other} }
	c.pairs = []pair{{look(k6A, nil), look(k6B, nil)}, {look(artilleryA, nil), look(artilleryB, nil)},
		{look(k6A, k6B), look(k6B, k6A)}, {look(artilleryA, artilleryB), look(artilleryB, artilleryA)}, {look(k6A, artilleryA), look(artilleryB, k6B)}}
	return c
}

// shows says whether a reader opens that board for these runs.
func (e *eyes) shows(b *boards.Board) bool {
	return b.Tool == e.run.tool && e.other == nil || b.Depth == boards.Compare && e.other != nil
}

// knows is what the panel must show; ok is false where nobody has said what that is.
func (e *eyes) knows(b *boards.Board, p *boards.Panel) (a answer, ok bool) {
	a = answer{cells: map[spot]truth{}, held: map[spot]truth{}}
	switch {
	case e.used(&a, p.ID):
		return a, true
	case b.Depth == boards.Compare:
		return a, e.compare(&a, p.ID)
	case b.Tool == "artillery":
		return a, e.artillery(&a, p.ID)
	}
	return a, e.k6(&a, p.ID)
}

// choices are what a reader may narrow a board to; nothing is first.
func (e *eyes) choices() []eyes {
	all := []eyes{*e}
	if e.other != nil {
		return all
	}
	for _, of := range [][2]string{{someScenario, ""}, {"", someEndpoint}, {someScenario, "POST /cart"}, {"", deadEndpoint}} {
		n := *e
		n.scenario, n.endpoint = of[0], of[1]
		all = append(all, n)
	}
	return all
}

// finding is what is known of a panel at the end.
type finding struct {
	board, panel, query string
	grafana, browser    verdict
	differ, compared    int // figures of the two runs that differ
}

// check compares a panel in both renderers. page is what the browser draws.
func (f *finding) check(t *testing.T, c *conformance, e *eyes, b *boards.Board, p *boards.Panel, every int64, page seen) (inGrafana seen) {
	t.Helper()
	want, ok := e.knows(b, p)
	if !ok {
		t.Fatalf("%s/%s: the tests do not know what it must show: e2e/conformance_%s_test.go is to say that", b.ID, p.ID, e.run.tool)
	}
	inGrafana = c.db.inGrafana(t, b, p, e, every)
	f.grafana.add(judge(p, &want, inGrafana))
	f.browser.add(judge(p, &want, page))
	return inGrafana
}

// grains are the lengths of a point, in seconds, with what a page asks for to get it.
var grains = []struct {
	every  int64
	points int
}{{1, 100_000}, {30, 7}}

// TestEveryPanelShowsTheTruthInBothRenderers runs every panel of every board on runs of which every sample is known, in InfluxDB
// and in the store, as a whole, narrowed, and thinned, and compares with the samples. Two runs that differ must be told apart.
func TestEveryPanelShowsTheTruthInBothRenderers(t *testing.T) {
	c := newConformance(t)
	var all []*finding
	for _, b := range boards.All() {
		byPanel := map[string]*finding{}
		b.Panels(func(p *boards.Panel) {
			f := &finding{board: b.ID, panel: p.Title, query: inWords(p)}
			byPanel[p.ID] = f
			all = append(all, f)
		})
		for _, of := range c.pairs {
			if !of.a.shows(&b) {
				continue
			}
			var whole [2]map[string]seen
			for side, e := range []*eyes{&of.a, &of.b} {
				whole[side] = map[string]seen{}
				for i, chosen := range e.choices() {
					for _, step := range grains {
						if step.every > 1 && i > 0 {
							continue
						}
						page := inBrowser(t, c.store, &b, &chosen, step.points)
						b.Panels(func(p *boards.Panel) {
							if step.every > 1 && !p.Kind.Over() {
								return
							}
							f := byPanel[p.ID]
							before := [2]int{len(f.grafana.wrong), len(f.browser.wrong)}
							got := f.check(t, c, &chosen, &b, p, step.every, page[p.ID])
							f.tell(t, before, fmt.Sprintf("run %s (beside %s), scenario %q, endpoint %q, each %d s", e.run.id, e.against(), chosen.scenario, chosen.endpoint, step.every))
							if i == 0 && step.every == 1 {
								whole[side][p.ID] = got
							}
						})
					}
				}
			}
			for id, f := range byPanel {
				one, two := whole[0][id].cells, whole[1][id].cells
				n := 0
				for at, v := range one {
					if w, ok := two[at]; !ok || w != v {
						n++
					}
				}
				for at := range two {
					if _, ok := one[at]; !ok {
						n++
					}
				}
				if n == 0 {
					t.Errorf("%s/%s shows the same for %s and %s: %v", b.ID, id, of.a.run.id, of.b.run.id, one)
				}
				f.differ += n
				f.compared += max(len(one), len(two))
			}
		}
	}
	if !t.Failed() {
		writeTable(t, all)
	}
}

func (e *eyes) against() string {
	if e.other == nil {
		return "none"
	}
	return e.other.id
}

// tell says what of a panel is wrong, the first few of each renderer.
func (f *finding) tell(t *testing.T, before [2]int, where string) {
	t.Helper()
	for i, v := range []*verdict{&f.grafana, &f.browser} {
		if wrong := v.wrong[before[i]:]; len(wrong) > 0 {
			t.Errorf("%s / %s, %s, %s: %d wrong of %d\n  %s", f.board, f.panel, []string{"Flux", "browser"}[i], where, len(wrong), v.points, strings.Join(wrong[:min(3, len(wrong))], "\n  "))
		}
	}
}

// inWords is what a panel reads.
func inWords(p *boards.Panel) string {
	fields := map[string][]string{}
	for i := range p.Queries {
		p.Queries[i].All(func(q *boards.Query) {
			name := q.Metric
			if q.By != "" {
				name += " by " + q.By
			}
			if q.Rollup != "run" {
				name += " of each " + string(q.Rollup)
			}
			field := strings.TrimSpace(q.Field + " " + string(q.Only))
			if !slices.Contains(fields[name], field) {
				fields[name] = append(fields[name], field)
			}
		})
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		out = append(out, "`"+name+"`: "+strings.Join(fields[name], ", "))
	}
	return strings.Join(out, "; ")
}

const tablePage = "../docs/boards-conformance.md"

// writeTable writes the page with UPDATE=1, and else compares it.
func writeTable(t *testing.T, all []*finding) {
	t.Helper()
	var b strings.Builder
	b.WriteString("# What the boards show, against the truth\n\nWritten by `UPDATE=1 go test -tags e2e ./e2e -run TestEveryPanelShowsTheTruth` and compared by `make e2e`.\n\n" +
		"Two runs of k6 and two of Artillery were made up sample by sample: scenarios, endpoints, errors, requests without an answer, 429s, metrics of their own, seconds\n" +
		"in which nothing happened or that came late, samples of no period. Their records went into a real InfluxDB 2.7.12 and into the store. Every panel was asked for in both\n" +
		"renderers: of the whole run, of one scenario, of one endpoint, of one that never answered, and thinned to 30 s. Each figure was compared with what the samples\n" +
		"themselves give: counts and gauges must be equal, ratios and sums to 10⁻⁹, percentiles to 1 %, the smallest and the largest to the seven digits that the store keeps; what is\n" +
		"there and must not be is an error, too.\n\n" +
		"- Figures: compared with the truth, in Flux and in the browser.\n- Off by: the largest relative deviation.\n- Differ: figures of the whole run in Flux that are not the same for the two runs.\n" +
		"- In stacked bars, in lines for each value of a tag and in heat maps nothing stands for nought.\n" +
		"- Artillery does not report periods in which nothing happens: there a count has a gap in both.\n" +
		"- Latencies of a second in which nothing was answered are held back. A thinned line of Grafana has them where its step has an answer, too (ADR 0017).\n\n" +
		"| board | panel | reads | figures (Flux, browser) | Flux off by | browser off by | differ |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range all {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d, %d | %s | %s | %d of %d |\n", f.board, f.panel, f.query, f.grafana.points, f.browser.points, off(f.grafana.worst), off(f.browser.worst), f.differ, f.compared)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(tablePage, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old, err := os.ReadFile(tablePage); err != nil || string(old) != b.String() {
		t.Errorf("%s is not what was measured (%v): UPDATE=1 go test -tags e2e ./e2e -run TestEveryPanelShowsTheTruth writes it", tablePage, err)
	}
}

func off(v float64) string {
	if v <= extreme {
		return "0"
	}
	return fmt.Sprintf("%.2f %%", 100*v)
}
