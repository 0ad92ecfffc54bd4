package flux

import (
	"fmt"
	"strings"
)

// Names of Grafana's variables. The reader chooses the first five; the last two are what the choice comes to.
const (
	VarProject   = "project"
	VarRun       = "run"
	VarCompare   = "compare_run"
	VarScenario  = "scenario"
	VarEndpoint  = "endpoint"
	VarRunID     = "run_id"
	VarCompareID = "compare_id"
)

// Choices that are not the name of something.
const (
	All      = "(all)"
	Newest   = "(newest)"
	Previous = "(previous)"
)

// value is a variable's value as Flux. Grafana escapes it for a regular expression, so whatever it is it does not end the
// expression. The signs around it matter: without the first an empty one would be a comment; without the last one that ends
// with a backslash would take the closing slash along, for Flux reads \\/ as a slash that goes on; and what Flux cannot read
// as an expression at all (a zero byte) is then no query. Grafana's other forms are not safe: of json it leaves strings as
// they are, and none with quotes knows that Flux evaluates ${...} within them.
func value(variable string) string { return "value(of: /=${" + variable + ":regex}=/)" }

const valueFunction = `value = (of) => regexp.replaceAllString(r: /(?s)^=|=$|\\(.)/, v: regexp.getString(r: of), t: "$1")`

// info reads a field of run_info of the run in a variable.
func info(field, run string) string {
	return "(from(bucket: v.defaultBucket) |> range(start: 0) |> filter(fn: (r) => r._measurement == \"run_info\" and r._field == " + text(field) +
		" and r.run == " + run + ") |> group() |> findColumn(fn: (key) => true, column: \"_value\"))"
}

// prelude puts what the query needs before it.
func (c *compiler) prelude(query string) string {
	var head, lines []string
	line := func(name, s string) {
		if c.needs[name] {
			lines = append(lines, s)
		}
	}
	if c.needs["shift"] || c.needs["seconds"] {
		c.need("run")
	}
	if c.needs["comparedSeconds"] {
		c.need("compared")
	}
	for _, of := range []struct{ name, path string }{{"array", "array"}, {"experimental", "experimental"}, {"math", "math"}} {
		if c.needs[of.name] {
			head = append(head, fmt.Sprintf("import %q", of.path))
		}
	}
	if c.needs["run"] || c.needs["compared"] || c.needs["endpoint"] || c.needs["scenario"] {
		head = append(head, `import "regexp"`)
		lines = append(lines, valueFunction)
	}
	line("run", "run = "+value(VarRunID))
	line("compared", "compared = "+value(VarCompareID))
	line("scenario", "scenario = "+value(VarScenario))
	line("endpoint", "endpoint = "+value(VarEndpoint))
	first := func(name, of, otherwise string) string {
		return fmt.Sprintf("%sOf = %s\n%s = if length(arr: %sOf) > 0 then %sOf[0] else %s", name, of, name, name, name, otherwise)
	}
	line("seconds", first("seconds", info("seconds", "run"), "0.0"))
	line("comparedSeconds", first("comparedSeconds", info("seconds", "compared"), "0.0"))
	line("shift", first("began", info("start", "run"), "0")+"\n"+first("comparedBegan", info("start", "compared"), "0")+
		"\nshift = duration(v: (began / 1000 - comparedBegan / 1000) * 1000000000)")
	lines = append(lines, c.consts...)
	byName := `r.name == endpoint`
	byScenario := `r.scenario == scenario`
	either := func(name, ifEndpoint, ifScenario, otherwise, then string) {
		s := name + " = (tables=<-) => "
		if ifEndpoint != "" {
			s += fmt.Sprintf("if endpoint != %s then tables |> filter(fn: (r) => %s)%s else ", text(All), ifEndpoint, then)
		}
		if ifScenario != "" {
			s += fmt.Sprintf("if scenario != %s then tables |> filter(fn: (r) => %s)%s else ", text(All), ifScenario, then)
		}
		line(name, s+otherwise)
	}
	run := `tables |> filter(fn: (r) => r.rollup == "run")`
	rollupName, rollupScenario := `r.rollup == "name" and `+byName, `r.rollup == "scenario" and `+byScenario
	either("chooseEndpointScenario", rollupName, rollupScenario, run, "")
	either("chooseEndpoint", rollupName, "", run, "")
	either("chooseScenario", "", rollupScenario, run, "")
	added := " |> group(columns: [\"status\", \"window\"]) " + single
	status, seriesName, seriesScenario := `tables |> filter(fn: (r) => r.rollup == "status")`, `r.rollup == "series" and `+byName, `r.rollup == "series" and `+byScenario
	either("statusEndpointScenario", seriesName, seriesScenario, status, added)
	either("statusEndpoint", seriesName, "", status, added)
	either("statusScenario", "", seriesScenario, status, added)
	either("chosenEndpointScenario", byName, byScenario, "tables", "")
	either("chosenEndpoint", byName, "", "tables", "")
	either("chosenScenario", "", byScenario, "tables", "")
	return strings.Join(append(append(head, ""), append(lines, "", query)...), "\n") + "\n"
}
