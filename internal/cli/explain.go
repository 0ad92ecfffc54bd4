package cli

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/docs"
	"github.com/ltlab/ltlab/internal/doctor"
	"github.com/ltlab/ltlab/internal/term"
)

func newExplain(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:     "explain ID",
		Short:   "Show the page of a problem: what it means, how to fix it and why it happens",
		Long:    "Shows the page of a problem by its id, which every error names in its last line. `ltlab help problems` lists them.",
		Example: "  ltlab explain port-in-use\n  ltlab explain thresholds-failed | less",
		Args:    oneArg("problem's id"),
		RunE:    func(_ *cobra.Command, args []string) error { return runExplain(d, args[0]) },
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, p := range docs.Problems() {
				names = append(names, cobra.CompletionWithDesc(p.ID, plain(p.Line)))
			}
			return names[:len(names)*(1-min(1, len(args)))], cobra.ShellCompDirectiveNoFileComp
		},
	}
}

type explainDoc struct {
	Schema int    `json:"schema"`
	ID     string `json:"id"`
	Exit   string `json:"exit"` // a code, or "k6's own"
	Line   string `json:"line"`
	Page   string `json:"page"` // Markdown
}

func runExplain(d *Deps, name string) error {
	id := strings.TrimSuffix(name[strings.LastIndex(name, "/")+1:], ".md") // as the last line of an error has it
	page, ok := docs.Page(id)
	if !ok {
		return &usageError{fmt.Errorf("no problem is called %q%s (`ltlab help problems` lists them)", name, didYouMean(id))}
	}
	if d.json {
		doc := explainDoc{Schema: Schema, ID: id, Page: page}
		for _, p := range docs.Problems() {
			if p.ID == id {
				doc.Exit, doc.Line = p.Exit, plain(p.Line)
			}
		}
		return term.JSON(d.IO.Out, doc)
	}
	_, err := fmt.Fprint(d.IO.Out, rendered(page, d.IO.OutTint()))
	return err
}

// didYouMean names the problem that is most like that name.
func didYouMean(id string) string {
	var ids []string
	for _, p := range docs.Problems() {
		ids = append(ids, p.ID)
	}
	if n := doctor.Nearest(id, ids); n != "" {
		return "; did you mean " + n + "?"
	}
	return ""
}

var (
	mdLink = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)
	mdCode = regexp.MustCompile("`([^`]+)`")
	mdMark = regexp.MustCompile(`\*\*?([^*]+)\*\*?`)
)

// plain is a line of Markdown as text.
func plain(s string) string {
	s = mdLink.ReplaceAllString(s, "$1")
	s = mdCode.ReplaceAllString(s, "$1")
	return mdMark.ReplaceAllString(s, "$1")
}

// rendered is a page for a terminal: headings stand out, and what is to be typed or was printed is indented as it is.
func rendered(page string, t term.Tint) string {
	var b strings.Builder
	fenced := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case fenced:
			fmt.Fprintf(&b, "    %s\n", line)
		case strings.HasPrefix(line, "#"):
			fmt.Fprintln(&b, t.Bold(strings.TrimLeft(line, "# ")))
		default:
			fmt.Fprintln(&b, plain(line))
		}
	}
	return b.String()
}

// problemsTopic is the help topic that lists every problem. The list is made when somebody asks for it.
func problemsTopic(d *Deps) *cobra.Command {
	cmd := &cobra.Command{Use: "problems", Short: "Every problem that ltlab can show, with its exit code"}
	list := func(cmd *cobra.Command, _ []string) {
		out := cmd.OutOrStdout()
		fmt.Fprint(out, "Every error that ltlab can show. `ltlab explain ID` shows its page, `ltlab help exit-codes` what the codes mean.\n\n")
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, p := range docs.Problems() {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", p.ID, p.Exit, plain(p.Line))
		}
		w.Flush()
	}
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) { d.help(cmd, args, list) })
	return cmd
}
