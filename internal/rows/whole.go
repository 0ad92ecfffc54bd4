package rows

import "github.com/ltlab/ltlab/internal/record"

// whole is a series of a counter or a rate over the run so far, what is of no second included.
type whole struct {
	row     Row
	sum     float64
	changed bool // since the last Progress
}

func (b *Builder) newWhole(m record.Metric, tags map[string]string) *whole {
	w := &whole{row: b.template(m, Whole, tags)}
	w.row.Window = Run
	b.wholes = append(b.wholes, w)
	return w
}

// count adds a bucket.
func (b *Builder) count(w *whole, k *record.Bucket) {
	w.row.Count += k.N
	w.sum = add(w.sum, k.Sum)
	w.changed = true
}

// wholeRows appends the rows of roll-up Whole: all, or those that changed, which then have not.
func (b *Builder) wholeRows(out []Row, changed bool) []Row {
	for _, w := range b.wholes {
		if w.row.Count == 0 || changed && !w.changed {
			continue
		}
		if changed {
			w.changed = false
		}
		r := w.row
		if r.Kind == record.Rate {
			r.Passes = int64(w.sum)
		} else {
			r.Sum = w.sum
		}
		out = append(out, r)
	}
	return out
}

// HasStatus says whether a metric counts answers by status: all of it is in its roll-up ByStatus, for a series without that tag is
// requests without an answer.
func HasStatus(metric string) bool { return metric == "http_reqs" || metric == "http.codes" }

// status returns the metric's roll-up of that status, or of those beyond the limit.
func (b *Builder) status(m record.Metric, value string) *key {
	if _, ok := b.rollups[rollupID{m.ID, ByStatus, value}]; !ok {
		if b.statuses[m.ID] >= StatusLimit {
			value = record.Other
		} else {
			b.statuses[m.ID]++
		}
	}
	return b.rollup(m, ByStatus, map[string]string{string(ByStatus): value})
}
