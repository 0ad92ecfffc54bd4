package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// k6Run is what one run of k6 with scripts/fast.js did.
type k6Run struct {
	requests int64
	rate     float64       // requests a second, as k6 says
	cpu      time.Duration // of the k6 process
	peak     int64         // highest resident memory, in bytes
	memory   []int64       // resident memory once a second
}

// cpuEach is the CPU time of a request in microseconds.
func (r k6Run) cpuEach() float64 { return float64(r.cpu.Microseconds()) / float64(r.requests) }

// fastLoad says how k6 saturates a target's /fast.
type fastLoad struct {
	target   string
	length   time.Duration // at most, when requests are given
	requests int64         // 0: as many as length allows
	output   bool          // with our output writing a record, else without any output
	outs     []string      // other outputs
	env      []string      // and what they or ours read
	unsent   bool          // InfluxDB will not have all rows
}

// runFast runs k6 with scripts/fast.js.
func (b *bench) runFast(ctx context.Context, l fastLoad) (*k6Run, error) {
	dir, err := os.MkdirTemp(b.scratch, "k6-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	script, err := b.unpack("fast.js", dir)
	if err != nil {
		return nil, err
	}
	summary, recorded := filepath.Join(dir, "summary.json"), filepath.Join(dir, record.ToolFile)
	args := []string{"run", "--quiet", "--summary-export", summary, "-e", "TARGET=" + l.target, "-e", "DURATION=" + l.length.String()}
	if l.requests > 0 {
		args = append(args, "-e", fmt.Sprintf("ITERATIONS=%d", l.requests))
	}
	env := environ(l.env...)
	for _, out := range l.outs {
		args = append(args, "-o", out)
	}
	if l.output {
		args = append(args, "-o", "ltlab")
		env = append(env, "LTLAB_RECORD="+recorded, "LTLAB_RUN=bench")
	}
	ctx, cancel := context.WithTimeout(ctx, l.length+time.Minute)
	defer cancel()
	cmd := command(ctx, env, b.k6, append(args, script)...)
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := &k6Run{}
	if r.memory, err = watchMemory(cmd); err != nil {
		return nil, describe(cmd, err, stderr.String())
	}
	if r.cpu, r.peak, err = used(cmd); err != nil {
		return nil, err
	}
	if err := r.read(summary); err != nil {
		return nil, err
	}
	if l.output {
		// An output that is off or loses samples is fast, too.
		n, err := recordedRequests(recorded, "http_reqs", len(l.env) > 0 && !l.unsent)
		if err == nil && n != r.requests {
			err = fmt.Errorf("the record has %d requests, k6 made %d", n, r.requests)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// read takes k6's own figures from its summary export.
func (r *k6Run) read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var doc struct {
		Metrics struct {
			Requests struct {
				Count int64   `json:"count"`
				Rate  float64 `json:"rate"`
			} `json:"http_reqs"`
			Failed struct {
				Value float64 `json:"value"`
			} `json:"http_req_failed"`
		} `json:"metrics"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("k6's summary: %w", err)
	}
	m := doc.Metrics
	if m.Requests.Count == 0 || m.Failed.Value > 0 {
		return fmt.Errorf("k6 made %d requests, %.2g %% of them failed", m.Requests.Count, 100*m.Failed.Value)
	}
	r.requests, r.rate = m.Requests.Count, m.Requests.Rate
	return nil
}

// recordedRequests counts the requests, the counts of a metric, in a record that must be complete, and sent when that was
// asked for.
func recordedRequests(path, name string, sent bool) (n int64, err error) {
	tail, err := record.OpenTail(path)
	if err != nil {
		return 0, err
	}
	defer tail.Close()
	metric, series := -1, map[int]bool{}
	var end *record.End
	err = tail.Each(func(l record.ToolLine) error {
		switch {
		case l.Metric != nil && l.Metric.Name == name:
			metric = l.Metric.ID
		case l.Series != nil && l.Series.Metric == metric:
			series[l.Series.ID] = true
		case l.Second != nil:
			for _, k := range l.Second.Buckets {
				if series[k.Series] {
					n += k.N
				}
			}
		case l.End != nil:
			end = l.End
		}
		return nil
	})
	if err == nil && (end == nil || !end.Ledger.Balanced()) {
		err = errors.New("the record has no end, or its ledger does not add up")
	}
	if err == nil && sent && !end.Ledger.Sinks["influxdb"].Whole() {
		err = fmt.Errorf("InfluxDB does not have all rows: %+v", end.Ledger.Sinks)
	}
	return n, err
}
