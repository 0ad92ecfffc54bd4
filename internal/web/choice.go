package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// choices are what a reader may choose for one parameter of the address.
type choices struct {
	Name    string // of the parameter
	Label   string
	Options []option
}

type option struct {
	Value, Text string
	Chosen      bool
	Disabled    bool // it only says something
}

// mostOptions is how many values a list of choices shows besides the chosen one; an address may name any.
const mostOptions = 500

// choices are those of the board: a run to compare with, or what narrows it. What has but one value is no choice.
func (s *server) choices(r *http.Request, at *shown) ([]choices, error) {
	if figure.Compares(at.board) {
		if len(at.runs) == 0 {
			return nil, nil
		}
		c := choices{Name: "with", Label: "compared with"}
		for _, run := range at.runs {
			c.Options = append(c.Options, option{Value: run.ID, Text: cut(runName(run), 120), Chosen: at.view.Other != nil && run.ID == at.view.Other.ID})
		}
		return []choices{c}, nil
	}
	scenario, endpoint := figure.Narrows(at.board)
	var out []choices
	for _, of := range []struct {
		on                       bool
		name, label, all, chosen string
		rollup                   rows.Rollup
	}{{scenario, "scenario", "scenario", "all scenarios", at.view.Scenario, rows.ByScenario},
		{endpoint, "endpoint", "endpoint", "all endpoints", at.view.Endpoint, rows.ByName}} {
		if !of.on {
			continue
		}
		values, err := s.Store.Values(r.Context(), at.run.ID, of.rollup)
		if err != nil {
			return nil, err
		}
		if len(values) < 2 && of.chosen == "" {
			continue
		}
		more := max(0, len(values)-mostOptions)
		values = values[:len(values)-more]
		if of.chosen != "" && !slices.Contains(values, of.chosen) {
			values = append(values, of.chosen)
		}
		c := choices{Name: of.name, Label: of.label, Options: []option{{Text: of.all, Chosen: of.chosen == ""}}}
		for _, v := range values {
			if v != "" {
				c.Options = append(c.Options, option{Value: v, Text: cut(v, 100), Chosen: v == of.chosen})
			}
		}
		if more > 0 {
			c.Options = append(c.Options, option{Text: fmt.Sprintf("%d more: ?%s= of the address names them", more, of.name), Disabled: true})
		}
		out = append(out, c)
	}
	return out, nil
}

// runName tells a run from others in a list.
func runName(run store.Run) string {
	return named(run.Scenario, "(no scenario)") + " · " + run.Tool + " · " + run.Start.UTC().Format("2006-01-02 15:04:05") + " · " + run.ID
}
