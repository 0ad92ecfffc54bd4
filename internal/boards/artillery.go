package boards

import "github.com/ltlab/ltlab/internal/rows"

// What boards of Artillery's runs share. Its figures come in periods of 10 s; percentiles of a period are read, never
// averaged, and its latency is the time to the first byte.

const noUsers = "this run has made no virtual users"

// period reads a line of the run's periods.
func period(label, metric, field string, ink Ink) Query { return second(label, metric, field, ink) }

// perSecond makes a rate of a count.
func perSecond(q Query) Query {
	q.Calc = PerSecond
	return q
}

// byEndpoint names the metric that has the same by endpoint.
func byEndpoint(q Query, metric string) Query {
	q.Named = metric
	return q
}

// sums reads a count by class of a tag.
func sums(label, metric, tag string, w rows.Window, only Class) Query {
	return Query{Label: label, Metric: metric, Field: "count", Rollup: rows.ByRun, Window: w, By: tag, Only: only}
}

func unreached(w rows.Window) Query {
	return byEndpoint(sums("", "errors", "error", w, Unreached), "endpoint.errors")
}

// artilleryFailed is failed_ratio. A run knows the requests without an answer by what was asked and what was answered; a
// period, whose answers may come in the next, by the errors that end a request without one.
func artilleryFailed(label string, w rows.Window) Query {
	q := sums(label, "http.codes", "status", w, Failed)
	if w == rows.Run {
		q.Plus, q.Minus = []Query{total("", "http.requests", "count")}, []Query{total("", "http.responses", "count")}
		q.Over = []Query{total("", "http.requests", "count")}
		return q
	}
	q = byEndpoint(q, "endpoint.codes")
	q.Plus = []Query{unreached(w)}
	q.Over = []Query{byEndpoint(period("", "http.codes", "count", ""), "endpoint.codes"), unreached(w)}
	return q
}

func artilleryNoAnswer(label string) Query {
	q := total(label, "http.requests", "count")
	q.Minus, q.Unit = []Query{total("", "http.responses", "count")}, Count
	return q
}

func firstByte(label, field string, w rows.Window, ink Ink) Query {
	return byEndpoint(Query{Label: label, Metric: "http.response_time", Field: field, Rollup: rows.ByRun, Window: w, Ink: ink}, "endpoint.response_time")
}

const firstByteIs = "http.response_time, Artillery's time to the first byte in whole milliseconds, of requests that were answered"

func artilleryTotals() []Panel {
	requests := total("requests", "http.requests", "count")
	requests.Unit = Count
	peak := period("busiest 10 s", "http.requests", "count", "")
	peak.Calc = Largest
	succeeded := total("", "vusers.completed", "count")
	succeeded.Unit, succeeded.Over = Percent, []Query{total("", "vusers.completed", "count"), total("", "vusers.failed", "count")}
	limited := sums("429", "http.codes", "status", rows.Run, Limited)
	limited.Unit = Count
	whole := func(label, field string) Query { return firstByte(label, field, rows.Run, "") }
	worst := firstByte("largest p95 of 10 s", "p95", rows.Second, "")
	worst.Calc, worst.Named = Largest, ""
	skipped := total("", "vusers.skipped", "count")
	return []Panel{
		{ID: "requests", Title: "Requests (average a second, whole run)", Kind: Stat, Unit: RequestRate, Absent: "this run has made no HTTP request",
			Description: "Requests divided by the length of the run; that of the busiest period is divided by its 10 s, though load may have gone on in a part of it only.",
			Queries:     []Query{perSecond(total("", "http.requests", "count")), peak, requests}},
		{ID: "users", Title: "Virtual users (created, whole run)", Kind: Stat, Unit: Count, Absent: noUsers,
			Description: "Virtual users that began, those that got to the end of their scenario and those that failed.",
			Queries:     []Query{total("", "vusers.created", "count"), total("completed", "vusers.completed", "count"), total("failed", "vusers.failed", "count")}},
		{ID: "succeeded", Title: "Virtual users that succeeded (of those that ended, whole run)", Kind: Stat, Unit: Percent, Absent: "no virtual user has ended",
			Description: "Virtual users that got to the end of their scenario, of those that got there or failed.",
			Queries:     []Query{succeeded}},
		{ID: "failed", Title: "Failed (of requests, whole run)", Kind: Stat, Unit: Percent, Thresholds: failedLimits(), Absent: "this run has made no HTTP request",
			Description: "Answers outside 200–399 plus requests without an answer; while the run goes on those that wait for theirs are among them.",
			Queries:     []Query{artilleryFailed("", rows.Run), limited, artilleryNoAnswer("no answer")}},
		{ID: "latency", Title: "Time to first byte (p95, whole run)", Kind: Stat, Unit: Milliseconds, Absent: noneAnswered,
			Description: firstByteIs + ", from the merged sketch of the run, and the largest p95 of any period.",
			Queries:     []Query{whole("", "p95"), whole("p50", "p50"), whole("p99", "p99"), whole("max", "max"), worst}},
		{ID: "skipped", Title: "Skipped (virtual users, whole run)", Kind: Stat, Unit: Count, Thresholds: []Threshold{{At: 0, Level: Warn}},
			Description: "Virtual users that a phase asked for and Artillery never began, because maxVusers were there already.",
			Absent:      "no virtual user was skipped",
			Queries:     []Query{skipped}},
		lost("Artillery"),
	}
}

func artilleryLoad() Panel {
	asked := period("arrivals asked", Load, "asked_rate", Faint)
	asked.Dashed, asked.Unit = true, UserRate
	created := perSecond(period("arrivals", "vusers.created", "count", Plain1))
	created.Unit = UserRate
	return Panel{ID: "load", Title: "Load (arrivals asked and delivered, requests, each 10 s)", Kind: Timeseries, Unit: RequestRate, Width: 6,
		Description: "Virtual users a second as the phases ask for them and as they arrived, and the requests that they made a second.",
		Queries:     []Query{asked, created, perSecond(period("requests", "http.requests", "count", Plain2))}}
}

func artilleryUsers() Panel {
	rate := func(label, metric string, ink Ink) Query {
		q := perSecond(period(label, metric, "count", ink))
		q.Unit = UserRate
		return q
	}
	return Panel{ID: "vusers", Title: "Virtual users (active, and ended a second, each 10 s)", Kind: Timeseries, Unit: Users, Width: 6, Absent: noUsers,
		Description: "Virtual users that were under way at the end of each period; those that completed, failed and were skipped, a second.",
		Queries: []Query{period("active", Load, "vus", Plain1), rate("completed", "vusers.completed", Plain2), rate("failed", "vusers.failed", Fail),
			rate("skipped", "vusers.skipped", Plain3)}}
}

func artilleryLatency() Panel {
	p := Panel{ID: "percentiles", Title: "Time to first byte (p50 to max, each 10 s)", Kind: Timeseries, Unit: Milliseconds, Width: 6, Absent: noneAnswered, Shaded: shaded,
		Description: "Percentiles of " + firstByteIs + ". They are never averaged."}
	for _, l := range []struct {
		field string
		ink   Ink
	}{{"max", Faint}, {"p999", Plain2}, {"p99", Ramp4}, {"p95", Ramp3}, {"p90", Ramp2}, {"p50", Ramp1}} {
		p.Queries = append(p.Queries, firstByte(l.field, l.field, rows.Second, l.ink))
	}
	return p
}

func artilleryFailures() Panel {
	failed := artilleryFailed("failed", rows.Second)
	failed.Ink = Fail
	return Panel{ID: "failures", Title: "Failed (share of what ended, each 10 s)", Kind: Timeseries, Unit: Percent, Width: 6, Fill: true,
		Absent:      "no request has ended",
		Description: "Answers outside 200–399 plus requests that ended without an answer, of all requests that ended in that period.",
		Queries:     []Query{failed}}
}

func artilleryCodes() Panel {
	return Panel{ID: "codes", Title: "Status codes (a second, each 10 s)", Kind: Bars, Unit: RequestRate, Width: 6, Absent: noneAnswered,
		Description: "Answers a second by their status.",
		Queries:     []Query{perSecond(byEndpoint(sums("", "http.codes", "status", rows.Second, ""), "endpoint.codes"))}}
}

func artilleryErrors() Panel {
	return Panel{ID: "errors", Title: "Errors (a second, each 10 s)", Kind: Bars, Unit: Plain, Width: 6, Absent: "there was no error",
		Description: "Errors a second by their name: codes of Node for requests without an answer, sentences for what a scenario made of an answer.",
		Queries:     []Query{perSecond(byEndpoint(sums("", "errors", "error", rows.Second, ""), "endpoint.errors"))}}
}

func artilleryErrorTable() Panel {
	return Panel{ID: "error-names", Title: "Errors by name (count, whole run)", Kind: Table, Unit: Count, Width: 6, Key: "error", KeyTitle: "error", Limit: 20,
		Absent: "there was no error", Description: "Errors of the run, most frequent first.",
		Queries: []Query{sums("errors", "errors", "error", rows.Run, "")}}
}

func artilleryEndpoints() Panel {
	latency := func(field string) Query { return named(field, "endpoint.response_time", field, Milliseconds) }
	none := sums("no answer", "endpoint.errors", "error", rows.Run, Unreached)
	none.Rollup = rows.ByName
	ended := named("requests", "endpoint.response_time", "count", "")
	ended.Plus = []Query{none}
	failed := sums("failed", "endpoint.codes", "status", rows.Run, Failed)
	failed.Rollup, failed.Unit = rows.ByName, Percent
	failed.Plus, failed.Over = []Query{none}, []Query{named("", "endpoint.codes", "count", ""), none}
	return Panel{ID: "endpoints", Title: "Endpoints (counts and percentiles of time to first byte, whole run)", Kind: Table, Unit: Count, Width: 12,
		Key: "name", KeyTitle: "endpoint", Limit: 50, Absent: "Artillery counts by endpoint where the plugin metrics-by-endpoint is on",
		Description: "Requests that ended, by name or address as metrics-by-endpoint calls them, the most first. An endpoint that never answered has no latency.",
		Queries:     []Query{ended, failed, none, latency("p50"), latency("p95"), latency("p99"), latency("max")}}
}
