package toyapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// do sends a request to the handler and holds the answer to openapi.json.
func do(t testing.TB, s *Server, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	checkAnswer(t, s, r, w)
	return w
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("answer %q: %v", w.Body, err)
	}
	return v
}

// wantFault checks status, code and parameter of an error answer.
func wantFault(t testing.TB, w *httptest.ResponseRecorder, status int, code, parameter string) {
	t.Helper()
	e := decode[errorReply](t, w).Error
	if w.Code != status || e.Code != code || e.Parameter != parameter || e.Message == "" {
		t.Errorf("got %d %+v, want %d with code %q and parameter %q", w.Code, e, status, code, parameter)
	}
}

// until polls a condition that another goroutine brings about.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// runServer runs s on ln; the returned function ends it and returns what Run did.
func runServer(t testing.TB, s *Server, ln net.Listener) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, ln) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// startIO sends a request that waits because the test holds the only connection of /io.
func startIO(t *testing.T, s *Server, ln net.Listener) (status chan int) {
	t.Helper()
	s.links <- struct{}{}
	status = make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String() + "/io?ms=0&jitter=0")
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	until(t, "the request is under way", func() bool { return s.metrics.inFlight.Load() == 1 })
	return status
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	s, ln := newServer(t, Config{Connections: 1, DrainTimeout: time.Minute}), listen(t)
	stop := runServer(t, s, ln)
	status := startIO(t, s, ln)

	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	until(t, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	select {
	case err := <-ended:
		t.Fatalf("Run returned %v with a request under way", err)
	default:
	}
	<-s.links // frees the connection
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request under way ended with %d, want 200", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	s, ln := newServer(t, Config{Connections: 1, DrainTimeout: time.Millisecond}), listen(t)
	stop := runServer(t, s, ln)
	status := startIO(t, s, ln)
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run returned %v, want the deadline", err)
	}
	if got := <-status; got != 0 {
		t.Errorf("the request was answered with %d, want a cut connection", got)
	}
	until(t, "the handler has noticed", func() bool { return s.metrics.inFlight.Load() == 0 })
}

func TestShutdownDoesNotWaitForSilentConnections(t *testing.T) {
	// http.Server alone would wait 5 s and so exceed the drain time-out.
	s, ln := newServer(t, Config{DrainTimeout: 2 * time.Second}), listen(t)
	stop := runServer(t, s, ln)
	silent, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	// Connections are accepted in order, so after this answer the silent one was.
	resp, err := http.Get("http://" + ln.Addr().String() + "/fast")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func TestRunOnlyOnce(t *testing.T) {
	s := newServer(t, Config{})
	if err := runServer(t, s, listen(t))(); err != nil {
		t.Fatal(err)
	}
	ln := listen(t)
	if err := s.Run(t.Context(), ln); err == nil {
		t.Error("a second Run succeeded")
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener was left open: %v", err)
	}
}

func TestRunReportsABrokenListener(t *testing.T) {
	ln := listen(t)
	ln.Close()
	if err := newServer(t, Config{}).Run(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Run returned %v, want the listener's error", err)
	}
}

func TestTwoServersShareNothing(t *testing.T) {
	a, b := newServer(t, Config{}), newServer(t, Config{})
	do(t, a, "POST", "/users", `{"name":"Eve","email":"eve@example.com"}`)
	do(t, a, "GET", "/error?rate=1", "")
	if got := b.users.count(); got != firstUsers {
		t.Errorf("the other server has %d users, want %d", got, firstUsers)
	}
	if got := scrape(t, b).value("toyapi_http_requests_total", "route", "/error", "code", "500"); got != 0 {
		t.Errorf("the other server counted %v failures", got)
	}
}

func TestPanicIsAPlainError(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.routes["/fast"].endpoints[0].handle = func(http.ResponseWriter, *http.Request, args) error { panic("secret") }
	r, w := httptest.NewRequest("GET", "/fast", nil), httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	wantFault(t, w, http.StatusInternalServerError, "internal", "")
	if got := w.Body.String(); strings.Contains(got, "secret") || strings.Contains(got, "goroutine") {
		t.Errorf("the client sees %q", got)
	}
	if !strings.Contains(log.String(), "secret") {
		t.Errorf("the log %q lacks the cause", &log)
	}
	m := scrape(t, s)
	if m.value("toyapi_panics_total") != 1 || m.value("toyapi_http_requests_total", "route", "/fast", "code", "500") != 1 {
		t.Error("metrics lack the panic")
	}
}

func TestPanicInTheMiddleOfAnAnswerCutsIt(t *testing.T) {
	s, ln := newServer(t, Config{}), listen(t)
	s.routes["/fast"].endpoints[0].handle = func(w http.ResponseWriter, _ *http.Request, _ args) error {
		io.WriteString(w, "half") // would pass for a whole answer
		panic("secret")
	}
	stop := runServer(t, s, ln)
	resp, err := http.Get("http://" + ln.Addr().String() + "/fast")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("the client took a cut answer for a whole one")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestTimeouts are set, and leave the slowest answer its time.
func TestTimeouts(t *testing.T) {
	s := newServer(t, Config{})
	srv := s.http()
	if srv.ReadHeaderTimeout <= 0 || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes <= 0 {
		t.Errorf("header %s, idle %s, %d bytes of header", srv.ReadHeaderTimeout, srv.IdleTimeout, srv.MaxHeaderBytes)
	}
	for _, e := range s.endpoints() {
		var longest, ops float64 = 0, 1
		for _, p := range e.params {
			switch {
			case p.in == inQuery && (p.name == "ms" || p.name == "jitter"):
				longest += p.max
			case p.name == "ops":
				ops = p.max
			}
		}
		need := time.Duration(longest*ops)*time.Millisecond + s.linkWait
		if srv.ReadTimeout <= need || srv.WriteTimeout <= need {
			t.Errorf("%s %s may take %s, time-outs are %s and %s", e.method, e.path, need, srv.ReadTimeout, srv.WriteTimeout)
		}
	}
}

func TestConfigRanges(t *testing.T) {
	for name, cfg := range map[string]Config{
		"workers":       {Workers: 257},
		"queue size":    {QueueSize: -1},
		"history size":  {HistorySize: 100_001},
		"max users":     {MaxUsers: firstUsers},
		"connections":   {Connections: -1},
		"rate limit":    {RateLimit: -1},
		"burst":         {Burst: -1},
		"drain timeout": {DrainTimeout: time.Hour},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), name+" must be from") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestFlags(t *testing.T) {
	cfg := DefaultConfig()
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	cfg.RegisterFlags(flags)
	err := flags.Parse(strings.Fields("--workers 1 --queue 2 --history 3 --max-users 104 --connections 5 --rate-limit 6.5 --burst 7 --drain-timeout 8s"))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Workers: 1, QueueSize: 2, HistorySize: 3, MaxUsers: 104, Connections: 5, RateLimit: 6.5, Burst: 7, DrainTimeout: 8 * time.Second}
	if cfg.Workers != want.Workers || cfg.QueueSize != want.QueueSize || cfg.HistorySize != want.HistorySize ||
		cfg.MaxUsers != want.MaxUsers || cfg.Connections != want.Connections || cfg.RateLimit != want.RateLimit ||
		cfg.Burst != want.Burst || cfg.DrainTimeout != want.DrainTimeout {
		t.Errorf("got %+v, want %+v", cfg, want)
	}
}
