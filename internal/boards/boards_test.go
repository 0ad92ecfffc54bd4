package boards

import (
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/rows"
)

func TestEveryBoardIsValid(t *testing.T) {
	ids := map[string]bool{}
	for _, b := range All() {
		if err := b.Validate(); err != nil {
			t.Error(err)
		}
		if ids[b.ID] {
			t.Errorf("two boards %q", b.ID)
		}
		ids[b.ID] = true
	}
	if !ids["k6-elite"] {
		t.Errorf("boards are %v, want k6-elite among them", ids)
	}
}

// small is a valid board.
func small() Board {
	return Board{ID: "small", Title: "Small", Tool: "k6", Description: "A board.", Shades: shortOfCPU(), Rows: []PanelRow{
		{Panels: k6Totals()}, {Panels: []Panel{k6Rate(), k6Latency()}}, {Panels: []Panel{shares(), cores()}}}}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(b *Board)
	}{
		{"two panels", func(b *Board) { b.Rows[1].Panels[1].ID = b.Rows[1].Panels[0].ID }},
		{"id, title and description", func(b *Board) { b.Title = "" }},
		{"does not end with (statistic, window)", func(b *Board) { b.Rows[1].Panels[0].Title = "Request rate" }},
		{"does not end with (statistic, window)", func(b *Board) { b.Rows[1].Panels[0].Title = "Request rate (each second)" }},
		{"which the title does not say", func(b *Board) { b.Rows[1].Panels[0].Title = "Request rate (count, whole run)" }},
		{"unknown kind", func(b *Board) { b.Rows[1].Panels[0].Kind = "pie" }},
		{"unknown unit", func(b *Board) { b.Rows[1].Panels[0].Unit = "furlongs" }},
		{"unknown field", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Field = "p42" }},
		{"unknown field", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Field = "mean" }},
		{"unknown roll-up", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Rollup = "planet" }},
		{"unknown ink", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Ink = "beige" }},
		{"only counts may be summed", func(b *Board) { b.Rows[1].Panels[1].Queries[0].By = "status" }},
		{"only counts have a rate", func(b *Board) { b.Rows[1].Panels[1].Queries[0].Calc = PerSecond }},
		{"a share is a class's", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Calc = Share }},
		{"where one is wanted", func(b *Board) { b.Rows[1].Panels[0].Queries[0].By = "status" }},
		{"condition is of another", func(b *Board) { b.Rows[1].Panels[1].Queries[0].If = answered(rows.ByName, rows.Run) }},
		{"condition is of another", func(b *Board) { b.Rows[1].Panels[1].Queries[0].Other = true }},
		{"two queries", func(b *Board) { b.Rows[1].Panels[1].Queries[0].Label = "p99" }},
		{"a line for each source is of a row by itself", func(b *Board) { b.Rows[2].Panels[1].Queries[0].Rollup = rows.ByRun }},
		{"which it is computed with, is not one row", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Over = []Query{total("", "http_reqs", "count")} }},
		{"which it is computed with, is not one row", func(b *Board) {
			q := &b.Rows[1].Panels[0].Queries[0]
			q.Over = []Query{*q}
			q.Over[0].If = answered(rows.ByRun, rows.Second)
		}},
		{"is not what a spectrum shows", func(b *Board) { b.Rows[1].Panels[0].Kind = Spectrum }},
		{"every metric is of a table", func(b *Board) { b.Rows[1].Panels[0].Queries[0].Metric = Any }},
		{"does not show windows of second", func(b *Board) { b.Rows[1].Panels[0].Kind = Stat }},
		{"lines for each source are of a time series", func(b *Board) { b.Rows[2].Panels[1].Kind = Bars }},
		{"shade 0: unknown field", func(b *Board) { b.Shades[0].Query.Field = "p42" }},
		{"queries must not be empty", func(b *Board) { b.Rows[1].Panels[0].Queries = nil }},
		{"have a key", func(b *Board) { b.Rows[1].Panels[0].Key = "name" }},
		{"at most 12", func(b *Board) { b.Rows[1].Panels[0].Width = 12 }},
	} {
		b := small()
		c.change(&b)
		if err := b.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Validate says %v, want something of %q", err, c.want)
		}
	}
}

func TestFailedIsWhatTheDesignSays(t *testing.T) {
	for status, want := range map[string]bool{"200": false, "204": false, "302": false, "399": false, "199": true, "400": true, "429": true,
		"500": true, "0": true, "": true, "2000": true, "abc": true, "20x": true, "(other)": true} {
		if got := Failed.Has(status); got != want {
			t.Errorf("Failed.Has(%q) = %v, want %v", status, got, want)
		}
	}
	for status, want := range map[string]bool{"0": true, "": true, "200": false, "500": false} {
		if NoAnswer.Has(status) != want || Answered.Has(status) == want {
			t.Errorf("status %q: no answer %v, answered %v, want %v and not", status, NoAnswer.Has(status), Answered.Has(status), want)
		}
	}
}

func TestTheLastThresholdThatAppliesGivesTheLevel(t *testing.T) {
	p := Panel{Thresholds: failedLimits()}
	for v, want := range map[float64]Level{0: Good, 0.001: Warn, 0.05: Warn, 0.06: Bad} {
		if got := p.LevelOf(v); got != want {
			t.Errorf("LevelOf(%g) = %s, want %s", v, got, want)
		}
	}
}

func TestEveryToolHasABoard(t *testing.T) {
	for tool, want := range map[string]string{"k6": "k6-elite", "artillery": "artillery-elite", "unheard-of": "k6-elite"} {
		if got := For(tool).ID; got != want {
			t.Errorf("For(%q) is %q, want %q", tool, got, want)
		}
	}
}

func TestAToolsBoardsComeFromTheWallToTheDepths(t *testing.T) {
	for tool, want := range map[string]string{"k6": "k6-war-room k6-elite k6-pro compare", "artillery": "artillery-war-room artillery-elite artillery-pro compare"} {
		var ids []string
		for _, b := range Of(tool) {
			ids = append(ids, b.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("boards of %s are %s, want %s", tool, got, want)
		}
	}
}

func TestWhatIsKnownByScenarioIsNarrowedToOne(t *testing.T) {
	narrowed := map[string]bool{} // metrics of k6's boards
	for _, b := range All() {
		b.Panels(func(p *Panel) {
			for i := range p.Queries {
				p.Queries[i].All(func(q *Query) {
					scenario, _ := b.Narrows(q)
					if scenario && b.Tool == "artillery" {
						t.Errorf("%s/%s: %s has no scenario", b.ID, p.ID, q.Metric)
					}
					narrowed[q.Metric] = narrowed[q.Metric] || scenario && b.Tool == "k6"
				})
			}
		})
	}
	for metric, want := range map[string]bool{"http_reqs": true, "checks": true, "iteration_duration": true, "data_sent": true, "data_received": true, "vus": false, Load: false} {
		if narrowed[metric] != want {
			t.Errorf("%s is narrowed to a scenario: %v, want %v", metric, narrowed[metric], want)
		}
	}
}
