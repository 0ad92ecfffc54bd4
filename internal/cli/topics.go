package cli

import (
	"bytes"
	"embed"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/term"
)

//go:embed topics/*.txt
var topicFiles embed.FS

// newTopics are help topics: commands that cannot be run.
func newTopics(d *Deps) []*cobra.Command {
	var out []*cobra.Command
	for _, t := range []struct{ name, short string }{
		{"exit-codes", "What ltlab's exit codes mean"},
		{"environment", "The environment variables that ltlab reads and sets"},
	} {
		b, err := topicFiles.ReadFile("topics/" + t.name + ".txt")
		if err != nil {
			panic(err) // embedded: a test runs this
		}
		out = append(out, &cobra.Command{Use: t.name, Short: t.short, Long: strings.TrimSpace(string(b))})
	}
	return append(out, problemsTopic(d))
}

// newHelp is cobra's help command, but for a name that nothing has.
func newHelp(d *Deps, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			at, _, err := root.Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, c := range at.Commands() {
				if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return &usageError{err}
			}
			if len(rest) > 0 {
				return &usageError{fmt.Errorf("there is no help about %q%s", strings.Join(args, " "), suggested(cmd, rest[0]))}
			}
			cmd.InitDefaultHelpFlag()
			cmd.HelpFunc()(cmd, nil)
			return nil
		},
	}
}

type helpDoc struct {
	Schema  int    `json:"schema"`
	Command string `json:"command"`
	Help    string `json:"help"` // for people
}

// help prints what text makes of a command's help, as a document where one is asked for.
func (d *Deps) help(cmd *cobra.Command, args []string, text func(*cobra.Command, []string)) {
	if !d.json {
		text(cmd, args)
		return
	}
	var b bytes.Buffer
	cmd.SetOut(&b)
	text(cmd, args)
	cmd.SetOut(nil) // the root's again
	_ = term.JSON(d.IO.Out, helpDoc{Schema, cmd.CommandPath(), b.String()})
}

// suggested names the command that was perhaps meant.
func suggested(cmd *cobra.Command, name string) string {
	cmd.SuggestionsMinimumDistance = 2
	if like := cmd.SuggestionsFor(name); len(like) > 0 {
		return fmt.Sprintf("; did you mean `%s %s`?", cmd.CommandPath(), like[0])
	}
	return ""
}
