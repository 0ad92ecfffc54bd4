package problem

import (
	"context"
	"errors"
	"syscall"

	"github.com/ltlab/ltlab/internal/record"
)

// match recognizes errors that are not ours, the most specific first.
func match(err error) *Problem {
	var corrupt *record.CorruptError
	var version *record.VersionError
	var missing *record.NotFoundError
	switch {
	case errors.As(err, &corrupt):
		return RecordCorrupt(err)
	case errors.As(err, &version):
		return RecordTooNew(err)
	case errors.As(err, &missing):
		if missing.Empty {
			return NoRuns(missing.Name)
		}
		return RunNotFound(missing.Name, missing.Matches)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return DiskFull(err)
	case errors.Is(err, context.Canceled):
		return CommandInterrupted()
	}
	return nil
}
