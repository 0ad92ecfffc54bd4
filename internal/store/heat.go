package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math"

	"github.com/ltlab/ltlab/internal/rows"
)

// Heat is one second or period of the main latency.
type Heat struct {
	T    int64
	Bins rows.Heat
}

// Heat returns the main latency's log bins from one second to another; to 0 is the end.
func (r *Reader) Heat(ctx context.Context, runID string, from, to int64) ([]Heat, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	if from <= 0 {
		from = math.MinInt64
	}
	if to <= 0 {
		to = math.MaxInt64
	}
	var out []Heat
	err = r.timed(ctx, "heat", run.number, from, to, func(t int64, data []byte) error {
		bins, err := decodeHeat(data)
		out = append(out, Heat{T: t, Bins: bins})
		return err
	})
	return out, err
}

// Spectrum returns the values of a trend over the whole run at rows.Quantiles, nil when it has none.
func (r *Reader) Spectrum(ctx context.Context, runID, metric string) ([]float64, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	var out []float64
	err = r.query(ctx, func(scan func(...any) error) error {
		var b sql.RawBytes
		if err := scan(&b); err != nil {
			return err
		}
		if len(b) != 8*len(rows.Quantiles()) {
			return errors.New("a spectrum of another length")
		}
		for ; len(b) > 0; b = b[8:] {
			out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		return nil
	}, "SELECT vals FROM spectra JOIN metrics USING (run, metric) WHERE run = ? AND name = ?", run.number, metric)
	return out, err
}
