package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ltlab/ltlab/internal/node"
)

// artilleryRPS measures what the plugin costs the load.
func artilleryRPS() mark {
	return mark{
		id:     "artillery-rps",
		versus: "Artillery as `ltlab artillery` runs it, with our plugin, its record and StatsD, against plain `artillery run` of the same script",
		how: "20 users in a closed loop over 20 endpoints saturate a Go handler in the benchmark's own process; metrics-by-endpoint is on in the script. As many requests " +
			"a side and round as a first run without the plugin lets expect in 30 s, the same on both sides. Requests a second are those between the first and " +
			"the last one that the handler saw; it must have seen all of them, and the record must hold as many. StatsD goes to a UDP socket that counts packets. " +
			"The plugin's side has the command line and the environment of ltlab's own runner, `--output` among it; neither side tells Artillery's makers of it. " +
			"CPU and memory are those of the Node process, of `getrusage`.",
		rounds:  5,
		figures: []figure{{name: "requests a second, plugin and StatsD / plain", digits: 3, goal: atLeast(0.97)}},
		measure: measureArtilleryRPS,
	}
}

var plainPlugin = [2]string{"plain", "plugin and StatsD"}

// saturating is a run of as many requests as a rate makes of a length.
func saturating(rate float64, length time.Duration) artilleryLoad {
	const users = 20
	loops := max(1, int64(math.Round(rate*length.Seconds()/(users*artilleryEndpoints))))
	return artilleryLoad{
		script: "artillery-saturate.yml", vars: []string{fmt.Sprintf("LOOPS=%d", loops)},
		requests: loops * users * artilleryEndpoints, limit: 4*length + time.Minute,
	}
}

// withArtillery gives what a mark of Artillery measures with.
func (b *bench) withArtillery(ctx context.Context, measure func(*node.Tool, *target, *packetSink) error) error {
	tool, err := b.artillery(ctx)
	if err != nil {
		return err
	}
	to, err := newTarget()
	if err != nil {
		return err
	}
	defer to.server.Close()
	null, err := newPacketSink()
	if err != nil {
		return err
	}
	defer null.close()
	return measure(tool, to, null)
}

func measureArtilleryRPS(ctx context.Context, b *bench, rounds int, figures []figure) error {
	return b.withArtillery(ctx, func(tool *node.Tool, to *target, null *packetSink) error {
		// A first guess is enough for a run that is long enough to say how fast Artillery is here.
		first, err := b.runArtillery(ctx, tool, to, null, saturating(1000, b.length(8*time.Second, 4*time.Second)))
		if err != nil {
			return err
		}
		load := saturating(first.rate(), b.length(30*time.Second, 12*time.Second))
		var rate, cpu, peak [2][]float64
		var packets, sent int64
		err = alternate(rounds, 2, func(round, side int) error {
			load.plugin = side == 1
			r, err := b.runArtillery(ctx, tool, to, null, load)
			if err != nil {
				return fmt.Errorf("%s: %w", plainPlugin[side], err)
			}
			rate[side], cpu[side], peak[side] = append(rate[side], r.rate()), append(cpu[side], r.cpuEach()), append(peak[side], float64(r.peak)/megabyte)
			if load.plugin {
				packets, sent = r.packets, r.sent
			}
			b.say("  round %d, %s: %.0f requests/s, %.0f µs CPU a request, %.0f MB", round+1, plainPlugin[side], r.rate(), r.cpuEach(), float64(r.peak)/megabyte)
			return nil
		})
		if err != nil {
			return err
		}
		f := &figures[0]
		f.values = pairwise(rate[1], rate[0], over)
		f.note("requests a second: %.0f plain, %.0f with plugin and StatsD; %d requests a run", median(rate[0]), median(rate[1]), load.requests)
		f.note("CPU of Node a request: %.0f µs plain, %.0f µs with them, ratio %.3f", median(cpu[0]), median(cpu[1]), median(pairwise(cpu[1], cpu[0], over)))
		f.note("peak memory of Node: %.0f MB plain, %.0f MB with them", median(peak[0]), median(peak[1]))
		f.note("StatsD in the last run: %d packets, %.1f kB", packets, float64(sent)/1e3)
		return nil
	})
}
