package toyapi

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"time"
)

var (
	healthBody = []byte(`{"status":"ok"}` + "\n")
	fastBody   = []byte(`{"ok":true,"route":"/fast"}` + "\n")
	fastLength = []string{strconv.Itoa(len(fastBody))}
)

// workReply is the answer of the working routes; each fills in its own fields.
type workReply struct {
	okReply
	DelayMS    *float64  `json:"delay_ms,omitempty"`
	Iterations int       `json:"iterations,omitempty"`
	Result     string    `json:"result,omitempty"`
	WaitedMS   *float64  `json:"waited_ms,omitempty"`
	OpsMS      []float64 `json:"ops_ms,omitempty"`
	Data       string    `json:"data,omitempty"`
}

func (s *Server) root(w http.ResponseWriter, _ *http.Request, _ args) error {
	writeBody(w, http.StatusOK, s.index)
	return nil
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request, _ args) error {
	writeBody(w, http.StatusOK, spec)
	return nil
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request, _ args) error {
	writeBody(w, http.StatusOK, healthBody)
	return nil
}

func (s *Server) fast(w http.ResponseWriter, _ *http.Request, a args) error {
	if a.integer("bytes") > 0 {
		return writeJSON(w, http.StatusOK, workReply{okReply: okReply{true, "/fast"}, Data: payload(a)})
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = fastLength
	w.Write(fastBody)
	return nil
}

func (s *Server) slow(w http.ResponseWriter, r *http.Request, a args) error {
	delay := spread(a, s.next("/slow", a))
	if err := s.pacer.wait(r.Context(), delay); err != nil {
		return err
	}
	ms := milliseconds(delay)
	return writeJSON(w, http.StatusOK, workReply{okReply: okReply{true, "/slow"}, DelayMS: &ms, Data: payload(a)})
}

func (s *Server) fail(w http.ResponseWriter, _ *http.Request, a args) error {
	if s.next("/error", a).Float64() < a.number("rate") {
		return &fault{status: a.integer("status"), code: "injected", message: "this failure was asked for"}
	}
	return writeJSON(w, http.StatusOK, okReply{true, "/error"})
}

func (s *Server) cpu(w http.ResponseWriter, r *http.Request, a args) error {
	n := a.integer("iterations")
	result, err := compute(r.Context(), a.seed(), n)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, workReply{okReply: okReply{true, "/cpu"}, Iterations: n, Result: result})
}

// io behaves like a handler with a database behind it: it takes one of a fixed
// number of connections, waiting when all are in use, and asks a few times.
func (s *Server) io(w http.ResponseWriter, r *http.Request, a args) error {
	ctx, start := r.Context(), time.Now()
	if err := s.connect(ctx); err != nil {
		return err
	}
	defer func() { <-s.links }()
	waited := milliseconds(time.Since(start))
	src := s.next("/io", a)
	ops := make([]float64, a.integer("ops"))
	for i := range ops {
		delay := spread(a, src)
		if err := s.pacer.wait(ctx, delay); err != nil {
			return err
		}
		ops[i] = milliseconds(delay)
	}
	return writeJSON(w, http.StatusOK, workReply{okReply: okReply{true, "/io"}, WaitedMS: &waited, OpsMS: ops, Data: payload(a)})
}

// connect takes one of the connections of /io, to be given back to s.links.
func (s *Server) connect(ctx context.Context) error {
	select {
	case s.links <- struct{}{}:
		return nil
	default:
	}
	patience := time.NewTimer(s.linkWait)
	defer patience.Stop()
	select {
	case s.links <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return &fault{status: http.StatusServiceUnavailable, code: "no_connection",
			message: fmt.Sprintf("no connection became free within %s", s.linkWait), retryAfter: time.Second}
	}
}

// spread is the delay that ms and jitter ask for: uniform from ms to ms + jitter.
func spread(a args, src *rand.Rand) time.Duration {
	return a.millis("ms") + time.Duration(src.Float64()*float64(a.millis("jitter")))
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// compute runs a xorshift generator (Marsaglia 2003, "Xorshift RNGs") for n
// steps from seed and returns its state in hex: work that cannot be skipped,
// about 1 ns a step. Between slices it lets other requests run.
func compute(ctx context.Context, seed uint64, n int) (string, error) {
	const slice = 100_000
	x := seed ^ 0x9e3779b97f4a7c15 // a seed below 2^53 never makes this 0, where xorshift would stay
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		for range min(n, slice) {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		n -= slice
		runtime.Gosched()
	}
	return fmt.Sprintf("%016x", x), nil
}
