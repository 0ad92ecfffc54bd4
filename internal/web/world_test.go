package web

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// world is a made-up k6 run, written as k6's output writes it. The same seed gives the same run.
type world struct {
	id         string
	seconds    int
	rate       int      // requests a second in the middle of the run
	endpoints  []string // values of tag name
	failing    float64  // share of 500s
	unanswered float64  // share of requests without an answer
	checks     bool
	arrival    bool // planned as an arrival rate, which drops some iterations
	scenario   string
	project    string
	open       bool   // no end: it still runs
	idle       [2]int // from and to which second nothing is asked
	short      [2]int // from and to which second the generator is short of CPU
	unmeasured bool   // nobody looked at what sources used
	limits     []record.Threshold
	more       func(w *world, to *record.Writer, b *buckets) // writes more before the end

	samples  int64
	statuses map[string]int64 // the truth: requests by status
	byName   map[string]int64
	highest  []float64 // the truth: longest duration of each second
}

var worldStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// write makes the run's folder below runs.
func (w *world) write(runs string) (record.Folder, error) {
	dir := filepath.Join(runs, w.id)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	folder := record.Folder(dir)
	run, err := record.CreateRun(folder.Run())
	if err != nil {
		return "", err
	}
	defer run.Close()
	start := &record.RunStart{Format: record.Format, Run: w.id, Tool: "k6", Engine: "embedded", Project: w.project,
		Scenario: record.Scenario{Name: w.scenario}, Target: "http://127.0.0.1:5081", Time: worldStart}
	if err := run.Write(record.RunLine{Start: start}); err != nil {
		return "", err
	}
	tool, err := record.Create(folder.Tool())
	if err != nil {
		return "", err
	}
	w.tool(tool)
	if err := tool.Close(); err != nil {
		return "", err
	}
	if err := w.infra(run); err != nil || w.open {
		return folder, err
	}
	return folder, run.Write(record.RunLine{End: &record.RunEnd{Time: worldStart.Add(time.Duration(w.seconds) * time.Second), Ledger: w.ledger()}})
}

// infra writes what sources used: a database comes at second 5, and is not measured at second 8.
func (w *world) infra(to *record.RunWriter) error {
	if w.unmeasured {
		return nil
	}
	lines := []record.RunLine{
		{Source: &record.Source{ID: 1, Name: "host", Kind: record.HostSource, CPUs: 4, Memory: 8 << 30}},
		{Source: &record.Source{ID: 2, Name: "k6", Kind: record.ContainerSource, Generator: true, CPUs: 2}},
		{Source: &record.Source{ID: 3, Name: "influxdb", Kind: record.ContainerSource, CPUs: 4}},
	}
	for t := range w.seconds {
		cpu := 0.5 + float64(t%10)/100
		if t >= w.short[0] && t < w.short[1] {
			cpu = 1.6
		}
		s := &record.Infra{T: int64(t + 1), Uses: []record.Use{
			{Source: 1, CPU: 1.25, Memory: 3 << 30, RX: 100, TX: 200}, {Source: 2, CPU: cpu, Memory: 40 << 20, RX: math.NaN(), TX: math.NaN()}}}
		if t >= 5 && t != 8 {
			s.Uses = append(s.Uses, record.Use{Source: 3, CPU: 0.25, Memory: 80 << 20, RX: 5000, TX: 50})
		}
		lines = append(lines, record.RunLine{Infra: s})
	}
	for _, l := range lines {
		if err := to.Write(l); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) ledger() record.Ledger {
	return record.Ledger{Emitted: &w.samples, Recorded: w.samples}
}

// length is when the tool ended: within the last second.
func (w *world) length() float64 { return max(0, float64(w.seconds)-0.75) }

const (
	reqs = iota + 1
	durations
	iterations
	vus
	checks
	sent
	received
)

func (w *world) tool(to *record.Writer) {
	to.Header(record.Header{Format: record.Format, Run: w.id, Tool: "k6", ToolVersion: "v2.1.0", Mapping: record.DefaultMapping(), Start: worldStart, Period: 1})
	for _, m := range []record.Metric{{ID: reqs, Name: "http_reqs", Kind: record.Counter}, {ID: durations, Name: "http_req_duration", Kind: record.Trend, Unit: "ms"},
		{ID: iterations, Name: "iterations", Kind: record.Counter}, {ID: vus, Name: "vus", Kind: record.Gauge}, {ID: checks, Name: "checks", Kind: record.Rate},
		{ID: sent, Name: "data_sent", Kind: record.Counter, Unit: "bytes"}, {ID: received, Name: "data_received", Kind: record.Counter, Unit: "bytes"}} {
		to.Metric(m)
	}
	b := &buckets{to: to, ids: map[string]int{}}
	rng := rand.New(rand.NewPCG(1, 2))
	w.samples, w.statuses, w.byName, w.highest = 0, map[string]int64{}, map[string]int64{}, nil
	for t := range w.seconds {
		w.second(b, rng, t)
		to.Second(int64(t), b.take())
		to.Load(w.load(t))
		if to.Flush() != nil {
			return
		}
	}
	if w.more != nil {
		w.more(w, to, b)
	}
	if !w.open {
		zero := 0
		to.End(record.End{T: w.length(), Exit: &zero, Thresholds: w.limits, Ledger: w.ledger()})
		_ = to.Flush()
	}
}

// level is the load at second t: up, level, with a hump at two thirds.
func (w *world) level(t int) float64 {
	x := float64(t) / float64(w.seconds)
	return math.Min(1, 0.15+x*4) * (1 + 0.5*math.Exp(-math.Pow((x-0.66)/0.05, 2)))
}

func (w *world) second(b *buckets, rng *rand.Rand, t int) {
	level, high := w.level(t), 0.0
	if t >= w.idle[0] && t < w.idle[1] {
		w.highest = append(w.highest, 0)
		b.gauge(vus, 0)
		return
	}
	n := int(float64(w.rate) * level * (0.95 + 0.1*rng.Float64()))
	for range n {
		name := w.endpoints[min(len(w.endpoints)-1, int(rng.ExpFloat64()*float64(len(w.endpoints))/4))]
		status, ms := "200", 8*math.Exp(rng.NormFloat64()*0.5)*(0.6+level*level)
		switch u := rng.Float64(); {
		case u < w.unanswered:
			status, ms = "0", 0
		case u < w.unanswered+w.failing*level*level:
			status, ms = "500", ms*3
		case u > 0.97:
			status = "429"
		case u > 0.9:
			status = "201"
		}
		tags := map[string]string{"name": name, "status": status, "method": "GET", "scenario": "default"}
		b.count(reqs, tags, 1)
		b.time(durations, tags, ms)
		if w.checks {
			b.pass("status is 200", status == "200")
			b.pass("answers within 50 ms", ms < 50)
		}
		high = math.Max(high, ms)
		w.statuses[status]++
		w.byName[name]++
		w.samples += 2
	}
	w.highest = append(w.highest, high)
	b.count(iterations, nil, float64(n/2))
	b.count(sent, nil, float64(n*210))
	b.count(received, nil, float64(n*1450))
	b.gauge(vus, math.Round(50*level))
}

func (w *world) load(t int) record.Load {
	asked := math.Round(50 * w.level(t))
	l := record.Load{T: int64(t), VUs: asked, Iterations: int64(float64(w.rate) * w.level(t) / 2), AskedVUs: &asked}
	if w.arrival {
		rate := float64(w.rate) * w.level(t) / 2
		l.AskedRate, l.AskedVUs = &rate, nil
		if x := float64(t) / float64(w.seconds); x > 0.6 && x < 0.72 {
			l.Dropped = int64(rate / 12)
			l.Iterations -= l.Dropped
		}
	}
	return l
}

// buckets collects a second.
type buckets struct {
	to   *record.Writer
	ids  map[string]int
	list []record.Bucket
	at   map[int]int
}

func (b *buckets) bucket(metric int, kind record.Kind, tags map[string]string) *record.Bucket {
	key := fmt.Sprint(metric, tags)
	id, ok := b.ids[key]
	if !ok {
		id = len(b.ids) + 1
		b.ids[key] = id
		b.to.Series(record.Series{ID: id, Metric: metric, Tags: tags})
	}
	if b.at == nil {
		b.at = map[int]int{}
	}
	i, ok := b.at[id]
	if !ok {
		i = len(b.list)
		b.at[id] = i
		b.list = append(b.list, record.Bucket{Series: id, Kind: kind, Min: math.Inf(1), Max: math.Inf(-1)})
	}
	return &b.list[i]
}

func (b *buckets) count(metric int, tags map[string]string, v float64) {
	k := b.bucket(metric, record.Counter, tags)
	k.N++
	k.Sum += v
}

func (b *buckets) pass(check string, ok bool) {
	k := b.bucket(checks, record.Rate, map[string]string{"check": check})
	k.N++
	if ok {
		k.Sum++
	}
}

func (b *buckets) gauge(metric int, v float64) {
	k := b.bucket(metric, record.Gauge, nil)
	k.N, k.Last, k.Min, k.Max = k.N+1, v, v, v
}

func (b *buckets) time(metric int, tags map[string]string, v float64) {
	k := b.bucket(metric, record.Trend, tags)
	if k.Sketch == nil {
		index, err := record.DefaultMapping().Index()
		if err != nil {
			panic(err)
		}
		k.Sketch = record.NewSketch(index)
	}
	k.N++
	k.Sum += v
	k.Min, k.Max = math.Min(k.Min, v), math.Max(k.Max, v)
	if err := k.Sketch.Add(v); err != nil {
		panic(err)
	}
}

func (b *buckets) take() []record.Bucket {
	out := b.list
	b.list, b.at = nil, nil
	return out
}
