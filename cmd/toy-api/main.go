// Command toy-api serves the toy API until it is interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	toyapi "github.com/ltlab/ltlab/toy-api"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal a second one kills, as by default.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// run returns the exit code: 0 after a graceful shutdown, 2 for bad flags, 1
// when serving failed, the shutdown had to cut something off, or what --check
// asks does not answer.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	cfg := toyapi.DefaultConfig()
	cfg.Logger = slog.New(slog.NewTextHandler(stderr, nil))
	flags := pflag.NewFlagSet("toy-api", pflag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:5081", "address to listen on")
	check := flags.String("check", "", "serve nothing, but ask this `URL` of a running one and exit 0 when it answers 200")
	cfg.RegisterFlags(flags)
	err := flags.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "toy-api:", err)
		return 2
	}
	if *check != "" {
		if err := ask(ctx, *check); err != nil {
			fmt.Fprintln(stderr, "toy-api:", err)
			return 1
		}
		return 0
	}
	server, err := toyapi.New(cfg)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(stderr, "toy-api:", err)
		return 1
	}
	fmt.Fprintf(stderr, "toy-api listens on http://%s\n", listener.Addr())
	if err := server.Run(ctx, listener); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// ask is the health check of an image that holds this program and nothing else.
func ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
