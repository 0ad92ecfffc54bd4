package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/version"
)

type versionDoc struct {
	Schema  int    `json:"schema"`
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func newVersion(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionDoc{Schema: Schema, Version: version.String(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
			if d.json {
				return term.JSON(d.IO.Out, v)
			}
			_, err := fmt.Fprintf(d.IO.Out, "ltlab %s (%s, %s/%s)\n", v.Version, v.Go, v.OS, v.Arch)
			return err
		},
	}
}
