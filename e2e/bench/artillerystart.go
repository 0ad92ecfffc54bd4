package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/ltlab/ltlab/internal/node"
)

// artilleryStart measures what a run takes besides the load.
func artilleryStart() mark {
	return mark{
		id:     "artillery-start",
		versus: "`ltlab artillery -s FILE -- --solo`, with no lab running and so record only, against plain `artillery run --solo FILE`",
		how: "Wall time of the whole command for one user who makes 20 requests, in turns, after one of each that does not count; for information. Most of it is Artillery's " +
			"own start and end. ltlab finds Artillery, reads the script, keeps the record and ends with a summary. CPU is user and system time of the command with its Node.",
		rounds: 5,
		figures: []figure{
			{name: "wall time of a run of one user, ltlab artillery − artillery run", unit: "s", digits: 2, goal: noGoal()},
			{name: "CPU of it, ltlab artillery − artillery run", unit: "s", digits: 2, goal: noGoal()},
		},
		measure: measureArtilleryStart,
	}
}

func measureArtilleryStart(ctx context.Context, b *bench, rounds int, figures []figure) error {
	return b.withArtillery(ctx, func(tool *node.Tool, to *target, _ *packetSink) error {
		var took, cpu [2][]float64
		err := alternate(rounds+1, 2, func(round, side int) error {
			wall, used, err := b.solo(ctx, tool, to, side == 1)
			if err == nil && round > 0 {
				took[side], cpu[side] = append(took[side], wall.Seconds()), append(cpu[side], used.Seconds())
			}
			return err
		})
		if err != nil {
			return err
		}
		for i, seen := range [][2][]float64{took, cpu} {
			figures[i].values = pairwise(seen[1], seen[0], minus)
			figures[i].note("%s: artillery run %.2f s, ltlab artillery %.2f s", [2]string{"wall time", "CPU"}[i], median(seen[0]), median(seen[1]))
		}
		return nil
	})
}

// solo runs the saturating script for one user, through ltlab or without it.
func (b *bench) solo(ctx context.Context, tool *node.Tool, to *target, ltlab bool) (wall, cpu time.Duration, err error) {
	dir, err := os.MkdirTemp(b.scratch, "artillery-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir)
	script, err := b.unpack("artillery-saturate.yml", dir)
	if err != nil {
		return 0, 0, err
	}
	env := artilleryEnv(to.url(), []string{"LOOPS=1"})
	program, args := tool.Node, []string{tool.Script, "run", "--solo", script}
	if ltlab {
		env = append(env, "LTLAB_HOME="+dir+"/home", "LTLAB_ARTILLERY="+tool.Script, "LTLAB_NODE="+tool.Node)
		program, args = b.ltlab, []string{"artillery", "-s", script, "--", "--solo"}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := command(ctx, env, program, args...)
	cmd.Dir = dir
	to.take()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	wall = time.Since(began)
	if err != nil {
		return 0, 0, describe(cmd, err, string(out))
	}
	if n := to.take().n; n != artilleryEndpoints {
		return 0, 0, fmt.Errorf("one user made %d of %d requests: %s", n, artilleryEndpoints, out)
	}
	cpu, _, err = used(cmd)
	return wall, cpu, err
}
