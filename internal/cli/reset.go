package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

func newReset(d *Deps) *cobra.Command {
	c := &consent{deps: d}
	cmd := &cobra.Command{
		Use:   "reset",
		Short: "Empty the lab of runs and measurements; what is set up stays",
		Long: "Removes every run and empties InfluxDB's buckets, after a question. Settings, credentials, buckets with their\n" +
			"retention, tokens and Grafana stay, and the lab goes on running. ltlab purge removes those, too.",
		Example: "  ltlab reset --dry-run\n  ltlab reset --yes",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runReset(cmd.Context(), c) },
	}
	c.flags(cmd)
	return cmd
}

type resetDoc struct {
	Schema   int              `json:"schema"`
	Reset    bool             `json:"reset"` // false: a dry run
	Holdings []engine.Holding `json:"holdings"`
}

func runReset(ctx context.Context, c *consent) error {
	d := c.deps
	if err := c.possible("ltlab reset"); err != nil {
		return err
	}
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	if _, err := runFiles(l.Home); err != nil { // a run that goes on is said before anything else
		return err
	}
	doomed, err := d.measured(ctx, l, st)
	if err != nil {
		return err
	}
	database := len(doomed) > 0
	runs, err := runFiles(l.Home)
	if err != nil {
		return err
	}
	doomed = append(doomed, asOne(l.Home, runs)...)
	if s, err := os.Stat(l.Home.Store()); err == nil && len(runs) > 0 {
		doomed = append(doomed, engine.Holding{Kind: "rows", Name: l.Home.Store(), Bytes: s.Size()})
	}
	elsewhere, err := d.elsewhere(st)
	if err != nil {
		return err
	}
	if elsewhere != nil && len(runs) > 0 {
		doomed = append(doomed, engine.Holding{Kind: "measurements", Name: "of these runs, in InfluxDB at " + elsewhere.access.URL})
	}
	agreed, err := c.given(ctx, "ltlab reset", doomed, "settings and what is set up in "+string(l.Home))
	if err != nil {
		return err
	}
	if agreed {
		if err := d.reset(ctx, l, st, database, elsewhere); err != nil {
			return err
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, resetDoc{Schema: Schema, Reset: agreed, Holdings: append([]engine.Holding{}, doomed...)})
	}
	if agreed && len(doomed) > 0 {
		fmt.Fprintln(d.IO.Out, "the lab is empty")
	}
	return nil
}

// measured is what InfluxDB holds, nothing where the lab never had one. Only a running InfluxDB can be emptied, and half a
// reset is none, so that one which does not run is a problem.
func (d *Deps) measured(ctx context.Context, l *lab.Lab, st *lab.Status) ([]engine.Holding, error) {
	full, err := d.docker(l.Home)
	if err != nil {
		return nil, err
	}
	there, err := d.onDocker(ctx, full, l.Home)
	if err != nil {
		return nil, err
	}
	for _, v := range there {
		if v.Kind != "volume" || !strings.HasSuffix(v.Name, "_influxdb-data") {
			continue
		}
		switch {
		case st.State == engine.Absent:
			return nil, problem.LabNotRunning("its InfluxDB keeps measurements in volume " + v.Name + " and must run to be emptied")
		case l.Engine.Name() != full.Name():
			return nil, problem.NeedsDocker("ltlab reset", "InfluxDB keeps measurements in volume "+v.Name+", and the lab runs embedded")
		}
		_, src, err := d.influx(st, config.InfluxToken)
		if err != nil {
			return nil, err
		}
		name := "buckets " + src.Value(config.InfluxBucket).Value + ", " + src.Value(config.InfluxBucket1M).Value
		return []engine.Holding{{Kind: "measurements", Name: name, Bytes: v.Bytes}}, nil
	}
	return nil, nil
}

// reset removes first what may refuse, another InfluxDB before the lab's own, and then what lies on disk. Whatever ends it, records
// are there as long as a database may have their points, so that the same command does the rest.
func (d *Deps) reset(ctx context.Context, l *lab.Lab, st *lab.Status, database bool, elsewhere *database) error {
	progress := d.IO.Progress(d.json)
	runs, err := runFiles(l.Home) // once more: a run may have begun since the question
	if err != nil {
		return err
	}
	var done []string
	stopped := func(err error, kept string) error {
		if ctx.Err() != nil {
			return err
		}
		return problem.ResetStopped(err, strings.Join(append(done, kept), "; "))
	}
	if elsewhere != nil {
		all, err := l.Home.Runs().List()
		if err != nil {
			return problem.HomeUnusable(string(l.Home), err)
		}
		for i, f := range all {
			if err := elsewhere.forget(ctx, f, progress); err != nil {
				if i > 0 {
					done = append(done, fmt.Sprintf("InfluxDB at %s has no point of %d of %d runs any more", elsewhere.access.URL, i, len(all)))
				}
				return stopped(err, "everything else is as it was")
			}
		}
		done = append(done, fmt.Sprintf("InfluxDB at %s has no point of these runs any more", elsewhere.access.URL))
	}
	if database {
		access, src, err := d.influx(st, config.InfluxToken)
		if err != nil {
			return stopped(err, "every record is kept")
		}
		n, err := provision.Reset(ctx, access, src.Value(config.InfluxBucket).Value, src.Value(config.InfluxBucket1M).Value)
		if err != nil {
			return stopped(err, fmt.Sprintf("buckets emptied: %d; every record is kept", n))
		}
		progress(term.Event{Service: engine.InfluxDB, Text: fmt.Sprintf("buckets emptied: %d", n)})
		done = append(done, "the lab's InfluxDB is empty")
	}
	if err := removeRuns(l.Home, runs); err != nil {
		return stopped(err, "some records are kept")
	}
	if len(runs) > 0 {
		progress(term.Event{Text: "runs removed: " + count(float64(len(runs)))})
	}
	if _, err := os.Stat(l.Home.Store()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s, recovered, err := store.Open(l.Home.Store())
	if err != nil {
		return err
	}
	defer s.Close()
	warnRecovered(recovered, progress)
	return fill(ctx, s, l.Home, progress) // takes out the runs whose records are gone
}
