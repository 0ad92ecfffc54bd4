package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/ports"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

func newToyAPI(d *Deps) *cobra.Command {
	c := toyapi.DefaultConfig()
	port := embedded.DefaultToyAPIPort
	cmd := &cobra.Command{
		Use:   "toy-api",
		Short: "Run the toy API alone, in the foreground",
		Long: "Serves the toy API on 127.0.0.1 until Ctrl-C: /health /fast /slow /error /cpu /io /users /jobs, /metrics for\n" +
			"Prometheus and its description at /openapi.json. The lab runs one of its own.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runToyAPI(cmd.Context(), d, c, port) },
	}
	cmd.Flags().IntVar(&port, "port", port, "the port on 127.0.0.1; 0 takes a free one")
	c.RegisterFlags(cmd.Flags())
	return cmd
}

type toyDoc struct {
	Schema int    `json:"schema"`
	URL    string `json:"url"`
}

func runToyAPI(ctx context.Context, d *Deps, c toyapi.Config, port int) error {
	if port < 0 || port > 65535 {
		return &usageError{fmt.Errorf("--port %d: want 0 to 65535", port)}
	}
	s, err := toyapi.New(c)
	if err != nil {
		return &usageError{err}
	}
	l, err := ports.Listen(ports.Want{Preferred: port, Exact: true})
	var busy *ports.BusyError
	if errors.As(err, &busy) {
		return problem.PortInUse(engine.ToyAPI, busy.Port, busy.Holder)
	}
	if err != nil {
		return &usageError{err}
	}
	url := "http://" + l.Addr().String()
	if d.json {
		err = term.JSON(d.IO.Out, toyDoc{Schema: Schema, URL: url})
	} else {
		_, err = fmt.Fprintf(d.IO.Out, "toy API on %s (Ctrl-C ends it)\n", url)
	}
	if err != nil {
		return err
	}
	if err := s.Run(ctx, l.Listener); err != nil {
		return err
	}
	if d.json {
		return &shownError{problem.Interrupted} // its one document is out
	}
	return ctx.Err() // Ctrl-C is its normal end, and still exit 130
}
