//go:build e2e

package e2e

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// TestTheQuickQueriesShowWhatTheGeneralOnesDo asks for every line of k6's boards twice: as they are, and as a board for runs of
// any tool, whose queries cannot be read at once. A board of definitions that ours do not have is asked, too.
func TestTheQuickQueriesShowWhatTheGeneralOnesDo(t *testing.T) {
	d := newInfluxd(t)
	mixed, calm := knownK6("mixed", 7, 1), knownK6("calm", 8, 1) // the latter without requests that have no answer
	calm.samples = slices.DeleteFunc(calm.samples, func(r reading) bool { return r.tags["status"] == boards.Unanswered })
	runs := record.Runs(t.TempDir())
	for _, run := range []*known{mixed, calm} {
		sink, err := influx.Send(t.Context(), run.write(t, runs), influx.Target{URL: d.URL, Org: influxOrgName, Token: d.Token, Bucket: shortBucket}, 0, nil)
		if err != nil || !sink.Whole() {
			t.Fatalf("%v: %+v", err, sink)
		}
	}
	line := func(label, field string, only boards.Class) boards.Query {
		return boards.Query{Label: label, Metric: "http_reqs", Field: field, Rollup: rows.ByRun, Window: rows.Second, By: "status", Only: only}
	}
	other := boards.Board{ID: "other", Title: "Other", Tool: "k6", Description: "What no board has.", Rows: []boards.PanelRow{{Panels: []boards.Panel{
		{ID: "classes", Title: "Classes (count, each second)", Kind: boards.Timeseries, Unit: boards.RequestRate, Description: "Counts of classes.",
			Queries: []boards.Query{line("failed", "count", boards.Failed), line("answered", "count", boards.Answered)}},
	}}}}
	if err := other.Validate(); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, b := range append(boards.Of("k6"), other) {
		if b.Tool != "k6" {
			continue
		}
		general := b
		general.Tool = ""
		b.Panels(func(p *boards.Panel) {
			if p.Kind != boards.Timeseries && p.Kind != boards.Bars {
				return
			}
			for _, chosen := range []eyes{{run: mixed}, {run: mixed, endpoint: deadEndpoint}, {run: mixed, scenario: someScenario}, {run: calm}, {run: calm, endpoint: someEndpoint}} {
				for _, every := range []int64{1, 30} {
					quick, slow := d.inGrafana(t, &b, p, &chosen, every).cells, d.inGrafana(t, &general, p, &chosen, every).cells
					same := maps.EqualFunc(quick, slow, func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) })
					if !same {
						t.Errorf("%s/%s of run %s for scenario %q, endpoint %q, each %d s: %d values at once, %d in general, or not the same\n%s\n%s", b.ID, p.ID, chosen.run.id, chosen.scenario, chosen.endpoint, every,
							len(quick), len(slow), flux.Targets(&b, p)[0].Text, flux.Targets(&general, p)[0].Text)
					}
					compared += len(quick)
				}
			}
		})
	}
	if compared < 20_000 {
		t.Errorf("%d values compared", compared)
	}
	t.Logf("%d values compared", compared)
}
