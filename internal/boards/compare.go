package boards

import "github.com/ltlab/ltlab/internal/rows"

// Compare shows two runs side by side, of k6 or of Artillery. It judges nothing: one run each cannot tell a change from noise.
func (definitions) Compare() Board {
	return Board{
		ID: "compare", Title: "Compare two runs", Depth: Compare,
		Description: "Two runs side by side, by k6 or by Artillery: load, latency, failures, endpoint by endpoint. Time counts from each run's start.",
		Rows: []PanelRow{
			{Panels: comparedTotals()},
			{Panels: []Panel{comparedSpectrum("spectrum", "Time to first byte", "http_req_waiting", "http.response_time")}},
			{Panels: []Panel{
				compared("rate", "Requests (a second, each window)", RequestRate, "Requests a second, at the same time after each run's start.", perSecond(either("http_reqs", "http.requests", "count"))),
				compared("users", "Virtual users (running, each window)", Users, "Virtual users that ran, at the same time after each run's start.", second("", Load, "vus", "")),
			}},
			{Panels: []Panel{
				comparedLatency("p50"),
				comparedLatency("p95"),
			}},
			{Panels: []Panel{
				comparedLatency("p99"),
				compared("failures", "Failed (share of what ended, each window)", Percent, "Answers outside 200–399 plus requests that ended without an answer.", eitherFailed("", rows.Second)),
			}},
			{Panels: []Panel{comparedSpectrum("duration", "Whole request", "http_req_duration", "http.total")}},
			{Panels: []Panel{comparedEndpoints()}},
		},
	}
}

const noOther = "choose two runs that have this metric"

// either reads a line of k6's metric or of Artillery's.
func either(k6, artillery, field string) Query {
	q := second("", k6, field, "")
	q.Or = artillery
	return q
}

// eitherAnswered is answered for both tools.
func eitherAnswered(r rows.Rollup, w rows.Window, artillery string) *Query {
	q := answered(r, w)
	q.Or = artillery
	return q
}

// eitherFailed is failed_ratio for both tools.
func eitherFailed(label string, w rows.Window) Query {
	q := artilleryFailed(label, w)
	for _, of := range []*Query{&q, &q.Over[0]} {
		of.Named = ""
		if of.Metric == "http.codes" || of.Metric == "http.requests" {
			of.Or, of.Metric = of.Metric, "http_reqs"
		}
	}
	return q
}

// other reads the same of the run that is compared with.
func other(q Query) Query {
	again := func(all []Query) []Query {
		var out []Query
		for _, of := range all {
			out = append(out, other(of))
		}
		return out
	}
	q.Other, q.Plus, q.Minus, q.Over = true, again(q.Plus), again(q.Minus), again(q.Over)
	if q.If != nil {
		condition := other(*q.If)
		q.If = &condition
	}
	return q
}

// sides are a query for each of the two runs.
func sides(q Query) []Query {
	one, two := q, other(q)
	one.Label, two.Label = "run", "compared"
	one.Ink, two.Ink, two.Dashed = Plain1, Plain2, true
	return []Query{one, two}
}

func compared(id, title string, unit Unit, what string, q Query) Panel {
	return Panel{ID: id, Title: title, Kind: Timeseries, Unit: unit, Width: 6, Absent: noOther, Description: what + " Dashed: the run that is compared with.", Queries: sides(q)}
}

func comparedLatency(field string) Panel {
	q := either("http_req_waiting", "http.response_time", field)
	q.If = eitherAnswered(rows.ByRun, rows.Second, "http.codes")
	p := compared(field, "Time to first byte ("+field+", each window)", Milliseconds, field+" of http_req_waiting or http.response_time.", q)
	p.Withheld = noneAnswered
	return p
}

func comparedSpectrum(id, name, metric, or string) Panel {
	q := Query{Metric: metric, Or: or, Field: "value", Rollup: rows.ByRun, Window: rows.Run}
	p := spectrum(id, name, "What share of requests took how long, in each of the two runs.")
	p.Absent, p.Queries = noOther, sides(q)
	return p
}

func comparedTotals() []Panel {
	stat := func(id, title string, unit Unit, what string, q Query) Panel {
		p := Panel{ID: id, Title: title, Kind: Stat, Unit: unit, Absent: noOther, Description: what, Queries: sides(q)}
		p.Queries[0].Label = ""
		return p
	}
	whole := func(k6, artillery, field string) Query {
		q := total("", k6, field)
		q.Or = artillery
		return q
	}
	latency := func(field string) Panel {
		q := whole("http_req_waiting", "http.response_time", field)
		q.If = eitherAnswered(rows.ByRun, rows.Run, "http.codes")
		p := stat("latency-"+field, "Time to first byte ("+field+", whole run)", Milliseconds, "http_req_waiting or http.response_time, from the merged sketch of each run.", q)
		p.Withheld = noneAnswered
		return p
	}
	return []Panel{
		stat("requests", "Requests (count, whole run)", Count, "Requests of both runs.", whole("http_reqs", "http.requests", "count")),
		stat("request-rate", "Request rate (average, whole run)", RequestRate, "Requests divided by the length of each run.", perSecond(whole("http_reqs", "http.requests", "count"))),
		stat("failed", "Failed (of requests, whole run)", Percent, "Answers outside 200–399 plus requests without an answer.", eitherFailed("", rows.Run)),
		latency("p50"), latency("p95"), latency("p99"),
	}
}

func comparedEndpoints() Panel {
	p := Panel{ID: "endpoints", Title: "Endpoints (counts and percentiles of both, whole run)", Kind: Table, Unit: Milliseconds, Width: 12,
		Key: "name", KeyTitle: "endpoint", Limit: 50, Absent: noOther,
		Description: "Requests by endpoint: of the run, of the one that it is compared with, and the first divided by the second. An endpoint that never answered has no latency."}
	for _, field := range []string{"count", "p50", "p95", "p99"} {
		q := named(field, "http_req_waiting", field, "")
		if q.Or = "endpoint.response_time"; field == "count" {
			q.Label, q.Unit = "requests", Count
		} else {
			q.If = eitherAnswered(rows.ByName, rows.Run, "endpoint.codes")
		}
		two := other(q)
		two.Label += " compared"
		ratio := q
		ratio.Label, ratio.Unit, ratio.Over = q.Label+" ratio", Ratio, []Query{two}
		p.Queries = append(p.Queries, q, two, ratio)
	}
	return p
}
