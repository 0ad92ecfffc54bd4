package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

type logsOptions struct {
	deps     *Deps
	services []string
	follow   bool
	tail     string
}

func newLogs(d *Deps) *cobra.Command {
	o := &logsOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "logs [SERVICE...]",
		Short: "Show what the lab's services print",
		Long: "Shows the output of the services named, or of all: on Docker each line under its service's name, embedded the one\n" +
			"log of the lab's server. With -f it goes on until the services end, or until Ctrl-C (exit code 130).",
		Example:           "  ltlab logs\n  ltlab logs -f --tail 20 influxdb telegraf",
		ValidArgsFunction: serviceNames(lasting()...),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.services = args
			return runLogs(cmd.Context(), o)
		},
	}
	cmd.Flags().BoolVarP(&o.follow, "follow", "f", false, "go on with what they print from now on")
	cmd.Flags().StringVarP(&o.tail, "tail", "n", "all", "how many of the last lines of each service, or all")
	return cmd
}

type logsDoc struct {
	Schema int       `json:"schema"`
	Lines  []logLine `json:"lines"` // service by service, each oldest first
}

type logLine struct {
	Service string `json:"service"` // "" in the log that the services of the embedded lab share
	Text    string `json:"text"`
}

func parseTail(text string) (int, error) {
	if text == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, &usageError{fmt.Errorf("--tail %q: want a number of lines, or all", text)}
	}
	return n, nil
}

func runLogs(ctx context.Context, o *logsOptions) error {
	d := o.deps
	tail, err := parseTail(o.tail)
	if err != nil {
		return err
	}
	if o.follow && d.json {
		return &usageError{errors.New("--follow has no end and --json is one document: leave one out")}
	}
	l, st, err := d.running(ctx)
	if err != nil {
		return err
	}
	if err := checkServices(l, st, o.services); err != nil {
		return err
	}
	if o.follow && st.State == engine.Absent {
		return problem.LabNotRunning("there is nothing to follow")
	}
	var kept bytes.Buffer
	out := &counted{w: d.IO.Out}
	if d.json {
		out.w = &kept
	}
	err = l.Engine.Logs(ctx, engine.LogOptions{Services: o.services, Follow: o.follow, Tail: tail}, out)
	switch {
	case o.follow && ctx.Err() != nil:
		return &shownError{problem.Interrupted} // Ctrl-C is how this command ends
	case err != nil:
		return err
	case out.n == 0 && st.State == engine.Absent && tail != 0: // a failed start may have left a log, and has not
		return problem.LabNotRunning("it has left no logs")
	case d.json:
		return term.JSON(d.IO.Out, logsDoc{Schema: Schema, Lines: logLines(kept.String(), l.Engine.Services())})
	}
	return nil
}

// logLines takes the names of services off the lines that have one.
func logLines(text string, services []string) []logLine {
	lines := []logLine{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		name, rest, ok := strings.Cut(line, " | ")
		if name = strings.TrimRight(name, " "); ok && slices.Contains(services, name) {
			lines = append(lines, logLine{name, rest})
			continue
		}
		lines = append(lines, logLine{Text: line})
	}
	return lines
}

// counted counts what is written through it.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
