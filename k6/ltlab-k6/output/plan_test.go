package output

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
)

// planOf reads scenarios as k6 reads them from a script's options.
func planOf(t *testing.T, scenarios string, more ...string) plan {
	t.Helper()
	var o lib.Options
	if err := json.Unmarshal([]byte(`{"scenarios":`+scenarios+`}`), &o); err != nil {
		t.Fatal(err)
	}
	for _, text := range more {
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range o.Scenarios.Validate() {
		t.Fatal(err)
	}
	p, err := newPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheLoadAskedForIsTheAreaUnderThePlan(t *testing.T) {
	for _, c := range []struct {
		name, scenarios string
		more            []string
		vus, rate       []float64 // by second; nil: not planned or not known
	}{
		{name: "constant-vus from its start time on, without graceful stop",
			scenarios: `{"a":{"executor":"constant-vus","vus":4,"duration":"2s","startTime":"500ms"}}`,
			vus:       []float64{2, 4, 2, 0}},
		{name: "ramping-vus adds users one by one, and removes them without graceful ramp-down",
			scenarios: `{"a":{"executor":"ramping-vus","startVUs":0,"stages":[
				{"duration":"2s","target":4},{"duration":"0s","target":8},{"duration":"1s","target":8},{"duration":"2s","target":0}]}}`,
			vus: []float64{0.5, 2.5, 8, 6.5, 2.5, 0}}, // up: 0 0 1 1 2 2 3 3 halves; down: 8 7 6 5 4 3 2 1 quarters
		{name: "constant-arrival-rate in its time unit",
			scenarios: `{"a":{"executor":"constant-arrival-rate","rate":90,"timeUnit":"1m","duration":"2500ms","preAllocatedVUs":1}}`,
			rate:      []float64{1.5, 1.5, 0.75, 0}},
		{name: "ramping-arrival-rate is exact within a second",
			scenarios: `{"a":{"executor":"ramping-arrival-rate","startRate":0,"preAllocatedVUs":1,"stages":[
				{"duration":"2s","target":20},{"duration":"500ms","target":20},{"duration":"0s","target":4},{"duration":"1s","target":0}]}}`,
			rate: []float64{5, 15, 10 + (4+2)/2*0.5, 0.5, 0}},
		{name: "several scenarios add up, each kind of its own",
			scenarios: `{"a":{"executor":"constant-vus","vus":1,"duration":"3s"},
				"b":{"executor":"constant-vus","vus":2,"duration":"1s","startTime":"1s"},
				"c":{"executor":"constant-arrival-rate","rate":7,"duration":"1s","startTime":"2s","preAllocatedVUs":1}}`,
			vus: []float64{1, 3, 1, 0}, rate: []float64{0, 0, 7, 0}},
		{name: "iterations end when they are done, so virtual users are not known",
			scenarios: `{"a":{"executor":"constant-vus","vus":1,"duration":"3s"},
				"b":{"executor":"shared-iterations","vus":2,"iterations":9}}`},
		{name: "per-vu-iterations beside a rate leave the rate known",
			scenarios: `{"a":{"executor":"per-vu-iterations"},
				"c":{"executor":"constant-arrival-rate","rate":7,"duration":"1s","preAllocatedVUs":1}}`,
			rate: []float64{7, 0}},
		{name: "an execution segment has its share",
			scenarios: `{"a":{"executor":"constant-vus","vus":4,"duration":"1s"},
				"c":{"executor":"constant-arrival-rate","rate":100,"duration":"1s","preAllocatedVUs":8}}`,
			more: []string{`{"executionSegment":"0:1/4"}`},
			vus:  []float64{1, 0}, rate: []float64{25, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planOf(t, c.scenarios, c.more...)
			compare(t, "vus", p.vus, c.vus)
			compare(t, "rate", p.rate, c.rate)
		})
	}
}

func compare(t *testing.T, what string, got curve, want []float64) {
	t.Helper()
	if (got == nil) != (want == nil) {
		t.Errorf("%s: planned %v, want %v", what, got, want)
	}
	for i, w := range want {
		from := time.Duration(i) * time.Second
		if v := got.integral(from, from+time.Second); math.Abs(v-w) > 1e-6 {
			t.Errorf("%s in second %d: %v, want %v", what, i, v, w)
		}
	}
}

func TestTheFirstIterationIsDueWhenThePlanSaysSo(t *testing.T) {
	p := planOf(t, `{
		"vus":{"executor":"constant-vus","vus":1,"duration":"1s","startTime":"3s"},
		"ramp":{"executor":"ramping-vus","startVUs":0,"startTime":"1s","stages":[{"duration":"10s","target":5}]},
		"rate":{"executor":"constant-arrival-rate","rate":1,"duration":"1s","preAllocatedVUs":1},
		"rates":{"executor":"ramping-arrival-rate","startRate":0,"startTime":"1s","preAllocatedVUs":1,
			"stages":[{"duration":"10s","target":20}]}}`)
	for name, want := range map[string]time.Duration{"vus": 3 * sec, "ramp": 3 * sec, "rate": 0, "rates": 2 * sec} {
		if got := p.first[name]; (got - want).Abs() > 10*time.Microsecond {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

const constant = `{"s":{"executor":"constant-vus","vus":10,"duration":"5s"}}`

// askedVUs are the virtual users asked for in each second.
func (p *parsed) askedVUs() []float64 {
	var out []float64
	for _, l := range p.loads {
		if l.AskedVUs == nil {
			p.t.Fatalf("nothing asked in second %d", l.T)
		}
		out = append(out, *l.AskedVUs)
	}
	return out
}

func wantAsked(t *testing.T, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("asked %v, want %v", got, want)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-6 {
			t.Errorf("asked %v, want %v", got, want)
			return
		}
	}
}

func TestAskedLoadCountsFromTheEndOfSetup(t *testing.T) {
	r := newRig(t, planOf(t, constant))
	sent := r.metric("data_sent", metrics.Counter)
	took := r.metric("iteration_duration", metrics.Trend)
	r.emit(r.metric("http_reqs", metrics.Counter), 300*ms, 1, "group", "::setup")
	r.emit(sent, 1400*ms, 1, "group", "::setup")
	r.emit(took, 1900*ms, 480, "scenario", "s")
	r.emit(sent, 1950*ms, 1, "group", "::setup", "scenario", "s") // a group of the script's own
	r.emit(sent, 6500*ms, 1, "group", "::teardown")
	wantAsked(t, r.endAt(7*sec, nil).askedVUs(), []float64{0, 6, 10, 10, 10, 10, 4, 0})
}

func TestAskedLoadCountsFromTheFirstIterationWithoutSetup(t *testing.T) {
	r := newRig(t, planOf(t, `{"s":{"executor":"constant-vus","vus":10,"duration":"5s","startTime":"500ms"}}`))
	took := r.metric("iteration_duration", metrics.Trend)
	req := r.metric("http_req_duration", metrics.Trend)
	r.emit(req, 2*sec, 100, "scenario", "s") // a request in the first iteration's midst
	r.emit(took, 3*sec, 900, "scenario", "s")
	r.emit(took, 3100*ms, 1900, "scenario", "s") // began at 1.2 s, so all began 0.5 s before
	r.emit(req, 3200*ms, 3200, "scenario", "s")  // proves nothing any more
	wantAsked(t, r.endAt(6900*ms, nil).askedVUs(), []float64{0, 8, 10, 10, 10, 10, 2})
}

func TestAskedLoadCountsFromTheFirstVirtualUserSeenUntilMoreIsKnown(t *testing.T) {
	r := newRig(t, planOf(t, constant))
	vus := r.metric("vus", metrics.Gauge)
	r.emit(vus, 1*sec, 0)
	r.emit(vus, 2*sec, 10)
	r.emit(r.metric("http_req_duration", metrics.Trend), 2400*ms, 100, "scenario", "s") // after some pause
	wantAsked(t, r.endAt(2500*ms, nil).askedVUs(), []float64{0, 5, 10})
}

func TestNothingIsAskedForBeforeTheTestBegins(t *testing.T) {
	r := newRig(t, planOf(t, constant))
	r.emit(r.metric("vus", metrics.Gauge), 1*sec, 0)
	wantAsked(t, r.endAt(2500*ms, nil).askedVUs(), []float64{0, 0, 0})
}

func TestARateIsAskedForNoLongerThanTheRunLasts(t *testing.T) {
	r := newRig(t, planOf(t, `{"s":{"executor":"constant-arrival-rate","rate":100,"duration":"1m","preAllocatedVUs":1}}`))
	r.emit(r.metric("iteration_duration", metrics.Trend), 100*ms, 100, "scenario", "s")
	p := r.endAt(1250*ms, nil)
	if len(p.loads) != 2 || *p.loads[0].AskedRate != 100 || *p.loads[1].AskedRate != 25 || p.loads[0].AskedVUs != nil {
		t.Errorf("loads %+v", p.loads)
	}
}

func TestDeliveredLoadIsEachSecondsOwn(t *testing.T) {
	r := newRig(t, plan{})
	vus, its := r.metric("vus", metrics.Gauge), r.metric("iterations", metrics.Counter)
	dropped := r.metric("dropped_iterations", metrics.Counter)
	r.emit(vus, 999*ms, 5)
	r.emit(its, 100*ms, 1, "scenario", "a")
	r.emit(its, 900*ms, 1, "scenario", "b")
	r.emit(dropped, 1500*ms, 1)
	r.emit(vus, 2001*ms, 7)
	r.flushAt(5 * sec)
	r.emit(its, 200*ms, 1, "scenario", "a") // late: its second's line is written
	p := r.endAt(5500*ms, nil)
	var got [][4]float64
	for _, l := range p.loads {
		got = append(got, [4]float64{float64(l.T), l.VUs, float64(l.Iterations), float64(l.Dropped)})
	}
	want := [][4]float64{{0, 5, 2, 0}, {1, 5, 0, 1}, {2, 7, 0, 0}, {3, 7, 0, 0}, {4, 7, 1, 0}, {5, 7, 0, 0}}
	if len(got) != len(want) {
		t.Fatalf("loads %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("loads %v, want %v", got, want)
		}
	}
}

func TestPeakOfOverlappingScenariosIsTheirSum(t *testing.T) {
	c := curve{{from: 0, to: 10 * time.Second, a: 3, b: 3}, {from: 2500 * time.Millisecond, to: 2700 * time.Millisecond, a: 40, b: 40}}
	for from, want := range map[time.Duration]float64{0: 3, 2 * time.Second: 43, 3 * time.Second: 3, 20 * time.Second: 0} {
		if got := c.peak(from, from+time.Second); got != want {
			t.Errorf("peak of the second from %s is %g, want %g", from, got, want)
		}
	}
}
