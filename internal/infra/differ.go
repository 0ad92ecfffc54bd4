package infra

import (
	"math"

	"github.com/ltlab/ltlab/internal/record"
)

// differ turns counters into what was used in a second.
type differ struct {
	known map[string]*known // by name
}

// known is a source as it was last read.
type known struct {
	source record.Source
	last   Reading
	t      int64 // the second of it
}

// take compares readings at the end of second t with those at the end of the second before. Its lines declare new sources
// and say what was used, if anything could be measured.
func (d *differ) take(t int64, readings []Reading) (lines []record.RunLine) {
	if d.known == nil {
		d.known = map[string]*known{}
	}
	second := record.Infra{T: t}
	for i := range readings {
		r := &readings[i]
		k, declare := d.know(r)
		use := record.Use{Source: k.source.ID, CPU: math.NaN(), Memory: r.Memory, RX: math.NaN(), TX: math.NaN()}
		if k.t == t-1 && k.last.ID == r.ID {
			if seconds := r.At.Sub(k.last.At).Seconds(); seconds > 0.5 && seconds < 1.5 { // else it is no second's mean
				use.CPU = rate(k.last.CPU, r.CPU, seconds)
				use.RX, use.TX = rate(k.last.RX, r.RX, seconds), rate(k.last.TX, r.TX, seconds)
			}
		}
		k.last, k.t = *r, t
		if t == 0 || math.IsNaN(use.CPU) && math.IsNaN(use.Memory) && math.IsNaN(use.RX) && math.IsNaN(use.TX) {
			continue
		}
		if declare {
			lines = append(lines, record.RunLine{Source: &k.source})
		}
		second.Uses = append(second.Uses, use)
	}
	if len(second.Uses) > 0 {
		lines = append(lines, record.RunLine{Infra: &second})
	}
	return lines
}
