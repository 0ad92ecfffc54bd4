package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

//go:embed scripts
var scripts embed.FS

// A mark is one thing to measure: it compares programs that take turns on the same machine.
type mark struct {
	id      string
	versus  string // what is compared with what
	how     string
	rounds  int
	figures []figure
	measure func(ctx context.Context, b *bench, rounds int, figures []figure) error // fills in the figures
}

// A figure is one number of a mark with its goal.
type figure struct {
	name   string
	unit   string // "" for a ratio
	digits int    // behind the point
	goal   goal

	values []float64 // one a round
	notes  []string  // what else was seen: absolute numbers, conditions
	err    error     // why it could not be measured
}

func (f *figure) note(format string, args ...any) {
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

// result is a mark that was tried; its figures have values or an error.
type result struct {
	mark
	others float64 // share of the machine's CPU that others used before it, 0 to 1
}

// bench is what marks measure with.
type bench struct {
	ltlab   string // the binary
	k6      string // ltlab-k6
	cache   string // for what is installed
	scratch string // empty folder, removed at the end
	short   bool
	force   bool
	rounds  int           // of every mark; 0: its own
	steady  time.Duration // of each run of artillery-memory; 0: its own
	say     func(format string, args ...any)
	others  func(context.Context) (float64, error) // share of the machine's CPU that others use now, 0 to 1
}

// length is a duration, cut for -short.
func (b *bench) length(full, brief time.Duration) time.Duration {
	if b.short {
		return brief
	}
	return full
}

func (b *bench) roundsOf(m mark) int {
	switch {
	case b.rounds > 0:
		return b.rounds
	case b.short:
		return min(m.rounds, 2)
	}
	return m.rounds
}

// unpack writes an embedded script into dir and returns its path.
func (b *bench) unpack(name, dir string) (string, error) {
	source, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, source, 0o600)
}

// busyLimit is the share of the machine's CPU that others may use at the start.
const busyLimit = 0.20

// run measures the marks. A mark that fails is a result with the error in it; the error returned says that nothing can
// be measured at all: the machine is busy at the start, or ctx ended.
func (b *bench) run(ctx context.Context, marks []mark) ([]result, error) {
	var results []result
	for _, m := range marks {
		others, err := b.others(ctx)
		if err != nil {
			return nil, err
		}
		if others > busyLimit && len(results) == 0 && !b.force {
			return nil, fmt.Errorf("other programs use %.0f %% of the CPU, at most %.0f %% is quiet: try again later, or -force", 100*others, 100*busyLimit)
		}
		rounds := b.roundsOf(m)
		b.say("%s: %s, rounds: %d", m.id, m.versus, rounds)
		err = m.measure(ctx, b, rounds, m.figures)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for i := range m.figures {
			switch f := &m.figures[i]; {
			case err != nil:
				f.err = err
			case f.err == nil && len(f.values) == 0:
				f.err = errors.New("no round gave a value")
			}
		}
		results = append(results, result{m, others})
	}
	return results, nil
}

// failed says whether something could not be measured.
func failed(results []result) bool {
	for _, r := range results {
		for _, f := range r.figures {
			if f.err != nil {
				return true
			}
		}
	}
	return false
}
