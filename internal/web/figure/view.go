package figure

import (
	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// View is what part of a run to show, how finely, and beside which other run.
type View struct {
	From, To int64  // seconds since the run's start; From 0: from its beginning, To 0: to the end
	Points   int    // at most that many values on the time axis
	Scenario string // narrows to it what is known by scenario; "": all
	Endpoint string // the same by tag name; it comes before Scenario
	Other    *store.Run
}

// Compares says whether a board shows a second run. Such a board is of whole runs: nothing is narrowed there.
func Compares(b *boards.Board) bool {
	compares := false
	b.Panels(func(p *boards.Panel) {
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) { compares = compares || q.Other })
		}
	})
	return compares
}

// Narrows says whether a reader may narrow something on a board to a scenario, and to an endpoint.
func Narrows(b *boards.Board) (scenario, endpoint bool) {
	if Compares(b) {
		return false, false
	}
	b.Panels(func(p *boards.Panel) {
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) {
				s, e := b.Narrows(q)
				scenario, endpoint = scenario || s, endpoint || e
			})
		}
	})
	return scenario, endpoint
}

// grid is a panel's time axis: its own resolution, or the shortest round step with few enough values. All panels of a board
// have the same span of time.
func (r *reader) grid(v View, p *boards.Panel) (Grid, error) {
	begin, err := r.begin()
	if err != nil {
		return Grid{}, err
	}
	end := max(r.run.Seconds, r.period)
	if r.other != nil {
		first, err := r.other.begin()
		if err != nil {
			return Grid{}, err
		}
		begin, end = min(begin, first), max(end, r.other.run.Seconds)
	}
	g := Grid{From: begin, To: end, Window: 1}
	if v.From > 0 {
		g.From = v.From
	}
	if v.To > 0 && v.To > g.From {
		g.To = min(v.To, end)
	}
	if g.To <= g.From {
		g.From, g.To = begin, end
	}
	for i := range p.Queries {
		g.Window = max(g.Window, r.resolution(&p.Queries[i]))
	}
	g.Step = g.Window
	if points := int64(max(1, v.Points)); (g.To-g.From)/g.Step > points {
		g.Step = unit.Step((g.To - g.From + points - 1) / points)
		g.Step = (g.Step + g.Window - 1) / g.Window * g.Window
	}
	g.Start = begin + (g.From-begin)/g.Step*g.Step
	return g, nil
}

// begin is when the run's first window begins. Artillery's is a whole one of the clock on the wall, so it begins up to nine
// seconds before the run.
func (r *reader) begin() (int64, error) {
	if r.period == 1 {
		return 0, nil
	}
	loads, err := r.loads()
	if err != nil || len(loads) == 0 {
		return 0, err
	}
	at := loads[0].T % r.period
	if at > 0 {
		at -= r.period
	}
	return at, nil
}

// resolution is the length of a query's windows in seconds.
func (r *reader) resolution(q *boards.Query) int64 {
	switch {
	case rows.IsInfra(q.Metric):
		return 1
	case q.Other && r.other != nil:
		return r.other.period
	}
	return r.period
}

// choice is a tag's value that a query is narrowed to.
type choice struct {
	rollup rows.Rollup
	value  string
}

// narrowed is the metric and roll-up that a query reads where the reader narrowed the board. What is not known by endpoint or
// scenario stays that of the whole run, and the figure says so.
func (r *reader) narrowed(q *boards.Query) (metric string, c choice, err error) {
	if r.view.Endpoint == "" && r.view.Scenario == "" {
		return q.Metric, choice{}, nil
	}
	scenario, endpoint := q.Narrows()
	for _, of := range []struct {
		on     bool
		metric string
		choice
	}{
		{endpoint && r.view.Endpoint != "", named(q), choice{rows.ByName, r.view.Endpoint}},
		{scenario && r.view.Scenario != "", q.Metric, choice{rows.ByScenario, r.view.Scenario}},
	} {
		if !of.on {
			continue
		}
		known, err := r.latest(of.metric, of.rollup)
		if err != nil {
			return "", choice{}, err
		}
		if len(known) > 0 {
			return of.metric, of.choice, nil
		}
	}
	return q.Metric, choice{}, nil
}

func named(q *boards.Query) string {
	if q.Named != "" {
		return q.Named
	}
	return q.Metric
}

// wide says what of a reader's choice a panel does not follow, "" when it follows all of it.
func (r *reader) wide(p *boards.Panel) (string, error) {
	if r.view.Endpoint == "" && r.view.Scenario == "" || p.Kind == boards.Table && p.Key != "" && p.Queries[0].By == "" {
		return "", nil
	}
	follows := true
	for i := range p.Queries {
		q := &p.Queries[i]
		if q.Rollup != rows.ByRun {
			continue // a line for each, and of what sources used
		}
		_, c, err := r.narrowed(q)
		if err != nil {
			return "", err
		}
		follows = follows && c.rollup != "" && q.Field != "value" && p.Kind != boards.Heatmap
	}
	switch {
	case follows:
		return "", nil
	case r.view.Endpoint != "":
		return "not by endpoint: the whole run", nil
	}
	return "not by scenario: the whole run", nil
}
