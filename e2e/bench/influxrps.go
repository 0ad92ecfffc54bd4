package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// influxRPS measures what bringing a run into InfluxDB costs the load, beside k6's own outputs.
func influxRPS() mark {
	return mark{
		id:     "influx-rps",
		versus: "k6 with -o ltlab, with rows and with raw samples into an InfluxDB that throws them away, and k6's own outputs, each against the same k6 without any output",
		how: "The load of k6-rps, 10 s a side and round. The null sink answers every write at once, in the benchmark's own process; json and csv go to " +
			"`/dev/null`. The record must hold exactly as many requests as k6 made, and all rows must have been acknowledged. CPU is user and system time of the k6 process.",
		rounds: 5,
		figures: []figure{
			{name: "requests a second, record / none", digits: 3, goal: atLeast(0.985)},
			{name: "requests a second, record and rows / none", digits: 3, goal: atLeast(0.97)},
			{name: "requests a second, record, rows and all raw samples / none", digits: 3, goal: atLeast(0.94)},
		},
		measure: measureInfluxRPS,
	}
}

// side is one way to run k6.
type side struct {
	name string
	load fastLoad
}

// sides are the ways that are compared; null is the address of the null sink.
func sides(toy, null string) []side {
	influx := []string{"K6_INFLUXDB_ADDR=http://" + null, "K6_INFLUXDB_BUCKET=short", "K6_INFLUXDB_BUCKET_1M=long", "K6_INFLUXDB_TOKEN=none"}
	all := []side{
		{name: "none"},
		{"record", fastLoad{output: true}},
		{"record and rows", fastLoad{output: true, env: append([]string{"K6_INFLUXDB_RAW_LIMIT=0"}, influx...)}},
		{"record, rows and raw", fastLoad{output: true, env: append([]string{"K6_INFLUXDB_RAW_LIMIT=unlimited"}, influx...)}},
		{"k6's json", fastLoad{outs: []string{"json=/dev/null"}}},
		{"k6's csv", fastLoad{outs: []string{"csv=/dev/null"}}},
		{"k6's opentelemetry", fastLoad{outs: []string{"opentelemetry"}, env: []string{
			"K6_OTEL_EXPORTER_PROTOCOL=http/protobuf", "K6_OTEL_HTTP_EXPORTER_ENDPOINT=" + null, "K6_OTEL_HTTP_EXPORTER_INSECURE=true"}}},
		{"k6's prometheus-rw", fastLoad{outs: []string{"experimental-prometheus-rw"}, env: []string{"K6_PROMETHEUS_RW_SERVER_URL=http://" + null + "/api/v1/write"}}},
	}
	for i := range all {
		all[i].load.target = toy
	}
	return all
}

func measureInfluxRPS(ctx context.Context, b *bench, rounds int, figures []figure) error {
	toy, err := b.toyAPI(ctx)
	if err != nil {
		return err
	}
	defer toy.stop()
	null, err := newNullSink()
	if err != nil {
		return err
	}
	defer null.server.Close()
	if _, err := b.runFast(ctx, fastLoad{target: toy.url(), length: 2 * time.Second}); err != nil {
		return err
	}
	all := sides(toy.url(), null.addr)
	rate, cpu, peak, sent := make([][]float64, len(all)), make([][]float64, len(all)), make([][]float64, len(all)), make([]int64, len(all))
	err = alternate(rounds, len(all), func(round, i int) error {
		l := all[i].load
		l.length = b.length(10*time.Second, 4*time.Second)
		before := null.bytes.Load()
		r, err := b.runFast(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", all[i].name, err)
		}
		sent[i] = (null.bytes.Load() - before) / r.requests
		rate[i], cpu[i], peak[i] = append(rate[i], r.rate), append(cpu[i], r.cpuEach()), append(peak[i], float64(r.peak)/megabyte)
		b.say("  round %d, %s: %.0f requests/s, %.1f µs CPU a request, %.0f MB", round+1, all[i].name, r.rate, r.cpuEach(), float64(r.peak)/megabyte)
		return nil
	})
	if err != nil {
		return err
	}
	for i := range figures {
		figures[i].values = pairwise(rate[i+1], rate[0], over)
	}
	for i, s := range all {
		figures[0].note("%s: %.0f requests/s, ratio %.3f, %.1f µs CPU a request, %.0f MB at most, %d bytes sent a request",
			s.name, median(rate[i]), median(pairwise(rate[i], rate[0], over)), median(cpu[i]), median(peak[i]), sent[i])
	}
	return nil
}

// nullSink takes everything by HTTP and keeps nothing, unless it is stalled: then it takes nothing.
type nullSink struct {
	addr    string
	server  *http.Server
	bytes   atomic.Int64
	stalled atomic.Bool
}

func newNullSink() (*nullSink, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &nullSink{addr: l.Addr().String()}
	s.server = &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.stalled.Load() {
			<-r.Context().Done()
			return
		}
		n, _ := io.Copy(io.Discard, r.Body) // a client that broke off has been counted by itself
		s.bytes.Add(n)
		w.WriteHeader(http.StatusOK)
	})}
	go func() { _ = s.server.Serve(l) }() // ends with ErrServerClosed
	return s, nil
}
