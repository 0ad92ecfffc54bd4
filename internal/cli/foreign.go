package cli

import (
	"errors"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/store"
)

// known makes problems of errors that a package below has no words of its own for, and that every command may meet.
func known(err error) error {
	var p *problem.Problem
	var newer *store.VersionError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &newer):
		return problem.StoreTooNew(err)
	case errors.Is(err, store.ErrFull):
		return problem.DiskFull(err)
	case errors.Is(err, store.ErrDamaged):
		return problem.StoreDamaged("the lab's folder", err)
	}
	return err
}
