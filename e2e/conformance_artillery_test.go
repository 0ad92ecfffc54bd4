//go:build e2e

package e2e

import "math"

// either are a metric's samples, or those of the metric that has the same by endpoint, where the reader chose one.
func (e *eyes) either(metric, byEndpoint string) set {
	if e.endpoint != "" {
		return e.run.all(byEndpoint).with("name", e.endpoint)
	}
	return e.run.all(metric)
}

// artillery is what panels of Artillery's boards must show.
func (e *eyes) artillery(a *answer, id string) bool {
	n := func(metric string) float64 { return e.run.all(metric).n() }
	users := func(label, metric string) { a.counts(e.run, label, e.run.all(metric), 0.1) }
	times := e.either("http.response_time", "endpoint.response_time")
	codes, errors := e.either("http.codes", "endpoint.codes"), e.either("errors", "endpoint.errors")
	whole := e.run.all("http.codes")
	switch id {
	case "requests":
		a.put("", n("http.requests")/e.run.span, rounding)
		peak := 0.0
		for _, in := range e.run.all("http.requests").windows() {
			peak = math.Max(peak, in.n()/10)
		}
		a.put("busiest 10 s", peak, rounding)
		a.put("requests", n("http.requests"), 0)
	case "users":
		a.put("", n("vusers.created"), 0)
		a.put("completed", n("vusers.completed"), 0)
		a.put("failed", n("vusers.failed"), 0)
	case "succeeded":
		a.put("", n("vusers.completed")/(n("vusers.completed")+n("vusers.failed")), rounding)
	case "failed":
		none := n("http.requests") - n("http.responses")
		a.put("", (whole.where("status", failed).n()+none)/n("http.requests"), rounding)
		a.put("429", whole.where("status", limited).n(), 0)
		a.put("no answer", none, 0)
	case "latency":
		a.put("", times.q(0.95), sketched)
		a.put("p50", times.q(0.5), sketched)
		a.put("p99", times.q(0.99), sketched)
		a.put("max", times.max(), extreme)
		worst := 0.0
		for _, in := range e.run.all("http.response_time").windows() {
			worst = math.Max(worst, in.q(0.95))
		}
		a.put("largest p95 of 10 s", worst, sketched)
	case "skipped":
		a.put("", n("vusers.skipped"), 0)
	case "ledger":
		a.ledger(e.run)
	case "load":
		a.loadOf(e.run, "arrivals asked", askedRate)
		users("arrivals", "vusers.created")
		users("requests", "http.requests")
	case "vusers":
		a.loadOf(e.run, "active", running)
		users("completed", "vusers.completed")
		users("failed", "vusers.failed")
		users("skipped", "vusers.skipped")
	case "percentiles":
		a.quantiles(times, nil, "max", "p999", "p99", "p95", "p90", "p50")
	case "failures":
		ended := map[int64]set{}
		for t, in := range codes.windows() {
			ended[t] = append(ended[t], in...)
		}
		for t, in := range errors.where("error", unreached).windows() {
			ended[t] = append(ended[t], in...)
		}
		for t, in := range ended {
			a.at(t, "failed", in.where("status", failed).n()/in.n(), rounding)
		}
	case "codes":
		a.sparse = true
		for status, s := range codes.by("status") {
			a.counts(e.run, status, s, 0.1)
		}
	case "errors":
		a.sparse = true
		for name, s := range errors.by("error") {
			a.counts(e.run, name, s, 0.1)
		}
	case "sessions":
		a.quantiles(e.run.all("vusers.session_length"), nil, "max", "p95", "p50")
	case "mix":
		a.sparse = true
		for name, s := range e.run.all("vusers.created_by_name").by("scenario") {
			a.counts(e.run, name, s, 0.1)
		}
	case "apdex":
		for _, class := range []string{"satisfied", "tolerated", "frustrated"} {
			users(class, "apdex."+class)
		}
	case "phases":
		for _, phase := range []string{"dns", "tcp", "tls", "total"} {
			for t, in := range e.run.all("http." + phase).windows() {
				a.at(t, phase, in.q(0.95), sketched)
			}
		}
	case "endpoint-tails":
		for name, s := range e.run.all("endpoint.response_time").by("name") {
			for t, in := range s.windows() {
				a.at(t, name, in.q(0.95), sketched)
			}
		}
	case "heat":
		a.bins(e.run.all("http.response_time"))
	case "spectrum":
		a.spectrumOf("http.response_time", e.run.all("http.response_time"))
	default:
		return e.artilleryTables(a, id)
	}
	return true
}

func (e *eyes) artilleryTables(a *answer, id string) bool {
	by := func(s set, tag, label string) {
		for v, of := range s.by(tag) {
			a.row(v, label, of.n(), 0)
		}
	}
	switch id {
	case "error-names":
		by(e.run.all("errors"), "error", "errors")
	case "statuses":
		by(e.run.all("http.codes"), "status", "answers")
	case "scenarios":
		by(e.run.all("vusers.created_by_name"), "scenario", "virtual users")
	case "checks":
		e.checks(a)
	case "endpoints":
		names := map[string]bool{}
		for _, of := range []string{"endpoint.response_time", "endpoint.errors"} {
			for name := range e.run.all(of).by("name") {
				names[name] = true
			}
		}
		for name := range names {
			times := e.run.all("endpoint.response_time").with("name", name)
			codes := e.run.all("endpoint.codes").with("name", name)
			none := e.run.all("endpoint.errors").with("name", name).where("error", unreached).n()
			if times.n()+none == 0 {
				continue // its errors are what the scenario made of answers
			}
			a.row(name, "requests", times.n()+none, 0)
			a.row(name, "failed", (codes.where("status", failed).n()+none)/(codes.n()+none), rounding)
			a.row(name, "no answer", none, 0)
			if times.n() > 0 {
				a.row(name, "p50", times.q(0.5), sketched)
				a.row(name, "p95", times.q(0.95), sketched)
				a.row(name, "p99", times.q(0.99), sketched)
				a.row(name, "max", times.max(), extreme)
			}
		}
	case "trends", "rates", "counters", "gauges":
		e.everyMetric(a, id)
	default:
		return false
	}
	return true
}

// timed are samples of a latency, none where no request of theirs was answered. Artillery has those of answers alone.
func (r *known) timed(s set) set {
	if r.tool == "k6" && s.where("status", answered).n() == 0 {
		return nil
	}
	return s
}

// compare is what the comparison must show: the same of two runs, of whatever tool.
func (e *eyes) compare(a *answer, id string) bool {
	first := map[string]string{"requests": "", "request-rate": "", "failed": "", "latency-p50": "", "latency-p95": "", "latency-p99": ""}
	for side, r := range map[string]*known{"run": e.run, "compared": e.other} {
		if label, whole := first[id]; whole && side == "run" {
			side = label
		}
		pick := func(k6, artillery string) set {
			if r.tool == "k6" {
				return r.all(k6)
			}
			return r.all(artillery)
		}
		requests, times := pick("http_reqs", "http.requests"), pick("http_req_waiting", "http.response_time")
		of := &eyes{run: r}
		inner := answer{cells: map[spot]truth{}, held: map[spot]truth{}}
		take := func(from, id string, known func(a *answer, id string) bool) {
			known(&inner, id)
			for c, v := range inner.cells {
				if c.label == from {
					c.label = side
					a.cells[c] = v
				}
			}
		}
		tool := of.k6
		if r.tool == "artillery" {
			tool = of.artillery
		}
		switch id {
		case "requests":
			a.put(side, requests.n(), 0)
		case "request-rate":
			a.put(side, requests.n()/r.span, rounding)
		case "failed":
			take("", "failed", tool)
		case "latency-p50", "latency-p95", "latency-p99":
			a.put(side, r.timed(times).q(percentiles[id[len("latency-"):]]), sketched)
		case "spectrum":
			a.spectrumOf(side, times)
		case "duration":
			a.spectrumOf(side, pick("http_req_duration", "http.total"))
		case "rate":
			a.counts(r, side, requests, 1/float64(r.period))
		case "users":
			a.loadOf(r, side, running)
		case "p50", "p95", "p99":
			for t, in := range times.windows() {
				a.at(t, side, r.timed(in).q(percentiles[id]), sketched)
			}
		case "failures":
			take("failed", "failures", tool)
		case "endpoints":
			e.comparedEndpoints(a)
		default:
			return false
		}
	}
	return true
}

func (e *eyes) comparedEndpoints(a *answer) {
	times := func(r *known) map[string]set {
		if r.tool == "k6" {
			return r.all("http_req_waiting").by("name")
		}
		return r.all("endpoint.response_time").by("name")
	}
	others := times(e.other)
	for name, s := range times(e.run) {
		two := others[name]
		a.row(name, "requests", s.n(), 0)
		if len(two) > 0 {
			a.row(name, "requests compared", two.n(), 0)
			a.row(name, "requests ratio", s.n()/two.n(), rounding)
		}
		for _, p := range []string{"p50", "p95", "p99"} {
			one, other := e.run.timed(s).q(percentiles[p]), e.other.timed(two).q(percentiles[p])
			a.row(name, p, one, sketched)
			a.row(name, p+" compared", other, sketched)
			a.row(name, p+" ratio", one/other, 2.1*sketched)
		}
	}
}
