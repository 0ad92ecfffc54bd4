package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/k6"
)

func newK6(d *Deps) *cobra.Command {
	o := &runOptions{deps: d, tool: k6Tool()}
	cmd := &cobra.Command{
		Use:   "k6 -s FILE [-p DIR] [-- K6-FLAG...]",
		Short: "Run a k6 scenario and say what came of it",
		Long: "Runs a k6 scenario with k6 itself, records every sample and ends with a summary. The exit code is k6's own:\n" +
			"99 when thresholds failed. With a running lab the run is live on its boards; without one it is recorded all the same.",
		Example: "  ltlab k6 -s smoke.js                                  a shipped scenario, against the lab's toy API\n" +
			"  ltlab k6 -p ./tests/load -s main.js -e USERS=20       a project's own\n" +
			"  ltlab k6 -s ./spike.js --json -- --vus 50 -d 30s      k6's own flags behind --",
		Args: toolArgs("k6's"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			return runTool(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd, "__ENV")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "fail (17) when a threshold saw no sample")
	return cmd
}

func k6Tool() tool {
	return tool{
		name: engine.K6, tags: "`name=value` on every sample and in the record (repeatable)",
		shipped: runner.Shipped{Tool: engine.K6, Names: k6.Names(), Source: k6.Source, Ext: ".js"},
		program: func(_ context.Context, o *runOptions, _ *runner.Spec, here bool) (string, runner.Program, error) {
			self, err := o.deps.Executable()
			if err != nil {
				return "", nil, err
			}
			binary, err := runner.FindK6(o.deps.Getenv("LTLAB_K6"), self)
			if !here { // one that is here all the same can read the script
				return "", runner.K6{Inspect: binary}, nil
			}
			return binary, runner.K6{Binary: binary}, err
		},
	}
}
