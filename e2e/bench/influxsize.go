package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// rawBytes is what one point a sample takes in InfluxDB, in bytes a request: measured with the stock extension.
const rawBytes = 291

// influxSize measures what a run leaves in InfluxDB.
func influxSize() mark {
	return mark{
		id:     "influx-size",
		versus: "bytes of a run in InfluxDB, rows only, against one point a sample",
		how: "The run of record-size for 200 s, one million requests, is sent to an empty InfluxDB 2.7.12 with `ltlab runs push`. Bytes are those of the TSM files " +
			"when the write-ahead log is empty and compactions are over, divided by the requests; one point a sample takes 291 bytes a request.",
		rounds:  1,
		figures: []figure{{name: "times fewer bytes a request", digits: 1, goal: atLeast(30)}},
		measure: measureInfluxSize,
	}
}

func measureInfluxSize(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	f := &figures[0]
	for round := range rounds {
		s, err := b.sizeOnce(ctx, toy.url(), b.length(200*time.Second, 10*time.Second))
		if err != nil {
			return err
		}
		if s.rate < delivered*askedRate {
			return fmt.Errorf("%d requests a second were asked for, %.0f were made: this machine is too slow or busy", askedRate, s.rate)
		}
		each := float64(s.stored) / float64(s.requests)
		f.values = append(f.values, rawBytes/each)
		f.note("%d requests at %.0f a second: %d bytes in %.1f s of pushing, %.2f bytes a request", s.requests, s.rate, s.stored, s.took.Seconds(), each)
		b.say("  round %d: %.2f bytes a request", round+1, each)
	}
	return nil
}

type influxBytes struct {
	requests, stored int64
	rate             float64
	took             time.Duration
}

func (b *bench) sizeOnce(ctx context.Context, target string, length time.Duration) (*influxBytes, error) {
	home, err := os.MkdirTemp(b.scratch, "home-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	script, err := b.unpack("endpoints.js", home)
	if err != nil {
		return nil, err
	}
	env := environ("LTLAB_HOME="+home, "LTLAB_K6="+b.k6)
	out, _, err := run(ctx, length+time.Minute, env, b.ltlab, "k6", "-s", script, "--id", "size", "-e", "TARGET="+target, "-e", "DURATION="+length.String(), "--json")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Summary struct {
			Requests int64 `json:"requests"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, fmt.Errorf("ltlab k6 --json: %w", err)
	}
	s := &influxBytes{requests: doc.Summary.Requests, rate: float64(doc.Summary.Requests) / length.Seconds()}
	db, err := b.influxd(ctx, home)
	if err != nil {
		return nil, err
	}
	defer db.stop()
	token := filepath.Join(home, "token")
	if err := os.WriteFile(token, []byte(influxToken), 0o600); err != nil {
		return nil, err
	}
	if _, s.took, err = run(ctx, time.Minute, env, b.ltlab, "runs", "push", "size", "--url", db.url(), "--org", "bench", "--bucket", "bench", "--bucket-1m", "bench", "--token-file", token); err != nil {
		return nil, err
	}
	s.stored, err = settledSize(ctx, filepath.Join(home, "engine"))
	return s, err
}

const influxToken = "token-of-the-benchmark"

// influxd is an empty InfluxDB that compacts what it has as soon as it is left alone.
func (b *bench) influxd(ctx context.Context, dir string) (*server, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(ctx)
	s := &server{addr: addr, cancel: cancel, ended: make(chan struct{})}
	s.cmd = command(ctx, environ(), filepath.Join(b.cache, "images", "influxd-2.7.12"), "--http-bind-address", addr, "--reporting-disabled", "--log-level", "error",
		"--bolt-path", dir+"/bolt", "--sqlite-path", dir+"/sqlite", "--engine-path", dir+"/engine",
		"--storage-cache-snapshot-write-cold-duration", "3s", "--storage-compact-full-write-cold-duration", "3s")
	if err := s.cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("%w: `make e2e-images` makes it", err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	setup := []byte(`{"username":"admin","password":"password-of-bench","org":"bench","bucket":"bench","token":"` + influxToken + `"}`)
	deadline := time.After(30 * time.Second)
	client := &http.Client{Timeout: patience}
	for {
		res, err := client.Post(s.url()+"/api/v2/setup", "application/json", bytes.NewReader(setup))
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusCreated {
				return s, nil
			}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-s.ended:
			return nil, errors.New("influxd ended before it served")
		case <-deadline:
			s.stop()
			return nil, fmt.Errorf("influxd was not set up in 30 s: %w", err)
		}
	}
}

// settledSize is the size of all TSM files once the log is empty and they have not changed for ten seconds.
func settledSize(ctx context.Context, engine string) (int64, error) {
	last, since := "", time.Now()
	deadline := time.After(5 * time.Minute)
	for {
		var state strings.Builder
		var size, log int64
		err := filepath.WalkDir(engine, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // compaction takes files away while they are listed
			}
			st, err := d.Info()
			if err != nil {
				return nil
			}
			switch filepath.Ext(path) {
			case ".tsm":
				size += st.Size()
				fmt.Fprintln(&state, path, st.Size())
			case ".wal":
				log += st.Size()
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		if state.String() != last || log > 0 || size == 0 {
			last, since = state.String(), time.Now()
		}
		if time.Since(since) > 10*time.Second {
			return size, nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-deadline:
			return 0, fmt.Errorf("InfluxDB did not settle: %d bytes in its log", log)
		}
	}
}
