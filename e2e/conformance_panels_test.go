//go:build e2e

package e2e

import (
	"math"
	"strconv"
)

// What panels of both tools' boards must show.

// gauge is a gauge over a run: the last second's sum over its series, the smallest and the largest.
func gauge(s set) (last, smallest, largest float64) {
	smallest, largest = math.Inf(1), math.Inf(-1)
	latest := int64(math.MinInt64)
	for t, in := range s.windows() {
		series := map[string]set{}
		for _, one := range in {
			series[one.tags["node"]] = append(series[one.tags["node"]], one)
		}
		sum := 0.0
		for _, of := range series {
			sum += of[len(of)-1].v
		}
		low, high := sum, sum
		if len(series) == 1 {
			low, high = in.min(), in.max()
		}
		smallest, largest = min(smallest, low), max(largest, high)
		if t > latest {
			latest, last = t, sum
		}
	}
	return last, smallest, largest
}

// everyMetric is a table with a line for each metric of some kinds.
func (e *eyes) everyMetric(a *answer, id string) {
	names := map[string]bool{}
	for _, s := range e.run.samples {
		names[s.metric] = true
	}
	for name := range names {
		s, kind := e.run.all(name), kindOf(name)
		trend := kind == "trend"
		switch {
		case id == "trends" && trend:
			for _, l := range []string{"p50", "p90", "p95", "p99", "p999"} {
				a.row(name, l, s.q(percentiles[l]), sketched)
			}
			a.row(name, "min", s.min(), extreme)
			a.row(name, "max", s.max(), extreme)
			a.row(name, "count", s.n(), 0)
		case id == "rates" && kind == "rate":
			a.row(name, "passed", s.mean(), rounding)
			a.row(name, "passes", s.sum(), 0)
			a.row(name, "count", s.n(), 0)
		case id == "counters" && (kind == "counter" || trend):
			a.row(name, "sum", s.sum(), rounding)
			a.row(name, "count", s.n(), 0)
		case id == "gauges" && kind == "gauge":
			last, low, high := gauge(s)
			a.row(name, "last", last, 0)
			a.row(name, "min", low, 0)
			a.row(name, "max", high, 0)
		}
	}
}

// bins is a heat map: by the upper bound of a bin, four a decade from 0.1 ms to 100 s.
func (a *answer) bins(s set) {
	a.sparse = true
	for _, one := range s {
		if one.unplaced {
			continue
		}
		bin := 0
		for bin < 23 && one.v >= math.Pow(10, float64(bin+1)/4-1) {
			bin++
		}
		c := spot{key: strconv.FormatFloat(math.Pow(10, float64(bin+1)/4-1), 'g', 3, 64), t: one.t}
		a.cells[c] = truth{a.cells[c].v + 1, 0}
	}
}

// spectrumOf is a curve over those quantiles at which panels have points: all but the maximum, which has no place there.
func (a *answer) spectrumOf(label string, s set) {
	for _, q := range []float64{0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.825, 0.85, 0.875, 0.9, 0.91, 0.92, 0.93,
		0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999} {
		a.row(strconv.FormatFloat(q, 'g', -1, 64), label, s.q(q), sketched)
	}
}

// used are the panels of what sources used, the same for every tool.
func (e *eyes) used(a *answer, id string) bool {
	for t, all := range e.run.uses {
		for _, u := range all {
			source := e.run.sources[u.Source-1]
			machine := source.Kind == "host" || source.Kind == "loopback"
			switch {
			case id == "cpu-share" && source.Name == "host":
				a.at(t, "machine", u.CPU/source.CPUs, rounding)
			case id == "cpu-share" && source.Generator:
				a.at(t, "load generator", u.CPU/source.CPUs, rounding)
			case id == "cpu":
				a.at(t, source.Name, u.CPU, 0)
			case id == "memory" && !machine:
				a.at(t, source.Name, u.Memory, 0)
			case id == "network":
				a.at(t, source.Name+" received", u.RX, 0)
				a.at(t, source.Name+" sent", u.TX, 0)
			}
		}
	}
	return id == "cpu-share" || id == "cpu" || id == "memory" || id == "network"
}
