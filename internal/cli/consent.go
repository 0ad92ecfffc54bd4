package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
)

// consent is a user's word for removing something: given on the command line, or asked for on a terminal.
type consent struct {
	deps   *Deps
	yes    bool
	dryRun bool
}

func (c *consent) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "only list what would be removed")
}

// possible says whether anybody can agree at all; a program that wants a document answers no questions.
func (c *consent) possible(command string) error {
	if c.yes || c.dryRun || terminal(c.deps.IO.In) && !c.deps.json {
		return nil
	}
	return problem.ConsentNeeded(command)
}

// given lists what is going to be removed and says whether to go on; false is a dry run. A no is a problem.
func (c *consent) given(ctx context.Context, command string, doomed []engine.Holding, kept string) (bool, error) {
	d := c.deps
	if !d.json {
		if err := c.list(doomed, kept); err != nil {
			return false, err
		}
	}
	switch {
	case c.dryRun:
		return false, nil
	case c.yes || len(doomed) == 0:
		return true, nil
	}
	fmt.Fprintf(d.IO.Err, "remove all that? Type %s to go on: ", d.IO.ErrTint().Bold("yes"))
	select {
	case <-ctx.Done():
		fmt.Fprintln(d.IO.Err)
		return false, ctx.Err()
	case answer, ok := <-readLines(d.IO.In):
		switch {
		case !ok:
			fmt.Fprintln(d.IO.Err)
			return false, problem.CommandInterrupted()
		case strings.TrimSpace(answer) != "yes":
			return false, problem.ConsentRefused(command)
		}
	}
	return true, nil
}

func (c *consent) list(doomed []engine.Holding, kept string) error {
	out := c.deps.IO.Out
	if len(doomed) == 0 {
		fmt.Fprintln(out, "there is nothing to remove")
		return nil
	}
	fmt.Fprintln(out, "to be removed:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var sum int64
	for _, v := range doomed {
		size := "-"
		if v.Bytes >= 0 {
			size = bytesText(v.Bytes)
			sum += v.Bytes
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", v.Kind, printable(v.Name), size)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s in all\n", bytesText(sum))
	if kept != "" {
		fmt.Fprintln(out, "kept: "+kept)
	}
	return nil
}
