package cli

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"
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
