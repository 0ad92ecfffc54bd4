package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newRestart(d *Deps) *cobra.Command {
	timeout := time.Minute
	cmd := &cobra.Command{
		Use:   "restart [SERVICE...]",
		Short: "Restart services of the running lab under the settings of now",
		Long: "Ends and starts the services named, or all that run, and returns when they do their work. On Docker their\n" +
			"containers are made anew, so changed settings and newer images count from then on; data and ports stay. The services of\n" +
			"the embedded lab are one process and restart together.",
		Example:           "  ltlab restart\n  ltlab configure set LTLAB_SCRAPE_URLS=http://127.0.0.1:9100/metrics && ltlab restart telegraf",
		ValidArgsFunction: serviceNames(lasting()...),
		RunE:              func(cmd *cobra.Command, args []string) error { return runRestart(cmd.Context(), d, args, timeout) },
	}
	cmd.Flags().DurationVar(&timeout, "wait-timeout", timeout, "how long to wait for every service to be healthy")
	return cmd
}

func runRestart(ctx context.Context, d *Deps, services []string, timeout time.Duration) error {
	if timeout <= 0 {
		return &usageError{fmt.Errorf("--wait-timeout %s: want more than 0", timeout)}
	}
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	if err := checkServices(l, st, services); err != nil {
		return err
	}
	if st.State == engine.Absent {
		return problem.LabNotRunning("there is nothing to restart")
	}
	if _, err := l.Engine.Restart(ctx, services, timeout, d.IO.Progress(d.json)); err != nil {
		return err
	}
	if st, err = l.Status(ctx); err != nil {
		return err
	}
	if d.json {
		return term.JSON(d.IO.Out, st)
	}
	writeStatus(d.IO, st)
	return nil
}
