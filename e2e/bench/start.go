package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// startReady measures how long a newcomer waits for the lab.
func startReady() mark {
	return mark{
		id:     "start-ready",
		versus: "`ltlab start --engine embedded` from its beginning to ready",
		how: "Wall time of the whole command, which returns when the toy API and the boards answer. Each round has a new, empty " +
			"`LTLAB_HOME` and ends with `ltlab stop`, which is not timed; `ltlab status` must say `healthy` in between.",
		rounds:  11,
		figures: []figure{{name: "start to ready", unit: "ms", digits: 1, goal: atMost(100)}},
		measure: measureStart,
	}
}

func measureStart(ctx context.Context, b *bench, rounds int, figures []figure) error {
	for range rounds {
		took, err := b.startOnce(ctx)
		if err != nil {
			return err
		}
		figures[0].values = append(figures[0].values, milliseconds(took))
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// startOnce starts and stops a lab in a home of its own.
func (b *bench) startOnce(ctx context.Context) (took time.Duration, err error) {
	home, err := os.MkdirTemp(b.scratch, "home-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(home)
	env := environ("LTLAB_HOME=" + home)
	const limit = 30 * time.Second
	defer func() {
		// The lab is detached: it must end whatever happened to this process's context.
		_, _, serr := run(context.WithoutCancel(ctx), limit, env, b.ltlab, "stop")
		if err == nil {
			err = serr
		}
	}()
	if _, took, err = run(ctx, limit, env, b.ltlab, "start", "--engine", "embedded"); err != nil {
		return 0, err
	}
	out, _, err := run(ctx, limit, env, b.ltlab, "status", "--json")
	if err != nil {
		return 0, err
	}
	var status struct {
		State string `json:"state"`
	}
	if err := json.Unmarshal(out, &status); err != nil || status.State != "healthy" {
		return 0, fmt.Errorf("after start, status said %q", out)
	}
	return took, nil
}
