//go:build e2e

package e2e

import (
	"math"
	"slices"
	"strconv"
)

// What panels must show, computed from raw samples by the plainest means: nothing here knows rows, sketches or a panel's queries.

// truth is a value and how far from it, relatively, a renderer may be.
type truth struct{ v, within float64 }

const (
	sketched = 0.01 // what a sketch promises
	rounding = 1e-9 // of ratios, rates and sums of floating-point numbers
	extreme  = 1e-7 // of the smallest and the largest time, of which the store keeps seven digits; InfluxDB has all
)

// spot is a place in a panel: of a line a time, of a table a line's key, of a heat map a bin, of a spectrum a quantile.
type spot struct {
	label, key string
	t          int64
}

// answer is what a panel must show. Where it is sparse, nothing stands for nought.
type answer struct {
	cells  map[spot]truth
	sparse bool
	held   map[spot]truth // what a condition holds back; in Flux it holds for a whole step of a thinned line (ADR 0017)
}

// eyes are what a reader looks at: a run, beside it another one, narrowed or not.
type eyes struct {
	run, other         *known
	scenario, endpoint string
}

func (a *answer) put(label string, v float64, within float64) { a.row("", label, v, within) }

func (a *answer) row(key, label string, v float64, within float64) {
	if !math.IsNaN(v) {
		a.cells[spot{label: label, key: key}] = truth{v, within}
	}
}

func (a *answer) at(t int64, label string, v float64, within float64) {
	if !math.IsNaN(v) {
		a.cells[spot{label: label, t: t}] = truth{v, within}
	}
}

// set are samples.
type set []reading

func (r *known) all(metric string) set {
	if r.byMetric == nil {
		r.byMetric = map[string]set{}
		for _, s := range r.samples {
			r.byMetric[s.metric] = append(r.byMetric[s.metric], s)
		}
	}
	return r.byMetric[metric]
}

// where keeps those whose tag is so; a sample without it has "".
func (s set) where(tag string, is func(v string) bool) set {
	var out set
	for _, one := range s {
		if is(one.tags[tag]) {
			out = append(out, one)
		}
	}
	return out
}

func (s set) with(tag, value string) set {
	return s.where(tag, func(v string) bool { return v == value })
}

// by takes them apart by a tag; those without it are under "".
func (s set) by(tag string) map[string]set {
	out := map[string]set{}
	for _, one := range s {
		out[one.tags[tag]] = append(out[one.tags[tag]], one)
	}
	return out
}

// windows takes apart those that are of one.
func (s set) windows() map[int64]set {
	out := map[int64]set{}
	for _, one := range s {
		if !one.unplaced {
			out[one.t] = append(out[one.t], one)
		}
	}
	return out
}

func (s set) n() float64 { return float64(len(s)) }

func (s set) sum() (sum float64) {
	for _, one := range s {
		sum += one.v
	}
	return sum
}

// mean is the share of a rate's samples that passed, NaN without any.
func (s set) mean() float64 { return s.sum() / s.n() }

// q is the value at rank ⌊q(n−1)⌋ of the sorted ones (ADR 0007), NaN without any.
func (s set) q(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	values := make([]float64, len(s))
	for i := range s {
		values[i] = s[i].v
	}
	slices.Sort(values)
	return values[int(math.Floor(q*float64(len(values)-1)))]
}

func (s set) min() float64 { return s.q(0) }
func (s set) max() float64 { return s.q(1) }

// percentiles by the labels that panels have for them.
var percentiles = map[string]float64{"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "p999": 0.999}

// window are all of a run, those in which nothing happened too.
func (r *known) windows() (all []int64) {
	for t := r.first; t < r.seconds; t += r.period {
		all = append(all, t)
	}
	return all
}

// counts is a line that is nought where there is nothing, and has a gap where Artillery reports no period as nothing happened.
func (a *answer) counts(r *known, label string, s set, scale float64) {
	if len(s) == 0 {
		return
	}
	in := s.windows()
	for _, t := range r.windows() {
		if r.tool == "artillery" && idle(t) {
			continue
		}
		a.at(t, label, in[t].n()*scale, rounding)
	}
}

// sums is such a line of sums.
func (a *answer) sums(r *known, label string, s set, scale float64) {
	in := s.windows()
	for _, t := range r.windows() {
		a.at(t, label, in[t].sum()*scale, rounding)
	}
}

// quantiles are lines of percentiles and of the maximum; allowed says in which windows there is one.
func (a *answer) quantiles(s set, allowed func(t int64) bool, labels ...string) {
	for t, in := range s.windows() {
		into := a.cells
		if allowed != nil && !allowed(t) {
			into = a.held
		}
		for _, l := range labels {
			into[spot{label: l, t: t}] = truth{in.q(percentiles[l]), sketched}
			if l == "max" {
				into[spot{label: l, t: t}] = truth{in.max(), extreme}
			}
		}
	}
}

// shares is a line of what part of a window's samples is so.
func (a *answer) shares(label string, s set, tag string, is func(v string) bool) {
	for t, in := range s.windows() {
		a.at(t, label, in.where(tag, is).n()/in.n(), rounding)
	}
}

// Classes of statuses and errors, as docs say them.
func failed(status string) bool {
	n, err := strconv.Atoi(status)
	return err != nil || n < 200 || n > 399
}
func unanswered(status string) bool { return status == "" || status == "0" }
func answered(status string) bool   { return !unanswered(status) }
func limited(status string) bool    { return status == "429" }

// unreached are the errors of Artillery that end a request without an answer.
func unreached(code string) bool { return code == "ECONNREFUSED" || code == "ETIMEDOUT" }

// spelled is how a tag's value is written in a panel.
func spelled(tag, v string) string {
	if v == "" {
		return "(no " + tag + ")"
	}
	return v
}
