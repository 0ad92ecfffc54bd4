package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// writer collects what a Follow makes and writes it, one transaction a commit. What a failed commit did not write is
// written by the next.
type writer struct {
	store *Store
	owner int64 // tells this writer from another of the same run
	run   int64 // the run's number; 0 before the first commit
	done  bool
	dirty bool // there is something to write

	row     Run
	size    int64
	numbers []int64 // of keys, by rows.Row.Key
	counts  map[int64]int64
	metrics map[string]int64
	blocks  map[blockID]*block
	newest  map[flow]int64

	newMetrics []record.Metric
	newKeys    []key
	load       timed
	heat       timed
	spectra    []rows.Spectrum
}

type blockID struct {
	flow
	block int64
	key   int64
}

// flow is rows that come in about the order of their time. What sources used comes from a file of its own, so it may be an
// hour ahead of the tool's rows or behind them.
type flow struct {
	window rows.Window
	infra  bool
}

// block is a block that may still change.
type block struct {
	data  []byte
	dirty bool
}

func newWriter(s *Store) *writer {
	return &writer{store: s, owner: rand.Int64(), counts: map[int64]int64{}, metrics: map[string]int64{},
		blocks: map[blockID]*block{}, newest: map[flow]int64{}}
}

// state sets what the run's own row will say.
func (w *writer) state(r Run, size int64) { w.row, w.size, w.dirty = r, size, true }

// put adds rows, new or changed.
func (w *writer) put(all []rows.Row) { w.add(all, false) }

// putInfra adds rows of what sources used, in order of their time.
func (w *writer) putInfra(all []rows.Row) { w.add(all, true) }

func (w *writer) add(all []rows.Row, infra bool) {
	for i := range all {
		r := &all[i]
		number, at := place(r.Window, r.T)
		id := blockID{flow{r.Window, infra}, number, w.number(r)}
		b := w.blocks[id]
		if b == nil {
			b = &block{}
			w.blocks[id] = b
		}
		var changed bool
		b.data, changed = put(b.data, at, r)
		b.dirty = b.dirty || changed
		if newest, ok := w.newest[id.flow]; !ok || number > newest {
			w.newest[id.flow] = number
		}
		if r.Heat != nil {
			w.heat.put(r.T, encodeHeat(r.Heat))
		}
	}
}

// number is the number of the row's key.
func (w *writer) number(r *rows.Row) int64 {
	for len(w.numbers) <= r.Key {
		w.numbers = append(w.numbers, 0)
	}
	if n := w.numbers[r.Key]; n != 0 {
		return n
	}
	metric, ok := w.metrics[r.Metric]
	if !ok {
		metric = int64(len(w.metrics) + 1)
		w.metrics[r.Metric] = metric
		w.newMetrics = append(w.newMetrics, record.Metric{ID: int(metric), Name: r.Metric, Kind: r.Kind, Unit: r.Unit})
	}
	first := firstKey(metric, r.Rollup)
	w.counts[first]++
	n := first + w.counts[first]
	w.numbers[r.Key] = n
	w.newKeys = append(w.newKeys, key{number: n, tags: r.Tags})
	return n
}

// commit writes everything in one transaction.
func (w *writer) commit(ctx context.Context) error {
	var run int64
	err := w.store.write(ctx, func(tx *sql.Tx) (err error) {
		if run, err = w.writeRun(ctx, tx); err != nil {
			return err
		}
		return w.writeRows(ctx, tx, run)
	})
	if err != nil {
		return err
	}
	w.run, w.dirty = run, false
	w.newMetrics, w.newKeys = nil, nil
	w.spectra = nil
	w.load.written()
	w.heat.written()
	for id, b := range w.blocks {
		b.dirty = false
		// A Builder changes rows of two minutes, so of the newest two blocks at most.
		if id.block < w.newest[id.flow]-1 {
			delete(w.blocks, id)
		}
	}
	return nil
}

// writeRun writes the run's row, at first in place of all that the store had of the run.
func (w *writer) writeRun(ctx context.Context, tx *sql.Tx) (int64, error) {
	r := &w.row
	text, err := json.Marshal(details{Notes: r.Notes, Warnings: r.Warnings, Ledger: r.Ledger, Limits: r.Limits})
	if err != nil {
		return 0, err
	}
	start := int64(0)
	if !r.Start.IsZero() {
		start = r.Start.UnixMicro()
	}
	values := []any{w.size, start, r.Seconds, r.Span, r.Period, r.State, r.Exit, r.Tool, r.Project, r.Scenario, r.Engine, r.Target,
		string(text), r.ID, w.owner}
	if w.run == 0 {
		if err := deleteRun(ctx, tx, r.ID); err != nil {
			return 0, err
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO runs (size, start, seconds, span, period, state, exit, tool, project, scenario,
			engine, target, details, id, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, values...)
		if err != nil {
			return 0, err
		}
		return result.LastInsertId()
	}
	result, err := tx.ExecContext(ctx, `UPDATE runs SET size = ?, start = ?, seconds = ?, span = ?, period = ?, state = ?, exit = ?, tool = ?,
		project = ?, scenario = ?, engine = ?, target = ?, details = ? WHERE id = ? AND owner = ?`, values...)
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(err, ErrTaken)
	}
	return w.run, nil
}

func (w *writer) writeRows(ctx context.Context, tx *sql.Tx, run int64) error {
	in := inserter{ctx: ctx, tx: tx}
	for _, m := range w.newMetrics {
		in.insert("metrics", run, m.ID, m.Name, m.Kind, m.Unit)
	}
	for _, k := range w.newKeys {
		in.insert("keys", run, k.number, encodeTags(k.tags))
	}
	for id, b := range w.blocks {
		if b.dirty {
			in.insert("blocks", run, windowNumber(id.window), id.block, id.key, b.data)
		}
	}
	w.load.insert(&in, "load", run)
	w.heat.insert(&in, "heat", run)
	var bytes []byte
	for _, s := range w.spectra {
		bytes = bytes[:0]
		for _, v := range s.Values {
			bytes = binary.LittleEndian.AppendUint64(bytes, math.Float64bits(v))
		}
		in.insert("spectra", run, w.metrics[s.Metric], bytes)
	}
	return in.err
}

// inserter inserts rows, each in place of one with the same key, until the first error.
type inserter struct {
	ctx   context.Context
	tx    *sql.Tx
	table string
	stmt  *sql.Stmt
	err   error
}

func (in *inserter) insert(table string, values ...any) {
	if in.err == nil && in.table != table {
		in.table = table
		in.stmt, in.err = in.tx.PrepareContext(in.ctx, "INSERT OR REPLACE INTO "+table+" VALUES (?"+strings.Repeat(", ?", len(values)-1)+")")
	}
	if in.err == nil {
		_, in.err = in.stmt.ExecContext(in.ctx, values...)
	}
}

// write runs f in a transaction.
func (s *Store) write(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return failed(s.path, err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error tells more
		return failed(s.path, err)
	}
	return failed(s.path, tx.Commit())
}

func deleteRun(ctx context.Context, tx *sql.Tx, id string) error {
	var run int64
	err := tx.QueryRowContext(ctx, "SELECT run FROM runs WHERE id = ?", id).Scan(&run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	for _, t := range runTables {
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM "+t+" WHERE run = ?", run)
		}
	}
	return err
}
