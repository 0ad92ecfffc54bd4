package boards

import "github.com/ltlab/ltlab/internal/rows"

// K6Elite is the board of one k6 run: what was asked for, what came back and how fast.
func (definitions) K6Elite() Board {
	return Board{
		ID: "k6-elite", Title: "k6 Elite", Tool: "k6", Depth: Elite,
		Description: "Load, latency, failures and checks of one k6 run, live or finished.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: k6Totals()},
			{Panels: []Panel{k6Rate(), k6Latency()}},
			{Panels: []Panel{heat("http_req_duration", "each second")}},
			{Panels: []Panel{k6Phases(), k6EndpointRates()}},
			{Panels: []Panel{shares(), cores()}},
			{Panels: []Panel{memory(), network()}},
			{Panels: []Panel{k6Failures(), k6Codes()}},
			{Panels: []Panel{k6Users(), k6Load()}},
			{Panels: []Panel{k6IterationTimes(), k6Bytes()}},
			{Panels: []Panel{k6ChecksOverTime(), k6Checks()}},
			{Panels: []Panel{k6Endpoints()}},
		},
	}
}

// statuses reads requests by their class of status.
func statuses(label string, w rows.Window, only Class, calc Calc, unit Unit) Query {
	return Query{Label: label, Metric: "http_reqs", Field: "count", Rollup: rows.ByRun, Window: w,
		By: "status", Only: only, Calc: calc, Unit: unit}
}

// answered is the condition of latencies: k6 times a refused connection as 0 ms.
func answered(r rows.Rollup, w rows.Window) *Query {
	q := statuses("", w, Answered, AsIs, Count)
	q.Rollup = r
	return &q
}

const noneAnswered = "no request was answered, so there is no latency to show"

// unanswered warns beside percentiles of the requests that had no answer.
func unanswered() *Caveat {
	return &Caveat{Query: statuses("", rows.Run, NoAnswer, AsIs, Count), Say: "requests without an answer are among them: k6 counts a refused connection as 0 ms"}
}

// duration reads the run's latency.
func duration(label, field string) Query {
	q := total(label, "http_req_duration", field)
	q.If = answered(rows.ByRun, rows.Run)
	return q
}

func k6Totals() []Panel {
	peak := second("peak", "http_reqs", "count", "")
	peak.Calc, peak.Unit = Largest, RequestRate
	rate := total("", "http_reqs", "count")
	rate.Calc = PerSecond
	bytesIn, bytesOut := total("received", "data_received", "sum"), total("sent", "data_sent", "sum")
	bytesIn.Unit, bytesOut.Unit = Bytes, Bytes
	made := total("made", "checks", "count")
	made.Unit = Count
	return []Panel{
		{ID: "requests", Title: "Requests (count, whole run)", Kind: Stat, Unit: Count,
			Description: "Every request the tool made, answered or not.",
			Queries:     []Query{total("", "http_reqs", "count"), bytesIn, bytesOut}},
		{ID: "request-rate", Title: "Request rate (average, whole run)", Kind: Stat, Unit: RequestRate,
			Description: "Requests divided by the length of the run; the peak is its busiest second.",
			Queries:     []Query{rate, peak}},
		{ID: "failed", Title: "Failed (of requests, whole run)", Kind: Stat, Unit: Percent, Thresholds: failedLimits(),
			Description: "Answers outside 200–399 plus requests without an answer.",
			Queries: []Query{statuses("", rows.Run, Failed, Share, Percent),
				statuses("failed", rows.Run, Failed, AsIs, Count),
				statuses("no answer", rows.Run, NoAnswer, AsIs, Count)}},
		{ID: "latency", Title: "Latency (p95, whole run)", Kind: Stat, Unit: Milliseconds, Withheld: noneAnswered,
			Description: "http_req_duration from the merged sketch of the run, within 1 %.",
			Queries: []Query{duration("", "p95"), duration("p50", "p50"), duration("p99", "p99"), duration("max", "max"),
				statuses("no answer", rows.Run, NoAnswer, AsIs, Count)}},
		{ID: "checks-passed", Title: "Checks (passed, whole run)", Kind: Stat, Unit: Percent,
			Description: "Checks that passed, of all that the scenario made.",
			Absent:      noChecks,
			Queries:     []Query{total("", "checks", "ratio"), made}},
		{ID: "dropped", Title: "Dropped (iterations, whole run)", Kind: Stat, Unit: Count,
			Thresholds:  []Threshold{{At: 0, Level: Warn}},
			Description: "Iterations that an arrival rate asked for and k6 never started, for want of free virtual users.",
			Queries:     []Query{total("", Load, "dropped"), total("delivered", Load, "iterations")}},
		lost("k6"),
	}
}

const noChecks = "this scenario has made no checks"

func k6Rate() Panel {
	return Panel{ID: "rate", Title: "Request rate (count, each second)", Kind: Timeseries, Unit: RequestRate, Width: 6, Fill: true,
		Description: "Requests finished in each second.",
		Queries:     []Query{second("requests", "http_reqs", "count", Plain1)}}
}

func k6Latency() Panel {
	line := func(field string, ink Ink) Query {
		q := second(field, "http_req_duration", field, ink)
		q.If = answered(rows.ByRun, rows.Second)
		return q
	}
	return Panel{ID: "percentiles", Title: "Latency (p50 to max, each second)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Withheld: noneAnswered, Caveat: unanswered(), Shaded: shaded,
		Description: "Percentiles of http_req_duration in each second, from merged sketches, within 1 %. They are never averaged.",
		Queries:     []Query{line("max", Faint), line("p99", Ramp4), line("p95", Ramp3), line("p90", Ramp2), line("p50", Ramp1)}}
}

func k6Failures() Panel {
	failed := statuses("failed", rows.Second, Failed, Share, Percent)
	failed.Ink = Fail
	return Panel{ID: "failures", Title: "Failed (share of requests, each second)", Kind: Timeseries, Unit: Percent, Width: 6, Fill: true,
		Description: "Answers outside 200–399 plus requests without an answer, of all requests of that second.",
		Queries:     []Query{failed}}
}

func k6Codes() Panel {
	return Panel{ID: "codes", Title: "Status codes (count, each second)", Kind: Bars, Unit: RequestRate, Width: 6,
		Description: "Requests of each second by the status of their answer.",
		Queries:     []Query{statuses("", rows.Second, "", AsIs, "")}}
}

func k6Users() Panel {
	asked := second("asked", Load, "asked_vus", Faint)
	asked.Dashed = true
	return Panel{ID: "vus", Title: "Virtual users (asked and running, each second)", Kind: Timeseries, Unit: Users, Width: 6,
		Description: "Virtual users as the scenario's plan asks for them, from the end of setup, and as they ran.",
		Queries:     []Query{asked, second("running", Load, "vus", Plain1)}}
}

func k6Load() Panel {
	asked := second("asked", Load, "asked_rate", Faint)
	asked.Dashed = true
	return Panel{ID: "load", Title: "Iterations (asked and delivered, each second)", Kind: Timeseries, Unit: IterationRate, Width: 6,
		Description: "Iterations a second as an arrival rate asks for them, finished ones and those dropped. Without an arrival rate nothing is asked.",
		Queries:     []Query{asked, second("delivered", Load, "iterations", Plain1), second("dropped", Load, "dropped", Fail)}}
}

func k6ChecksOverTime() Panel {
	return Panel{ID: "checks-rate", Title: "Checks (share passed, each second)", Kind: Timeseries, Unit: Percent, Width: 6, Fill: true,
		Description: "Checks that passed, of those made in that second.",
		Absent:      noChecks,
		Queries:     []Query{second("passed", "checks", "ratio", Plain2)}}
}

func k6Checks() Panel {
	made, passed := total("made", "checks", "count"), total("passed", "checks", "passes")
	made.By, passed.By = "check", "check"
	return Panel{ID: "checks", Title: "Checks by name (count, whole run)", Kind: Table, Unit: Count, Width: 6,
		Key: "check", KeyTitle: "check", Limit: 8,
		Description: "What each check asked and how often it held.",
		Absent:      noChecks,
		Queries:     []Query{made, passed}}
}

func k6Endpoints() Panel {
	latency := func(field string) Query {
		return Query{Label: field, Metric: "http_req_duration", Field: field, Rollup: rows.ByName, Window: rows.Run,
			Unit: Milliseconds, If: answered(rows.ByName, rows.Run)}
	}
	n := Query{Label: "requests", Metric: "http_reqs", Field: "count", Rollup: rows.ByName, Window: rows.Run}
	rate := n
	rate.Label, rate.Calc, rate.Unit = "rate", PerSecond, RequestRate
	failed := statuses("failed", rows.Run, Failed, Share, Percent)
	failed.Rollup = rows.ByName
	none := statuses("no answer", rows.Run, NoAnswer, AsIs, Count)
	none.Rollup = rows.ByName
	return Panel{ID: "endpoints", Title: "Endpoints (counts and latency percentiles, whole run)", Kind: Table, Unit: Count, Width: 12,
		Key: "name", KeyTitle: "endpoint", Limit: 50,
		Description: "Requests by their tag name, most requested first. Latency is http_req_duration.",
		Queries:     []Query{n, rate, failed, none, latency("p50"), latency("p95"), latency("p99"), latency("max")}}
}

var (
	k6PhaseNames   = []string{"blocked", "connecting", "TLS", "sending", "waiting", "receiving"}
	k6PhaseMetrics = []string{"http_req_blocked", "http_req_connecting", "http_req_tls_handshaking", "http_req_sending", "http_req_waiting", "http_req_receiving"}
	k6PhaseInks    = []Ink{Faint, Ramp1, Ramp2, Ramp3, Plain1, Plain2}
)

func k6Phases() Panel {
	p := Panel{ID: "phases", Title: "Phases of a request (p95 of each, each second)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Description: "p95 of each phase by itself: they do not add up to the p95 of the whole. Waiting is the time to the first byte."}
	for i, m := range k6PhaseMetrics {
		p.Queries = append(p.Queries, second(k6PhaseNames[i], m, "p95", k6PhaseInks[i]))
	}
	return p
}

func k6EndpointRates() Panel {
	return Panel{ID: "endpoint-rates", Title: "Requests by endpoint (count, each second)", Kind: Timeseries, Unit: RequestRate, Width: 6,
		Description: "Requests finished in each second, by tag name.",
		Queries:     []Query{{Metric: "http_reqs", Field: "count", Rollup: rows.ByName, Window: rows.Second, Each: "name"}}}
}

func k6IterationTimes() Panel {
	line := func(field string, ink Ink) Query { return second(field, "iteration_duration", field, ink) }
	return Panel{ID: "iteration-times", Title: "Iterations (p50, p95 and max of their time, each second)", Kind: Timeseries, Unit: Milliseconds, Width: 6,
		Description: "How long iterations took that finished in each second, pauses included.",
		Absent:      "no iteration has finished",
		Queries:     []Query{line("max", Faint), line("p95", Ramp3), line("p50", Ramp1)}}
}

func k6Bytes() Panel {
	sent := second("sent", "data_sent", "sum", Plain2)
	sent.Dashed = true
	return Panel{ID: "bytes", Title: "Data (received and sent, each second)", Kind: Timeseries, Unit: ByteRate, Width: 6,
		Description: "Bytes that k6 received and, dashed, sent in each second.",
		Queries:     []Query{second("received", "data_received", "sum", Plain1), sent}}
}
