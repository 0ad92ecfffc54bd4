package grafana

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

// cost is a board that somebody adds: a definition and nothing else.
func cost() *boards.Board {
	return &boards.Board{ID: "cost", Title: "Cost", Description: "What a run costs.", Tool: "k6", Rows: []boards.PanelRow{
		{Panels: []boards.Panel{
			{ID: "dollars", Title: "Spent (sum, whole run)", Kind: boards.Stat, Unit: boards.Plain, Description: "Dollars.", Absent: "no price is known",
				Thresholds: []boards.Threshold{{At: 0, Level: boards.Warn}},
				Queries:    []boards.Query{{Metric: "dollars", Field: "sum", Rollup: rows.ByRun, Window: rows.Run}}},
			{ID: "tokens", Title: "Tokens (count, whole run)", Kind: boards.Stat, Unit: boards.Count, Description: "Tokens.",
				Queries: []boards.Query{{Metric: "tokens", Field: "count", Rollup: rows.ByRun, Window: rows.Run}}},
		}},
		{Title: "Over time", Panels: []boards.Panel{{ID: "rate", Title: "Spending (each model, each second)", Kind: boards.Bars, Unit: boards.Plain, Width: 12, Description: "Dollars a second.",
			Queries: []boards.Query{{Metric: "dollars", Field: "sum", Rollup: rows.ByRun, Window: rows.Second, By: "model"}}}}},
	}}
}

// drawn is a dashboard as JSON has it.
type drawn struct {
	UID        string
	Time       span
	Tags       []string
	Links      []link
	Templating struct{ List []map[string]any }
	Panels     []struct {
		ID          int
		Type, Title string
		GridPos     grid
		Targets     []target
		FieldConfig struct {
			Defaults struct {
				NoValue    string
				Thresholds struct{ Steps []struct{ Value *float64 } }
			}
		}
	}
}

func draw(t *testing.T, b *boards.Board) (d drawn) {
	t.Helper()
	if err := b.Validate(); err != nil {
		t.Fatal(err)
	}
	content, err := Dashboard(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Dashboard(b); err != nil || !bytes.Equal(content, again) {
		t.Errorf("%s is another file each time (%v)", b.ID, err)
	}
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADefinitionIsAllThatADashboardTakes(t *testing.T) {
	d := draw(t, cost())
	if d.UID != "ltlab-cost" || len(d.Panels) != 6 || d.Panels[0].FieldConfig.Defaults.NoValue != "no price is known" ||
		d.Panels[1].FieldConfig.Defaults.NoValue != "this run has no metric tokens" || len(d.Templating.List) != 4 {
		t.Errorf("got %+v", d)
	}
	if steps := d.Panels[0].FieldConfig.Defaults.Thresholds.Steps; len(steps) != 2 || steps[0].Value != nil || *steps[1].Value <= 0 || *steps[1].Value > 1e-6 {
		t.Errorf("a threshold above nought has the steps %+v", steps)
	}
}

func TestPanelsHaveAPlaceOfTheirOwn(t *testing.T) {
	all := append(boards.All(), *cost())
	uids := map[string]bool{}
	for i := range all {
		b := &all[i]
		d := draw(t, b)
		if uids[d.UID] || len(d.UID) > 40 {
			t.Errorf("%s: uid %q", b.ID, d.UID)
		}
		uids[d.UID] = true
		taken, ids := map[[2]int]string{}, map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] || p.ID <= 0 {
				t.Errorf("%s: panel %q has id %d", b.ID, p.Title, p.ID)
			}
			ids[p.ID] = true
			if g := p.GridPos; g.W < 1 || g.X+g.W > 24 || g.H < 1 {
				t.Errorf("%s: panel %q at %+v", b.ID, p.Title, g)
			}
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: %q and %q are in one place", b.ID, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			if len(p.Targets) == 0 || p.FieldConfig.Defaults.NoValue == "" {
				t.Errorf("%s: panel %q has no query, or does not say why it is empty", b.ID, p.Title)
			}
			for _, q := range p.Targets {
				if q.Datasource.UID != "influxdb" || q.Datasource.Type != "influxdb" {
					t.Errorf("%s: panel %q reads %+v", b.ID, p.Title, q.Datasource)
				}
			}
		}
	}
}

func TestAPanelKeepsItsNumberWhereverItStands(t *testing.T) {
	b := cost()
	before := map[string]int{}
	for _, p := range draw(t, b).Panels {
		before[p.Title] = p.ID
	}
	b.Rows[0].Panels[0], b.Rows[0].Panels[1] = b.Rows[0].Panels[1], b.Rows[0].Panels[0]
	b.Rows[0], b.Rows[1] = b.Rows[1], b.Rows[0]
	for _, p := range draw(t, b).Panels {
		if before[p.Title] != p.ID {
			t.Errorf("panel %q was number %d and is %d", p.Title, before[p.Title], p.ID)
		}
	}
}

func TestBoardsLeadToOneAnother(t *testing.T) {
	tags := map[string][]string{}
	links := map[string]link{}
	for _, b := range boards.All() {
		d := draw(t, &b)
		tags[b.ID], links[b.ID] = d.Tags, d.Links[0]
	}
	for from, want := range map[string]int{"k6-elite": 4, "artillery-pro": 4, "compare": 7} {
		l, n := links[from], 0
		for _, of := range tags {
			if strings.Contains(" "+strings.Join(of, " ")+" ", " "+l.Tags[0]+" ") {
				n++
			}
		}
		if n != want || !l.IncludeVars || !l.KeepTime {
			t.Errorf("from %s one comes to %d boards by %+v, want %d", from, n, l, want)
		}
	}
}
