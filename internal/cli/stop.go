package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/term"
)

func newStop(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "Stop the lab; runs and settings stay",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runStop(cmd.Context(), d) },
	}
}

func runStop(ctx context.Context, d *Deps) error {
	l, err := d.lab(ctx)
	if err != nil {
		return err
	}
	stopped, err := l.Stop(ctx, d.IO.Progress(d.json))
	if err != nil {
		return err
	}
	st, err := l.Status(ctx)
	if err != nil {
		return err
	}
	if d.json {
		return term.JSON(d.IO.Out, st)
	}
	if !stopped {
		fmt.Fprintln(d.IO.Out, "the lab was not running")
		return nil
	}
	fmt.Fprintln(d.IO.Out, "stopped; runs are kept in "+string(l.Home.Runs()))
	return nil
}
