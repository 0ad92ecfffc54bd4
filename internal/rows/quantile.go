package rows

import "github.com/ltlab/ltlab/internal/record"

// Quantiles are the 40 quantiles of a run's spectrum (run_quantiles), ascending from the minimum to the maximum and
// denser towards the tail.
func Quantiles() []float64 {
	return []float64{
		0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35,
		0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.825,
		0.85, 0.875, 0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97,
		0.975, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 1,
	}
}

// Spectrum is a metric's values at Quantiles over the run so far, at roll-up ByRun.
type Spectrum struct {
	Metric string
	Values []float64
}

// Spectra returns the spectrum of every trend that has a value, in the order in which the record declares them.
func (b *Builder) Spectra() []Spectrum {
	var out []Spectrum
	for _, k := range b.keys {
		if k.Rollup != ByRun || k.Kind != record.Trend || k.run.n == 0 {
			continue
		}
		s := Spectrum{Metric: k.Metric}
		for _, q := range Quantiles() {
			s.Values = append(s.Values, k.run.quantile(q))
		}
		out = append(out, s)
	}
	return out
}
