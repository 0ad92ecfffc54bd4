package boards

import "github.com/ltlab/ltlab/internal/rows"

// ArtilleryWarRoom is what to look at while Artillery runs.
func (definitions) ArtilleryWarRoom() Board {
	return Board{
		ID: "artillery-war-room", Title: "Artillery War Room", Tool: "artillery", Depth: WarRoom,
		Description: "Is the load there, is it answered, how fast: one Artillery run, large enough for a wall.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: artilleryTotals()},
			{Panels: []Panel{artilleryLoad(), artilleryWorst()}},
			{Panels: []Panel{artilleryFailures(), artilleryUsers()}},
			{Panels: []Panel{artilleryCodes(), artilleryErrors()}},
		},
	}
}

// ArtilleryElite is the board of one Artillery run.
func (definitions) ArtilleryElite() Board {
	return Board{
		ID: "artillery-elite", Title: "Artillery Elite", Tool: "artillery", Depth: Elite,
		Description: "Load, latency, failures and scenarios of one Artillery run, live or finished.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: artilleryTotals()},
			{Panels: []Panel{artilleryLoad(), artilleryLatency()}},
			{Panels: []Panel{heat("http.response_time", "each 10 s")}},
			{Panels: []Panel{shares(), cores()}},
			{Panels: []Panel{artilleryFailures(), artilleryCodes()}},
			{Panels: []Panel{artilleryErrors(), artilleryErrorTable()}},
			{Panels: []Panel{artilleryUsers(), artillerySessions()}},
			{Panels: []Panel{artilleryMix(), artilleryApdex()}},
			{Panels: []Panel{artilleryEndpoints()}},
			{Panels: []Panel{memory(), network()}},
		},
	}
}

// ArtilleryPro is everything that was measured in one Artillery run.
func (definitions) ArtilleryPro() Board {
	return Board{
		ID: "artillery-pro", Title: "Artillery Pro", Tool: "artillery", Depth: Pro,
		Description: "One Artillery run in full: distributions, phases, scenarios, every metric.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: artilleryTotals()},
			{Panels: []Panel{spectrum("spectrum", "Time to first byte", "What share of answers took how long.", "http.response_time")}},
			{Panels: []Panel{heat("http.response_time", "each 10 s")}},
			{Panels: []Panel{artilleryPhases(), artilleryEndpointTails()}},
			{Panels: []Panel{artilleryScenarios(), artilleryChecks()}},
			{Panels: []Panel{artilleryStatuses(), artilleryErrorTable()}},
			{Panels: []Panel{artilleryEndpoints()}},
			{Title: "Every metric", Panels: []Panel{everyMetric("trends", "Trends (percentiles, whole run)", "Every histogram of the run, custom ones too, each in its own unit.",
				"p50", "p90", "p95", "p99", "p999", "min", "max", "count")}},
			{Panels: []Panel{everyMetric("counters", "Counters and trends (sum and count, whole run)", "Every counter and histogram of the run with its sum, custom ones too.", "sum", "count")}},
			{Title: "What was used", Panels: []Panel{shares(), cores()}},
			{Panels: []Panel{memory(), network()}},
		},
	}
}

func artilleryWorst() Panel {
	p := artilleryLatency()
	p.Title = "Time to first byte (p50, p95 and p99, each 10 s)"
	p.Queries = []Query{p.Queries[2], p.Queries[3], p.Queries[5]}
	return p
}

func artillerySessions() Panel {
	line := func(field string, ink Ink) Query { return period(field, "vusers.session_length", field, ink) }
	return Panel{ID: "sessions", Title: "Length of a session (p50, p95 and max, each 10 s)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Absent:      "no virtual user has got to the end of its scenario",
		Description: "How long virtual users took for their whole scenario, pauses included.",
		Queries:     []Query{line("max", Faint), line("p95", Ramp3), line("p50", Ramp1)}}
}

func artilleryMix() Panel {
	return Panel{ID: "mix", Title: "Scenarios begun (a second, each 10 s)", Kind: Bars, Unit: UserRate, Width: 6, Absent: noUsers,
		Description: "Virtual users a second by the scenario that they were given.",
		Queries:     []Query{perSecond(sums("", "vusers.created_by_name", "scenario", rows.Second, ""))}}
}

func artilleryApdex() Panel {
	line := func(label string, ink Ink) Query { return perSecond(period(label, "apdex."+label, "count", ink)) }
	return Panel{ID: "apdex", Title: "Apdex (answers a second by class, each 10 s)", Kind: Timeseries, Unit: RequestRate, Width: 6,
		Absent:      "the plugin apdex is not on in this run",
		Description: "Answers within the threshold of the plugin apdex, within four times of it, and beyond.",
		Queries:     []Query{line("satisfied", Ramp1), line("tolerated", Ramp3), line("frustrated", Fail)}}
}

func artilleryPhases() Panel {
	p := Panel{ID: "phases", Title: "Phases of a request (p95 of each, each 10 s)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Absent:      "Artillery times the phases of a request where http.extendedMetrics is on",
		Description: "p95 of each phase by itself: they do not add up to the p95 of the whole."}
	for i, m := range []string{"dns", "tcp", "tls", "total"} {
		p.Queries = append(p.Queries, period(m, "http."+m, "p95", plain(i)))
	}
	return p
}

func artilleryEndpointTails() Panel {
	return Panel{ID: "endpoint-tails", Title: "Time to first byte by endpoint (p95, each 10 s)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Absent:      "Artillery counts by endpoint where the plugin metrics-by-endpoint is on",
		Description: "p95 of " + firstByteIs + ", by endpoint.",
		Queries:     []Query{{Metric: "endpoint.response_time", Field: "p95", Rollup: rows.ByName, Window: rows.Second, Each: "name"}}}
}

func artilleryScenarios() Panel {
	return Panel{ID: "scenarios", Title: "Scenarios begun (virtual users, whole run)", Kind: Table, Unit: Count, Width: 6, Key: "scenario", KeyTitle: "scenario", Limit: 50,
		Absent: noUsers, Description: "Virtual users by the scenario that they were given.",
		Queries: []Query{sums("virtual users", "vusers.created_by_name", "scenario", rows.Run, "")}}
}

func artilleryChecks() Panel {
	p := k6Checks()
	p.Absent = "the plugin expect is not on in this run"
	p.Description = "What each kind of expectation of the plugin expect asked and how often it held."
	return p
}

func artilleryStatuses() Panel {
	return Panel{ID: "statuses", Title: "Answers by status code (count, whole run)", Kind: Table, Unit: Count, Width: 6, Key: "status", KeyTitle: "status", Limit: 30,
		Absent: noneAnswered, Description: "Answers of the run by their status, most frequent first.",
		Queries: []Query{sums("answers", "http.codes", "status", rows.Run, "")}}
}
