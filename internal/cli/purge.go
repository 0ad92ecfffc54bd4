package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newPurge(d *Deps) *cobra.Command {
	c := &consent{deps: d}
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Remove the lab and all its data; its settings stay",
		Long: "Stops the lab and removes, after a question, everything it has: on Docker its containers, network and volumes, which\n" +
			"are found by their labels; in the lab's folder its runs, the boards' store, logs and ports. The settings with their\n" +
			"credentials stay, and so do images, which labs share. Nothing that ltlab did not make is touched.",
		Example: "  ltlab purge --dry-run\n  ltlab purge --yes\n  ltlab purge --lab spike",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPurge(cmd.Context(), c) },
	}
	c.flags(cmd)
	return cmd
}

type purgeDoc struct {
	Schema   int              `json:"schema"`
	Purged   bool             `json:"purged"` // false: a dry run
	Holdings []engine.Holding `json:"holdings"`
	Kept     string           `json:"kept,omitempty"` // the file of settings
}

func runPurge(ctx context.Context, c *consent) error {
	d := c.deps
	if err := c.possible("ltlab purge"); err != nil {
		return err
	}
	h, err := d.home()
	if err != nil {
		return err
	}
	full, err := d.docker(h)
	if err != nil {
		return err
	}
	runs, err := runFiles(h)
	if err != nil {
		return err
	}
	there, err := d.onDocker(ctx, full, h)
	if err != nil {
		return err
	}
	small := d.embedded(h)
	files, err := small.Holdings(ctx)
	if err != nil {
		return err
	}
	rest := leftovers(h, files)
	doc := purgeDoc{Schema: Schema, Holdings: slices.Concat([]engine.Holding{}, there, asOne(h, runs), files, rest)}
	kept := ""
	if exists(h.Env()) {
		doc.Kept, kept = h.Env(), "settings and credentials in "+h.Env()
	}
	if doc.Purged, err = c.given(ctx, "ltlab purge", doc.Holdings, kept); err != nil {
		return err
	}
	if doc.Purged {
		progress := d.IO.Progress(d.json)
		if runs, err = runFiles(h); err != nil { // once more: a run may have begun since the question
			return err
		}
		if there, err = d.onDocker(ctx, full, h); err != nil {
			return err
		}
		if len(there) > 0 {
			if err := full.Purge(ctx, progress); err != nil {
				return err
			}
		}
		if err := d.removeFiles(ctx, h, runs, progress); err != nil {
			return err
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	if doc.Purged && len(doc.Holdings) > 0 {
		fmt.Fprintln(d.IO.Out, "the lab is gone")
	}
	return nil
}

// removeFiles ends the embedded server and removes what the lab has in its folder. The two locks stay: another command may
// be waiting for them.
func (d *Deps) removeFiles(ctx context.Context, h config.Home, runs []engine.Holding, p term.Progress) error {
	if _, err := os.Stat(string(h)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	small := d.embedded(h)
	if err := small.Purge(ctx, p); err != nil {
		return err
	}
	if err := removeRuns(h, runs); err != nil {
		return err
	}
	_, folders := dashboards.Open(h).Made()
	for _, v := range leftovers(h, nil) {
		if err := os.Remove(v.Name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return problem.HomeUnusable(string(h), err)
		}
	}
	for _, dir := range append(folders, h.OwnDashboards(), h.Dashboards()) {
		_ = os.Remove(dir) // not when it holds what is not ours
	}
	return nil
}

// leftovers are the files beside those listed: what the boards' store and the lab's state left when something was cut short,
// damaged stores that were moved aside, the lab's own dashboards, and links to and copies of projects'.
func leftovers(h config.Home, listed []engine.Holding) (out []engine.Holding) {
	add := func(dir string, ours func(os.DirEntry) bool) {
		entries, _ := os.ReadDir(dir) // a folder that is not there has none
		for _, e := range entries {
			v := engine.Holding{Kind: "file", Name: filepath.Join(dir, e.Name())}
			known := slices.ContainsFunc(listed, func(l engine.Holding) bool { return l.Name == v.Name })
			if st, err := e.Info(); err == nil && !known && ours(e) {
				v.Bytes = st.Size()
				out = append(out, v)
			}
		}
	}
	store, states := filepath.Base(h.Store())+".", []string{filepath.Base(h.State()), filepath.Base(h.Docker())}
	add(string(h), func(e os.DirEntry) bool {
		return e.Type().IsRegular() && (strings.HasPrefix(e.Name(), store) || slices.Contains(states, e.Name()))
	})
	add(h.Dashboards(), func(e os.DirEntry) bool { return e.Type()&os.ModeSymlink != 0 })
	linked, _ := dashboards.Open(h).Made()
	for _, path := range linked {
		add(filepath.Dir(path), func(e os.DirEntry) bool { return e.Name() == filepath.Base(path) })
	}
	add(h.OwnDashboards(), func(e os.DirEntry) bool { return e.Type().IsRegular() && strings.Contains(e.Name(), ".json") })
	return out
}

// onDocker is what the lab has on the Docker engine. Without an engine nobody can tell: then nothing, with a warning where the
// lab has been on Docker, and a problem where it was left running there.
func (d *Deps) onDocker(ctx context.Context, full *docker.Engine, h config.Home) ([]engine.Holding, error) {
	there, err := full.Holdings(ctx)
	var p *problem.Problem
	if err == nil || ctx.Err() != nil || full.Remembered() || !errors.As(err, &p) || !noEngine(p) {
		return there, err
	}
	had := map[string]int{}
	if config.ReadJSON(h.Ports(), &had) == nil && had[engine.InfluxDB] != 0 {
		d.IO.Progress(d.json)(term.Event{Warn: true, Text: p.What + ": what the lab has there stays as it is"})
	}
	return nil, nil
}

// noEngine says whether a problem means that there is no Docker engine to ask.
func noEngine(p *problem.Problem) bool {
	return slices.Contains([]string{"engine-not-found", "engine-no-permission", "engine-too-old", "engine-remote"}, p.ID)
}
