package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// Reader reads the store; any number of goroutines may use one. Where there is no store yet there are no runs. Queries
// about a run that the store does not have return ErrNotFound.
type Reader struct {
	path  string
	fixed *sql.DB // of a Store; else the file is opened when it is first needed and again when it was replaced

	mu    sync.Mutex
	db    *sql.DB
	file  fs.FileInfo          // that db reads
	of    *sql.DB              // which the statements are of
	stmts map[string]*sql.Stmt // by their text: of a page's many small queries preparing them would be half
}

// OpenReader returns a reader of the store in that file, which need not exist yet. It touches nothing before the first
// query, and it writes nothing. The error is that of a path that cannot be made absolute.
func OpenReader(path string) (*Reader, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &Reader{path: abs}, nil
}

// Close closes the file. The Reader of a Store is closed by the Store.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.db == nil {
		return nil
	}
	err := r.db.Close()
	r.db, r.file = nil, nil
	return err
}

// conn returns the database, nil when there is none.
func (r *Reader) conn(ctx context.Context) (*sql.DB, error) {
	if r.fixed != nil {
		return r.fixed, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	st, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r.db != nil {
		if os.SameFile(st, r.file) {
			return r.db, nil
		}
		r.db.Close() // queries under way end with an error, once
		r.db = nil
	}
	db, err := connect(r.path, "ro")
	if err != nil {
		return nil, err
	}
	v, err := version(ctx, db)
	if err == nil && v > schema {
		err = &VersionError{Path: r.path, Have: v}
	}
	if err != nil || v < schema { // whoever writes next makes one of an older ltlab anew
		db.Close()
		return nil, failed(r.path, err)
	}
	r.db, r.file = db, st
	return db, nil
}

// details is what is only shown, in one column.
type details struct {
	Notes    []record.Note      `json:"notes,omitempty"`
	Warnings []record.Warning   `json:"warnings,omitempty"`
	Ledger   *record.Ledger     `json:"ledger,omitempty"`
	Limits   []record.Threshold `json:"limits,omitempty"`
}

const runColumns = "run, id, size, start, seconds, span, period, state, exit, tool, project, scenario, engine, target, details"

// stored is a run with what only the store needs.
type stored struct {
	Run
	number int64
	size   int64 // bytes of the record when it was taken whole
}

func scanRun(scan func(...any) error) (stored, error) {
	var s stored
	var start int64
	var text string
	if err := scan(&s.number, &s.ID, &s.size, &start, &s.Seconds, &s.Span, &s.Period, &s.State, &s.Exit,
		&s.Tool, &s.Project, &s.Scenario, &s.Engine, &s.Target, &text); err != nil {
		return s, err
	}
	if start != 0 {
		s.Start = time.UnixMicro(start)
	}
	var d details
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return s, err
	}
	s.Notes, s.Warnings, s.Ledger, s.Limits = d.Notes, d.Warnings, d.Ledger, d.Limits
	return s, nil
}

// Runs returns the newest runs first, limit of them at most; 0 is all.
func (r *Reader) Runs(ctx context.Context, limit int) ([]Run, error) {
	if limit <= 0 {
		limit = -1
	}
	all, err := r.stored(ctx, limit)
	out := make([]Run, 0, len(all))
	for _, s := range all {
		out = append(out, s.Run)
	}
	return out, err
}

func (r *Reader) stored(ctx context.Context, limit int) ([]stored, error) {
	var out []stored
	err := r.query(ctx, func(scan func(...any) error) error {
		s, err := scanRun(scan)
		out = append(out, s)
		return err
	}, "SELECT "+runColumns+" FROM runs ORDER BY start DESC, id DESC LIMIT ?", limit)
	return out, err
}

// Run returns one run.
func (r *Reader) Run(ctx context.Context, id string) (Run, error) {
	s, err := r.find(ctx, id)
	return s.Run, err
}

func (r *Reader) find(ctx context.Context, id string) (stored, error) {
	s, err := stored{}, ErrNotFound
	qerr := r.query(ctx, func(scan func(...any) error) error {
		var serr error
		s, serr = scanRun(scan)
		err = nil
		return serr
	}, "SELECT "+runColumns+" FROM runs WHERE id = ?", id)
	if qerr != nil {
		return stored{}, qerr
	}
	return s, err
}

// query calls f for each row of an answer; there are none without a store.
func (r *Reader) query(ctx context.Context, f func(scan func(...any) error) error, q string, args ...any) error {
	db, err := r.conn(ctx)
	if err != nil || db == nil {
		return err
	}
	stmt, err := r.prepared(ctx, db, q)
	if err != nil {
		return failed(r.path, err)
	}
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return failed(r.path, err)
	}
	defer found.Close()
	for found.Next() {
		if err := f(found.Scan); err != nil {
			return failed(r.path, err)
		}
	}
	return failed(r.path, found.Err())
}

// prepared returns the statement of a query, of which there are a few in all.
func (r *Reader) prepared(ctx context.Context, db *sql.DB, q string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of != db { // those of another end with its connections
		r.of, r.stmts = db, map[string]*sql.Stmt{}
	}
	if s := r.stmts[q]; s != nil {
		return s, nil
	}
	s, err := db.PrepareContext(ctx, q)
	if err == nil {
		r.stmts[q] = s
	}
	return s, err
}

// Metrics returns the run's metrics in the order of their first row.
func (r *Reader) Metrics(ctx context.Context, runID string) ([]record.Metric, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	var out []record.Metric
	err = r.query(ctx, func(scan func(...any) error) error {
		var m record.Metric
		err := scan(&m.ID, &m.Name, &m.Kind, &m.Unit)
		out = append(out, m)
		return err
	}, "SELECT metric, name, kind, unit FROM metrics WHERE run = ? ORDER BY metric", run.number)
	return out, err
}

// Load returns what was asked for and delivered, second by second.
func (r *Reader) Load(ctx context.Context, runID string) ([]record.Load, error) {
	run, err := r.find(ctx, runID)
	if err != nil {
		return nil, err
	}
	var out []record.Load
	err = r.timed(ctx, "load", run.number, math.MinInt64, math.MaxInt64, func(t int64, data []byte) error {
		l, err := decodeLoad(t, data)
		out = append(out, l)
		return err
	})
	return out, err
}
