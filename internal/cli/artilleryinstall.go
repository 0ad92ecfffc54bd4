package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/node"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newArtilleryInstall(d *Deps) *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install Artillery and Node for the lab, with npm",
		Long: "Installs Artillery " + node.ArtilleryPinned + " and Node " + node.NodePinned + " with npm into $XDG_CACHE_HOME/ltlab (else ~/.cache/ltlab), about 650 MB, without\n" +
			"Playwright's browsers. Nothing else on this machine changes, and a project's own Artillery and one on PATH still come\n" +
			"first. What is there already is left alone. To be rid of it, delete that folder.",
		Example: "  ltlab artillery install\n  ltlab artillery install --force",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runArtilleryInstall(cmd.Context(), d, force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "install it anew, whatever is there")
	return cmd
}

type artilleryInstallDoc struct {
	Schema    int    `json:"schema"`
	Artillery string `json:"artillery"` // version
	Node      string `json:"node"`      // version
	Path      string `json:"path"`
	Installed bool   `json:"installed"` // by this command; false: it was there
}

func runArtilleryInstall(ctx context.Context, d *Deps, force bool) error {
	dir, err := node.CacheDir(d.Getenv)
	if err != nil {
		return problem.InstallFailed(err)
	}
	got, err := node.Install(ctx, dir, force, d.Environ(), d.IO.Progress(d.json))
	if err != nil {
		return err
	}
	if d.json {
		return term.JSON(d.IO.Out, &artilleryInstallDoc{Schema: Schema, Artillery: got.Artillery, Node: got.Node, Path: got.Path, Installed: got.Anew})
	}
	how := "was there already"
	if got.Anew {
		how = "installed"
	}
	fmt.Fprintf(d.IO.Out, "Artillery %s with Node %s · %s\n  %s\n\n  next   %s\n", got.Artillery, got.Node, how, got.Path,
		d.IO.OutTint().Bold("ltlab artillery -s smoke.yml"))
	return nil
}
