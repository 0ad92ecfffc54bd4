package boards

import "github.com/ltlab/ltlab/internal/rows"

// K6Pro is everything that was measured in one k6 run.
func (definitions) K6Pro() Board {
	return Board{
		ID: "k6-pro", Title: "k6 Pro", Tool: "k6", Depth: Pro,
		Description: "One k6 run in full: distributions, phases, scenarios, every metric and tag.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: k6Totals()},
			{Panels: []Panel{spectrum("spectrum", "Latency", "What share of requests took how long.", "http_req_duration", "http_req_waiting")}},
			{Panels: []Panel{heat("http_req_duration", "each second")}},
			{Panels: []Panel{k6Tail(), k6InFlight()}},
			{Panels: []Panel{k6Phases(), k6PhasesTable()}},
			{Panels: []Panel{k6ScenarioRates(), k6EndpointTails()}},
			{Panels: []Panel{k6Scenarios()}},
			{Panels: []Panel{k6Endpoints()}},
			{Title: "By tag", Panels: []Panel{k6Tag("status", "status code", "status"), k6Tag("error_code", "error code of k6", "errors"), k6Tag("method", "method", "methods")}},
			{Panels: []Panel{k6Tag("proto", "protocol", "protocols"), k6Tag("group", "group", "groups"), k6Tag("tls_version", "version of TLS", "tls")}},
			{Title: "Every metric", Panels: []Panel{everyMetric("trends", "Trends (percentiles, whole run)", "Every trend of the run, custom ones too, each in its own unit.",
				"p50", "p90", "p95", "p99", "p999", "min", "max", "count")}},
			{Panels: []Panel{everyMetric("rates", "Rates (share passed, whole run)", "Every rate of the run, custom ones too.", "ratio", "passes", "count")}},
			{Panels: []Panel{everyMetric("counters", "Counters and trends (sum and count, whole run)", "Every counter and trend of the run with its sum, custom ones too.", "sum", "count")}},
			{Panels: []Panel{everyMetric("gauges", "Gauges (last, smallest and largest, whole run)", "Every gauge of the run.", "last", "min", "max")}},
			{Title: "What was used", Panels: []Panel{shares(), cores()}},
			{Panels: []Panel{memory(), network()}},
		},
	}
}

func k6Tail() Panel {
	p := k6Latency()
	line := p.Queries[1]
	line.Label, line.Field, line.Ink = "p99.9", "p999", Plain2
	p.ID, p.Title, p.Queries = "tail", "Latency (p99, p99.9 and max, each second)", []Query{p.Queries[0], line, p.Queries[1]}
	return p
}

func k6InFlight() Panel {
	busy := second("in requests", "http_req_duration", "sum", Plain1)
	busy.Calc = AtOnce
	iterating := second("in iterations", "iteration_duration", "sum", Plain2)
	iterating.Calc = AtOnce
	return Panel{ID: "in-flight", Title: "At once (durations by Little's law, each second)", Kind: Timeseries, Unit: Users, Width: 6,
		Description: "The durations of what finished in a second, added up and divided by that second: how many virtual users were in a request, or in an " +
			"iteration. Far above the running ones in a steady load, k6 or its clock was held up.",
		Queries: []Query{busy, iterating, second("running", Load, "vus", Faint)}}
}

func k6ScenarioRates() Panel {
	return Panel{ID: "scenario-rates", Title: "Iterations by scenario (count, each second)", Kind: Timeseries, Unit: IterationRate, Width: 6,
		Description: "Iterations finished in each second, by scenario.",
		Queries:     []Query{{Metric: "iterations", Field: "count", Rollup: rows.ByScenario, Window: rows.Second, Each: "scenario"}}}
}

func k6EndpointTails() Panel {
	return Panel{ID: "endpoint-tails", Title: "Latency by endpoint (p95, each second)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Description: "p95 of http_req_duration by tag name. Requests without an answer are among them.",
		Queries:     []Query{{Metric: "http_req_duration", Field: "p95", Rollup: rows.ByName, Window: rows.Second, Each: "name"}}}
}

func k6Scenarios() Panel {
	q := func(label, metric, field string, unit Unit) Query {
		return Query{Label: label, Metric: metric, Field: field, Rollup: rows.ByScenario, Window: rows.Run, Unit: unit}
	}
	return Panel{ID: "scenarios", Title: "Scenarios (counts and percentiles, whole run)", Kind: Table, Unit: Count, Width: 12,
		Key: "scenario", KeyTitle: "scenario", Limit: 50,
		Description: "Iterations and requests of each scenario, with the time of its iterations and of its requests.",
		Absent:      "no metric of this run has a scenario",
		Queries: []Query{q("iterations", "iterations", "count", ""), q("iteration p50", "iteration_duration", "p50", Milliseconds),
			q("iteration p95", "iteration_duration", "p95", Milliseconds), q("requests", "http_reqs", "count", ""),
			q("p50", "http_req_duration", "p50", Milliseconds), q("p95", "http_req_duration", "p95", Milliseconds), q("p99", "http_req_duration", "p99", Milliseconds)}}
}

func k6PhasesTable() Panel {
	p := Panel{ID: "phases-whole", Title: "Phases of a request (percentiles, whole run)", Kind: Spectrum, Unit: Milliseconds, Width: 6,
		Description: "What share of requests spent how long in which phase."}
	p.Title = "Phases of a request (all quantiles, whole run)"
	for i, m := range k6PhaseMetrics {
		p.Queries = append(p.Queries, Query{Label: k6PhaseNames[i], Metric: m, Field: "value", Rollup: rows.ByRun, Window: rows.Run, Ink: plain(i)})
	}
	return p
}

// k6Tag counts requests by a tag.
func k6Tag(tag, title, id string) Panel {
	n := sumBy("requests", "http_reqs", tag)
	n.Rollup = rows.ByRun
	return Panel{ID: "tag-" + id, Title: "Requests by " + title + " (count, whole run)", Kind: Table, Unit: Count, Width: 4,
		Key: tag, KeyTitle: title, Limit: 20,
		Description: "Requests by their tag " + tag + "; those without one have none.",
		Queries:     []Query{n}}
}
