package figure

import (
	"math"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// loads reads what was asked for and delivered.
func (r *reader) loads() ([]record.Load, error) {
	return once(r, "load", func() ([]record.Load, error) { return r.src.Load(r.ctx, r.run.ID) })
}

// load answers a query of what was asked for and delivered.
func (r *reader) load(field string) ([]store.Series, error) {
	loads, err := r.loads()
	if err != nil {
		return nil, err
	}
	s := store.Series{}
	for i := range loads {
		if v := loadField(&loads[i], field); !math.IsNaN(v) {
			s.Points = append(s.Points, store.Point{T: loads[i].T, V: v})
		}
	}
	if len(s.Points) == 0 {
		return nil, nil
	}
	return []store.Series{s}, nil
}

// loadField is NaN where nothing was planned.
func loadField(l *record.Load, field string) float64 {
	asked := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	switch field {
	case "asked_vus":
		return asked(l.AskedVUs)
	case "asked_rate":
		return asked(l.AskedRate)
	case "vus":
		return l.VUs
	case "iterations":
		return float64(l.Iterations)
	case "dropped":
		return float64(l.Dropped)
	}
	return math.NaN()
}
