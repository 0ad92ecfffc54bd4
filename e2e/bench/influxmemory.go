package main

import (
	"context"
	"fmt"
	"time"
)

// influxMemory measures what the way into InfluxDB holds on to.
func influxMemory() mark {
	return mark{
		id:     "influx-memory",
		versus: "k6 with rows, and with all raw samples into an InfluxDB that is stalled all along, against the same k6 without any output",
		how: "The load of k6-rps for ten minutes a side: as many requests as a first run of 5 s without output lets expect, a tenth less, the same on all " +
			"sides, for k6 itself grows. Memory is the process's highest resident size, of `getrusage`.",
		rounds: 1,
		figures: []figure{
			{name: "peak memory, rows − none", unit: "MB", digits: 1, goal: atMost(32)},
			{name: "peak memory, rows and stalled raw − none", unit: "MB", digits: 1, goal: atMost(128)},
		},
		measure: measureInfluxMemory,
	}
}

func measureInfluxMemory(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	null, err := newNullSink()
	if err != nil {
		return err
	}
	defer null.server.Close()
	length := b.length(10*time.Minute, 20*time.Second)
	first, err := b.runFast(ctx, fastLoad{target: toy.url(), length: 5 * time.Second})
	if err != nil {
		return err
	}
	requests := int64(0.9 * first.rate * length.Seconds())
	all := sides(toy.url(), null.addr)
	chosen := []side{all[0], all[2], all[3]}
	peak := make([][]float64, len(chosen))
	err = alternate(rounds, len(chosen), func(round, i int) error {
		l := chosen[i].load
		l.length, l.requests, l.unsent = 3*length, requests, i == 2
		null.stalled.Store(i == 2)
		r, err := b.runFast(ctx, l)
		if err == nil && r.requests != requests {
			err = fmt.Errorf("%d of %d requests were made", r.requests, requests)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", chosen[i].name, err)
		}
		peak[i] = append(peak[i], float64(r.peak)/megabyte)
		b.say("  round %d, %s: peak %.0f MB, %.0f requests/s", round+1, chosen[i].name, float64(r.peak)/megabyte, r.rate)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range figures {
		figures[i].values = pairwise(peak[i+1], peak[0], minus)
		figures[i].note("peak after %.2f million requests: %.0f MB without, %.0f MB with %s", float64(requests)/1e6, median(peak[0]), median(peak[i+1]), chosen[i+1].name)
	}
	return nil
}
