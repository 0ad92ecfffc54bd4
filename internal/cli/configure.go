package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/term"
)

func newConfigure(d *Deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "configure",
		Short: "Change the lab's settings",
		Long: "Asks for each setting and shows its present value: Enter keeps it, - takes it back to its default. Nothing is\n" +
			"written before the last answer. Passwords are made at random, once, and InfluxDB makes the tokens; neither is asked for.",
		Example: "  ltlab configure\n  ltlab configure set BASE_URL=http://127.0.0.1:3000 INFLUXDB_RETENTION=30d",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runConfigure(cmd.Context(), d) },
	}
	cmd.AddCommand(newConfigureSet(d))
	return cmd
}

func newConfigureSet(d *Deps) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME=value...",
		Short: "Change settings without questions",
		Long: "Writes settings into the lab's .env, all of them or none; NAME= takes one back to its default; a token is\n" +
			"then made anew by the next start, a password at once. ltlab config lists the names.",
		Example: "  ltlab configure set INFLUXDB_ORG=acme LTLAB_IMAGE_K6=ltlab/k6:dev",
		Args:    someArgs("NAME=value"),
		RunE:    func(_ *cobra.Command, args []string) error { return runConfigureSet(d, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, k := range config.Keys() {
				names = append(names, cobra.CompletionWithDesc(k.Name+"=", k.Help))
			}
			return names, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		},
	}
}

type configureDoc struct {
	Schema   int             `json:"schema"`
	File     string          `json:"file"`
	Set      []configuredKey `json:"set"`
	Made     []string        `json:"made"` // tokens, passwords and names that were not there before
	Warnings []string        `json:"warnings"`
}

type configuredKey struct {
	Key   string `json:"key"`
	Value string `json:"value"` // masked; "" was taken back
}

func runConfigureSet(d *Deps, args []string) error {
	var settings []config.Setting
	seen := map[string]bool{}
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return &usageError{fmt.Errorf("%s: want NAME=value", key)} // cut off before a value that may be a secret
		}
		if seen[key] {
			return &usageError{fmt.Errorf("%s is given twice", key)}
		}
		seen[key] = true
		settings = append(settings, config.Setting{Key: key, Value: value})
	}
	f, err := d.env()
	if err != nil {
		return err
	}
	return d.configure(f, settings)
}

// configure writes settings and what a lab needs besides, and says so.
func (d *Deps) configure(f *config.EnvFile, settings []config.Setting) error {
	h, err := d.home()
	if err != nil {
		return err
	}
	if err := h.Make(); err != nil {
		return problem.HomeUnusable(string(h), err)
	}
	if err := config.Set(h, settings); err != nil {
		return settingsProblem(err)
	}
	made, err := config.Ensure(h)
	if err != nil {
		return settingsProblem(err)
	}
	doc := configureDoc{Schema: Schema, File: f.Path, Set: []configuredKey{}, Made: append([]string{}, made...), Warnings: warnings(f)}
	for _, s := range settings {
		k, err := config.FindKey(s.Key)
		if err != nil {
			return err
		}
		doc.Set = append(doc.Set, configuredKey{Key: s.Key, Value: config.Value{Key: k, Value: s.Value}.Masked()})
		if was := f.Value(s.Key); was != "" && was != s.Value {
			doc.Warnings = append(doc.Warnings, outlived(h, s.Key)...)
		}
		if d.Getenv(s.Key) != "" {
			doc.Warnings = append(doc.Warnings, s.Key+" is set in the environment too, and that counts here")
		}
	}
	if d.json {
		return term.JSON(d.IO.Out, doc)
	}
	d.warn(doc.Warnings)
	for _, s := range doc.Set {
		value := s.Value
		if value == "" {
			value = "(default)"
		}
		fmt.Fprintf(d.IO.Out, "%s  %s\n", s.Key, value)
	}
	if len(made) > 0 {
		fmt.Fprintf(d.IO.Out, "made for this lab: %s\n", strings.Join(made, ", "))
	}
	fmt.Fprintf(d.IO.Out, "settings are in %s\n", f.Path)
	if exists(h.Docker()) {
		fmt.Fprintln(d.IO.Out, "a lab that runs takes them with the next ltlab start")
	}
	return nil
}

// outlived warns of a new administrator for a service that has taken the old one into its volume.
func outlived(h config.Home, key string) []string {
	service := map[string]string{
		config.InfluxUser: engine.InfluxDB, config.InfluxPassword: engine.InfluxDB, config.GrafanaUser: engine.Grafana, config.GrafanaPassword: engine.Grafana,
	}[key]
	ports := map[string]int{}
	if service == "" || config.ReadJSON(h.Ports(), &ports) != nil || ports[service] == 0 { // it was never started
		return nil
	}
	return []string{fmt.Sprintf("%s keeps the administrator that it was set up with: change %s there too, or begin anew with ltlab purge", service, key)}
}

func runConfigure(ctx context.Context, d *Deps) error {
	if !terminal(d.IO.In) {
		return problem.TerminalNeeded()
	}
	f, err := d.env()
	if err != nil {
		return err
	}
	d.warn(warnings(f))
	f.Notes = nil // said
	answers := readLines(d.IO.In)
	var settings []config.Setting
	for _, k := range config.Keys() {
		if k.Secret {
			continue
		}
		answer, err := d.ask(ctx, k, config.Sources{Env: f}.Value(k.Name).Value, answers)
		if err != nil {
			return err
		}
		switch answer {
		case "":
			continue
		case "-":
			answer = ""
		}
		settings = append(settings, config.Setting{Key: k.Name, Value: answer})
	}
	return d.configure(f, settings)
}

// ask asks until the answer makes sense: "" keeps the value, "-" takes it back. The end of input counts as Ctrl-C.
func (d *Deps) ask(ctx context.Context, k config.Key, present string, answers <-chan string) (string, error) {
	t := d.IO.ErrTint()
	for {
		fmt.Fprintf(d.IO.Err, "%s %s [%s]: ", t.Bold(k.Name), t.Dim(k.Help), config.Value{Key: k, Value: present}.Masked())
		select {
		case <-ctx.Done():
			fmt.Fprintln(d.IO.Err)
			return "", ctx.Err()
		case answer, ok := <-answers:
			if !ok {
				fmt.Fprintln(d.IO.Err)
				return "", problem.CommandInterrupted()
			}
			answer = strings.TrimSpace(answer)
			if answer == "-" {
				return answer, nil
			}
			err := k.Check(answer)
			if err == nil {
				return answer, nil
			}
			fmt.Fprintf(d.IO.Err, "  %s\n", t.Bad(err.Error()))
		}
	}
}

// readLines reads ahead of its reader, which may stop listening: a read from a terminal cannot be called off.
func readLines(in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

func terminal(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && xterm.IsTerminal(int(f.Fd()))
}
