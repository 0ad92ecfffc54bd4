package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/preflight"
	"github.com/ltlab/ltlab/internal/problem"
)

// toolArgs refuses arguments that do not stand behind --.
func toolArgs(whose string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n := cmd.ArgsLenAtDash(); n > 0 || (n < 0 && len(args) > 0) {
			return &usageError{fmt.Errorf("unexpected argument %q: the scenario belongs to -s, %s flags behind --", args[0], whose)}
		}
		return nil
	}
}

// flags are those that every tool's command has; env is where a scenario finds its variables.
func (o *runOptions) flags(cmd *cobra.Command, env string) {
	names := o.tool.shipped.Names
	f := cmd.Flags()
	f.StringVarP(&o.scenario, "scenario", "s", "", "the scenario's `file`; a name alone also finds those of ltlab.yaml and shipped ones: "+strings.Join(names, ", "))
	f.StringVarP(&o.dir, "dir", "p", "", "the project's `folder`; -s is then a path inside it")
	f.StringArrayVarP(&o.env, "env", "e", nil, "`NAME=value` for the scenario's "+env+"; NAME alone passes the caller's (repeatable)")
	f.StringArrayVar(&o.envFiles, "env-file", nil, "`file` of NAME=value lines for the scenario; -e wins (repeatable)")
	f.StringArrayVar(&o.tags, "tag", nil, o.tool.tags)
	f.StringVar(&o.project, "project", "", "the project's `name`; default: the git repository's, else the folder's")
	f.StringVar(&o.id, "id", "", "the run's `id`; default: UTC time and a random part")
	f.BoolVar(&o.noGate, "no-gate", false, "do not ask first whether the lab's services do their work")
	f.BoolVar(&o.noPreflight, "no-preflight", false, "do not check before the run whether the target answers and this machine has what the run asks for")
	f.DurationVar(&o.preflightIn, "preflight-timeout", preflight.Within, "how long that may take; what is not known by then is not checked")
	f.StringVar(&o.runner, "runner", runnerAuto, "where "+o.tool.name+" runs beside a lab on Docker: docker, host, or auto: in a container of the lab where its image can be had")
	engineFlag(cmd, &o.engine)
	_ = cmd.RegisterFlagCompletionFunc("runner", cobra.FixedCompletions([]string{runnerAuto, runnerDocker, runnerHost}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("scenario", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return names, cobra.ShellCompDirectiveDefault
	})
}

// shellWord is an argument as it can be given to a shell; what could harm a terminal is not in it.
func shellWord(s string) string { return problem.Word(printable(s)) }
