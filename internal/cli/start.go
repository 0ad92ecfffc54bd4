package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
)

type startOptions struct {
	deps    *Deps
	engine  string
	ports   []string
	only    []string
	without []string
	timeout time.Duration
}

func newStart(d *Deps) *cobra.Command {
	o := &startOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start the lab and wait until every service is healthy",
		Long: "Starts the lab in the background, on 127.0.0.1 only: on Docker InfluxDB, Telegraf, Grafana and the toy API; without\n" +
			"it the toy API and boards of its own. Returns when each of them does its work. What runs already as the settings of\n" +
			"now say is left as it is. A busy port is replaced by a free one, which the lab then keeps.",
		Example: "  ltlab start\n  ltlab start --without grafana\n  ltlab start --engine embedded --port boards=3100",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStart(cmd.Context(), o) },
	}
	engineFlag(cmd, &o.engine)
	cmd.Flags().StringArrayVar(&o.ports, "port", nil, "`service=port` that must be used (repeatable)")
	cmd.Flags().StringSliceVar(&o.only, "only", nil, "start these `services` and those that they need")
	cmd.Flags().StringSliceVar(&o.without, "without", nil, "start all `services` but these")
	cmd.Flags().DurationVar(&o.timeout, "wait-timeout", time.Minute, "how long to wait for every service to be healthy")
	return cmd
}

func parsePorts(flags []string) (map[string]int, error) {
	known := []string{engine.Boards, engine.ToyAPI, engine.InfluxDB, engine.Telegraf, engine.Grafana}
	out := map[string]int{}
	for _, f := range flags {
		name, value, _ := strings.Cut(f, "=")
		n, err := strconv.Atoi(value)
		if !slices.Contains(known, name) || err != nil || n < 1 || n > 65535 {
			return nil, &usageError{fmt.Errorf("--port %q: want SERVICE=PORT, 1 to 65535, and one of %s", f, strings.Join(known, ", "))}
		}
		for other, port := range out {
			if other == name || port == n && protocol(other) == protocol(name) {
				return nil, &usageError{fmt.Errorf("--port %q: %s has port %d already", f, other, port)}
			}
		}
		out[name] = n
	}
	return out, nil
}

// protocol is that of a service's port.
func protocol(service string) string {
	if service == engine.Telegraf {
		return "udp"
	}
	return "tcp"
}

func runStart(ctx context.Context, o *startOptions) error {
	d := o.deps
	if err := checkEngine(o.engine); err != nil {
		return err
	}
	ports, err := parsePorts(o.ports)
	if err != nil {
		return err
	}
	if o.timeout <= 0 {
		return &usageError{fmt.Errorf("--wait-timeout %s: want more than 0", o.timeout)}
	}
	progress := d.IO.Progress(d.json)
	began := time.Now()
	env, err := d.env()
	if err != nil {
		return err
	}
	d.warn(warnings(env))
	options := engine.Options{Ports: ports, Timeout: o.timeout, Only: o.only, Without: o.without}
	l, err := d.choose(ctx, o.engine, &options, progress)
	if err != nil {
		return err
	}
	st, err := l.Start(ctx, options, progress)
	if err != nil {
		return err
	}
	ready := time.Since(began)
	if err := catchUp(ctx, l.Home, progress); err != nil {
		if ctx.Err() != nil {
			return err
		}
		progress(term.Event{Service: engine.Boards, Warn: true, Text: "do not have all runs yet: " + err.Error()})
	}
	if d.json {
		return term.JSON(d.IO.Out, st)
	}
	writeStatus(d.IO, st)
	t := d.IO.OutTint()
	fmt.Fprintf(d.IO.Out, "\nready in %.2fs\n\n  next   %s\n", ready.Seconds(), t.Bold("ltlab k6 -s smoke.js"))
	return nil
}

// catchUp takes runs into the store that were made while no lab ran, or whose own follow did not finish.
func catchUp(ctx context.Context, h config.Home, p term.Progress) error {
	s, recovered, err := store.Open(h.Store())
	if err != nil {
		return err
	}
	defer s.Close()
	warnRecovered(recovered, p)
	return fill(ctx, s, h, p)
}

// fill takes in what the store does not have of the runs that nobody writes.
func fill(ctx context.Context, s *store.Store, h config.Home, p term.Progress) error {
	alive := func(id string) bool {
		f, err := h.Runs().Find(id)
		return err == nil && runner.Alive(f)
	}
	return s.CatchUp(ctx, h.Runs(), alive, func(id string) {
		p(term.Event{Service: engine.Boards, Text: "took in run " + id})
	})
}

func warnRecovered(r *store.Recovered, p term.Progress) {
	if r != nil {
		p(term.Event{Service: engine.Boards, Warn: true, Text: r.String()})
	}
}

// writeStatus is a lab's status for people.
func writeStatus(s *term.IO, st *lab.Status) {
	t := s.OutTint()
	fmt.Fprintf(s.Out, "lab %q · %s · %s\n", st.Lab, st.Engine, stateText(t, st.State))
	for _, v := range st.Services {
		fmt.Fprintf(s.Out, "  %-9s %s  %s\n", v.Name, stateText(t, v.State), v.URL)
	}
}

func stateText(t term.Tint, s engine.State) string {
	switch s {
	case engine.Healthy:
		return t.Good(string(s))
	case engine.Unhealthy, engine.Exited:
		return t.Bad(string(s))
	}
	return t.Dim(string(s))
}
