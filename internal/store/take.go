package store

import (
	"context"
	"errors"

	"github.com/ltlab/ltlab/internal/record"
)

// Take takes one run as far as its record goes now; alive says that somebody still writes it. What of a record cannot be
// read is left out, as Follow.Step does. A run without anything to show does not enter the store.
func (s *Store) Take(ctx context.Context, folder record.Folder, alive bool) error {
	f := s.NewFollow(folder)
	f.gone = !alive
	defer f.Close()
	_, err := f.Step(ctx)
	var corrupt *record.CorruptError
	var newer *record.VersionError
	if errors.As(err, &corrupt) || errors.As(err, &newer) {
		return nil
	}
	return err
}
