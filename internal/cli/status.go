package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newStatus(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show how the lab stands",
		Long:  "Shows each service's state and address. Exit code 0: healthy; 11: the lab is not running; 13: it runs and is not healthy.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runStatus(cmd.Context(), d) },
	}
}

func runStatus(ctx context.Context, d *Deps) error {
	_, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	if d.json {
		if err := term.JSON(d.IO.Out, st); err != nil {
			return err
		}
	} else {
		writeStatus(d.IO, st)
	}
	switch st.State {
	case engine.Healthy:
		return nil
	case engine.Absent, engine.Exited:
		return &shownError{problem.NotRunning}
	}
	return &shownError{problem.Unhealthy}
}
