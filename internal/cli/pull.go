package cli

import (
	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
)

func newPull(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "pull [SERVICE...]",
		Short: "Pull the images of the lab on Docker",
		Long: "Pulls the images of the services named, or of all that run all the time, newer ones of the same name included, so that\n" +
			"a later start needs no network. ltlab's own images are on no registry: they are made here where they are missing.",
		Example:           "  ltlab pull\n  ltlab pull grafana k6",
		ValidArgsFunction: serviceNames(engine.InfluxDB, engine.Telegraf, engine.Grafana, engine.ToyAPI, engine.K6, engine.Artillery),
		RunE: func(cmd *cobra.Command, names []string) error {
			all := func(docker.Image) error { return nil }
			return d.changeImages(cmd.Context(), names, all, func(e *docker.Engine) error {
				return e.Pull(cmd.Context(), names, d.IO.Progress(d.json))
			})
		},
	}
}
