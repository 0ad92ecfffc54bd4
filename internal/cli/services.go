package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
)

// serviceNames completes names of services, of both engines: completion asks no engine which one it is.
func serviceNames(names ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		left := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(args, n) })
		return left, cobra.ShellCompDirectiveNoFileComp
	}
}

// lasting are the services that run all the time, of both engines.
func lasting() []string {
	return []string{engine.InfluxDB, engine.Telegraf, engine.Grafana, engine.ToyAPI, engine.Boards}
}

// checkServices says whether the lab has all these services.
func checkServices(l *lab.Lab, st *lab.Status, names []string) error {
	for _, n := range names {
		if slices.Contains(l.Engine.Services(), n) {
			continue
		}
		if st.State == engine.Absent && slices.Contains(lasting(), n) { // it may be one of the other engine
			return problem.LabNotRunning(n + " does not run, nor does any other service")
		}
		return problem.ServiceUnknown(n, l.Engine.Services())
	}
	return nil
}
