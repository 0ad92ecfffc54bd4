package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ltlab/ltlab/internal/record"
)

// CatchUp takes the runs on disk that the store does not have, has in part, or whose records have grown since, newest
// first, and removes those whose folders are gone. Runs that alive says are still being written are left to whoever
// follows them; one without an end that is not alive is Interrupted. Progress, if not nil, is called after each run that
// was taken. Errors of single records (see Follow.Step) are joined and returned at the end; the first of the store's ends
// it.
func (s *Store) CatchUp(ctx context.Context, runs record.Runs, alive func(id string) bool, progress func(id string)) error {
	folders, err := runs.List()
	if err != nil {
		return err
	}
	all, err := s.stored(ctx, -1)
	if err != nil {
		return err
	}
	has := map[string]stored{}
	for _, run := range all {
		has[run.ID] = run
	}
	var unreadable []error
	for i := len(folders) - 1; i >= 0; i-- {
		folder := folders[i]
		run, ok := has[folder.ID()]
		delete(has, folder.ID())
		if alive(folder.ID()) || ok && run.State != Running && run.size == folder.Size() {
			continue
		}
		bad, err := s.take(ctx, folder)
		if err != nil {
			return err
		}
		if progress != nil {
			progress(folder.ID())
		}
		if bad != nil {
			unreadable = append(unreadable, fmt.Errorf("run %s: %w", folder.ID(), bad))
		}
	}
	for id := range has {
		if !alive(id) {
			if err := s.Delete(ctx, id); err != nil {
				return err
			}
		}
	}
	return errors.Join(unreadable...)
}

// take follows a record that nobody writes to its end.
func (s *Store) take(ctx context.Context, folder record.Folder) (unreadable, err error) {
	f := s.NewFollow(folder)
	f.gone = true
	defer f.Close()
	done, err := f.Step(ctx)
	switch {
	case done:
		return err, nil
	case errors.Is(err, ErrTaken):
		return nil, nil // somebody else does it
	}
	return nil, err
}

// Delete removes a run from the store and gives its room back to the disk. A run that the store does not have is fine.
func (s *Store) Delete(ctx context.Context, id string) error {
	if err := s.write(ctx, func(tx *sql.Tx) error { return deleteRun(ctx, tx, id) }); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, "PRAGMA incremental_vacuum")
	return failed(s.path, err)
}
