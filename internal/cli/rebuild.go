package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
)

func newRebuild(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild [SERVICE...]",
		Short: "Make ltlab's own images anew",
		Long: "Makes the images of the toy API and of k6 from their programs, which make images builds and a release brings along.\n" +
			"Artillery's, when it is named, is made from a Node image and npm's registry, which needs the network.\n" +
			"A service that runs keeps its older image until it restarts; the answer names those.",
		Example:           "  make images && ltlab rebuild && ltlab restart toy-api\n  ltlab rebuild artillery",
		ValidArgsFunction: serviceNames(engine.ToyAPI, engine.K6, engine.Artillery),
		RunE: func(cmd *cobra.Command, names []string) error {
			ours := func(v docker.Image) error {
				if v.Ours {
					return nil
				}
				return &usageError{fmt.Errorf("%s of %s is not made by ltlab: pull it with ltlab pull %s", v.Image, v.Service, v.Service)}
			}
			return d.changeImages(cmd.Context(), names, ours, func(e *docker.Engine) error {
				return e.Rebuild(cmd.Context(), names, d.IO.Progress(d.json))
			})
		},
	}
}
