//go:build unix

package output

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
)

// BenchmarkRaw feeds what BenchmarkRows does, and sends every sample to a server that throws it away. CPU is the whole
// process's: packing, sending, and that server, less what the rows alone take.
func BenchmarkRaw(b *testing.B) {
	null := nullServer(b)
	const samplesPerSecond, every = 200_000, 50 * time.Millisecond
	log := logrus.New()
	log.SetOutput(io.Discard)
	measure := func(raw *raw, n int) (cpu time.Duration, mallocs uint64, fed int) {
		now := time.Unix(1_700_000_000, 0)
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
		o.recorder.raw = raw
		if raw != nil {
			raw.send(b.Context())
		}
		batches := k6Batches(20, 50, samplesPerSecond*int(every)/int(time.Second))
		feed := func(i int) (n int) {
			batch := batches[i%len(batches)]
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
		for ; i < 100; i++ {
			feed(i)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := cpuTime(b)
		for ; fed < n; i++ {
			fed += feed(i)
			if raw != nil { // as fast as it is sent: nothing is shed
				for raw.waiting() > maxQueued/2 {
					runtime.Gosched()
				}
			}
		}
		if raw != nil {
			raw.end()
			if l := raw.ledger(); l.ShedTotal() > 0 {
				b.Fatalf("%+v", l)
			}
		}
		cpu = cpuTime(b) - began
		runtime.ReadMemStats(&after)
		return cpu, after.Mallocs - before.Mallocs, fed
	}
	set := &sinkSettings{
		target: influx.Target{URL: null, Bucket: "b"}, interval: time.Second, writers: defaultWriters, precision: 1, rawLimit: unlimited,
		fields: []tagField{{"vu", "int"}, {"iter", "int"}, {"url", "string"}},
	}
	b.ResetTimer()
	with, mallocs, n := measure(newRaw(set, "bench", time.Unix(1_700_000_000, 0), influx.NewSender(set.target)), b.N)
	without, others, m := measure(nil, b.N)
	b.ReportMetric(float64(with)/float64(n)-float64(without)/float64(m), "cpu-ns/sample")
	b.ReportMetric(float64(mallocs)/float64(n)-float64(others)/float64(m), "allocs/sample")
	b.ReportMetric(0, "ns/op")
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// nullServer takes writes, throws them away and costs next to nothing.
func nullServer(b *testing.B) (url string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveNull(conn)
		}
	}()
	return "http://" + l.Addr().String()
}

func serveNull(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	length := []byte("Content-Length: ")
	for {
		left := 0
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) <= 2 {
				break
			}
			if digits, ok := bytes.CutPrefix(line, length); ok {
				left, _ = strconv.Atoi(string(bytes.TrimSpace(digits)))
			}
		}
		if _, err := r.Discard(left); err != nil {
			return
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
			return
		}
	}
}
