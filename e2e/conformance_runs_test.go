//go:build e2e

package e2e

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Names in made-up runs. Nothing ever answers at the dead endpoint, and nothing at the moved one in k6's smaller runs.
const (
	someEndpoint  = `GET /a b,c="d"`
	deadEndpoint  = "GET /dead"
	movedEndpoint = "GET /moved"
	someScenario  = "buy"
)

// idle says whether nothing happens at a second: scenarios pause there.
func idle(t int64) bool { return t >= 80 && t < 100 }

// knownK6 makes up 190 s of k6: two scenarios, six endpoints, every kind of answer and none, custom metrics of every kind.
func knownK6(id string, seed uint64, scale float64) *known {
	r := &known{id: id, tool: "k6", start: time.Date(2025, 3, 1, 12, int(seed), 0, 123e6, time.UTC), period: 1, seconds: 190, span: 189.7, dice: rand.New(rand.NewPCG(seed, 8)), scale: scale}
	r.used()
	for t := range r.seconds {
		rate, users := 12*scale, 5*scale
		if t >= 60 {
			rate, users = 25*scale, 5*scale+float64(t/10)
		}
		iterations, n := int64(0), int(rate)+r.dice.IntN(5)
		if idle(t) {
			n = 0
		}
		for i := range n {
			scenario := "browse"
			if r.chance(0.3 * scale) {
				scenario = someScenario
			}
			r.request(t, scenario)
			if i%2 == 0 {
				iterations++
				r.iteration(t, scenario)
			}
		}
		r.add(t, "vus", users+float64(r.dice.IntN(3)))
		r.add(t, "vus_max", users+10)
		if t%3 > 0 {
			r.add(t, "queue_depth", float64(r.dice.IntN(9))*scale, "node", "a")
		}
		if t%4 > 0 {
			r.add(t, "queue_depth", float64(r.dice.IntN(9)), "node", "b")
		}
		l := record.Load{T: t, VUs: r.samples[len(r.samples)-1].v, Iterations: iterations}
		if t >= 2 { // until then the tool sets up
			l.AskedVUs, l.AskedPeak = new(float64), new(float64)
			*l.AskedVUs, *l.AskedPeak = users-0.5, users
		}
		if !idle(t) {
			l.AskedRate = &rate
		}
		if t > 120 && t < 126 {
			l.Dropped = int64(7 * scale)
		}
		r.loads = append(r.loads, l)
	}
	emitted := int64(len(r.samples)) + int64(3*scale)
	r.end = record.End{T: r.span, Ledger: record.Ledger{Emitted: &emitted, Recorded: int64(len(r.samples)), Lost: map[string]int64{"disk-full": int64(3 * scale)}}}
	return r
}

func (r *known) request(t int64, scenario string) {
	name, method := []string{"GET /", "GET /list", someEndpoint, "GET /list"}[r.dice.IntN(4)], "GET"
	if scenario == someScenario {
		name, method = []string{"POST /cart", "POST /pay"}[r.dice.IntN(2)], "POST"
	}
	status, middle := 200, 40.0
	switch u := r.dice.Float64() / r.scale; {
	case t == 40:
		status = 0
	case u < 0.02:
		status = 302
	case u < 0.06:
		status = 404
	case u < 0.09:
		status = 429
	case u < 0.11:
		status, middle = 500, 400
	case u < 0.14:
		status = 0
	case u < 0.16:
		status, name, method = 0, deadEndpoint, "GET"
	}
	if t > 150 && (r.scale == 1 && status == 0 || r.scale > 1 && status == 302) && name != deadEndpoint {
		name, method = movedEndpoint, "GET"
	}
	duration, code := r.time(middle), ""
	switch {
	case status == 0 && r.chance(0.5):
		duration, code = 0, "1212" // refused: no time at all
	case status == 0:
		duration, code = 10_500, "1050" // no answer in time
	case status >= 400:
		code = strconv.Itoa(1000 + status)
	}
	proto, tls, group := "HTTP/1.1", "", ""
	if method == "POST" {
		proto, tls, group = "HTTP/2.0", "tls1.3", "::checkout"
	}
	tags := []string{"scenario", scenario, "name", name, "method", method, "status", strconv.Itoa(status), "error_code", code, "proto", proto, "tls_version", tls, "group", group,
		"expected_response", strconv.FormatBool(status >= 200 && status < 400)}
	part := func(share float64) float64 { return duration * share * (0.5 + r.dice.Float64()) }
	r.add(t, "http_reqs", 1, tags...)
	r.add(t, "http_req_duration", duration, tags...)
	r.add(t, "http_req_blocked", part(0.05), tags...)
	r.add(t, "http_req_connecting", part(0.03), tags...)
	r.add(t, "http_req_tls_handshaking", part(0.02), tags...)
	r.add(t, "http_req_sending", part(0.01), tags...)
	r.add(t, "http_req_waiting", part(0.9), tags...)
	r.add(t, "http_req_receiving", part(0.04), tags...)
	failed := 0.0
	if status < 200 || status >= 400 {
		failed = 1
	}
	r.add(t, "http_req_failed", failed, tags...)
	r.add(t, "data_sent", float64(100+r.dice.IntN(300)), "scenario", scenario)
	r.add(t, "data_received", float64(1000+r.dice.IntN(3000)), "scenario", scenario)
}

func (r *known) iteration(t int64, scenario string) {
	r.add(t, "iterations", 1, "scenario", scenario)
	r.add(t, "iteration_duration", 3*r.time(40), "scenario", scenario)
	passed := func(p float64) float64 {
		if r.chance(p) {
			return 1
		}
		return 0
	}
	r.add(t, "checks", passed(0.97), "scenario", scenario, "check", "status is 200")
	r.add(t, "checks", passed(0.8/r.scale), "scenario", scenario, "check", `it has "items"`, "group", "::checkout")
	r.add(t, "cache_hit", passed(0.6/r.scale), "scenario", scenario)
	r.add(t, "errors", float64(1+r.dice.IntN(3)), "scenario", scenario) // which is also a metric of Artillery
	r.add(t, "basket", (r.dice.Float64()-0.3)*200*r.scale, "scenario", scenario)
	r.add(t, "basket", 0, "scenario", scenario)
}

// knownArtillery makes up 20 periods of Artillery, the first of which begins 3 s before the run. In two nothing happens, so that
// Artillery has none. Answers may come a period later, and a few samples are of no period.
func knownArtillery(id string, seed uint64, scale float64) *known {
	r := &known{id: id, tool: "artillery", start: time.Date(2025, 3, 1, 13, int(seed), 3, 0, time.UTC), period: 10, first: -3, seconds: 197, span: 193.25, dice: rand.New(rand.NewPCG(seed, 9)), scale: scale}
	r.used()
	active := 0.0
	for t := r.first; t < r.seconds; t += r.period {
		if idle(t) {
			continue
		}
		last := t+r.period >= r.seconds
		bytes, ended, skipped := 0.0, int64(0), int64(0)
		users := int(60*scale) + r.dice.IntN(10)
		for range users {
			scenario := "browse, then buy"
			if r.chance(0.4 / scale) {
				scenario = someScenario
			}
			r.add(t, "vusers.created", 1)
			r.add(t, "vusers.created_by_name", 1, "scenario", scenario)
			active++
			for range 1 + r.dice.IntN(3) {
				bytes += r.exchange(t, last)
			}
			if r.chance(0.9) {
				ended++
				active--
				outcome := "vusers.completed"
				if r.chance(0.1 * scale) {
					outcome = "vusers.failed"
				}
				r.add(t, outcome, 1)
				r.add(t, "vusers.session_length", r.whole(900))
			}
			if t > 90 && r.chance(0.05*scale) {
				r.add(t, "vusers.skipped", 1)
				skipped++
			}
			r.add(t, "emails.sent", 1, "kind", "receipt")
			r.add(t, "render", r.time(12), "page", "cart")
		}
		r.add(t, "http.downloaded_bytes", bytes)
		r.add(t, "vusers.active", active)
		asked := 6.5 * scale * (1 + float64(t/60))
		r.loads = append(r.loads, record.Load{T: t, AskedRate: &asked, VUs: active, Iterations: ended, Dropped: skipped})
	}
	var recorded, unplaced int64
	for _, s := range r.samples {
		if s.metric != "vusers.active" { // derived
			recorded++
		}
		if s.unplaced {
			unplaced++
		}
	}
	emitted := recorded + int64(2*scale)
	r.end = record.End{T: 196.5, Load: &record.Interval{From: 0.25, To: 193.5},
		Ledger: record.Ledger{Emitted: &emitted, Recorded: recorded, Unplaced: unplaced, Lost: map[string]int64{"disk-full": int64(2 * scale)}}}
	return r
}

// exchange is a request with what becomes of it; it returns the bytes of the answer.
func (r *known) exchange(t int64, last bool) float64 {
	name := []string{"GET /", "GET /list", someEndpoint, "POST /cart"}[r.dice.IntN(4)]
	if r.chance(0.02) {
		name = deadEndpoint
	}
	from := len(r.samples)
	r.add(t, "http.requests", 1)
	if r.chance(0.1) {
		switch {
		case !last && !idle(t+r.period):
			t += r.period
		case last: // what Artillery counts when it has reported its last period
			defer func() {
				for i := from; i < len(r.samples); i++ {
					r.samples[i].unplaced = true
				}
			}()
		}
	}
	if name == deadEndpoint || r.chance(0.03*r.scale) {
		code := "ECONNREFUSED"
		if r.chance(0.4) {
			code = "ETIMEDOUT"
		}
		r.add(t, "errors", 1, "error", code)
		r.add(t, "endpoint.errors", 1, "name", name, "error", code)
		return 0
	}
	status := "200"
	switch u := r.dice.Float64() / r.scale; {
	case u < 0.02:
		status = "301"
	case u < 0.06:
		status = "404"
	case u < 0.09:
		status = "429"
	case u < 0.11:
		status = "500"
	}
	took := r.whole(35)
	r.add(t, "http.responses", 1)
	r.add(t, "http.codes", 1, "status", status)
	r.add(t, "endpoint.codes", 1, "name", name, "status", status)
	r.add(t, "http.response_time", took)
	r.add(t, "http.response_time.class", took, "class", status[:1]+"xx")
	r.add(t, "endpoint.response_time", took, "name", name)
	for i, phase := range []string{"dns", "tcp", "tls", "total"} {
		r.add(t, "http."+phase, r.time(3*math.Pow(2, float64(i))))
	}
	if r.chance(0.04 * r.scale) {
		r.add(t, "errors", 1, "error", "Failed capture or match")
		r.add(t, "endpoint.errors", 1, "name", name, "error", "Failed capture or match")
	}
	r.add(t, "apdex."+[]string{"satisfied", "satisfied", "tolerated", "frustrated"}[r.dice.IntN(4)], 1)
	for i, check := range []string{"statusCode", "contentType"} {
		passed := 0.0
		if r.chance(0.95 - float64(i)*0.2*r.scale) {
			passed = 1
		}
		r.add(t, "checks", passed, "check", fmt.Sprint("expect ", check))
	}
	return float64(500 + r.dice.IntN(4000))
}
