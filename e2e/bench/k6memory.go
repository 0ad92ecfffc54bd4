package main

import (
	"context"
	"fmt"
	"time"
)

// k6Memory measures what the output holds on to.
func k6Memory() mark {
	return mark{
		id:     "k6-memory",
		versus: "k6 with -o ltlab against the same k6 without any output",
		how: "The load of k6-rps for two minutes a side and round: as many requests as a first run of 5 s without output lets expect, the same on " +
			"both sides, for k6 itself grows: it keeps every sample for the summary at its end. Memory is the process's highest resident size, of `getrusage`.",
		rounds:  2,
		figures: []figure{{name: "peak memory, output on − off", unit: "MB", digits: 1, goal: atMost(32)}},
		measure: measureK6Memory,
	}
}

const megabyte = 1e6

// settled is when k6 has started its users, in seconds.
const settled = 5

func measureK6Memory(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	length := b.length(2*time.Minute, 20*time.Second)
	first, err := b.runFast(ctx, fastLoad{target: toy.url(), length: 5 * time.Second})
	if err != nil {
		return err
	}
	load := fastLoad{target: toy.url(), length: 3 * length, requests: int64(first.rate * length.Seconds())}
	var peak, begin, end [2][]float64
	err = alternate(rounds, 2, func(round, side int) error {
		load.output = side == 1
		r, err := b.runFast(ctx, load)
		if err == nil && r.requests != load.requests {
			err = fmt.Errorf("%d of %d requests were made in %s", r.requests, load.requests, load.length)
		}
		if err != nil {
			return err
		}
		peak[side] = append(peak[side], float64(r.peak)/megabyte)
		if len(r.memory) > settled {
			begin[side] = append(begin[side], float64(r.memory[settled-1])/megabyte)
			end[side] = append(end[side], float64(r.memory[len(r.memory)-1])/megabyte)
		}
		b.say("  round %d, output %s: peak %.0f MB, %.0f requests/s", round+1, onOff[side], float64(r.peak)/megabyte, r.rate)
		return nil
	})
	if err != nil {
		return err
	}
	f := &figures[0]
	f.values = pairwise(peak[1], peak[0], minus)
	f.note("peak after %.2f million requests: %.0f MB without, %.0f MB with", float64(load.requests)/1e6, median(peak[0]), median(peak[1]))
	f.note("k6's own growth from second %d to its end: %.0f to %.0f MB without the output, %.0f to %.0f MB with it",
		settled, median(begin[0]), median(end[0]), median(begin[1]), median(end[1]))
	return nil
}
