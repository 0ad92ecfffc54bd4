package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/provision"
)

// What InfluxDB may take to say what it holds: names of measurements, of fields, and of a tag's values.
const (
	patience  = 20 * time.Second
	maxAnswer = 8 << 20 // bytes
)

// holder asks an InfluxDB.
func holder(ctx context.Context, a provision.Access) *lint.Asked {
	return &lint.Asked{Ask: func(flux string) ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		var answer bounded
		if err := provision.Query(ctx, a, flux, &answer); err != nil {
			return nil, err
		}
		return column(answer.Bytes())
	}}
}

// bounded keeps an answer up to maxAnswer; the write that goes beyond it is an error, which ends the answer.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxAnswer {
		return 0, fmt.Errorf("its answer has more than %d MB", maxAnswer>>20)
	}
	return b.Buffer.Write(p)
}

// column is the column _value of an answer, nil of an empty one: there is nothing. What is no table of values says nothing of
// what there is, and is an error.
func column(text []byte) (out []string, err error) {
	in := csv.NewReader(bytes.NewReader(text))
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	if err != nil {
		return nil, err
	}
	at := -1
	for i, row := range rows {
		if row[0] == "error" && (len(row) == 1 || slices.Equal(row, []string{"error", "reference"})) {
			if i+1 == len(rows) {
				return nil, errors.New("it answered with an error, and does not say which")
			}
			return nil, fmt.Errorf("it answered with an error: %s", rows[i+1][0])
		}
		header := len(row) > 2 && row[0] == "result" && row[1] == "table" // of what follows
		if header {
			at = slices.Index(row, "_value")
		}
		if at < 0 || at >= len(row) {
			return nil, errors.New("its answer is no table of values")
		}
		if !header {
			out = append(out, row[at])
		}
	}
	return out, nil
}
