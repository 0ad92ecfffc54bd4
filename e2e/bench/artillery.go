package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	labartillery "github.com/ltlab/ltlab/artillery"
	"github.com/ltlab/ltlab/internal/node"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/runner"
)

// endpoints of the scripts for Artillery.
const artilleryEndpoints = 20

// artilleryRun is what one run of Artillery did.
type artilleryRun struct {
	asked         // what reached the target
	cpu           time.Duration
	peak          int64   // highest resident memory, in bytes
	memory        []int64 // resident memory once a second
	packets, sent int64   // of StatsD, and bytes in them
}

// cpuEach is the CPU time of a request in microseconds.
func (r *artilleryRun) cpuEach() float64 { return float64(r.cpu.Microseconds()) / float64(r.n) }

// artilleryLoad says how Artillery is run.
type artilleryLoad struct {
	script   string   // in scripts/
	vars     []string // that it reads, besides TARGET
	requests int64    // that it makes
	plugin   bool     // with our plugin and StatsD, else `artillery run` and nothing more
	limit    time.Duration
}

// artillery finds Artillery and its Node in the cache, where e2e/images puts them.
func (b *bench) artillery(ctx context.Context) (*node.Tool, error) {
	tool, err := node.Find(ctx, node.Options{Artillery: filepath.Join(b.cache, "artillery"), Environ: environ()})
	if err != nil {
		return nil, fmt.Errorf("%w: `make e2e-images` installs it", err)
	}
	return tool, nil
}

// runArtillery runs a script against the target. Every request must have been answered and, with the plugin, recorded.
func (b *bench) runArtillery(ctx context.Context, tool *node.Tool, to *target, null *packetSink, l artilleryLoad) (*artilleryRun, error) {
	dir, err := os.MkdirTemp(b.scratch, "artillery-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	script, err := b.unpack(l.script, dir)
	if err != nil {
		return nil, err
	}
	paths := runner.Paths{
		Scenario: script, Record: filepath.Join(dir, record.ToolFile), Export: filepath.Join(dir, "report.json"),
		Plugin: filepath.Join(dir, "plugin"), Parent: strconv.Itoa(os.Getpid()), StatsD: null.addr,
	}
	env, args := artilleryEnv(to.url(), l.vars), []string{"run", script}
	if l.plugin {
		program := &runner.Artillery{Node: tool.Node, Script: tool.Script, Plugins: labartillery.Unpack}
		spec := &runner.Spec{Program: program}
		if err := program.Unpack(spec, paths.Plugin); err != nil {
			return nil, err
		}
		env, args = program.Env(spec, env, paths, "bench", "bench"), program.Args(spec, paths)
	}
	ctx, cancel := context.WithTimeout(ctx, l.limit)
	defer cancel()
	cmd := command(ctx, env, tool.Node, append([]string{tool.Script}, args...)...)
	var said bytes.Buffer // Artillery reports failures on standard output, too
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
	to.take()
	null.take()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &artilleryRun{}
	if r.memory, err = watchMemory(cmd); err != nil {
		return nil, describe(cmd, err, said.String())
	}
	if r.cpu, r.peak, err = used(cmd); err != nil {
		return nil, err
	}
	if err := null.settle(); err != nil {
		return nil, err
	}
	r.asked = to.take()
	r.packets, r.sent = null.take()
	if err := r.check(l, paths.Record); err != nil {
		return nil, describe(cmd, err, said.String())
	}
	return r, nil
}

// artilleryEnv is what both sides get: nothing may leave this machine.
func artilleryEnv(target string, vars []string) []string {
	return environ(slices.Concat([]string{"ARTILLERY_DISABLE_TELEMETRY=true", "TARGET=" + target}, vars)...)
}

// check refuses a run that is not comparable: a plugin that is off or loses something is fast, too.
func (r *artilleryRun) check(l artilleryLoad, recorded string) error {
	switch {
	case r.n != l.requests:
		return fmt.Errorf("%d of %d requests were made", r.n, l.requests)
	case l.plugin && r.packets == 0:
		return errors.New("no packet of StatsD was sent")
	case !l.plugin && r.packets > 0:
		return fmt.Errorf("plain Artillery sent %d packets", r.packets)
	case !l.plugin:
		return nil
	}
	n, err := recordedRequests(recorded, "http.requests", false)
	if err == nil && n != r.n {
		err = fmt.Errorf("the record has %d requests, Artillery made %d", n, r.n)
	}
	return err
}
