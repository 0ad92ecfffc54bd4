package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newEject(d *Deps) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "eject DIR",
		Short: "Write the Docker lab as a folder for plain docker compose",
		Long: "Writes compose.yaml, an override for what ltlab does through APIs, the configuration of Telegraf and Grafana, and an\n" +
			".env with secrets of its own; names, images and retention are the lab's. From then on the folder is yours: ltlab neither\n" +
			"reads nor changes it. DIR/README.md says how it works.",
		Example: "  ltlab eject ./lab && cd lab && docker compose up -d --wait",
		Args:    oneArg("folder"),
		RunE:    func(_ *cobra.Command, args []string) error { return runEject(d, args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace files that are in the way; an .env is kept and completed")
	return cmd
}

type ejectDoc struct {
	Schema   int      `json:"schema"`
	Folder   string   `json:"folder"`
	Files    []string `json:"files"` // as paths in the folder
	Kept     []string `json:"kept"`  // files that were there and were not replaced
	Made     []string `json:"made"`  // settings in .env that were not there before
	Warnings []string `json:"warnings"`
}

func runEject(d *Deps, dir string, force bool) error {
	cwd, err := d.Getwd()
	if err != nil {
		return err
	}
	f, err := d.env()
	if err != nil {
		return err
	}
	folder := absolute(cwd, dir)
	out, err := compose.Eject(folder, f, force)
	var exists *compose.ExistsError
	var file *config.FileError
	var value *config.ValueError
	switch {
	case errors.As(err, &exists):
		return problem.EjectExists(dir, exists.Files)
	case errors.As(err, &file), errors.As(err, &value):
		return settingsProblem(err)
	case err != nil:
		return problem.EjectUnwritable(dir, err)
	}
	doc := ejectDoc{Schema: Schema, Folder: folder, Files: append([]string{}, out.Files...), Kept: append([]string{}, out.Kept...),
		Made: append([]string{}, out.Made...), Warnings: warnings(f)}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	d.warn(doc.Warnings)
	for _, name := range doc.Files {
		fmt.Fprintln(d.IO.Out, name)
	}
	if len(doc.Kept) > 0 {
		fmt.Fprintf(d.IO.Out, "kept: %s\n", strings.Join(doc.Kept, ", "))
	}
	fmt.Fprintf(d.IO.Out, "written to %s; see README.md there\n", folder)
	return nil
}
