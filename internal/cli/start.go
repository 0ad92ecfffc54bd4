package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	timeout time.Duration
}

func newStart(d *Deps) *cobra.Command {
	o := &startOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Start the lab and wait until every service is healthy",
		Long: "Starts the lab in the background: the toy API and the boards, on 127.0.0.1 only. Returns when both answer.\n" +
			"A lab that runs already is left as it is. A busy port is replaced by a free one, which the lab then keeps.",
		Example: "  ltlab start\n  ltlab start --port boards=3100",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runStart(cmd.Context(), o) },
	}
	engineFlag(cmd, &o.engine)
	cmd.Flags().StringArrayVar(&o.ports, "port", nil, "`service=port` that must be used: boards or toy-api (repeatable)")
	cmd.Flags().DurationVar(&o.timeout, "wait-timeout", 30*time.Second, "how long to wait for every service to be healthy")
	return cmd
}

// engineFlag is the same on every command that can start something.
func engineFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "engine", "auto", "what runs the services: auto or embedded")
}

func checkEngine(name string) error {
	if name != "auto" && name != "embedded" {
		return &usageError{fmt.Errorf("unknown engine %q: want auto or embedded", name)}
	}
	return nil
}

func parsePorts(flags []string) (map[string]int, error) {
	out := map[string]int{}
	for _, f := range flags {
		name, value, _ := strings.Cut(f, "=")
		n, err := strconv.Atoi(value)
		if (name != engine.Boards && name != engine.ToyAPI) || err != nil || n < 1 || n > 65535 {
			return nil, &usageError{fmt.Errorf("--port %q: want boards=PORT or toy-api=PORT, 1 to 65535", f)}
		}
		out[name] = n
	}
	return out, nil
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
	l, err := d.lab()
	if err != nil {
		return err
	}
	progress := d.IO.Progress(d.json)
	began := time.Now()
	st, err := l.Start(ctx, engine.Options{Ports: ports, Timeout: o.timeout}, progress)
	if err != nil {
		return err
	}
	ready := time.Since(began)
	if err := catchUp(ctx, l, progress); err != nil {
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
func catchUp(ctx context.Context, l *lab.Lab, p term.Progress) error {
	s, recovered, err := store.Open(l.Home.Store())
	if err != nil {
		return err
	}
	defer s.Close()
	warnRecovered(recovered, p)
	return fill(ctx, s, l, p)
}

// fill takes in what the store does not have of the runs that nobody writes.
func fill(ctx context.Context, s *store.Store, l *lab.Lab, p term.Progress) error {
	alive := func(id string) bool {
		f, err := l.Home.Runs().Find(id)
		return err == nil && runner.Alive(f)
	}
	return s.CatchUp(ctx, l.Home.Runs(), alive, func(id string) {
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
