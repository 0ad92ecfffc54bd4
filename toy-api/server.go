// Package toyapi is a known-good HTTP API to learn load testing with and to
// try load tools against: fast, slow, failing, computing, waiting and
// rate-limited routes, a small user store, a real job queue, Prometheus
// metrics and an OpenAPI description.
//
// Every route and every parameter with its range stands in openapi.json.
// A Server shares nothing with other Servers of the process.
package toyapi

import (
	"context"
	_ "embed" // openapi.json
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// The longest answer that parameters can ask for takes 60 s (/slow), so the
// limits on a whole exchange lie above it.
const (
	headerTimeout   = 10 * time.Second
	bodyTimeout     = 15 * time.Second
	exchangeTimeout = 90 * time.Second
	idleTimeout     = 2 * time.Minute
	maxHeaderBytes  = 32 << 10
	maxBodyBytes    = 64 << 10
)

//go:embed openapi.json
var spec []byte

// Spec returns the OpenAPI 3.1 description of the API as JSON.
func Spec() []byte { return slices.Clone(spec) }

// Server is one toy API: its routes, users, jobs, limits and metrics.
type Server struct {
	cfg       Config
	routes    map[string]*route
	unmatched *route
	metrics   *metrics
	limit     *bucket // nil: no limit over all routes
	buckets   *recent[bucketKey, *bucket]
	draws     *recent[drawKey, *atomic.Uint64]
	pacer     *pacer
	links     chan struct{} // one element a connection of /io in use
	linkWait  time.Duration // longest wait for one of them
	users     *users
	jobs      *pool
	index     []byte
	ran       atomic.Bool
}

// New returns a Server that is ready to answer. It starts nothing: jobs run in
// goroutines that end when there is no more work. The error names a field of
// cfg that is out of range.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("toy-api: %w", err)
	}
	s := &Server{
		cfg:      cfg,
		buckets:  newRecent[bucketKey, *bucket](maxBuckets),
		draws:    newRecent[drawKey, *atomic.Uint64](maxSeeds),
		pacer:    newPacer(),
		links:    make(chan struct{}, cfg.Connections),
		linkWait: 10 * time.Second,
		users:    newUsers(cfg.MaxUsers),
	}
	if cfg.RateLimit > 0 {
		s.limit = newBucket(cfg.RateLimit, cfg.Burst, cfg.now)
	}
	s.jobs = newPool(cfg.Workers, cfg.QueueSize, cfg.HistorySize, s.work)
	s.metrics = newMetrics(s)
	endpoints := s.endpoints()
	s.routes = newRoutes(endpoints, s.metrics)
	s.unmatched = &route{path: "other", metrics: s.metrics.route("other")}
	s.index = newIndex(endpoints)
	return s, nil
}

// Handler returns the API without time-outs and graceful shutdown, which Run adds.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Run serves ln until ctx ends, then shuts down: it accepts no more, lets
// requests under way and running jobs end, fails jobs that still wait, and
// after Config.DrainTimeout cuts what is left. It closes ln and returns nil
// when nothing had to be cut, an error that wraps context.DeadlineExceeded
// when something had. A Server runs once.
func (s *Server) Run(ctx context.Context, ln net.Listener) error {
	if !s.ran.CompareAndSwap(false, true) {
		ln.Close()
		return errors.New("toy-api: server has run already")
	}
	lobby := newLobby(ln)
	srv := s.http()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lobby) }()

	var failed error
	select {
	case err := <-served:
		failed = fmt.Errorf("toy-api: serve %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	jobs := make(chan error, 1)
	go func() { jobs <- s.jobs.close(drain) }()
	lobby.closeSilent()
	if err := srv.Shutdown(drain); err != nil {
		srv.Close()
		failed = errors.Join(failed, fmt.Errorf("toy-api: requests cut off by the shutdown: %w", err))
	}
	if err := <-jobs; err != nil {
		failed = errors.Join(failed, fmt.Errorf("toy-api: jobs cut off by the shutdown: %w", err))
	}
	return failed
}

func (s *Server) http() *http.Server {
	return &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       exchangeTimeout,
		WriteTimeout:      exchangeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelWarn),
	}
}
