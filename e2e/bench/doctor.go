package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// doctorTime measures how long a whole examination of a healthy lab takes.
func doctorTime() mark {
	return mark{
		id:     "doctor",
		versus: "`ltlab doctor` of a healthy lab, embedded and on Docker",
		how: "Wall time of the whole command with every check, among them one iteration of k6, and on Docker points and packets through InfluxDB and Telegraf, " +
			"a canary in a container and k6 in another. Each must end with exit code 0. Embedded no Docker engine is reachable, as where that engine is for.",
		rounds: 5,
		figures: []figure{
			{name: "embedded", unit: "s", digits: 2, goal: atMost(5)},
			{name: "on Docker", unit: "s", digits: 2, goal: atMost(15)},
		},
		measure: measureDoctor,
	}
}

func measureDoctor(ctx context.Context, b *bench, rounds int, figures []figure) error {
	for i, start := range [][]string{{"--engine", "embedded"}, {"--engine", "docker", "--without", "grafana"}} {
		if err := b.examine(ctx, rounds, start, i == 0, &figures[i]); err != nil {
			return err
		}
	}
	return nil
}

// examine starts a lab in a home of its own, has it examined and purges it.
func (b *bench) examine(ctx context.Context, rounds int, start []string, alone bool, into *figure) (err error) {
	home, err := os.MkdirTemp(b.scratch, "home-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	env := environ("LTLAB_HOME="+home, "LTLAB_K6="+b.k6)
	if alone {
		env = append(env, "DOCKER_HOST=unix://"+home+"/none.sock")
	}
	defer func() {
		// The lab is detached: it must end whatever happened to this process's context.
		_, _, serr := run(context.WithoutCancel(ctx), dockerLimit, env, b.ltlab, "stop")
		if !alone {
			_, _, perr := run(context.WithoutCancel(ctx), dockerLimit, env, b.ltlab, "purge", "--yes")
			serr = errors.Join(serr, perr)
		}
		err = errors.Join(err, serr)
	}()
	if _, _, err := run(ctx, dockerLimit, env, b.ltlab, append([]string{"start"}, start...)...); err != nil {
		return err
	}
	for range rounds {
		out, took, err := run(ctx, time.Minute, env, b.ltlab, "doctor", "--json")
		if err != nil {
			return err
		}
		var doc struct {
			OK     bool
			Counts map[string]int
		}
		if err := json.Unmarshal(out, &doc); err != nil || !doc.OK {
			return fmt.Errorf("the doctor said %q", out)
		}
		into.values = append(into.values, took.Seconds())
		into.notes = []string{fmt.Sprintf("%d checks passed, %d warned, %d did not apply", doc.Counts["pass"], doc.Counts["warn"], doc.Counts["skip"])}
	}
	return nil
}
