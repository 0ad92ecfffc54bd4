package main

import (
	"context"
	"fmt"
	"time"

	"github.com/ltlab/ltlab/internal/node"
)

// artilleryMemory measures what the plugin holds on to.
func artilleryMemory() mark {
	return mark{
		id:     "artillery-memory",
		versus: "Artillery as `ltlab artillery` runs it, with our plugin, its record and StatsD, against plain `artillery run` of the same script",
		how: "20 users arrive every second and ask 20 endpoints once each, 400 requests a second, whose latencies spread over 20 ms each, from 2–22 to 21–41 ms. How long a " +
			"side and round lasts stands in the figure's name. Memory is the Node process's highest resident size, of `getrusage`; what the load is made against and " +
			"what is checked are those of artillery-rps. Growth is from half a minute after the beginning, or the middle of a shorter run, to the end.",
		rounds:  1,
		figures: []figure{{name: memoryFigure(steadyLength), unit: "MB", digits: 1, goal: atMost(64)}},
		measure: measureArtilleryMemory,
	}
}

const (
	steadyLength = 10 * time.Minute
	steadyRate   = 20 // users a second, as in scripts/artillery-steady.yml
)

// memoryFigure names the figure by what was measured.
func memoryFigure(length time.Duration) string {
	return fmt.Sprintf("peak memory in %s, plugin and StatsD − plain", inWords(length))
}

// inWords is a length as people say it.
func inWords(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// steady is a run at a fixed rate of arrivals.
func steady(length time.Duration) artilleryLoad {
	seconds := max(1, int64(length.Seconds()))
	return artilleryLoad{
		script: "artillery-steady.yml", vars: []string{fmt.Sprintf("SECONDS=%d", seconds)},
		requests: seconds * steadyRate * artilleryEndpoints, limit: 2*length + time.Minute,
	}
}

// grew is by how many bytes a run's memory grew once it was settled; memory is of every second.
func grew(memory []int64) int64 {
	const settled = 30
	if len(memory) == 0 {
		return 0
	}
	return memory[len(memory)-1] - memory[min(settled, len(memory)/2)]
}

func measureArtilleryMemory(ctx context.Context, b *bench, rounds int, figures []figure) error {
	length := b.length(steadyLength, 25*time.Second)
	if b.steady > 0 {
		length = b.steady
	}
	f := &figures[0]
	f.name = memoryFigure(length)
	return b.withArtillery(ctx, func(tool *node.Tool, to *target, null *packetSink) error {
		load := steady(length)
		var peak, growth, cpu [2][]float64
		err := alternate(rounds, 2, func(round, side int) error {
			load.plugin = side == 1
			r, err := b.runArtillery(ctx, tool, to, null, load)
			if err != nil {
				return fmt.Errorf("%s: %w", plainPlugin[side], err)
			}
			peak[side], cpu[side] = append(peak[side], float64(r.peak)/megabyte), append(cpu[side], r.cpuEach())
			growth[side] = append(growth[side], float64(grew(r.memory))/megabyte)
			b.say("  round %d, %s: peak %.0f MB, grew by %.0f MB, %.0f requests/s", round+1, plainPlugin[side], float64(r.peak)/megabyte, growth[side][round], r.rate())
			return nil
		})
		if err != nil {
			return err
		}
		f.values = pairwise(peak[1], peak[0], minus)
		f.note("peak after %d requests: %.0f MB plain, %.0f MB with plugin and StatsD", load.requests, median(peak[0]), median(peak[1]))
		f.note("growth once settled: %.0f MB plain, %.0f MB with them", median(growth[0]), median(growth[1]))
		f.note("CPU of Node a request: %.0f µs plain, %.0f µs with them", median(cpu[0]), median(cpu[1]))
		return nil
	})
}
