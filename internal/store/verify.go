package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// Verify reads the whole store and changes nothing. No store yet is fine. ErrDamaged says that it is not good, a
// *VersionError that a newer ltlab made it; the next Open for writing moves a damaged one aside.
func Verify(ctx context.Context, path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if err := isSQLite(path); err != nil {
		return err
	}
	db, err := connect(path, "ro")
	if err != nil {
		return err
	}
	defer db.Close()
	v, err := version(ctx, db)
	if err == nil {
		err = check(ctx, db)
	}
	if err == nil && v > schema {
		err = &VersionError{Path: path, Have: v}
	}
	return typed(err)
}
