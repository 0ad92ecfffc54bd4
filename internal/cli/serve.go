package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/ports"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/web"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

type serveOptions struct {
	deps  *Deps
	ports []string
	nonce string
}

func newServe(d *Deps) *cobra.Command {
	o := &serveOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the embedded lab in the foreground",
		Long:  "What `ltlab start` leaves running in the background: toy API and boards, until Ctrl-C.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runServe(cmd.Context(), o) },
	}
	cmd.Flags().StringArrayVar(&o.ports, "port", nil, "`service=port` that must be used: boards or toy-api (repeatable)")
	cmd.Flags().StringVar(&o.nonce, "nonce", "", "what the health answer repeats")
	_ = cmd.Flags().MarkHidden("nonce") // start's own
	return cmd
}

func runServe(ctx context.Context, o *serveOptions) error {
	d := o.deps
	exact, err := parsePorts(o.ports)
	if err != nil {
		return err
	}
	home, err := d.home()
	if err != nil {
		return err
	}
	nonce := o.nonce
	if nonce == "" {
		nonce = rand.Text()
	}
	err = embedded.Serve(ctx, embedded.ServeConfig{
		Home: home, Nonce: nonce, Ports: exact, Toy: toyapi.DefaultConfig(),
		Boards: func(port int) (http.Handler, io.Closer, error) {
			reader, err := store.OpenReader(home.Store())
			return web.New(web.Config{Store: reader, Port: port}), reader, err
		},
		Guard: web.Guard,
		Ready: func(services []engine.Service) { d.served(services, o.nonce == "") },
	})
	var busy *ports.BusyError
	switch {
	case errors.As(err, &busy):
		service, _, _ := strings.Cut(err.Error(), ":")
		return problem.PortInUse(service, busy.Port, busy.Holder)
	case errors.Is(err, embedded.ErrRunning):
		return problem.LabRunning()
	case err != nil:
		return err
	}
	if o.nonce != "" {
		return nil // a background server that was asked to end did its work
	}
	if d.json {
		return &shownError{problem.Interrupted} // its one document is out
	}
	return ctx.Err()
}

// served says where the services are, to whoever started the server by hand.
func (d *Deps) served(services []engine.Service, foreground bool) {
	if !foreground {
		return
	}
	if d.json {
		_ = term.JSON(d.IO.Out, map[string]any{"schema": Schema, "services": services})
		return
	}
	for _, v := range services {
		fmt.Fprintf(d.IO.Out, "%-9s %s\n", v.Name, v.URL)
	}
}
