package main

import (
	"context"
	"time"
)

// k6RPS measures what the output costs the load.
func k6RPS() mark {
	return mark{
		id:     "k6-rps",
		versus: "k6 with -o ltlab against the same k6 without any output",
		how: "20 users in a closed loop saturate the toy API's `/fast`, 10 s a side and round, after a run of 2 s that does not count. " +
			"Requests a second are k6's own `http_reqs` rate; the record must hold exactly as many requests. " +
			"CPU is user and system time of the k6 process.",
		rounds:  7,
		figures: []figure{{name: "requests a second, output on / off", digits: 3, goal: atLeast(0.97)}},
		measure: measureK6RPS,
	}
}

func measureK6RPS(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	if _, err := b.runFast(ctx, fastLoad{target: toy.url(), length: 2 * time.Second}); err != nil {
		return err
	}
	var rate, cpu [2][]float64 // without and with the output
	err = alternate(rounds, 2, func(round, side int) error {
		r, err := b.runFast(ctx, fastLoad{target: toy.url(), length: b.length(10*time.Second, 4*time.Second), output: side == 1})
		if err != nil {
			return err
		}
		rate[side], cpu[side] = append(rate[side], r.rate), append(cpu[side], r.cpuEach())
		b.say("  round %d, output %s: %.0f requests/s, %.1f µs CPU a request", round+1, onOff[side], r.rate, r.cpuEach())
		return nil
	})
	if err != nil {
		return err
	}
	f := &figures[0]
	f.values = pairwise(rate[1], rate[0], over)
	f.note("requests a second: %.0f without, %.0f with", median(rate[0]), median(rate[1]))
	f.note("CPU of k6 a request: %.1f µs without, %.1f µs with, ratio %.3f", median(cpu[0]), median(cpu[1]), median(pairwise(cpu[1], cpu[0], over)))
	return nil
}

var onOff = [2]string{"off", "on"}
