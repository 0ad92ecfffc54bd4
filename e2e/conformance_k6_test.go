//go:build e2e

package e2e

import (
	"math"

	"github.com/ltlab/ltlab/internal/record"
)

// of are a metric's samples of the scenario or endpoint that the reader chose; an endpoint goes before a scenario. Requests have
// both; iterations, checks and data have a scenario; all else is of the whole run.
func (e *eyes) of(metric string) set {
	s := e.run.all(metric)
	requests := len(metric) > 5 && metric[:5] == "http_"
	switch {
	case e.run.tool != "k6":
	case requests && e.endpoint != "":
		return s.with("name", e.endpoint)
	case e.scenario != "" && (requests || metric == "iterations" || metric == "iteration_duration" || metric == "checks" || metric == "data_sent" || metric == "data_received"):
		return s.with("scenario", e.scenario)
	}
	return s
}

// loadOf is a line of what was asked for and delivered.
func (a *answer) loadOf(r *known, label string, of func(l *record.Load) *float64) {
	for i := range r.loads {
		if v := of(&r.loads[i]); v != nil {
			a.at(r.loads[i].T, label, *v, rounding)
		}
	}
}

func askedRate(l *record.Load) *float64  { return l.AskedRate }
func askedVUs(l *record.Load) *float64   { return l.AskedVUs }
func running(l *record.Load) *float64    { return &l.VUs }
func iterations(l *record.Load) *float64 { v := float64(l.Iterations); return &v }
func dropped(l *record.Load) *float64    { v := float64(l.Dropped); return &v }

func total(r *known, of func(l *record.Load) *float64) (sum float64) {
	for i := range r.loads {
		sum += *of(&r.loads[i])
	}
	return sum
}

func (a *answer) ledger(r *known) {
	emitted := float64(*r.end.Ledger.Emitted)
	a.put("", emitted-float64(r.end.Ledger.Recorded), 0)
	a.put("emitted", emitted, 0)
	a.put("recorded", float64(r.end.Ledger.Recorded), 0)
}

var k6Phases = map[string]string{"blocked": "http_req_blocked", "connecting": "http_req_connecting", "TLS": "http_req_tls_handshaking", "sending": "http_req_sending",
	"waiting": "http_req_waiting", "receiving": "http_req_receiving"}

// k6 is what panels of k6's boards must show, by their ids. Labels that a board leaves out do not matter.
func (e *eyes) k6(a *answer, id string) bool {
	reqs, durations := e.of("http_reqs"), e.of("http_req_duration")
	some := func(s set) bool { return s.where("status", answered).n() > 0 }
	switch id {
	case "requests":
		a.put("", reqs.n(), 0)
		a.put("received", e.of("data_received").sum(), 0)
		a.put("sent", e.of("data_sent").sum(), 0)
	case "request-rate":
		a.put("", reqs.n()/e.run.span, rounding)
		peak := 0.0
		for _, in := range reqs.windows() {
			peak = math.Max(peak, in.n())
		}
		a.put("peak", peak, 0)
	case "failed":
		a.put("", reqs.where("status", failed).n()/reqs.n(), rounding)
		a.put("failed", reqs.where("status", failed).n(), 0)
		a.put("no answer", reqs.where("status", unanswered).n(), 0)
		a.put("429", reqs.where("status", limited).n()/reqs.n(), rounding)
	case "latency":
		a.put("no answer", reqs.where("status", unanswered).n(), 0)
		if some(reqs) {
			a.put("", durations.q(0.95), sketched)
			a.put("p50", durations.q(0.5), sketched)
			a.put("p99", durations.q(0.99), sketched)
			a.put("max", durations.max(), extreme)
		}
	case "checks-passed":
		a.put("", e.of("checks").mean(), rounding)
		a.put("made", e.of("checks").n(), 0)
	case "dropped":
		a.put("", total(e.run, dropped), 0)
		a.put("delivered", total(e.run, iterations), 0)
	case "ledger":
		a.ledger(e.run)
	case "rate":
		a.counts(e.run, "requests", reqs, 1)
	case "percentiles", "tail":
		in := reqs.windows()
		a.quantiles(durations, func(t int64) bool { return some(in[t]) }, "max", "p99.9", "p99", "p95", "p90", "p50")
	case "failures":
		a.shares("failed", reqs, "status", failed)
		a.shares("429", reqs, "status", limited)
	case "codes":
		a.sparse = true
		for status, s := range reqs.by("status") {
			if unanswered(status) {
				status = "no answer"
			}
			a.counts(e.run, status, s, 1)
		}
	case "vus":
		a.loadOf(e.run, "asked", askedVUs)
		a.loadOf(e.run, "running", running)
	case "load":
		a.loadOf(e.run, "asked", askedRate)
		a.loadOf(e.run, "delivered", iterations)
		a.loadOf(e.run, "dropped", dropped)
		a.counts(e.run, "requests", reqs, 1)
	case "checks-rate":
		for t, in := range e.of("checks").windows() {
			a.at(t, "passed", in.mean(), rounding)
		}
	case "phases":
		for label, metric := range k6Phases {
			for t, in := range e.of(metric).windows() {
				a.at(t, label, in.q(0.95), sketched)
			}
		}
	case "endpoint-rates":
		a.sparse = true
		for name, s := range e.run.all("http_reqs").by("name") {
			a.counts(e.run, name, s, 1)
		}
	case "endpoint-tails":
		for name, s := range e.run.all("http_req_duration").by("name") {
			for t, in := range s.windows() {
				a.at(t, name, in.q(0.95), sketched)
			}
		}
	case "scenario-rates":
		a.sparse = true
		for name, s := range e.run.all("iterations").by("scenario") {
			a.counts(e.run, name, s, 1)
		}
	case "iteration-times":
		a.quantiles(e.of("iteration_duration"), nil, "max", "p95", "p50")
	case "bytes":
		a.sums(e.run, "received", e.of("data_received"), 1)
		a.sums(e.run, "sent", e.of("data_sent"), 1)
	case "in-flight":
		a.sums(e.run, "in requests", durations, 1e-3)
		a.sums(e.run, "in iterations", e.of("iteration_duration"), 1e-3)
		a.loadOf(e.run, "running", running)
	case "heat":
		a.bins(e.run.all("http_req_duration"))
	case "spectrum":
		for _, m := range []string{"http_req_duration", "http_req_waiting"} {
			a.spectrumOf(m, e.run.all(m))
		}
	case "phases-whole":
		for label, metric := range k6Phases {
			a.spectrumOf(label, e.run.all(metric))
		}
	default:
		return e.k6Tables(a, id)
	}
	return true
}

func (e *eyes) k6Tables(a *answer, id string) bool {
	tags := map[string]string{"tag-status": "status", "tag-errors": "error_code", "tag-methods": "method", "tag-protocols": "proto", "tag-groups": "group", "tag-tls": "tls_version"}
	switch id {
	case "checks":
		e.checks(a)
	case "endpoints", "failing":
		for name, s := range e.run.all("http_reqs").by("name") {
			a.row(name, "requests", s.n(), 0)
			a.row(name, "rate", s.n()/e.run.span, rounding)
			bad := s.where("status", failed).n()
			a.row(name, "share", bad/s.n(), rounding)
			if a.row(name, "failed", bad, 0); id == "endpoints" {
				a.row(name, "failed", bad/s.n(), rounding)
			}
			a.row(name, "429", s.where("status", limited).n(), 0)
			a.row(name, "no answer", s.where("status", unanswered).n(), 0)
			if s.where("status", answered).n() > 0 {
				of := e.run.all("http_req_duration").with("name", name)
				a.row(name, "p50", of.q(0.5), sketched)
				a.row(name, "p95", of.q(0.95), sketched)
				a.row(name, "p99", of.q(0.99), sketched)
				a.row(name, "max", of.max(), extreme)
			}
		}
	case "scenarios":
		for name, s := range e.run.all("iterations").by("scenario") {
			a.row(name, "iterations", s.n(), 0)
			times := e.run.all("iteration_duration").with("scenario", name)
			a.row(name, "iteration p50", times.q(0.5), sketched)
			a.row(name, "iteration p95", times.q(0.95), sketched)
			a.row(name, "requests", e.run.all("http_reqs").with("scenario", name).n(), 0)
			durations := e.run.all("http_req_duration").with("scenario", name)
			a.row(name, "p50", durations.q(0.5), sketched)
			a.row(name, "p95", durations.q(0.95), sketched)
			a.row(name, "p99", durations.q(0.99), sketched)
		}
	case "trends", "rates", "counters", "gauges":
		e.everyMetric(a, id)
	default:
		tag, ok := tags[id]
		for v, s := range e.of("http_reqs").by(tag) {
			if ok {
				a.row(spelled(tag, v), "requests", s.n(), 0)
			}
		}
		return ok
	}
	return true
}

func (e *eyes) checks(a *answer) {
	for name, s := range e.of("checks").by("check") {
		a.row(name, "made", s.n(), 0)
		a.row(name, "passed", s.sum(), 0)
	}
}
