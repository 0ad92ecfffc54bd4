package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// soak runs for an hour, to see what grows.
func soak() mark {
	return mark{
		id:     "soak",
		versus: "the second half of an hour at 500 requests a second against its first half",
		how: "`ltlab k6` with the embedded lab, its store and boards running, and rows and raw samples into a null InfluxDB; 20 endpoints. Sizes and memory are taken " +
			"once a minute; the run's board is asked for each time. Growth of the second half is from the middle to the end. What grows linearly has a ratio of 1, " +
			"what does not grow a difference of 0. k6 itself keeps every sample for its summary.",
		rounds: 1,
		figures: []figure{
			{name: "record, growth of the second half / first half", digits: 2, goal: atMost(1.1)},
			{name: "store, growth of the second half / first half", digits: 2, goal: atMost(1.2)},
			{name: "memory of ltlab k6, growth in the second half", unit: "MB", digits: 1, goal: atMost(8)},
			{name: "memory of the lab, growth in the second half", unit: "MB", digits: 1, goal: atMost(8)},
			{name: "time for the board, last minutes / minutes before the middle", digits: 2, goal: atMost(2)},
		},
		measure: measureSoak,
	}
}

// soakState is what there is at a moment.
type soakState struct {
	record, store  int64         // bytes
	ltlab, lab, k6 int64         // resident memory, bytes
	board          time.Duration // to the last byte
}

func measureSoak(ctx context.Context, b *bench, _ int, figures []figure) error {
	home, err := os.MkdirTemp(b.scratch, "home-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	script, err := b.unpack("endpoints.js", home)
	if err != nil {
		return err
	}
	null, err := newNullSink()
	if err != nil {
		return err
	}
	defer null.server.Close()
	env := environ("LTLAB_HOME="+home, "LTLAB_K6="+b.k6)
	defer func() { _, _, _ = run(context.WithoutCancel(ctx), time.Minute, env, b.ltlab, "stop") }() // the scratch folder goes, too
	if _, _, err := run(ctx, time.Minute, env, b.ltlab, "configure", "set", "INFLUXDB_URL=http://"+null.addr); err != nil {
		return err
	}
	out, _, err := run(ctx, time.Minute, env, b.ltlab, "start", "--engine", "embedded", "--json")
	if err != nil {
		return err
	}
	boards, api, err := addresses(out)
	if err != nil {
		return err
	}
	length, every := b.length(time.Hour, time.Minute), b.length(time.Minute, 2*time.Second)
	cmd := command(ctx, env, b.ltlab, "k6", "-s", script, "--id", "soak", "--json", "-e", "TARGET="+api, "-e", "RATE=500", "-e", "DURATION="+length.String())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var states []soakState
	for err == nil {
		select {
		case err = <-ended:
			if err != nil {
				return describe(cmd, err, stderr.String())
			}
			return b.grown(figures, states, stdout.Bytes())
		case <-tick.C:
			var s soakState
			if s, err = look(home, boards, cmd.Process.Pid); err == nil {
				states = append(states, s)
				b.say("  record %.1f MB, store %.1f MB, ltlab k6 %d MB, lab %d MB, k6 %d MB, board %s", float64(s.record)/megabyte, float64(s.store)/megabyte,
					int(s.ltlab/1e6), int(s.lab/1e6), int(s.k6/1e6), s.board.Round(time.Millisecond))
			}
		}
	}
	_ = cmd.Process.Signal(os.Interrupt)
	return errors.Join(err, <-ended)
}

// addresses are those of the boards and the toy API in what `ltlab start --json` prints.
func addresses(out []byte) (boards, api string, err error) {
	var doc struct {
		Services []struct{ Name, URL string }
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return "", "", err
	}
	for _, s := range doc.Services {
		switch s.Name {
		case "boards":
			boards = s.URL
		case "toy-api":
			api = s.URL
		}
	}
	if boards == "" || api == "" {
		return "", "", errors.New("the lab has no boards or no toy API")
	}
	return boards, api, nil
}

// look takes the state of a run that goes on.
func look(home, boards string, ltlab int) (s soakState, err error) {
	s.record = record.Folder(filepath.Join(home, "runs", "soak")).Size()
	for _, name := range []string{"store.db", "store.db-wal"} {
		if st, err := os.Stat(filepath.Join(home, name)); err == nil {
			s.store += st.Size()
		}
	}
	s.ltlab = processMemory(ltlab)
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return s, err
	}
	for _, dir := range processes {
		line, err := os.ReadFile(dir + "/cmdline")
		environ, eerr := os.ReadFile(dir + "/environ")
		if err != nil || eerr != nil || !strings.Contains("\x00"+string(environ), "\x00LTLAB_HOME="+home+"\x00") {
			continue
		}
		var pid int
		if _, err := fmt.Sscan(filepath.Base(dir), &pid); err != nil || pid == ltlab {
			continue
		}
		if args := strings.Split(string(line), "\x00"); strings.HasPrefix(filepath.Base(args[0]), "ltlab-k6") {
			s.k6 = processMemory(pid)
		} else if len(args) > 1 && args[1] == "serve" {
			s.lab = processMemory(pid)
		}
	}
	if s.lab == 0 {
		return s, errors.New("the lab's process was not found")
	}
	client := &http.Client{Timeout: time.Minute}
	began := time.Now()
	res, err := client.Get(boards + "/api/runs/soak/board")
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		return s, fmt.Errorf("the board: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return s, fmt.Errorf("the board: %s", res.Status)
	}
	s.board = time.Since(began)
	return s, nil
}

// grown compares the halves.
func (b *bench) grown(figures []figure, states []soakState, out []byte) error {
	var doc struct {
		OK      bool `json:"ok"`
		Summary struct {
			Requests int64 `json:"requests"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return fmt.Errorf("ltlab k6 --json: %w", err)
	}
	if !doc.OK {
		return fmt.Errorf("the run did not end well: %s", out)
	}
	n := len(states)
	if n < 8 {
		return fmt.Errorf("only %d looks", n)
	}
	first, middle, last := states[1], states[n/2], states[n-1]
	ratio := func(of func(soakState) int64) float64 {
		early, late := float64(of(middle)-of(first))/float64(n/2-1), float64(of(last)-of(middle))/float64(n-1-n/2)
		return late / early
	}
	slowest := func(s []soakState) float64 {
		var all []float64
		for _, s := range s {
			all = append(all, s.board.Seconds())
		}
		return median(all)
	}
	for i, v := range []float64{
		ratio(func(s soakState) int64 { return s.record }), ratio(func(s soakState) int64 { return s.store }),
		float64(last.ltlab-middle.ltlab) / megabyte, float64(last.lab-middle.lab) / megabyte,
		slowest(states[n-3:]) / slowest(states[n/2-3:n/2]),
	} {
		figures[i].values = append(figures[i].values, v)
	}
	for _, at := range []struct {
		name string
		s    soakState
	}{{"after the first look", first}, {"in the middle", middle}, {"at the end", last}} {
		figures[0].note("%s: record %.1f MB, store %.1f MB, ltlab k6 %.0f MB, lab %.0f MB, k6 %.0f MB, board in %s", at.name, float64(at.s.record)/megabyte,
			float64(at.s.store)/megabyte, float64(at.s.ltlab)/megabyte, float64(at.s.lab)/megabyte, float64(at.s.k6)/megabyte, at.s.board.Round(time.Millisecond))
	}
	figures[0].note("%d requests", doc.Summary.Requests)
	return nil
}
