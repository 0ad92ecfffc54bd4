package output

import (
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/lib/netext/httpext"
	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

// BenchmarkRows feeds what k6 hands over at 200,000 samples a second (13 a request, 20 endpoints, about 200 series)
// through append, aggregation and the closing of seconds into a file.
func BenchmarkRows(b *testing.B) {
	const samplesPerSecond, every = 200_000, 50 * time.Millisecond
	log := logrus.New()
	log.SetOutput(io.Discard)
	time0 := time.Unix(1_700_000_000, 0)
	now := time0
	c := clock{now: func() time.Time { return now }, wall: func() time.Time { return now }}
	w, err := record.Create(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	o := &Output{clock: c, log: log}
	o.recorder, err = newRecorder(w, c, plan{}, newThresholds(true), log, record.Header{Mapping: record.DefaultMapping()})
	if err != nil {
		b.Fatal(err)
	}
	batches := k6Batches(20, 50, samplesPerSecond*int(every)/int(time.Second))
	feed := func(i int) int {
		batch, n := batches[i%len(batches)], 0
		for _, c := range batch {
			now = now.Add(every / time.Duration(len(batch)))
			n += stamp(c, now)
		}
		o.AddMetricSamples(batch)
		if i%4 == 3 {
			o.flush()
		}
		return n
	}
	i := 0
	for ; i < 100; i++ { // five seconds
		feed(i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	n := 0
	for ; n < b.N; i++ {
		n += feed(i)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/sample")
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), "allocs/sample")
	b.ReportMetric(0, "ns/op") // the same as ns/sample, but for a few
}

// stamp gives a container's samples a time, and returns how many they are.
func stamp(c metrics.SampleContainer, t time.Time) int {
	list := c.GetSamples()
	for i := range list {
		list[i].Time = t
	}
	return len(list)
}

// k6Batches makes containers as k6 does for requests, checks and iterations, a number of samples in each batch.
func k6Batches(n, endpoints, samples int) [][]metrics.SampleContainer {
	reg := metrics.NewRegistry()
	m := metrics.RegisterBuiltinMetrics(reg)
	scenario := reg.RootTagSet().With("group", "").With("scenario", "default")
	rnd := rand.New(rand.NewPCG(1, 2))
	var batches [][]metrics.SampleContainer
	for range n {
		var batch []metrics.SampleContainer
		for left := samples; left > 0; left -= 13 {
			tags := scenario.With("method", "GET").With("name", "endpoint"+strconv.Itoa(rnd.IntN(endpoints))).
				With("expected_response", "true").With("proto", "HTTP/1.1").With("status", "200")
			took := time.Duration(math.Exp(rnd.NormFloat64()*0.5) * 20e6)
			trail := &httpext.Trail{Duration: took, Waiting: took * 9 / 10, Sending: took / 200, Receiving: took / 10}
			trail.SaveSamples(m, &metrics.TagsAndMeta{Tags: tags})
			trail.Samples = append(trail.Samples, metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: m.HTTPReqFailed, Tags: tags}})
			batch = append(batch, trail,
				metrics.Samples{
					{TimeSeries: metrics.TimeSeries{Metric: m.DataSent, Tags: scenario}, Value: 120},
					{TimeSeries: metrics.TimeSeries{Metric: m.DataReceived, Tags: scenario}, Value: 300},
				},
				metrics.Samples{
					{TimeSeries: metrics.TimeSeries{Metric: m.IterationDuration, Tags: scenario}, Value: metrics.D(took)},
					{TimeSeries: metrics.TimeSeries{Metric: m.Iterations, Tags: scenario}, Value: 1},
				},
			)
		}
		batches = append(batches, batch)
	}
	return batches
}
