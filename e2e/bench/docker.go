package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/joho/godotenv"

	"github.com/ltlab/ltlab/compose"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine/docker"
)

// startDocker measures what a later start of the lab on Docker takes, against what Compose itself takes for the same.
func startDocker() mark {
	return mark{
		id:     "start-docker",
		versus: "`ltlab start --without grafana` of a lab that was stopped, against `up --wait` of Compose's library for the same project",
		how: "Wall time until the services are healthy, in turns, images and volumes present, each after the lab's containers were removed. " +
			"Compose orders by `depends_on` and waits for the health checks of compose/compose.yaml, every 5 s, which is most of its time; ltlab " +
			"starts all at once and asks the services themselves, up to a StatsD packet found in InfluxDB. CPU is user and system time of the ltlab process.",
		rounds: 5,
		figures: []figure{
			{name: "start to healthy, ltlab / Compose", digits: 2, goal: atMost(1.15)},
			{name: "ltlab's own CPU in a start", unit: "s", digits: 2, goal: atMost(0.5)},
			{name: "second start of a running lab", unit: "s", digits: 2, goal: atMost(1)},
			{name: "from a container's end to the end of the wait", unit: "s", digits: 2, goal: atMost(2)},
		},
		measure: measureDocker,
	}
}

// project is the lab that is measured, driven by ltlab and by Compose's library.
type project struct {
	b    *bench
	home string
	env  []string
	conn *docker.Conn
	name string
}

var services = []string{compose.InfluxDB, compose.Telegraf, compose.ToyAPI}

const dockerLimit = 3 * time.Minute

func measureDocker(ctx context.Context, b *bench, rounds int, figures []figure) (err error) {
	home, err := os.MkdirTemp(b.scratch, "home-")
	if err != nil {
		return err
	}
	conn, err := docker.Dial(ctx)
	if err != nil {
		return err
	}
	e := &docker.Engine{Lab: config.DefaultLab, Home: config.Home(home)}
	p := &project{b: b, home: home, env: environ("LTLAB_HOME=" + home), conn: conn, name: e.Project()}
	defer func() {
		_, _, perr := run(context.WithoutCancel(ctx), dockerLimit, p.env, b.ltlab, "purge", "--yes")
		err = errors.Join(err, perr)
	}()
	if err := p.start(ctx, nil); err != nil { // the first one makes the volumes and what is in them
		return err
	}
	if err := p.down(ctx); err != nil {
		return err
	}
	var took [2][]float64
	err = alternate(rounds+1, 2, func(round, side int) error {
		began := time.Now()
		var cpu time.Duration
		var err error
		if side == 0 {
			err = p.start(ctx, &cpu)
		} else {
			err = p.up(ctx)
		}
		d := time.Since(began)
		if err == nil && round > 0 {
			took[side] = append(took[side], d.Seconds())
			if side == 0 {
				figures[1].values = append(figures[1].values, cpu.Seconds())
			}
		}
		if err == nil && side == 0 && round > 0 {
			err = p.again(ctx, &figures[2], &figures[3])
		}
		return errors.Join(err, p.down(ctx))
	})
	if err != nil {
		return err
	}
	figures[0].values = pairwise(took[0], took[1], over)
	figures[0].note("wall time: ltlab %.2f s, Compose %.2f s", median(took[0]), median(took[1]))
	return nil
}

// start runs ltlab start, and says how much CPU it took.
func (p *project) start(ctx context.Context, cpu *time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	cmd := command(ctx, p.env, p.b.ltlab, "start", "--engine", "docker", "--without", "grafana")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return describe(cmd, err, string(out))
	}
	if cpu != nil {
		*cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return nil
}

// again starts the running lab once more, and then one whose InfluxDB is killed while the start waits.
func (p *project) again(ctx context.Context, second, ended *figure) error {
	began := time.Now()
	if err := p.start(ctx, nil); err != nil {
		return err
	}
	second.values = append(second.values, time.Since(began).Seconds())
	if err := p.down(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	cmd := command(ctx, p.env, p.b.ltlab, "start", "--engine", "docker", "--without", "grafana")
	if err := cmd.Start(); err != nil {
		return err
	}
	killed, kerr := p.kill(ctx, compose.InfluxDB)
	_ = cmd.Wait()
	took := time.Since(killed)
	if kerr != nil || cmd.ProcessState.ExitCode() != 13 {
		return fmt.Errorf("a start whose InfluxDB was killed: exit %d, want 13: %w", cmd.ProcessState.ExitCode(), kerr)
	}
	ended.values = append(ended.values, took.Seconds())
	return nil
}

// kill kills a service's container as soon as it runs.
func (p *project) kill(ctx context.Context, service string) (at time.Time, err error) {
	for ctx.Err() == nil {
		ids, err := exec.CommandContext(ctx, "docker", "ps", "-q", "--filter", "label="+compose.HomeLabel+"="+p.home,
			"--filter", "label=com.docker.compose.service="+service).Output()
		if err != nil {
			return at, err
		}
		if id := strings.TrimSpace(string(ids)); id != "" {
			at = time.Now()
			return at, exec.CommandContext(ctx, "docker", "kill", id).Run()
		}
	}
	return at, ctx.Err()
}

// up does what `docker compose up --wait` does, by the same library.
func (p *project) up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dockerLimit)
	defer cancel()
	settings, err := godotenv.Read(filepath.Join(p.home, ".env"))
	if err != nil {
		return err
	}
	ports := map[string]int{}
	if err := config.ReadJSON(filepath.Join(p.home, "ports.json"), &ports); err != nil {
		return err
	}
	all := map[string]string{}
	for _, k := range config.Keys() {
		all[k.Name] = k.Default
	}
	maps.Copy(all, settings)
	project, err := compose.Load(ctx, compose.Values{
		Project: p.name, Lab: config.DefaultLab, Home: p.home, Env: all, Ports: ports, Services: services,
	})
	if err != nil {
		return err
	}
	return p.conn.Compose.Up(ctx, project, api.UpOptions{
		Create: api.CreateOptions{IgnoreOrphans: true}, Start: api.StartOptions{Project: project, Wait: true, WaitTimeout: dockerLimit},
	})
}

// down removes the containers and keeps the volumes.
func (p *project) down(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dockerLimit)
	defer cancel()
	return p.conn.Compose.Down(ctx, p.name, api.DownOptions{RemoveOrphans: true})
}
