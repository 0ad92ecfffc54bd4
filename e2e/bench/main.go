// Command bench measures the marks that ltlab promises, as ratios of programs that take turns in one run, and writes
// docs/benchmarks.md. `make bench` builds what it measures and sets LTLAB_BIN, LTLAB_K6 and LTLAB_CACHE. It needs Linux.
//
// One file a mark; a new one is added to marks.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func marks() []mark {
	return []mark{k6RPS(), k6Memory(), startReady(), startDocker(), versionTime(), doctorTime(), recordSize(), toyFast()}
}

// way are the marks of the way into InfluxDB, of `make bench-k6`.
func way() []mark { return []mark{influxRPS(), influxSamples(), influxSize(), influxMemory()} }

// ofArtillery are the marks of `make bench-artillery`.
func ofArtillery() []mark { return []mark{artilleryRPS(), artilleryStart(), artilleryMemory()} }

// ofBoards are the marks of `make bench-boards`.
func ofBoards() []mark { return []mark{boardsBrowser(), boardsFlux(), boardsLive()} }

// long are marks that take an hour: they are measured when -only names them.
func long() []mark { return []mark{soak()} }

const page = "docs/benchmarks.md"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := benchmark(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errUnmeasured = errors.New("not every mark could be measured, see above")

// benchmark measures and reports. An error is exit code 1: a mark that misses its goal is none, one that could not be
// measured is.
func benchmark(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	only := flags.String("only", "", "measure these `marks` only, by commas; all of make bench-k6, all of make bench-artillery and each long one have pages of their own")
	rounds := flags.Int("rounds", 0, "`rounds` of every mark (default: each mark's own)")
	short := flags.Bool("short", false, "measure for a moment, to see that it works; does not write "+page)
	length := flags.Duration("length", 0, "how long each run of artillery-memory lasts (default: ten minutes)")
	force := flags.Bool("force", false, "measure on a busy machine, and say so")
	bare := flags.Bool(bareFlag, false, "be the bare server of toy-fast")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 || *rounds < 0 || *length < 0 {
		return fmt.Errorf("bad arguments %q", args)
	}
	if *bare {
		return serveBare()
	}
	chosen, err := choose(marks(), slices.Concat(way(), ofArtillery(), ofBoards(), long()), *only)
	if err != nil {
		return err
	}
	b := &bench{
		ltlab: os.Getenv("LTLAB_BIN"), k6: os.Getenv("LTLAB_K6"), cache: os.Getenv("LTLAB_CACHE"),
		short: *short, force: *force, rounds: *rounds, steady: *length, others: othersCPU,
		say: func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) },
	}
	if b.ltlab == "" || b.k6 == "" || b.cache == "" {
		return errors.New("LTLAB_BIN, LTLAB_K6 and LTLAB_CACHE must be set: use `make bench`")
	}
	if b.scratch, err = os.MkdirTemp("", "ltlab-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.scratch)
	programs, err := b.versions(ctx, chosen)
	if err != nil {
		return err
	}
	results, err := b.run(ctx, chosen)
	if err != nil {
		return err
	}
	to, target := pageOf(*only)
	r := &report{machine: thisMachine(), programs: programs, date: time.Now(), results: results, target: target}
	if err := r.text(out); err != nil {
		return err
	}
	if to != "" && !*short {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, []byte(r.markdown()), 0o644); err != nil {
			return err
		}
		b.say("wrote %s", to)
	}
	if failed(results) {
		return errUnmeasured
	}
	return nil
}

// pageOf is the page that is written, and the target of make that writes it: of all marks of `make bench`, of all of
// `make bench-k6` or `make bench-artillery`, or of one long mark; "" for any other choice.
func pageOf(only string) (to, target string) {
	switch only {
	case "":
		return page, "bench"
	case ids(way()):
		return "docs/benchmarks-k6.md", "bench-k6"
	case ids(ofArtillery()):
		return "docs/benchmarks-artillery.md", "bench-artillery"
	case ids(ofBoards()):
		return "docs/benchmarks-boards.md", "bench-boards"
	}
	for _, m := range long() {
		if m.id == only {
			return "docs/benchmarks-" + m.id + ".md", m.id
		}
	}
	return "", ""
}

// ids are the marks as -only names them.
func ids(marks []mark) string {
	var all []string
	for _, m := range marks {
		all = append(all, m.id)
	}
	return strings.Join(all, ",")
}

// choose picks marks by id, in their own order; without any, all that are not long.
func choose(all, long []mark, only string) ([]mark, error) {
	if only == "" {
		return all, nil
	}
	all = slices.Concat(all, long)
	ids := strings.Split(only, ",")
	chosen := slices.DeleteFunc(slices.Clone(all), func(m mark) bool { return !slices.Contains(ids, m.id) })
	if len(chosen) != len(ids) {
		var known []string
		for _, m := range all {
			known = append(known, m.id)
		}
		return nil, fmt.Errorf("-only %s: the marks are %s", only, strings.Join(known, ", "))
	}
	return chosen, nil
}

// versions are the first lines of what the measured programs say of themselves.
func (b *bench) versions(ctx context.Context, marks []mark) ([]string, error) {
	var all []string
	for _, program := range []string{b.ltlab, b.k6} {
		out, _, err := run(ctx, 10*time.Second, environ(), program, "version")
		if err != nil {
			return nil, err
		}
		line, _, _ := strings.Cut(string(out), "\n")
		all = append(all, line)
	}
	if slices.ContainsFunc(marks, func(m mark) bool { return strings.HasPrefix(m.id, "artillery-") }) {
		tool, err := b.artillery(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, "Artillery "+tool.Version, "Node "+tool.NodeVersion)
	}
	return all, nil
}
