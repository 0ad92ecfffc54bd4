// Package store keeps rows of runs in one SQLite file, for boards. It is made from run records and can be made again from
// them at any time; what it shows of a run it shows while the run goes on.
//
// Any number of processes may write and read at once. A run's rows are written by one Follow at a time.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart with errors.Is. A run and its record are unharmed by all of them.
var (
	ErrFull     = errors.New("no room on the disk for the store of runs")
	ErrDamaged  = errors.New("the store of runs is damaged")
	ErrLocked   = errors.New("another program keeps the store of runs locked")
	ErrNotFound = errors.New("the store has no such run")
	ErrTaken    = errors.New("another process takes this run into the store")
)

// VersionError says that the store was made by a newer ltlab.
type VersionError struct {
	Path string
	Have int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s: the store of runs has version %d, this ltlab knows up to %d", e.Path, e.Have, schema)
}

// Store is the store, open for writing; Close it. The methods of Reader read it.
type Store struct {
	*Reader
	db *sql.DB
}

// Recovered says that Open found a file that is no store, moved it aside and began anew. CatchUp fills the new one.
type Recovered struct {
	Aside string // where the file is now
	Err   error  // what was wrong with it
}

func (r *Recovered) String() string {
	return fmt.Sprintf("%v; it was moved to %s and is made again from the runs' records", r.Err, r.Aside)
}

// Open opens the store, making it and its folder when there is none. A damaged or foreign file is moved aside; recovered
// is nil otherwise. A *VersionError says that a newer ltlab made it, ErrFull that there is no room to make it.
func Open(path string) (s *Store, recovered *Recovered, err error) {
	ctx := context.Background()
	if path, err = filepath.Abs(path); err != nil {
		return nil, nil, err
	}
	if s, err = openAsIs(ctx, path); err == nil {
		return s, nil, nil
	}
	var newer *VersionError
	if errors.As(err, &newer) {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, err
	}
	lock := flock.New(path + ".lock") // of two that find no good store one makes it
	if err := lock.Lock(); err != nil {
		return nil, nil, err
	}
	defer lock.Unlock()
	s, err = openAsIs(ctx, path)
	if errors.Is(err, ErrDamaged) {
		recovered = &Recovered{Err: err}
		if recovered.Aside, err = moveAside(path); err != nil {
			return nil, nil, err
		}
		err = errNone
	}
	if errors.Is(err, errNone) {
		s, err = openNew(ctx, path)
	}
	if err != nil {
		return nil, nil, err
	}
	return s, recovered, nil
}

var errNone = errors.New("no store yet")

// openAsIs opens a good store; errNone says that there is none, ErrDamaged that it is not good.
func openAsIs(ctx context.Context, path string) (*Store, error) {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil, errNone
	}
	if err != nil {
		return nil, err
	}
	if err := isSQLite(path); err != nil { // SQLite itself may write to what it takes for empty
		return nil, err
	}
	db, err := connect(path, "rw")
	if err != nil {
		return nil, err
	}
	v, err := version(ctx, db)
	if err == nil && suspected(path) {
		if err = check(ctx, db); err == nil {
			_ = os.Remove(suspicion(path)) // another may have
		}
	}
	if err == nil && v > schema {
		err = &VersionError{Path: path, Have: v}
	}
	if err == nil && v < schema {
		err = errNone // the records make it anew
	}
	if err != nil {
		db.Close()
		return nil, typed(err)
	}
	return newStore(path, db), nil
}

func isSQLite(path string) error {
	const magic = "SQLite format 3\x00"
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var head [len(magic)]byte
	if _, err = io.ReadFull(f, head[:]); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(head[:]) != magic {
		return fmt.Errorf("%w: not an SQLite file", ErrDamaged)
	}
	return nil
}

// openNew makes the store under another name, so that nobody meets it half made.
func openNew(ctx context.Context, path string) (*Store, error) {
	fresh := path + ".new"
	for _, old := range []string{fresh, fresh + "-wal", fresh + "-shm", path + "-wal", path + "-shm"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err // a journal left over would be applied to the new file
		}
	}
	// For its owner alone: SQLite gives its journals the mode of the file.
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db, err := connect(fresh, "rw")
	if err != nil {
		return nil, err
	}
	if err := errors.Join(create(ctx, db), db.Close()); err != nil {
		return nil, typed(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return nil, err
	}
	return openAsIs(ctx, path)
}

func newStore(path string, db *sql.DB) *Store {
	return &Store{Reader: &Reader{path: path, fixed: db}, db: db}
}

// Close closes the store.
func (s *Store) Close() error { return typed(s.db.Close()) }

// check reads the whole file.
func check(ctx context.Context, db *sql.DB) error {
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, result)
	}
	return nil
}

// moveAside renames the file and its journal.
func moveAside(path string) (string, error) {
	aside := path + ".corrupt-" + time.Now().UTC().Format("20060102-150405.000")
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if err := os.Remove(suspicion(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return aside, nil
}

// Damage deep in the file shows only when something reads it there. Whoever meets it leaves a mark, and the next Open
// looks at the whole file.
func suspicion(path string) string { return path + ".suspect" }

func suspected(path string) bool {
	_, err := os.Stat(suspicion(path))
	return err == nil
}

// failed types an error and leaves the mark.
func failed(path string, err error) error {
	if err = typed(err); errors.Is(err, ErrDamaged) {
		if f, ferr := os.Create(suspicion(path)); ferr == nil {
			f.Close()
		}
	}
	return err
}

// typed makes SQLite's errors those of this package.
func typed(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, errBlock) {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return err
	}
	switch {
	case e.Code()&0xff == sqlite3.SQLITE_FULL, e.Code() == sqlite3.SQLITE_IOERR_WRITE, e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case e.Code()&0xff == sqlite3.SQLITE_BUSY, e.Code()&0xff == sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrLocked, err)
	case e.Code()&0xff == sqlite3.SQLITE_CORRUPT, e.Code()&0xff == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
