package toyapi

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The load of the benchmarks: 16 keep-alive connections on two cores, with a
// client that does next to nothing, so the server is what is measured.
const connections = 16

// BenchmarkFast and BenchmarkBare answer the same bytes over TCP; BenchmarkRatio
// sets them side by side in one run.
func BenchmarkFast(b *testing.B) { benchmarkRequests(b, benchFast(b)) }

func BenchmarkBare(b *testing.B) { benchmarkRequests(b, benchBare(b)) }

// BenchmarkRatio reports requests a second of /fast over those of a bare
// handler, taking turns so that drifts of the machine cancel out.
func BenchmarkRatio(b *testing.B) {
	fast, bare := benchFast(b), benchBare(b)
	if f, s := exchangeSize(b, fast), exchangeSize(b, bare); f != s {
		b.Fatalf("/fast answers %d bytes, the bare handler %d", f, s)
	}
	const turn = 20_000
	var fastTime, bareTime time.Duration
	for i := range max(4, b.N/(2*turn)) {
		order := []bool{true, false}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, isFast := range order {
			if isFast {
				fastTime += drive(b, fast, turn)
			} else {
				bareTime += drive(b, bare, turn)
			}
		}
	}
	b.ReportMetric(float64(bareTime)/float64(fastTime), "fast/bare")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSlow reports how far answers of /slow?ms=50 are off at 1,000
// requests a second, round trip included.
func BenchmarkSlow(b *testing.B) {
	addr := benchFast(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 500}}
	defer client.CloseIdleConnections()
	errs := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := range b.N {
		<-tick.C
		wg.Go(func() {
			t := time.Now()
			resp, err := client.Get("http://" + addr + "/slow?ms=50")
			if err != nil {
				b.Error(err)
				return
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			errs[i] = (time.Since(t) - 50*time.Millisecond).Abs()
		})
	}
	wg.Wait()
	slices.Sort(errs)
	b.ReportMetric(errs[b.N/2].Seconds()*1000, "p50-error-ms")
	b.ReportMetric(errs[b.N*99/100].Seconds()*1000, "p99-error-ms")
}

// BenchmarkFastHandler shows the allocations of /fast without net/http's own.
func BenchmarkFastHandler(b *testing.B) {
	h := benchHandler(b)
	r := httptest.NewRequest(http.MethodGet, "/fast", nil)
	w := nullWriter{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

type nullWriter struct{ header http.Header }

func (w nullWriter) Header() http.Header         { return w.header }
func (w nullWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w nullWriter) WriteHeader(int)             {}

func benchHandler(b *testing.B) http.Handler {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	return s.Handler()
}

// benchFast serves the API as Run does, time-outs included.
func benchFast(b *testing.B) string {
	s, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	ln := listen(b)
	stop := runServer(b, s, ln)
	b.Cleanup(func() { stop() })
	return ln.Addr().String()
}

func benchBare(b *testing.B) string {
	return serveBench(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(fastBody)
	}))
}

func serveBench(b *testing.B, h http.Handler) string {
	ln := listen(b)
	srv := &http.Server{Handler: h}
	go srv.Serve(ln)
	b.Cleanup(func() { srv.Close() })
	return ln.Addr().String()
}

func benchmarkRequests(b *testing.B, addr string) {
	exchangeSize(b, addr) // warms up
	b.ResetTimer()
	took := drive(b, addr, b.N)
	b.ReportMetric(float64(b.N)/took.Seconds(), "req/s")
}

const fastRequest = "GET /fast HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

// exchangeSize is the length of the answer, which must be a 200 with fastBody.
func exchangeSize(b *testing.B, addr string) int {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, strings.Replace(fastRequest, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 OK\r\n")) || !bytes.HasSuffix(answer, fastBody) {
		b.Fatalf("answer %q, error %v", answer, err)
	}
	return len(answer) - len("Connection: close\r\n")
}

// drive sends n requests over all connections and returns the time that took.
func drive(b *testing.B, addr string, n int) time.Duration {
	size := exchangeSize(b, addr)
	conns := make([]net.Conn, connections)
	for i := range conns {
		var err error
		if conns[i], err = net.Dial("tcp", addr); err != nil {
			b.Fatal(err)
		}
		defer conns[i].Close()
	}
	var sent atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for _, conn := range conns {
		wg.Go(func() {
			in := bufio.NewReader(conn)
			for sent.Add(1) <= int64(n) {
				if _, err := io.WriteString(conn, fastRequest); err != nil {
					b.Error(err)
					return
				}
				if _, err := in.Discard(size); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}
