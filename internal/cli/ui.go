package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/embedded"
	"github.com/ltlab/ltlab/internal/ports"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/term"
	"github.com/ltlab/ltlab/internal/web"
)

// uiPort is where the boards are beside Grafana, which has theirs. Under uiPorts the lab remembers a replacement.
const (
	uiPort  = 3082
	uiPorts = "ui"
)

type uiOptions struct {
	deps *Deps
	port int
	open bool
}

func newUI(d *Deps) *cobra.Command {
	o := &uiOptions{deps: d}
	cmd := &cobra.Command{
		Use:   "ui",
		Short: "Show the boards in the browser, beside Grafana too",
		Long: "Serves the boards of this lab's runs until Ctrl-C: those that the embedded lab has, from the same records, for a lab on Docker or for\n" +
			"none. Where the embedded lab runs, they are there already: it says where.",
		Example: "  ltlab ui --open",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runUI(cmd.Context(), o) },
	}
	cmd.Flags().IntVar(&o.port, "port", 0, fmt.Sprintf("the `port` that must be used (default %d, or a free one that stays the same)", uiPort))
	cmd.Flags().BoolVar(&o.open, "open", false, "open them in the browser")
	return cmd
}

func runUI(ctx context.Context, o *uiOptions) error {
	d := o.deps
	if o.port < 0 || o.port > 65535 {
		return &usageError{fmt.Errorf("--port %d: want 1 to 65535", o.port)}
	}
	home, err := d.home()
	if err != nil {
		return err
	}
	if small := d.embedded(home); small.Alive() {
		return o.point(ctx, small)
	}
	if err := home.Make(); err != nil {
		return problem.HomeUnusable(string(home), err)
	}
	got, err := o.listen(home)
	if err != nil {
		return err
	}
	defer got.Close()
	progress := d.IO.Progress(d.json)
	if got.Replaced {
		progress(term.Event{Service: engine.Boards, Text: fmt.Sprintf("get port %d: %d is held by %s", got.Port, uiPort, nameless(got.Holder))})
	}
	reader, err := store.OpenReader(home.Store())
	if err != nil {
		return problem.HomeUnusable(string(home), err)
	}
	defer reader.Close()
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { served <- embedded.ServeHTTP(ctx, got, web.New(web.Config{Store: reader, Port: got.Port})) }()
	o.say(fmt.Sprintf("http://127.0.0.1:%d", got.Port), progress)
	if err := catchUp(ctx, home, progress); err != nil && ctx.Err() == nil { // what there is can be looked at meanwhile
		progress(term.Event{Service: engine.Boards, Warn: true, Text: "do not have all runs yet: " + err.Error()})
	}
	if err := <-served; err != nil {
		return err
	}
	if d.json {
		return &shownError{problem.Interrupted} // its one document is out
	}
	return ctx.Err()
}

// point says where the boards of the embedded lab are.
func (o *uiOptions) point(ctx context.Context, small *embedded.Engine) error {
	services, err := small.Status(ctx)
	if err != nil {
		return err
	}
	for _, v := range services {
		if v.Name == engine.Boards && v.URL != "" {
			if o.port != 0 {
				return &usageError{fmt.Errorf("--port %d: the embedded lab has its boards on %s", o.port, v.URL)}
			}
			o.say(v.URL, o.deps.IO.Progress(o.deps.json))
			return nil
		}
	}
	return problem.LabUnhealthy("the lab is still starting", "it has not said its ports yet", "")
}

// listen takes the port, and keeps a replacement for the next time.
func (o *uiOptions) listen(home config.Home) (*ports.Got, error) {
	last := map[string]int{}
	_ = config.ReadJSON(home.Ports(), &last) // no file, or a broken one: the port is chosen anew
	want := ports.Want{Preferred: uiPort, Last: last[uiPorts]}
	if o.port != 0 {
		want = ports.Want{Preferred: o.port, Exact: true}
	}
	got, err := ports.Listen(want)
	var busy *ports.BusyError
	if errors.As(err, &busy) {
		return nil, problem.PortInUse(engine.Boards, busy.Port, busy.Holder)
	}
	if err != nil || o.port != 0 || last[uiPorts] == got.Port {
		return got, err
	}
	last[uiPorts] = got.Port
	if err := config.WriteJSON(home.Ports(), last); err != nil {
		got.Close()
		return nil, problem.HomeUnusable(string(home), err)
	}
	return got, nil
}

// say says where the boards are, and opens them where that is wanted.
func (o *uiOptions) say(url string, p term.Progress) {
	d := o.deps
	if d.json {
		_ = term.JSON(d.IO.Out, map[string]any{"schema": Schema, "services": []engine.Service{{Name: engine.Boards, State: engine.Healthy, URL: url}}})
	} else {
		fmt.Fprintf(d.IO.Out, "%-9s %s\n", engine.Boards, url)
	}
	if !o.open {
		return
	}
	if err := opener(url).Run(); err != nil {
		p(term.Event{Service: engine.Boards, Warn: true, Text: "could not be opened in a browser (" + err.Error() + "): open " + url})
	}
}

// opener is this system's way to a browser.
func opener(url string) *exec.Cmd {
	switch runtime.GOOS {
	case "darwin":
		return exec.Command("open", url)
	case "windows":
		return exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	}
	return exec.Command("xdg-open", url)
}

func nameless(holder string) string {
	if holder == "" {
		return "another program"
	}
	return holder
}
