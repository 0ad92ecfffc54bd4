package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// influxSamples measures the output's two paths for themselves.
func influxSamples() mark {
	return mark{
		id:     "influx-samples",
		versus: "time and allocations of one sample in k6's output",
		how: "Go micro-benchmarks of `k6/ltlab-k6/output` with the samples that k6 hands over at 200,000 a second, 13 a request, 20 endpoints. Rows: append, " +
			"aggregation, closing each second and writing it to a file. Raw: what a sample costs on top of that, CPU of the whole process: packing as gzip, " +
			"sending over a local connection, and the receiver.",
		rounds: 5,
		figures: []figure{
			{name: "rows path", unit: "ns", digits: 1, goal: atMost(35)},
			{name: "rows path, allocations", digits: 4, goal: atMost(0.005)}, // 0 to two digits: a second's closing line has a few
			{name: "raw path", unit: "ns", digits: 1, goal: atMost(150)},
			{name: "raw path, allocations", digits: 4, goal: atMost(0.01)},
		},
		measure: measureInfluxSamples,
	}
}

var benchmarked = regexp.MustCompile(`(?m)^Benchmark(Rows|Raw)-\d+\s.*$`)

var measured = regexp.MustCompile(`([0-9.]+) ((?:cpu-)?ns|allocs)/sample`)

func measureInfluxSamples(ctx context.Context, b *bench, rounds int, figures []figure) error {
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	n := "20000000x"
	if b.short {
		n = "1000000x"
	}
	program := filepath.Join(b.scratch, "output.test")
	module := filepath.Join(cwd, "k6", "ltlab-k6")
	env := environ("CGO_ENABLED=0")
	if _, _, err := run(ctx, 10*time.Minute, env, "go", "-C", module, "test", "-c", "-o", program, "./output"); err != nil {
		return err
	}
	for round := range rounds {
		out, _, err := run(ctx, 5*time.Minute, env, program, "-test.run", "^$", "-test.bench", "^Benchmark(Rows|Raw)$", "-test.benchtime", n)
		if err != nil {
			return err
		}
		lines := benchmarked.FindAllStringSubmatch(string(out), -1)
		if len(lines) != 2 {
			return fmt.Errorf("the benchmarks printed %q", out)
		}
		for _, l := range lines {
			at := map[string]int{"Rows": 0, "Raw": 2}[l[1]]
			for _, m := range measured.FindAllStringSubmatch(l[0], -1) {
				v, err := strconv.ParseFloat(m[1], 64)
				if err != nil {
					return err
				}
				i := at
				if m[2] == "allocs" {
					i++
				}
				figures[i].values = append(figures[i].values, v)
			}
		}
		b.say("  round %d: rows %.1f ns, raw %.1f ns", round+1, figures[0].values[round], figures[2].values[round])
	}
	return nil
}
