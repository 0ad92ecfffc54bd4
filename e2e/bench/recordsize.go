package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// recordSize measures what a run leaves on the disk.
func recordSize() mark {
	return mark{
		id:     "record-size",
		versus: "bytes of a run's record for each request in it",
		how: "`ltlab k6` asks the toy API's `/slow` 5,000 times a second for 30 s under 20 values of the tag `name`, whose latencies " +
			"spread over 20 ms each, from 2–22 to 21–41 ms. Written is what the run's folder holds (`tool.ndjson` and `run.ndjson`), " +
			"exported the file of `ltlab runs export`; both are divided by the requests in the record. A round that delivers less than " +
			"98 % of the load is an error.",
		rounds: 3,
		figures: []figure{
			{name: "bytes a request, written", unit: "B", digits: 2, goal: atMost(9)},
			{name: "bytes a request, exported", unit: "B", digits: 2, goal: atMost(3)},
		},
		measure: measureRecordSize,
	}
}

const (
	askedRate = 5000 // requests a second, as in scripts/endpoints.js
	delivered = 0.98 // the least share of it
)

func measureRecordSize(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	written, exported := &figures[0], &figures[1]
	var rates []float64
	for round := range rounds {
		s, err := b.recordOnce(ctx, toy.url(), b.length(30*time.Second, 10*time.Second))
		if err != nil {
			return err
		}
		b.say("  round %d: %d requests at %.0f a second, %d bytes written, %d exported", round+1, s.requests, s.rate, s.written, s.exported)
		if s.rate < delivered*askedRate {
			return fmt.Errorf("%d requests a second were asked for, %.0f were made: this machine is too slow or busy", askedRate, s.rate)
		}
		written.values = append(written.values, float64(s.written)/float64(s.requests))
		exported.values = append(exported.values, float64(s.exported)/float64(s.requests))
		rates = append(rates, s.rate)
	}
	written.note("achieved: %.0f requests a second", median(rates))
	return nil
}

type recordSizes struct {
	requests, written, exported int64
	rate                        float64
}

// recordOnce makes one run in a home of its own, and exports it.
func (b *bench) recordOnce(ctx context.Context, target string, length time.Duration) (*recordSizes, error) {
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
	out, _, err := run(ctx, length+time.Minute, env, b.ltlab, "k6", "-s", script, "-e", "TARGET="+target, "-e", "DURATION="+length.String(), "--json")
	if err != nil {
		return nil, err
	}
	var doc struct {
		Run     string `json:"run"`
		Record  string `json:"record"`
		Summary struct {
			Requests int64  `json:"requests"`
			Failed   *int64 `json:"failed"`
		} `json:"summary"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, fmt.Errorf("ltlab k6 --json: %w", err)
	}
	s := &recordSizes{requests: doc.Summary.Requests, written: record.Folder(doc.Record).Size()}
	if doc.Summary.Failed == nil || *doc.Summary.Failed > 0 {
		return nil, errors.New("requests failed, or nobody knows whether they did")
	}
	s.rate = float64(s.requests) / length.Seconds()
	file := filepath.Join(home, "run.export")
	if _, _, err := run(ctx, time.Minute, env, b.ltlab, "runs", "export", doc.Run, "-o", file); err != nil {
		return nil, err
	}
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	s.exported = st.Size()
	return s, nil
}
