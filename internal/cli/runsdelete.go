package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

type deleteDoc struct {
	Schema  int      `json:"schema"`
	Deleted []string `json:"deleted"`
}

// runRunsDelete resolves every name before it deletes anything: "last" twice is one run.
func runRunsDelete(ctx context.Context, d *Deps, names []string) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	var folders []record.Folder
	for _, name := range names {
		f, err := h.Runs().Find(name)
		if err != nil {
			return err
		}
		if runner.Alive(f) {
			return problem.RunActive(f.ID())
		}
		if !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
	}
	var s *store.Store
	if _, err := os.Stat(h.Store()); !errors.Is(err, fs.ErrNotExist) {
		opened, recovered, err := store.Open(h.Store())
		if err != nil {
			return err
		}
		defer opened.Close()
		s = opened
		if progress := d.IO.Progress(d.json); recovered != nil {
			warnRecovered(recovered, progress)
			defer func() {
				if err := fill(ctx, s, h, progress); err != nil {
					progress(term.Event{Service: engine.Boards, Warn: true, Text: "do not have all runs yet: " + err.Error()})
				}
			}()
		}
	}
	doc := deleteDoc{Schema: Schema, Deleted: []string{}}
	for _, f := range folders {
		// The record goes first: a run that only the boards still know is taken out by the next start.
		if err := os.RemoveAll(string(f)); err != nil {
			return err
		}
		if s != nil {
			if err := s.Delete(ctx, f.ID()); err != nil {
				d.IO.Progress(d.json)(term.Event{Service: engine.Boards, Warn: true, Text: "still show " + f.ID() + ": " + err.Error()})
			}
		}
		doc.Deleted = append(doc.Deleted, f.ID())
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	for _, id := range doc.Deleted {
		fmt.Fprintln(d.IO.Out, "deleted run "+id)
	}
	return nil
}
