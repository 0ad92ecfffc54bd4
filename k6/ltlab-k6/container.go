package ltlabk6

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// What ltlab tells a k6 that runs in a container of the lab. Elsewhere none of it is set.
const (
	envFile  = "LTLAB_ENV_FILE" // NAME=value, each ended by a zero byte: what `docker inspect` shall not show
	envReach = "LTLAB_REACH"    // host:port that must take a connection before the run
)

// exitUnreachable is the exit code of a k6 that did not begin, for nobody answers at LTLAB_REACH. k6 itself does not use it.
const exitUnreachable = 69

// unreachable begins the line on stderr that says why; ltlab takes it away.
const unreachable = "ltlab-k6: unreachable: "

// reachIn is how long the target may take to accept a connection.
const reachIn = 2 * time.Second

// It runs before k6 looks at its environment, whichever program links this package.
//
//nolint:forbidigo // xk6 writes a main of its own, so this is the only place before k6's
func init() {
	if path := os.Getenv(envFile); path != "" {
		if err := readEnv(path); err != nil {
			fmt.Fprintln(os.Stderr, "ltlab-k6: "+err.Error())
			os.Exit(1)
		}
	}
	if err := reach(os.Getenv(envReach)); err != nil {
		fmt.Fprintln(os.Stderr, unreachable+err.Error())
		os.Exit(exitUnreachable)
	}
}

// readEnv adds a file's variables to the environment.
func readEnv(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", envFile, err)
	}
	for v := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x00"), "\x00") {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s: %s: %w", envFile, name, err)
		}
	}
	return nil
}

// reach connects to an address once; "" is none.
func reach(address string) error {
	if address == "" {
		return nil
	}
	c, err := net.DialTimeout("tcp", address, reachIn)
	if err != nil {
		return err
	}
	return c.Close()
}
