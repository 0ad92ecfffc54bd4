package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newLs(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "ls",
		Short: "List all labs, running or not",
		Long: "Lists the labs that have a folder of yours, the one that LTLAB_HOME names, and every lab of which the Docker engine has\n" +
			"something, found by label. A lab that was left running on an engine which does not answer has no known state.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runLs(cmd.Context(), d) },
	}
}

type lsDoc struct {
	Schema int     `json:"schema"`
	Labs   []lsLab `json:"labs"` // by name, then by folder
}

type lsLab struct {
	Lab      string           `json:"lab"`
	Home     string           `json:"home"`
	Engine   *string          `json:"engine"` // null: the lab is on none
	State    *engine.State    `json:"state"`  // null: nobody can tell
	Services []engine.Service `json:"services"`
}

func runLs(ctx context.Context, d *Deps) error {
	labs, err := d.folders()
	if err != nil {
		return err
	}
	self, err := d.home()
	if err != nil {
		return err
	}
	full, err := d.docker(self)
	if err != nil {
		return err
	}
	onDocker, err := full.Labs(ctx)
	var p *problem.Problem
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &p): // no engine is a fine answer, too
		d.IO.Progress(d.json)(term.Event{Text: p.What + ": labs on Docker are not listed"})
	case err != nil:
		return err
	}
	for _, l := range onDocker {
		if !slices.ContainsFunc(labs, func(v docker.Lab) bool { return v.Home == l.Home }) {
			labs = append(labs, l)
		}
	}
	slices.SortFunc(labs, func(a, b docker.Lab) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Home, b.Home)) })
	doc := lsDoc{Schema: Schema, Labs: []lsLab{}}
	for _, l := range labs {
		v, err := d.look(ctx, l, full, onDocker)
		if err != nil {
			return err
		}
		doc.Labs = append(doc.Labs, *v)
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	return d.writeLabs(&doc)
}

// folders are the labs that have a folder of this user.
func (d *Deps) folders() ([]docker.Lab, error) {
	var out []docker.Lab
	if home := d.Getenv("LTLAB_HOME"); home != "" {
		h, err := config.FindHome(d.Getenv, config.DefaultLab)
		if err != nil {
			return nil, problem.HomeUnusable(home, err)
		}
		if used(h) {
			out = append(out, docker.Lab{Name: config.DefaultLab, Home: h})
		}
	}
	dir, err := config.Labs(d.Getenv)
	if err != nil {
		return out, nil // no folder for labs, so none in it
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, problem.HomeUnusable(dir, err)
	}
	outside := func(name string) string { // its home is one of these folders, whatever LTLAB_HOME says
		if name == "LTLAB_HOME" {
			return ""
		}
		return d.Getenv(name)
	}
	for _, e := range entries {
		h, err := config.FindHome(outside, e.Name())
		if err == nil && used(h) && !slices.ContainsFunc(out, func(l docker.Lab) bool { return l.Home == h }) {
			out = append(out, docker.Lab{Name: e.Name(), Home: h})
		}
	}
	return out, nil
}

// used says whether a folder is a lab's: whether a lab has ever begun to keep something in it.
func used(h config.Home) bool {
	return slices.ContainsFunc([]string{h.Env(), string(h.Runs()), h.StartLock(), h.ServeLock(), h.Store()}, exists)
}

// look is how one of the labs stands.
func (d *Deps) look(ctx context.Context, v docker.Lab, full *docker.Engine, onDocker []docker.Lab) (*lsLab, error) {
	out := &lsLab{Lab: v.Name, Home: string(v.Home), Services: []engine.Service{}}
	l := &lab.Lab{Name: v.Name, Home: v.Home, Engine: d.embedded(v.Home)}
	there := full.At(v)
	switch {
	case d.embedded(v.Home).Alive():
	case slices.ContainsFunc(onDocker, func(o docker.Lab) bool { return o.Home == v.Home }):
		l.Engine = there
	case there.Remembered():
		name := there.Name()
		out.Engine = &name
		return out, nil
	}
	st, err := l.Status(ctx)
	if err != nil {
		return nil, err
	}
	out.State = &st.State
	if st.State != engine.Absent || l.Engine == there {
		out.Engine = &st.Engine
	}
	if st.State != engine.Absent {
		out.Services = append(out.Services, st.Services...)
	}
	return out, nil
}

func (d *Deps) writeLabs(doc *lsDoc) error {
	if len(doc.Labs) == 0 {
		fmt.Fprintln(d.IO.Out, "no labs yet; make one:   ltlab start")
		return nil
	}
	w := tabwriter.NewWriter(d.IO.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LAB\tENGINE\tSTATE\tSERVICES\tFOLDER")
	for _, l := range doc.Labs {
		on, state, services := "-", "not known", "-"
		if l.Engine != nil {
			on = *l.Engine
		}
		if l.State != nil {
			state = string(*l.State)
		}
		var names []string
		for _, v := range l.Services {
			names = append(names, v.Name)
		}
		if len(names) > 0 {
			services = strings.Join(names, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", printable(l.Lab), on, state, services, printable(l.Home))
	}
	return w.Flush()
}
