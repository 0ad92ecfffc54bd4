package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/ltlab/ltlab/internal/rows"
)

// schema is the version of the tables, in user_version. The store can always be made again from the records, so an older
// version may simply be replaced.
const schema = 3

// Runs, metrics and keys (roll-up, metric, tags) have numbers. A key's number begins with its roll-up's and its metric's,
// and blocks are ordered by time before key: what is written each second lies together, and so does what a query reads of
// each block, and what all panels of a board read of the run's own rows.
const tables = `
CREATE TABLE runs (
	run INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner INTEGER NOT NULL, size INTEGER NOT NULL,
	start INTEGER NOT NULL, seconds INTEGER NOT NULL, span REAL NOT NULL, period INTEGER NOT NULL,
	state TEXT NOT NULL, exit INTEGER NOT NULL,
	tool TEXT NOT NULL, project TEXT NOT NULL, scenario TEXT NOT NULL, engine TEXT NOT NULL, target TEXT NOT NULL,
	details TEXT NOT NULL);
CREATE INDEX runs_by_start ON runs (start);
CREATE TABLE metrics (run INTEGER, metric INTEGER, name TEXT NOT NULL, kind TEXT NOT NULL, unit TEXT NOT NULL,
	PRIMARY KEY (run, metric)) WITHOUT ROWID;
CREATE TABLE keys (run INTEGER, key INTEGER, tags BLOB NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
CREATE TABLE blocks (run INTEGER, window INTEGER, block INTEGER, key INTEGER, data BLOB NOT NULL,
	PRIMARY KEY (run, window, block, key)) WITHOUT ROWID;
CREATE TABLE load (run INTEGER, block INTEGER, data BLOB NOT NULL, PRIMARY KEY (run, block)) WITHOUT ROWID;
CREATE TABLE heat (run INTEGER, block INTEGER, data BLOB NOT NULL, PRIMARY KEY (run, block)) WITHOUT ROWID;
CREATE TABLE spectra (run INTEGER, metric INTEGER, vals BLOB NOT NULL, PRIMARY KEY (run, metric)) WITHOUT ROWID;
`

// runTables are the tables whose rows belong to a run.
var runTables = [...]string{"runs", "metrics", "keys", "blocks", "load", "heat", "spectra"}

// keyBits is how many bits of a key's number count keys of the same metric and roll-up.
const keyBits = 20

func rollupNumber(r rows.Rollup) int64 {
	switch r {
	case rows.ByRun:
		return 0
	case rows.ByScenario:
		return 1
	case rows.ByName:
		return 2
	case rows.ByStatus:
		return 4
	case rows.Whole:
		return 5
	}
	return 3
}

// metricBits is how many bits above those say which metric.
const metricBits = 36

// firstOf is the number before the first key of a roll-up.
func firstOf(rollupNumber int64) int64 { return rollupNumber << (metricBits + keyBits) }

// firstKey is the number before the first key of that metric and roll-up.
func firstKey(metric int64, r rows.Rollup) int64 {
	return firstOf(rollupNumber(r)) + metric<<keyBits
}

func windowNumber(w rows.Window) int64 {
	switch w {
	case rows.Second:
		return 0
	case rows.Period:
		return 1
	case rows.Minute:
		return 2
	}
	return 3
}

// connect names the file, by its absolute path, to the driver; nothing is opened yet. Mode is SQLite's: ro, rw or rwc.
func connect(path, mode string) (*sql.DB, error) {
	abs := filepath.ToSlash(path)
	if !strings.HasPrefix(abs, "/") { // C:/...
		abs = "/" + abs
	}
	wait := "busy_timeout(10000)"
	if mode == "ro" { // only who locks everybody out keeps a reader waiting, and a page is to say so
		wait = "busy_timeout(2000)"
	}
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": {
		wait, "synchronous(NORMAL)", "cache_size(-8000)", "wal_autocheckpoint(500)", "journal_size_limit(16777216)"}}
	u := url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(2)
	return db, nil
}

// version returns the version of the tables. It reads the list of them too, so that a damaged one is noticed here.
func version(ctx context.Context, db *sql.DB) (int, error) {
	var v, n int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return 0, err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil {
		return 0, err
	}
	if v < 1 || n == 0 {
		return 0, fmt.Errorf("%w: not a store of runs", ErrDamaged)
	}
	return v, nil
}

// create makes the tables in an empty database. The size of pages suits blocks of 1–3 kB.
func create(ctx context.Context, db *sql.DB) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, q := range []string{
		"PRAGMA page_size = 16384", "PRAGMA auto_vacuum = INCREMENTAL", "PRAGMA journal_mode = WAL",
		fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT", tables, schema),
	} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
