package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

// Schema is the version of the JSON documents that commands print.
const Schema = 1

// together is how close two signals come when they are one Ctrl-C; no person is that fast.
const together = 150 * time.Millisecond

// Main runs the process's own command line and returns its exit code.
func Main() int {
	d := SystemDeps()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	kill := make(chan struct{})
	d.Kill = kill
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel()
		first := time.Now()
		again := <-signals
		for time.Since(first) < together { // one Ctrl-C, passed on by a shell or a wrapper as well
			again = <-signals
		}
		close(kill)
		if !d.inRun.Load() { // nothing to end in order: the signal does what it does by default
			signal.Reset()
			if self, err := os.FindProcess(os.Getpid()); err == nil {
				_ = self.Signal(again)
			}
		}
	}()
	return Run(ctx, d, os.Args[1:])
}

// Run is the whole program. It returns the exit code and never calls os.Exit. Canceling ctx is Ctrl-C.
func Run(ctx context.Context, d *Deps, args []string) int {
	root := newRoot(d)
	root.SetArgs(args)
	root.SetIn(d.IO.In)
	root.SetOut(d.IO.Out)
	root.SetErr(d.IO.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return problem.OK
	}
	var shown *shownError
	if errors.As(err, &shown) {
		return shown.exit
	}
	p := problem.From(known(err))
	var usage *usageError
	if errors.As(err, &usage) {
		p = problem.BadUsage(cmd.CommandPath(), usage.error)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		p = problem.CommandInterrupted()
	}
	if d.json || wantsJSON(args) { // a bad flag ends parsing before --json is seen
		_ = term.JSON(d.IO.Out, failure{Schema: Schema, Exit: p.Exit, Problem: problemDoc(p)})
		return p.Exit
	}
	d.show(p)
	return p.Exit
}

// shownError ends a command whose document already says what was wrong.
type shownError struct{ exit int }

func (e *shownError) Error() string { return fmt.Sprintf("exit %d", e.exit) }

// usageError is a command line that cobra or a command refuses.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func wantsJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.Contains(args, "--json") || slices.Contains(args, "--json=true")
}

// failure is the document of a command that came to nothing.
type failure struct {
	Schema  int        `json:"schema"`
	OK      bool       `json:"ok"`
	Exit    int        `json:"exit"`
	Problem *problemed `json:"problem"`
}

// problemed is a problem in a document.
type problemed struct {
	ID   string         `json:"id"`
	What string         `json:"what"`
	Why  string         `json:"why,omitempty"`
	Fix  []problem.Step `json:"fix"`
}

func problemDoc(p *problem.Problem) *problemed {
	if p == nil {
		return nil
	}
	return &problemed{ID: p.ID, What: p.What, Why: p.Why, Fix: p.Fix}
}

// show renders a problem for people.
func (d *Deps) show(p *problem.Problem) {
	t := d.IO.ErrTint()
	text := p.Text()
	fmt.Fprint(d.IO.Err, t.Bad(text[:len("error:")])+text[len("error:"):])
	if d.debug && p.Err != nil {
		fmt.Fprintf(d.IO.Err, "  debug: %+v\n", p.Err)
	}
}

// newRoot makes the command tree.
func newRoot(d *Deps) *cobra.Command {
	root := &cobra.Command{
		Use:   "ltlab",
		Short: "A load-testing lab: true numbers, on any laptop",
		Long: "ltlab runs load tests against your service and tells the truth about them: nothing is lost in silence,\n" +
			"percentiles come from merged sketches, and a run that says nothing says so.",
		Example: "  ltlab start                              a lab, healthy, on this machine\n" +
			"  ltlab k6 -s smoke.js                     run a shipped scenario against its toy API\n" +
			"  ltlab k6 -p ./tests/load -s main.js      run a project's own scenario\n" +
			"  ltlab runs show last                     what came of it",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().BoolVar(&d.json, "json", false, "print one JSON document on stdout, nothing else")
	root.PersistentFlags().StringVar(&d.named, "lab", "", "the lab's `name`; default: your own one")
	root.PersistentFlags().BoolVar(&d.debug, "debug", false, "show the original error behind a problem")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.AddCommand(newStart(d), newStop(d), newStatus(d), newK6(d), newArtillery(d), newRuns(d), newToyAPI(d), newServe(d), newUI(d), newReport(d), newVersion(d))
	root.AddCommand(newConfigure(d), newConfig(d), newEnv(d), newEject(d))
	root.AddCommand(newRestart(d), newRebuild(d), newPull(d), newImages(d), newLogs(d), newInfo(d), newLs(d), newQuery(d), newReset(d), newPurge(d))
	root.AddCommand(newDashboard(d))
	root.AddCommand(newDoctor(d), newExplain(d))
	root.AddCommand(newTopics(d)...)
	root.SetHelpCommand(newHelp(d, root))
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) { d.help(cmd, args, help) })
	root.InitDefaultCompletionCmd()
	return root
}

// noArgs and exactArgs are cobra's, as usage errors.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unknown command or argument %q for %q%s", args[0], cmd.CommandPath(), suggested(cmd, args[0]))}
	}
	return nil
}

func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return &usageError{fmt.Errorf("%s takes one %s, got %d", cmd.CommandPath(), what, len(args))}
		}
		return nil
	}
}

func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{fmt.Errorf("%s needs at least one %s", cmd.CommandPath(), what)}
		}
		return nil
	}
}
