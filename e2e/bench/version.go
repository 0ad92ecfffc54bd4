package main

import (
	"context"
	"time"
)

// versionTime measures how long the command line takes to be there at all.
func versionTime() mark {
	return mark{
		id:      "version",
		versus:  "`ltlab version` against `ltlab-k6 version`, which is `k6 version`",
		how:     "Wall time of the whole process, in turns, after one of each that does not count.",
		rounds:  21,
		figures: []figure{{name: "wall time, ltlab / k6", digits: 2, goal: atMost(1)}},
		measure: measureVersion,
	}
}

func measureVersion(ctx context.Context, b *bench, rounds int, figures []figure) error {
	programs := [2]string{b.ltlab, b.k6}
	var took [2][]float64
	err := alternate(rounds+1, 2, func(round, side int) error {
		_, d, err := run(ctx, 10*time.Second, environ(), programs[side], "version")
		if err == nil && round > 0 {
			took[side] = append(took[side], milliseconds(d))
		}
		return err
	})
	if err != nil {
		return err
	}
	f := &figures[0]
	f.values = pairwise(took[0], took[1], over)
	f.note("wall time: ltlab %.1f ms, k6 %.1f ms", median(took[0]), median(took[1]))
	return nil
}
