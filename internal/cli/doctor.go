package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/doctor"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

type doctorOptions struct {
	deps    *Deps
	checks  []string
	list    bool
	fix     bool
	yes     bool
	dryRun  bool
	offline bool
	report  string
	secrets []string // that its answers must not hold
}

func newDoctor(d *Deps) *cobra.Command {
	o := &doctorOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "doctor [CHECK...]",
		Short: "Find out what is wrong with the lab and around it, and what helps",
		Long: "Asks the lab, this machine and the tools the same questions as a start and a run do, and does the real thing each time:\n" +
			"writes a point and reads it back, sends a StatsD packet, mounts a folder, makes one iteration of k6. What fails has the\n" +
			"command that fixes it. Named checks are asked with those that they need. Exit code 10 when a check fails; a warning is no\n" +
			"failure.\n\n" +
			"--fix repairs what can be repaired without loss: ports, modes, stale locks, missing buckets and tokens, the store of runs,\n" +
			"containers that nobody uses. It says what it will do and asks before.",
		Example: "  ltlab doctor\n  ltlab doctor store locks --fix\n  ltlab doctor --report report.tar.gz      for whoever helps; without secrets",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.checks = args
			return runDoctor(cmd.Context(), o)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range (&doctor.Patient{}).Checks() {
				names = append(names, cobra.CompletionWithDesc(c.ID, c.Title))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVar(&o.list, "list", false, "list the checks and ask none")
	cmd.Flags().BoolVar(&o.fix, "fix", false, "repair what is safe to repair, then look again")
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "with --fix: do not ask")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "with --fix: only say what it would do")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "ask nothing of other machines")
	cmd.Flags().StringVar(&o.report, "report", "", "write all that it saw, with settings, versions and logs but without secrets, into this `file` (tar.gz)")
	return cmd
}

func runDoctor(ctx context.Context, o *doctorOptions) error {
	d := o.deps
	switch {
	case (o.yes || o.dryRun) && !o.fix:
		return &usageError{errors.New("--yes and --dry-run belong to --fix")}
	case o.list && (o.fix || o.report != ""):
		return &usageError{errors.New("--list asks no checks, so there is nothing to repair or report")}
	}
	h, err := d.home()
	if err != nil {
		return err
	}
	p, err := d.patient(h, o.offline)
	if err != nil {
		return err
	}
	if o.list {
		return o.writeList(p.Checks())
	}
	var report *diagnosisFile
	if o.report != "" { // a report that cannot be written is known before all that is asked
		if report, err = createDiagnosis(o.report); err != nil {
			return err
		}
		defer report.discard()
	}
	clean := o.redactor(p)
	checked := func() ([]doctor.Outcome, error) {
		all, err := doctor.Examine(ctx, p.Checks(), doctor.Options{Only: o.checks, Clean: clean.Text, Late: func(ids []string) {
			if !d.json {
				fmt.Fprintf(d.IO.Err, "waiting at most 5 s for %s to clear up; Ctrl-C again ends at once\n", strings.Join(ids, ", "))
			}
		}})
		var unknown *doctor.UnknownError
		var left *doctor.UnclearedError
		switch {
		case errors.As(err, &unknown):
			return nil, &usageError{fmt.Errorf("%w; `ltlab doctor --list` shows them", err)}
		case errors.As(err, &left):
			return nil, problem.ExaminationInterrupted(left.IDs)
		}
		return all, err
	}
	all, err := checked()
	if err != nil {
		return err
	}
	doc := newDoctorDoc(p, o.checks, all)
	if o.fix {
		changed, err := o.repair(ctx, p, all, doc)
		if err != nil {
			return err
		}
		if changed {
			clean = o.redactor(p)                             // a repair may have made new ones
			if p, err = d.patient(h, o.offline); err != nil { // it remembers how the lab stood
				return err
			}
			if all, err = checked(); err != nil {
				return err
			}
		}
		doc.take(all)
	}
	if report != nil {
		if err := report.fill(ctx, p, clean, doc); err != nil {
			return problem.DiagnosisUnwritable(o.report, err)
		}
		doc.Report = &report.path
	}
	if d.json {
		if err := term.JSON(d.IO.Out, doc); err != nil {
			return err
		}
	} else {
		o.write(doc, all)
		if doc.failed != nil {
			fmt.Fprintln(d.IO.Err)
			d.show(doc.failed)
		}
	}
	if doc.failed != nil {
		return &shownError{doc.failed.Exit}
	}
	return nil
}

// repair does what is safe, after it said so and was allowed to; it says whether it did anything.
func (o *doctorOptions) repair(ctx context.Context, p *doctor.Patient, all []doctor.Outcome, doc *doctorDoc) (changed bool, err error) {
	d := o.deps
	var todo []doctor.Outcome
	for _, c := range all {
		if c.Repair != nil {
			todo = append(todo, c)
		}
	}
	if len(todo) == 0 {
		if !d.json {
			fmt.Fprintln(d.IO.Err, "there is nothing that can be repaired from here")
		}
		return false, nil
	}
	if !d.json {
		fmt.Fprintln(d.IO.Err, "to be repaired:")
		for _, c := range todo {
			fmt.Fprintf(d.IO.Err, "  %s: %s\n", c.ID, printable(c.Repair.Say))
		}
	}
	if o.dryRun {
		for _, c := range todo {
			doc.Repairs = append(doc.Repairs, repairDoc{Check: c.ID, Plan: c.Repair.Say})
		}
		return false, nil
	}
	if err := o.agreed(ctx); err != nil {
		return false, err
	}
	for _, c := range todo {
		r := repairDoc{Check: c.ID, Plan: c.Repair.Say, Done: true}
		said, err := c.Repair.Do(ctx)
		r.Says = said
		if err != nil {
			r.Done, r.Says = false, short(err)
		}
		r.Says = o.redactor(p).Text(r.Says)
		doc.Repairs = append(doc.Repairs, r)
		d.IO.Progress(d.json)(term.Event{Service: c.ID, Text: visible(r.Says), Warn: !r.Done})
		if ctx.Err() != nil {
			return true, context.Cause(ctx)
		}
	}
	return true, nil
}

// agreed asks, where nobody agreed on the command line.
func (o *doctorOptions) agreed(ctx context.Context) error {
	d := o.deps
	switch {
	case o.yes:
		return nil
	case d.json || !terminal(d.IO.In):
		return problem.RepairConsentNeeded(o.checks)
	}
	fmt.Fprintf(d.IO.Err, "do that? Type %s to go on: ", d.IO.ErrTint().Bold("yes"))
	select {
	case <-ctx.Done():
		fmt.Fprintln(d.IO.Err)
		return ctx.Err()
	case answer, ok := <-readLines(d.IO.In):
		switch {
		case !ok:
			fmt.Fprintln(d.IO.Err)
			return problem.CommandInterrupted()
		case strings.TrimSpace(answer) != "yes":
			return problem.RepairRefused(o.checks)
		}
	}
	return nil
}

// redactor knows the secrets of the lab and of the caller's environment as they are now, and those that it knew before: what was
// written with them is still there.
func (o *doctorOptions) redactor(p *doctor.Patient) *doctor.Redactor {
	d := o.deps
	s, broken := p.Settings()
	if broken == nil {
		for _, k := range config.Keys() {
			if k.Secret {
				o.secrets = append(o.secrets, s.Env.Value(k.Name), d.Getenv(k.Name))
			}
		}
		for name, value := range s.Env.Values() { // what ltlab does not know may be a secret of somebody else's
			if doctor.Secretive(name) {
				o.secrets = append(o.secrets, value)
			}
		}
	}
	if text, err := os.ReadFile(p.Home.Env()); err == nil {
		o.secrets = append(o.secrets, doctor.Salvage(text, broken != nil)...)
	}
	for _, v := range d.Environ() {
		if name, value, ok := strings.Cut(v, "="); ok && doctor.Secretive(name) {
			o.secrets = append(o.secrets, value)
		}
	}
	return doctor.NewRedactor(o.secrets)
}
