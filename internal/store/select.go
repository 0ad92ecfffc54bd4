package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// key is one tag set of a metric at a roll-up.
type key struct {
	number int64
	tags   map[string]string
}

// group is what a query is about: the keys of one metric at one roll-up.
type group struct {
	run    int64
	period int64
	state  State
	metric record.Metric
	rollup rows.Rollup
	keys   []key
}

// group finds the keys whose tags have the values of where, in order of appearance.
func (r *Reader) group(ctx context.Context, runID, metric string, rollup rows.Rollup, where map[string]string) (*group, error) {
	g, err := &group{rollup: rollup, metric: record.Metric{Name: metric}}, ErrNotFound
	if qerr := r.query(ctx, func(scan func(...any) error) error {
		err = nil
		return scan(&g.run, &g.period, &g.state, &g.metric.ID, &g.metric.Kind, &g.metric.Unit)
	}, groupQuery, metric, runID); qerr != nil {
		return nil, qerr
	}
	if err != nil || g.metric.ID < 0 {
		return g, err
	}
	first := firstKey(int64(g.metric.ID), rollup)
	err = r.query(ctx, func(scan func(...any) error) error {
		var k key
		var tags sql.RawBytes
		if err := scan(&k.number, &tags); err != nil {
			return err
		}
		var err error
		if k.tags, err = decodeTags(tags); err != nil {
			return err
		}
		for name, v := range where {
			if k.tags[name] != v {
				return nil
			}
		}
		g.keys = append(g.keys, k)
		return nil
	}, "SELECT key, tags FROM keys WHERE run = ? AND key > ? AND key < ? ORDER BY key", g.run, first, first+1<<keyBits)
	return g, err
}

// groupQuery reads what a group needs of its run, and its metric: -1 when the run has none of that name.
const groupQuery = `SELECT runs.run, period, state, ifnull(metric, -1), ifnull(kind, ''), ifnull(unit, '')
FROM runs LEFT JOIN metrics ON metrics.run = runs.run AND name = ? WHERE id = ?`

// blocksQuery walks from block to block that the window has, and in each reads a range of keys. Where the clock made no
// leaps it counts, as looking for the next block costs as much as reading it.
const blocksQuery = `
WITH RECURSIVE span(first, last) AS (
	SELECT (SELECT min(block) FROM blocks WHERE run = ?1 AND window = ?2 AND block >= ?3),
		(SELECT max(block) FROM blocks WHERE run = ?1 AND window = ?2 AND block <= ?4)),
b(n, last, counts) AS (
	SELECT first, last, last - first < 100000 FROM span
	UNION ALL
	SELECT CASE WHEN counts THEN n + 1 ELSE (SELECT min(block) FROM blocks WHERE run = ?1 AND window = ?2 AND block > b.n) END, last, counts
	FROM b WHERE n < last)
SELECT block, key, data FROM b CROSS JOIN blocks
WHERE run = ?1 AND window = ?2 AND block = b.n AND key BETWEEN ?5 AND ?6`

// scan calls f for every row of the group's keys from one time to another, block by block and there key by key. The row
// is the same each time, with other values; its tags are those of g.keys[i].
// values is how many of its values f looks at, see valuesOf.
func (r *Reader) scan(ctx context.Context, g *group, w rows.Window, from, to int64, values int, f func(i int, row *rows.Row)) error {
	if len(g.keys) == 0 {
		return nil
	}
	first, last := int64(math.MinInt64), int64(math.MaxInt64)
	if from > 0 {
		first, _ = place(w, from)
	} else {
		from = math.MinInt64 // Artillery's first period begins before the run
	}
	if to > 0 {
		last, _ = place(w, to-1)
	} else {
		to = math.MaxInt64
	}
	low, high := g.keys[0].number, g.keys[len(g.keys)-1].number
	var number, block int64
	var data sql.RawBytes
	row := rows.Row{Metric: g.metric.Name, Kind: g.metric.Kind, Unit: g.metric.Unit, Rollup: g.rollup, Window: w}
	return r.query(ctx, func(scan func(...any) error) error {
		if err := scan(&block, &number, &data); err != nil {
			return err
		}
		i, ok := slices.BinarySearchFunc(g.keys, number, func(k key, n int64) int { return cmp.Compare(k.number, n) })
		if !ok {
			return nil
		}
		row.Tags = g.keys[i].tags
		return each(data, block*spanOf(w), &row, values, func() {
			if row.T >= from && row.T < to {
				f(i, &row)
			}
		})
	}, blocksQuery, g.run, windowNumber(w), first, last, low, high)
}

// Select returns a series for each tag set of the metric at the query's roll-up that has a value in time, in order of
// appearance. A metric that the run does not have has no series.
func (r *Reader) Select(ctx context.Context, runID string, q Query) ([]Series, error) {
	all, err := r.SelectFields(ctx, runID, q, []string{q.Field})
	return all[0], err
}

// SelectFields is Select for several fields of the same rows, which it looks at once. The answer has the order of the
// fields; the query's own field is not used.
func (r *Reader) SelectFields(ctx context.Context, runID string, q Query, fields []string) ([][]Series, error) {
	out := make([][]Series, len(fields))
	g, err := r.group(ctx, runID, q.Metric, q.Rollup, q.Where)
	if err != nil {
		return out, err
	}
	ends := make([][]int64, len(fields)) // of the steps that the newest points are of
	for i := range out {
		out[i], ends[i] = make([]Series, len(g.keys)), make([]int64, len(g.keys))
	}
	values := 0
	for _, field := range fields {
		values = max(values, valuesOf(field, g.metric.Kind))
	}
	err = r.scan(ctx, g, q.Window, q.From, q.To, values, func(i int, row *rows.Row) {
		for j, field := range fields {
			if v, ok := row.Field(field); ok {
				s := &out[j][i]
				switch end := &ends[j][i]; {
				case q.Step <= 1 || len(s.Points) == 0 || row.T >= *end:
					s.add(Point{row.T, v})
					*end = q.stepEnd(row.T)
				case v > s.Points[len(s.Points)-1].V:
					s.Points[len(s.Points)-1] = Point{row.T, v}
				}
			}
		}
	})
	for i := range out {
		for j := range out[i] {
			out[i][j].Tags = g.keys[j].tags
		}
		out[i] = slices.DeleteFunc(out[i], func(s Series) bool { return len(s.Points) == 0 })
	}
	return out, err
}

// add puts a point behind the others.
func (s *Series) add(p Point) {
	if n := len(s.Points); n == cap(s.Points) { // append alone would copy an hour a dozen times
		s.Points = slices.Grow(s.Points, max(64, 3*n))
	}
	s.Points = append(s.Points, p)
}

// stepEnd is when the step that time t is in ends.
func (q *Query) stepEnd(t int64) int64 {
	if q.Step <= 1 {
		return t
	}
	in := (t - q.Start) % q.Step
	if in < 0 {
		in += q.Step
	}
	return t - in + q.Step
}

// Latest returns the rows of the newest window in which the metric has any at that roll-up, in order of appearance: the
// table of a finished run's endpoints is its rows by name in window Run.
func (r *Reader) Latest(ctx context.Context, runID, metric string, rollup rows.Rollup, w rows.Window) ([]rows.Row, error) {
	g, err := r.group(ctx, runID, metric, rollup, nil)
	if err != nil {
		return nil, err
	}
	newest := int64(math.MinInt64)
	var out []rows.Row
	err = r.scan(ctx, g, w, 0, 0, allValues, func(_ int, row *rows.Row) {
		if row.T > newest {
			newest, out = row.T, out[:0]
		}
		if row.T == newest {
			out = append(out, *row)
		}
	})
	return out, err
}

// totalsQuery reads the newest row of each key of roll-up ByRun in window Run.
const totalsQuery = `SELECT name, kind, unit, block, data FROM blocks JOIN metrics ON metrics.run = blocks.run AND metric = key >> ?
WHERE blocks.run = ? AND window = ? AND key < ? ORDER BY block, key`

// Totals returns the rows of every metric over the whole run so far, at roll-up ByRun.
func (r *Reader) Totals(ctx context.Context, runID string) ([]rows.Row, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	var out []rows.Row
	var data sql.RawBytes
	err = r.query(ctx, func(scan func(...any) error) error {
		row := rows.Row{Rollup: rows.ByRun, Window: rows.Run}
		var block int64
		if err := scan(&row.Metric, &row.Kind, &row.Unit, &block, &data); err != nil {
			return err
		}
		return each(data, block*spanOf(rows.Run), &row, allValues, func() { out = append(out, row) })
	}, totalsQuery, keyBits, run.number, windowNumber(rows.Run), firstOf(rollupNumber(rows.ByRun)+1))
	return out, err
}

// Values returns the values that the tag of roll-up ByScenario or ByName has in the run, in order.
func (r *Reader) Values(ctx context.Context, runID string, rollup rows.Rollup) ([]string, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	var out []string
	err = r.query(ctx, func(scan func(...any) error) error {
		var b sql.RawBytes
		if err := scan(&b); err != nil {
			return err
		}
		tags, err := decodeTags(b)
		out = append(out, tags[string(rollup)])
		return err
	}, "SELECT DISTINCT tags FROM keys WHERE run = ? AND key > ? AND key < ?", run.number, firstOf(rollupNumber(rollup)), firstOf(rollupNumber(rollup)+1))
	slices.Sort(out)
	return out, err
}
