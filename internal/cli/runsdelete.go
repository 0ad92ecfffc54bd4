package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

type deleteDoc struct {
	Schema  int        `json:"schema"`
	OK      bool       `json:"ok"`
	Exit    int        `json:"exit"`
	Deleted []string   `json:"deleted"`
	Kept    []string   `json:"kept"`     // named and not deleted: the one that the problem is about, and those after it
	Influx  bool       `json:"influxdb"` // points of those deleted were deleted there, too
	Problem *problemed `json:"problem,omitempty"`
}

func newRunsDelete(d *Deps) *cobra.Command {
	keep := false
	cmd := &cobra.Command{
		Use: "delete RUN...", Aliases: []string{"rm"}, Short: "Delete runs: their records, their boards, their points in InfluxDB", Args: someArgs("run"), ValidArgsFunction: runNames(d),
		Long: "Deletes each run's points from the InfluxDB that this lab's runs go to, then its record, then its rows on the boards. When\n" +
			"InfluxDB has a run and cannot be asked, the run is kept, and so are those named after it.",
		Example: "  ltlab runs delete last\n  ltlab runs delete last~1 last --keep-influxdb",
		RunE:    func(cmd *cobra.Command, args []string) error { return runRunsDelete(cmd.Context(), d, args, keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep-influxdb", false, "leave InfluxDB as it is, which keeps rows until their retention ends")
	return cmd
}

// runRunsDelete resolves every name before it deletes anything: "last" twice is one run.
func runRunsDelete(ctx context.Context, d *Deps, names []string, keep bool) error {
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
	var db *database
	if !keep {
		if db, err = d.database(ctx, slices.ContainsFunc(folders, mayBeSent)); err != nil {
			return err
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
	progress := d.IO.Progress(d.json)
	doc := deleteDoc{Schema: Schema, Deleted: []string{}, Kept: []string{}, Influx: db != nil && db.gone == ""}
	var failed error
	for i, f := range folders {
		if failed = deleteRun(ctx, f, db, s, progress); failed != nil {
			for _, f := range folders[i:] {
				doc.Kept = append(doc.Kept, f.ID())
			}
			break
		}
		doc.Deleted = append(doc.Deleted, f.ID())
		if !d.json { // at once: the next one may be refused
			fmt.Fprintln(d.IO.Out, "deleted run "+f.ID())
		}
	}
	if !d.json {
		if len(doc.Kept) > 1 {
			progress(term.Event{Warn: true, Text: "not deleted: " + listOf(doc.Kept)})
		}
		return failed
	}
	p := problem.From(known(failed))
	if failed != nil && ctx.Err() != nil {
		p = problem.CommandInterrupted()
	}
	if doc.OK, doc.Problem = p == nil, problemDoc(p); p != nil {
		doc.Exit = p.Exit
	}
	if err := term.JSON(d.IO.Out, doc); err != nil {
		return err
	}
	return shownWith(p)
}

// deleteRun deletes a run everywhere. InfluxDB goes first, for it may refuse, and the record can fill it again. The boards go
// last: a run that only they still know is taken out by the next start.
func deleteRun(ctx context.Context, f record.Folder, db *database, s *store.Store, p term.Progress) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if db != nil {
		if err := db.forget(ctx, f, p); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(string(f)); err != nil {
		return problem.HomeUnusable(filepath.Dir(filepath.Dir(string(f))), err)
	}
	if s != nil {
		if err := s.Delete(ctx, f.ID()); err != nil {
			p(term.Event{Service: engine.Boards, Warn: true, Text: "still show " + f.ID() + ": " + err.Error()})
		}
	}
	return nil
}
