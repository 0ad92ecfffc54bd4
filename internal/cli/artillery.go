package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/artillery"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/node"
	"github.com/ltlab/ltlab/internal/runner"
	"github.com/ltlab/ltlab/internal/term"
)

func newArtillery(d *Deps) *cobra.Command {
	o := &runOptions{deps: d, tool: artilleryTool()}
	cmd := &cobra.Command{
		Use:   "artillery -s FILE [-p DIR] [-- ARTILLERY-FLAG...]",
		Short: "Run an Artillery script and say what came of it",
		Long: "Runs an Artillery script with Artillery itself, records every period and ends with a summary, as `ltlab k6` does. Without a\n" +
			"lab on Docker it needs Artillery and Node on this machine: `ltlab artillery install` puts them there. A script without a\n" +
			"target of its own is given BASE_URL, and every script finds it as $env.BASE_URL. The exit code is 17 when ensure or expect\n" +
			"failed, or nothing answered.",
		Example: "  ltlab artillery -s smoke.yml                          a shipped script, against the lab's toy API\n" +
			"  ltlab artillery -p ./tests -s spike.yml -e USER=ann   a project's own; the script reads $env.USER\n" +
			"  ltlab artillery -s ./spike.yml --json -- --solo       Artillery's own flags behind --",
		Args: toolArgs("Artillery's"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			return runTool(cmd.Context(), o)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	o.flags(cmd, "$env")
	cmd.AddCommand(newArtilleryInstall(d))
	return cmd
}

func artilleryTool() tool {
	return tool{
		name: engine.Artillery, tags: "`name=value` in the record (repeatable)",
		shipped: runner.Shipped{Tool: engine.Artillery, Names: artillery.Names(), Source: artillery.Source, Ext: ".yml"},
		program: func(ctx context.Context, o *runOptions, spec *runner.Spec, here bool) (string, runner.Program, error) {
			a := &runner.Artillery{Plugins: artillery.Unpack}
			if !here {
				return "", a, nil
			}
			d := o.deps
			cache, err := node.CacheDir(d.Getenv)
			if err != nil {
				cache = "" // nothing was installed there then
			}
			find := node.Options{Artillery: d.Getenv("LTLAB_ARTILLERY"), Node: d.Getenv("LTLAB_NODE"), Cache: cache, Environ: d.Environ()}
			if !spec.Scenario.Shipped {
				find.Scenario = filepath.Dir(spec.Scenario.Path)
			}
			found, err := node.Find(ctx, find)
			if err != nil {
				return "", nil, err
			}
			for _, why := range found.Passed {
				d.IO.Progress(d.json)(term.Event{Warn: true, Text: why})
			}
			a.Node, a.Script = found.Node, found.Script
			return found.Script, a, nil
		},
	}
}
