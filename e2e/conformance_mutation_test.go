//go:build e2e

package e2e

import (
	"maps"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// TestAQueryThatIsChangedNoLongerShowsTheTruth changes one query of one panel, in a copy of its definition. Both renderers then draw
// something else, and the comparison must say so.
func TestAQueryThatIsChangedNoLongerShowsTheTruth(t *testing.T) {
	c := newConformance(t)
	k6, artillery, compared, divided := c.pairs[0].a, c.pairs[1].a, c.pairs[2].a, c.pairs[2].b
	for _, m := range []struct {
		name         string
		of           eyes
		board, panel string
		change       func(p *boards.Panel)
	}{
		{"another percentile", k6, "k6-elite", "percentiles", func(p *boards.Panel) { p.Queries[2].Field = "p90" }},
		{"another percentile of the run", k6, "k6-war-room", "latency", func(p *boards.Panel) { p.Queries[0].Field = "p90" }},
		{"another roll-up", k6, "k6-pro", "endpoint-tails", func(p *boards.Panel) { p.Queries[0].Rollup, p.Queries[0].Each = rows.ByScenario, "scenario" }},
		{"another metric", k6, "k6-pro", "spectrum", func(p *boards.Panel) { p.Queries[0].Metric = "http_req_waiting" }},
		{"another class of status", k6, "k6-elite", "failures", func(p *boards.Panel) { p.Queries[0].Only = boards.NoAnswer }},
		{"a share that becomes a count", k6, "k6-elite", "failed", func(p *boards.Panel) { p.Queries[0].Calc = boards.AsIs }},
		{"no condition", k6, "k6-elite", "percentiles", func(p *boards.Panel) {
			for i := range p.Queries {
				p.Queries[i].If = nil
			}
		}},
		{"a count in place of a sum", k6, "k6-elite", "bytes", func(p *boards.Panel) { p.Queries[0].Field = "count" }},
		{"no rate", artillery, "artillery-elite", "load", func(p *boards.Panel) { p.Queries[2].Calc = boards.AsIs }},
		{"what is taken away left out", artillery, "artillery-war-room", "failed", func(p *boards.Panel) { p.Queries[0].Minus = nil }},
		{"what divides left out", artillery, "artillery-elite", "failures", func(p *boards.Panel) { p.Queries[0].Over = p.Queries[0].Over[:1] }},
		{"another tag", artillery, "artillery-elite", "errors", func(p *boards.Panel) { p.Queries[0].By = "name" }},
		{"no condition in a comparison", compared, "compare", "p95", func(p *boards.Panel) { p.Queries[0].If, p.Queries[1].If = nil, nil }},
		{"no condition of the run", compared, "compare", "endpoints", func(p *boards.Panel) { p.Queries[6].If = nil }},
		{"no condition of the other run", compared, "compare", "endpoints", func(p *boards.Panel) { p.Queries[7].If = nil }},
		{"no condition of what is divided", compared, "compare", "endpoints", func(p *boards.Panel) { p.Queries[8].If = nil }},
		{"no condition of what divides", divided, "compare", "endpoints", func(p *boards.Panel) { p.Queries[8].Over[0].If = nil }},
		{"the wrong one of two runs", compared, "compare", "p95", func(p *boards.Panel) { p.Queries[1].Other = false }},
	} {
		t.Run(m.name, func(t *testing.T) {
			for _, b := range boards.All() {
				var p *boards.Panel
				b.Panels(func(q *boards.Panel) {
					if q.ID == m.panel {
						p = q
					}
				})
				if b.ID != m.board || p == nil {
					continue
				}
				look := func() (f finding) {
					f.check(t, c, &m.of, &b, p, 1, inBrowser(t, c.store, &b, &m.of, 100_000)[m.panel])
					return f
				}
				if f := look(); len(f.grafana.wrong)+len(f.browser.wrong) > 0 {
					t.Fatalf("as it is: %v %v", f.grafana.wrong, f.browser.wrong)
				}
				m.change(p)
				f := look()
				if len(f.grafana.wrong) == 0 || len(f.browser.wrong) == 0 {
					t.Errorf("nobody sees it: %d wrong in Flux, %d in the browser", len(f.grafana.wrong), len(f.browser.wrong))
					return
				}
				t.Logf("%d wrong in Flux, %d in the browser, such as %s", len(f.grafana.wrong), len(f.browser.wrong), f.browser.wrong[0])
				return
			}
			t.Fatalf("no panel %s/%s", m.board, m.panel)
		})
	}
}

// TestShortageOfCPUIsShadedWhereTheSamplesHaveIt compares the gray stretches of charts.
func TestShortageOfCPUIsShadedWhereTheSamplesHaveIt(t *testing.T) {
	c := newConformance(t)
	for _, e := range []eyes{c.pairs[0].a, c.pairs[1].b} {
		want := map[int64]bool{}
		for at, all := range e.run.uses {
			for _, u := range all {
				source := e.run.sources[u.Source-1]
				if share := u.CPU / source.CPUs; source.Generator && share >= 0.8 || source.Name == "host" && share >= 0.9 {
					want[at] = true
				}
			}
		}
		if len(want) < 5 || len(want) > int(e.run.seconds)/2 {
			t.Fatalf("run %s is short of CPU in %d seconds", e.run.id, len(want))
		}
		for _, b := range boards.Of(e.run.tool) {
			if len(b.Shades) == 0 {
				continue
			}
			v := flux.Vars{Bucket: shortBucket, Run: e.run.id, From: e.run.start.Add(-time.Minute), To: e.run.start.Add(time.Hour), Every: time.Second}
			inGrafana := map[int64]bool{}
			for i := range b.Shades {
				for _, line := range c.db.shows(v, flux.Shade(&b, i)) {
					at, err := time.Parse(time.RFC3339Nano, line["time"])
					if err != nil {
						t.Fatal(err)
					}
					inGrafana[at.Unix()-e.run.start.Unix()] = true
				}
			}
			run, err := c.store.Run(t.Context(), e.run.id)
			if err != nil {
				t.Fatal(err)
			}
			figures, err := figure.Read(t.Context(), c.store, run, &b, figure.View{Points: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			page, found := map[int64]bool{}, false
			for _, f := range figures {
				if f.ID != "cpu-share" && f.ID != "percentiles" || f.Grid.Step > 1 {
					continue
				}
				found = true
				for _, s := range f.Shade {
					for at := s.From; at < s.To; at++ {
						page[at] = true
					}
				}
			}
			if !maps.Equal(inGrafana, want) || found && !maps.Equal(page, want) {
				t.Errorf("%s shades %v in Flux and %v in the browser, want %v", b.ID, inGrafana, page, want)
			}
		}
	}
}
