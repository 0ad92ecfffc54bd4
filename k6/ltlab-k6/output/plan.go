package output

import (
	"time"

	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/lib/executor"
	"go.k6.io/k6/v2/lib/types"
)

// plan is the load that a script's scenarios ask for, counted from their common start (the end of setup).
type plan struct {
	vus   curve                    // of constant-vus and ramping-vus; nil when none is planned, or not all can be known
	rate  curve                    // of arrival-rate scenarios, in iterations a second; nil when none is planned
	first map[string]time.Duration // when each scenario's first iteration is due
}

// newPlan reads the scenarios. Scenarios of a number of iterations end when these are done, which nobody can plan: with
// one of them the virtual users asked for are not known.
func newPlan(o lib.Options) (plan, error) {
	p := plan{first: map[string]time.Duration{}}
	et, err := lib.NewExecutionTuple(o.ExecutionSegment, o.ExecutionSegmentSequence)
	if err != nil {
		return p, err
	}
	known := true
	for name, config := range o.Scenarios {
		if !config.HasWork(et) {
			continue
		}
		start := config.GetStartTime()
		p.first[name] = start
		switch c := config.(type) {
		case executor.ConstantVUsConfig:
			c.GracefulStop = types.NullDuration{} // a wait for iterations, not load asked for
			p.vus = append(p.vus, steps(start, c.GetExecutionRequirements(et))...)
		case executor.RampingVUsConfig:
			c.GracefulStop, c.GracefulRampDown = types.NullDuration{}, types.NullDuration{}
			vus := steps(start, c.GetExecutionRequirements(et))
			p.vus = append(p.vus, vus...)
			p.first[name] = vus.reaches(start, 0)
		case *executor.ConstantArrivalRateConfig:
			scale := float64(c.GetMaxVUs(et)) / float64(c.MaxVUs.Int64)
			rate := scale * float64(c.Rate.Int64) / c.TimeUnit.TimeDuration().Seconds()
			p.rate = append(p.rate, piece{start, start + c.Duration.TimeDuration(), rate, rate})
		case *executor.RampingArrivalRateConfig:
			scale := float64(c.GetMaxVUs(et)) / float64(c.MaxVUs.Int64) / c.TimeUnit.TimeDuration().Seconds()
			rate := stages(start, float64(c.StartRate.Int64), c.Stages, scale)
			p.rate = append(p.rate, rate...)
			p.first[name] = rate.reaches(start, 1) // k6 starts the n-th iteration when n are due
		default:
			known = false
		}
	}
	if !known {
		p.vus = nil
	}
	return p, nil
}

// steps turns k6's steps of virtual users, the last of which ends the scenario, into a curve.
func steps(start time.Duration, plan []lib.ExecutionStep) curve {
	c := curve{}
	for i, s := range plan[:len(plan)-1] {
		v := float64(s.PlannedVUs)
		c = append(c, piece{start + s.TimeOffset, start + plan[i+1].TimeOffset, v, v})
	}
	return c
}

func stages(start time.Duration, rate float64, all []executor.Stage, scale float64) curve {
	c := curve{}
	for _, s := range all {
		end, target := start+s.Duration.TimeDuration(), float64(s.Target.Int64)
		c = append(c, piece{start, end, rate * scale, target * scale})
		start, rate = end, target
	}
	return c
}

// curve is a sum of pieces, each a straight line over time.
type curve []piece

type piece struct {
	from, to time.Duration
	a, b     float64 // the value at from and at to
}

// integral is the area under the curve in value times seconds, exact.
func (c curve) integral(from, to time.Duration) float64 {
	var sum float64
	for _, p := range c {
		if lo, hi := max(from, p.from), min(to, p.to); lo < hi {
			sum += (p.at(lo) + p.at(hi)) / 2 * (hi - lo).Seconds()
		}
	}
	return sum
}

// peak is the largest value that a curve of level pieces has within the time.
func (c curve) peak(from, to time.Duration) float64 {
	most := 0.0
	for _, moment := range append(curve{{from: from}}, c...) {
		if moment.from < from || moment.from >= to {
			continue
		}
		var sum float64
		for _, p := range c {
			if p.from <= moment.from && moment.from < p.to {
				sum += p.a
			}
		}
		most = max(most, sum)
	}
	return most
}

func (p piece) at(t time.Duration) float64 {
	return p.a + (p.b-p.a)*float64(t-p.from)/float64(p.to-p.from)
}

// reaches is when the integral from a start on exceeds an area, to the microsecond; the curve's end when it never does.
func (c curve) reaches(start time.Duration, area float64) time.Duration {
	lo, hi := start, start
	for _, p := range c {
		hi = max(hi, p.to)
	}
	for hi-lo > time.Microsecond {
		if mid := lo + (hi-lo)/2; c.integral(start, mid) > area {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}
