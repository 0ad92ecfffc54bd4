package boards

import "github.com/ltlab/ltlab/internal/rows"

// K6WarRoom is what to look at while k6 runs.
func (definitions) K6WarRoom() Board {
	return Board{
		ID: "k6-war-room", Title: "k6 War Room", Tool: "k6", Depth: WarRoom,
		Description: "Is the load there, is it answered, how fast: one k6 run, large enough for a wall.",
		Shades:      shortOfCPU(),
		Rows: []PanelRow{
			{Panels: k6AtAGlance()},
			{Panels: []Panel{k6Delivered(), k6Worst()}},
			{Panels: []Panel{k6FailuresAndLimits(), k6Users()}},
			{Panels: []Panel{k6Failing()}},
		},
	}
}

func k6AtAGlance() []Panel {
	all := k6Totals()
	rate, failed, latency, dropped, ledger := all[1], all[2], all[3], all[5], all[6]
	failed.Queries = append(failed.Queries[:1:1], statuses("429", rows.Run, Limited, Share, Percent), statuses("no answer", rows.Run, NoAnswer, AsIs, Count))
	return []Panel{rate, failed, latency, dropped, ledger}
}

func k6Delivered() Panel {
	p := k6Load()
	p.Queries = append(p.Queries, second("requests", "http_reqs", "count", Plain2))
	p.Title = "Load (asked and delivered, each second)"
	p.Description = "Iterations a second as an arrival rate asks for them, finished ones and dropped ones, and the requests that they made. Without an arrival rate nothing is asked."
	return p
}

func k6Worst() Panel {
	p := k6Latency()
	p.Title = "Latency (p50, p95 and p99, each second)"
	p.Queries = []Query{p.Queries[1], p.Queries[2], p.Queries[4]}
	return p
}

func k6FailuresAndLimits() Panel {
	p := k6Failures()
	limited := statuses("429", rows.Second, Limited, Share, Percent)
	limited.Ink = Plain2
	p.Queries = append(p.Queries, limited)
	p.Fill = false
	p.Description += " Beside it those that were turned away for being too many (429)."
	return p
}

func k6Failing() Panel {
	count := func(label string, class Class, calc Calc, unit Unit) Query {
		q := statuses(label, rows.Run, class, calc, unit)
		q.Rollup = rows.ByName
		return q
	}
	p95 := named("p95", "http_req_duration", "p95", Milliseconds)
	p95.If = answered(rows.ByName, rows.Run)
	return Panel{ID: "failing", Title: "Endpoints that fail most (counts and p95, whole run)", Kind: Table, Unit: Count, Width: 12,
		Key: "name", KeyTitle: "endpoint", Limit: 8,
		Description: "Requests by their tag name, most failed first.",
		Queries: []Query{count("failed", Failed, AsIs, ""), count("share", Failed, Share, Percent), count("429", Limited, AsIs, ""),
			count("no answer", NoAnswer, AsIs, ""), named("requests", "http_reqs", "count", ""), p95}}
}
