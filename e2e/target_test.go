//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// target is an API that counts what it is asked, so that the tests know the truth from somebody else than k6 or ltlab.
//
//	/            200        /status/404  that status
//	/wait        200 after a time that varies as real latencies do
type target struct {
	URL    string
	server *http.Server

	mu     sync.Mutex
	times  []time.Time // of every request
	byPath map[string]int64
}

func newTarget(t *testing.T) *target {
	t.Helper()
	return newTargetAt(t, "127.0.0.1")
}

// newTargetAt listens on another address of this machine.
func newTargetAt(t *testing.T, host string) *target {
	t.Helper()
	l, err := net.Listen("tcp4", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	a := &target{URL: "http://" + l.Addr().String(), byPath: map[string]int64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		if _, err := fmt.Sscanf(r.PathValue("code"), "%d", &code); err != nil {
			code = http.StatusBadRequest
		}
		w.WriteHeader(code)
	})
	mux.HandleFunc("GET /wait", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Duration(rand.ExpFloat64() * float64(15*time.Millisecond))):
		case <-r.Context().Done():
		}
		fmt.Fprintln(w, "ok")
	})
	a.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.times = append(a.times, time.Now())
		a.byPath[r.URL.Path]++
		a.mu.Unlock()
		mux.ServeHTTP(w, r)
	})}
	go func() { _ = a.server.Serve(l) }() // ends with ErrServerClosed
	t.Cleanup(a.die)
	return a
}

// die closes the port and every connection.
func (a *target) die() { _ = a.server.Close() }

// count is how many requests came.
func (a *target) count() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return int64(len(a.times))
}

// before is how many requests came before a moment.
func (a *target) before(at time.Time) (n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.times {
		if t.Before(at) {
			n++
		}
	}
	return n
}

// loaded is how long requests have been coming.
func (a *target) loaded() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.times) == 0 {
		return 0
	}
	return time.Since(a.times[0])
}

// quiet is how long none has come.
func (a *target) quiet() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.times) == 0 {
		return 0
	}
	return time.Since(a.times[len(a.times)-1])
}

// paths is how many different ones were asked for.
func (a *target) paths() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.byPath)
}

// closedPort is an address at which nobody answers.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}
