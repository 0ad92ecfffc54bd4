package flux

import (
	"fmt"

	"github.com/ltlab/ltlab/internal/boards"
)

// Choice is a variable of a board, with the query for what it may be: the first is what it is at the start.
type Choice struct {
	Name  string
	Label string // for people; "" where they do not see it
	Text  string // yields one column, _value
}

// runs are the runs of the board's tool and the chosen project, the newest first.
func runs(b *boards.Board) string {
	tool := ""
	if b.Tool != "" {
		tool = " and r._value == " + text(b.Tool)
	}
	return "all = from(bucket: v.defaultBucket) |> range(start: 0) |> filter(fn: (r) => r._measurement == \"run_info\" and r._field == \"tool\")" +
		"\n  |> filter(fn: (r) => (project == " + text(All) + " or r.project == project)" + tool + ")\n" +
		"  |> group()\n  |> keep(columns: [\"_time\", \"run\"])\n  |> sort(columns: [\"_time\", \"run\"], desc: true)"
}

// first puts a choice before the others, which are lines of the text's _value, in the order of the column number.
func first(choice, others string) string {
	return "union(tables: [\n  array.from(rows: [{_value: " + text(choice) + ", number: -9223372036854775807}]),\n  " + others + "\n])\n" +
		"  |> group()\n  |> sort(columns: [\"number\"])\n  |> keep(columns: [\"_value\"])"
}

const head = "import \"array\"\nimport \"regexp\"\n\n" + valueFunction + "\n"

// Choices are the variables of a board, in order.
func Choices(b *boards.Board) []Choice {
	project := "project = " + value(VarProject) + "\n"
	numbered := "|> map(fn: (r) => ({_value: r.run, number: -int(v: r._time)}))\n  |> limit(n: 500)"
	list := []Choice{
		{Name: VarProject, Label: "Project", Text: "import \"array\"\n\n" + first(All, "from(bucket: v.defaultBucket) |> range(start: 0) |> filter(fn: (r) => r._measurement == \"run_info\" and r._field == \"tool\")"+
			"\n    |> group()\n    |> filter(fn: (r) => exists r.project)\n    |> distinct(column: \"project\")\n    |> map(fn: (r) => ({_value: r._value, number: 0}))")},
		{Name: VarRun, Label: "Run", Text: head + project + runs(b) + "\n" + first(Newest, "all "+numbered)},
		{Name: VarRunID, Text: head + project + "chosen = " + value(VarRun) + "\n" + runs(b) + "\n" +
			"one = if chosen == " + text(Newest) + " then all |> limit(n: 1) else array.from(rows: [{_time: time(v: 0), run: chosen}])\n" +
			"one |> map(fn: (r) => ({_value: r.run}))"},
	}
	compared := false
	scenario, endpoint := false, false
	b.Panels(func(p *boards.Panel) {
		for i := range p.Queries {
			p.Queries[i].All(func(q *boards.Query) {
				compared = compared || q.Other
				s, e := b.Narrows(q)
				scenario, endpoint = scenario || s, endpoint || e
			})
		}
	})
	if compared {
		list = append(list,
			Choice{Name: VarCompare, Label: "Compare with", Text: head + project + runs(b) + "\n" + first(Previous, "all "+numbered)},
			Choice{Name: VarCompareID, Text: head + project + "chosen = " + value(VarCompare) + "\nrun = " + value(VarRunID) + "\n" + runs(b) + "\n" +
				"beganOf = (from(bucket: v.defaultBucket) |> range(start: 0) |> filter(fn: (r) => r._measurement == \"run_info\" and r._field == \"start\" and r.run == run)" +
				" |> group() |> findColumn(fn: (key) => true, column: \"_time\"))\n" +
				"began = if length(arr: beganOf) > 0 then beganOf[0] else time(v: 0)\n" +
				"one = if chosen == " + text(Previous) + " then all |> filter(fn: (r) => r._time < began) |> limit(n: 1) else array.from(rows: [{_time: time(v: 0), run: chosen}])\n" +
				"one |> map(fn: (r) => ({_value: r.run}))"})
		return list
	}
	for _, of := range []struct {
		on               bool
		name, label, tag string
	}{{scenario, VarScenario, "Scenario", "scenario"}, {endpoint, VarEndpoint, "Endpoint", "name"}} {
		if !of.on {
			continue
		}
		list = append(list, Choice{Name: of.name, Label: of.label, Text: head + "run = " + value(VarRunID) + "\n" +
			first(All, fmt.Sprintf("from(bucket: v.defaultBucket) |> range(start: 0) |> filter(fn: (r) => r.run == run and r.rollup == %s and r.window == \"run\" and r._field == \"count\")"+
				"\n    |> group()\n    |> distinct(column: %s)\n    |> map(fn: (r) => ({_value: r._value, number: 0}))", text(of.tag), text(of.tag)))})
	}
	return list
}
