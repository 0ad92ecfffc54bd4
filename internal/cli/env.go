package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/term"
)

// boardsURL is the variable for the address of the lab's own boards, which is no setting.
const boardsURL = "LTLAB_BOARDS_URL"

func newEnv(d *Deps) *cobra.Command {
	shell := ""
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Print the lab's addresses and credentials for a shell",
		Long: "Prints what other programs need to reach the lab: its addresses while it runs, and what was set for InfluxDB and\n" +
			"Grafana. Secrets are printed as they are; that is what the command is for. What nobody set is left out.",
		Example: "  eval \"$(ltlab env)\"                                             sh, bash, zsh\n" +
			"  ltlab env --shell fish | source\n" +
			"  ltlab env --shell powershell | Out-String | Invoke-Expression",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runEnv(cmd.Context(), d, shell) },
	}
	cmd.Flags().StringVar(&shell, "shell", "sh", "whose syntax: "+strings.Join(shells(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("shell", cobra.FixedCompletions(shells(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

type envDoc struct {
	Schema   int               `json:"schema"`
	Env      map[string]string `json:"env"`
	Warnings []string          `json:"warnings"`
}

func runEnv(ctx context.Context, d *Deps, shell string) error {
	if !slices.Contains(shells(), shell) {
		return &usageError{fmt.Errorf("unknown shell %q: want %s", shell, strings.Join(shells(), ", "))}
	}
	s, err := d.settings(ctx)
	if err != nil {
		return err
	}
	if !s.running {
		s.warnings = append(s.warnings, "the lab is not running, so its own addresses are left out")
	}
	doc := envDoc{Schema: Schema, Env: map[string]string{}, Warnings: s.warnings}
	s.Getenv = func(name string) string { // what an earlier `ltlab env` gave this shell may be another lab's
		if strings.HasPrefix(name, "INFLUXDB_") || strings.HasPrefix(name, "GRAFANA_") {
			return ""
		}
		return d.Getenv(name)
	}
	var lines []string
	add := func(name, value string) {
		doc.Env[name] = value
		lines = append(lines, assign(shell, name, value))
	}
	for _, v := range s.All() {
		ours := strings.HasPrefix(v.Key.Name, "LTLAB_") // for ltlab itself, which knows them
		if v.Value != "" && v.Origin.From != config.FromDefault && !ours {
			add(v.Key.Name, v.Value)
		}
	}
	if s.boards != "" {
		add(boardsURL, s.boards)
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	d.warn(s.warnings)
	_, err = fmt.Fprint(d.IO.Out, strings.Join(lines, ""))
	return err
}

func shells() []string { return []string{"sh", "fish", "powershell"} }

var (
	shQuotes   = strings.NewReplacer(`'`, `'\''`)
	fishQuotes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	// PowerShell takes typographic quotes for plain ones.
	powershellQuotes = strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛")
)

// assign is a line that sets a variable to exactly this value, whatever is in it.
func assign(shell, name, value string) string {
	switch shell {
	case "fish":
		return "set -gx " + name + " '" + fishQuotes.Replace(value) + "'\n"
	case "powershell":
		return "$env:" + name + " = '" + powershellQuotes.Replace(value) + "'\n"
	}
	return "export " + name + "='" + shQuotes.Replace(value) + "'\n"
}
