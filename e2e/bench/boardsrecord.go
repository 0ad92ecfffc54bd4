package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

// storedHour makes a record up and takes it into a store.
func storedHour(ctx context.Context, dir string, seconds, rate int) (*store.Reader, io.Closer, error) {
	folder, err := hourRecord(record.Runs(filepath.Join(dir, "runs")), seconds, rate)
	if err != nil {
		return nil, nil, err
	}
	s, _, err := store.Open(filepath.Join(dir, "store.db"))
	if err != nil {
		return nil, nil, err
	}
	f := s.NewFollow(folder)
	defer f.Close()
	for done := false; !done; {
		if done, err = f.Step(ctx); err != nil {
			s.Close()
			return nil, nil, err
		}
	}
	return s.Reader, s, nil
}

var hourStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// endpoints is how many names the made-up requests have.
const endpoints = 20

var hourTrends = []string{"http_req_duration", "http_req_waiting", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking", "http_req_sending", "http_req_receiving"}

// hourRecord makes up the record of a k6 run: each second the same number of requests over the endpoints, of which one in
// fifty is a 500 and one in a hundred a 429.
func hourRecord(runs record.Runs, seconds, rate int) (record.Folder, error) {
	folder, err := runs.Create(hourRun)
	if err != nil {
		return "", err
	}
	start := hourStart
	run, err := record.CreateRun(folder.Run())
	if err != nil {
		return "", err
	}
	defer run.Close()
	if err := run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: hourRun, Tool: "k6", Engine: "embedded",
		Scenario: record.Scenario{Name: "hour.js"}, Time: start}}); err != nil {
		return "", err
	}
	tool, err := record.Create(folder.Tool())
	if err != nil {
		return "", err
	}
	tool.Header(record.Header{Format: record.Format, Run: hourRun, Tool: "k6", Mapping: record.DefaultMapping(), Start: start, Period: 1})
	h, err := newHour(tool)
	if err != nil {
		return "", err
	}
	for t := range seconds {
		tool.Second(int64(t), h.second(rate))
		asked := 50.0
		tool.Load(record.Load{T: int64(t), VUs: 50, AskedVUs: &asked, Iterations: int64(rate / 2)})
		if err := tool.Flush(); err != nil {
			return "", err
		}
	}
	zero := 0
	tool.End(record.End{T: float64(seconds), Exit: &zero, Ledger: record.Ledger{Emitted: &h.samples, Recorded: h.samples}})
	if err := tool.Close(); err != nil {
		return "", err
	}
	return folder, run.Write(record.RunLine{End: &record.RunEnd{Time: start.Add(time.Duration(seconds) * time.Second),
		Ledger: record.Ledger{Emitted: &h.samples, Recorded: h.samples}}})
}

// hour makes seconds up.
type hour struct {
	rng     *rand.Rand
	sketch  func() *record.Sketch
	metrics map[string]int
	ids     map[string]int // of series
	tool    *record.Writer
	samples int64
}

func newHour(tool *record.Writer) (*hour, error) {
	index, err := record.DefaultMapping().Index()
	if err != nil {
		return nil, err
	}
	h := &hour{rng: rand.New(rand.NewPCG(3, 4)), sketch: func() *record.Sketch { return record.NewSketch(index) }, metrics: map[string]int{}, ids: map[string]int{}, tool: tool}
	declare := func(name string, kind record.Kind, unit string) {
		h.metrics[name] = len(h.metrics) + 1
		tool.Metric(record.Metric{ID: h.metrics[name], Name: name, Kind: kind, Unit: unit})
	}
	declare("http_reqs", record.Counter, "")
	for _, m := range hourTrends {
		declare(m, record.Trend, "ms")
	}
	declare("http_req_failed", record.Rate, "")
	declare("checks", record.Rate, "")
	declare("iterations", record.Counter, "")
	declare("iteration_duration", record.Trend, "ms")
	declare("data_sent", record.Counter, "bytes")
	declare("data_received", record.Counter, "bytes")
	return h, nil
}

// of is the number of a series, which it declares when it is new.
func (h *hour) of(metric string, tags map[string]string) int {
	key := metric + tags["name"] + tags["status"]
	id, ok := h.ids[key]
	if !ok {
		id = len(h.ids) + 1
		h.ids[key] = id
		h.tool.Series(record.Series{ID: id, Metric: h.metrics[metric], Tags: tags})
	}
	return id
}

func (h *hour) second(rate int) (out []record.Bucket) {
	type kind struct{ name, status int }
	counts := map[kind]int{}
	for range rate {
		status := 200
		switch n := h.rng.IntN(100); {
		case n < 2:
			status = 500
		case n == 2:
			status = 429
		}
		counts[kind{h.rng.IntN(endpoints), status}]++
	}
	for k, n := range counts {
		tags := map[string]string{"name": fmt.Sprintf("GET /endpoint/%d", k.name), "status": fmt.Sprint(k.status), "method": "GET", "scenario": "default"}
		out = append(out, h.count("http_reqs", tags, n, float64(n)))
		for i, m := range hourTrends {
			out = append(out, h.trend(m, tags, n, 2*float64(k.name+1)/float64(i+1)))
		}
		failed := 0
		if k.status != 200 {
			failed = n
		}
		out = append(out, h.rate("http_req_failed", tags, n, failed))
	}
	scenario := map[string]string{"scenario": "default"}
	half := max(1, rate/2)
	return append(out, h.rate("checks", map[string]string{"check": "answers", "scenario": "default"}, rate, rate), h.count("iterations", scenario, half, float64(half)),
		h.trend("iteration_duration", scenario, half, 100), h.count("data_sent", scenario, half, float64(rate*210)), h.count("data_received", scenario, half, float64(rate*1450)))
}

func (h *hour) count(metric string, tags map[string]string, n int, sum float64) record.Bucket {
	h.samples += int64(n)
	return record.Bucket{Series: h.of(metric, tags), Kind: record.Counter, N: int64(n), Sum: sum}
}

func (h *hour) rate(metric string, tags map[string]string, n, passes int) record.Bucket {
	h.samples += int64(n)
	return record.Bucket{Series: h.of(metric, tags), Kind: record.Rate, N: int64(n), Sum: float64(passes)}
}

// trend is n times around a typical one, in ms.
func (h *hour) trend(metric string, tags map[string]string, n int, typical float64) record.Bucket {
	k := record.Bucket{Series: h.of(metric, tags), Kind: record.Trend, N: int64(n), Min: math.Inf(1), Max: math.Inf(-1), Sketch: h.sketch()}
	h.samples += int64(n)
	for range n {
		v := typical * math.Exp(h.rng.NormFloat64()*0.4)
		k.Sum, k.Min, k.Max = k.Sum+v, min(k.Min, v), max(k.Max, v)
		if err := k.Sketch.Add(v); err != nil {
			panic(err) // a positive number fits
		}
	}
	return k
}
