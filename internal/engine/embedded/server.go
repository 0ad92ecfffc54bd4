package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/ports"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

// ErrRunning says that this lab's server runs already.
var ErrRunning = errors.New("the embedded lab is running already")

// ServeConfig is what the server process is given.
type ServeConfig struct {
	Home   config.Home
	Nonce  string
	Ports  map[string]int // exact ports by service
	Toy    toyapi.Config
	Boards func(port int) (http.Handler, io.Closer, error) // the browser's side; told its own port
	Guard  func(port int, next http.Handler) http.Handler  // refuses foreign names on every path
	Ready  func([]engine.Service)
}

// Serve is the whole embedded lab in one process: toy API and boards on 127.0.0.1. It returns when ctx ends and
// everything has shut down, or at once with ErrRunning, a *ports.BusyError or what else went wrong.
func Serve(ctx context.Context, c ServeConfig) error {
	if err := c.Home.Make(); err != nil {
		return err
	}
	unlock, err := hold(ctx, c.Home.ServeLock())
	if err != nil {
		return err
	}
	defer unlock()
	// What a crashed server left is not ours; from here on, serve.json is this server's or absent.
	if err := os.Remove(c.Home.State()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	last := map[string]int{}
	_ = config.ReadJSON(c.Home.Ports(), &last) // no file, or a broken one: the ports are chosen anew

	st := state{PID: os.Getpid(), Nonce: c.Nonce}
	listeners := map[string]net.Listener{}
	defer func() {
		for _, l := range listeners {
			l.Close()
		}
	}()
	for _, name := range []string{engine.ToyAPI, engine.Boards} {
		want := ports.Want{Preferred: preferred(name), Last: last[name]}
		if p, ok := c.Ports[name]; ok {
			want = ports.Want{Preferred: p, Exact: true}
		}
		got, err := ports.Listen(want)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		listeners[name] = got.Listener
		st.Services = append(st.Services, newService(name, want.Preferred, got))
		last[name] = got.Port
	}
	if err := config.WriteJSON(c.Home.Ports(), last); err != nil {
		return err
	}

	boards, closer, err := c.Boards(last[engine.Boards])
	if err != nil {
		return err
	}
	defer closer.Close()
	toy, err := toyapi.New(c.Toy)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", boards)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"service": engine.Boards, "nonce": c.Nonce})
	})

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 2)
	go func() { done <- toy.Run(ctx, listeners[engine.ToyAPI]) }()
	go func() { done <- ServeHTTP(ctx, listeners[engine.Boards], c.Guard(last[engine.Boards], mux)) }()
	if err := config.WriteJSON(c.Home.State(), st); err != nil {
		cancel()
		return errors.Join(err, <-done, <-done)
	}
	defer os.Remove(c.Home.State())
	if c.Ready != nil {
		c.Ready(st.list(engine.Healthy))
	}
	first := <-done // one service ending ends the lab: half a lab would look alive
	cancel()
	return errors.Join(first, <-done)
}

// hold takes the server's lock. Whoever looks at it (see Engine.Alive) shares it for a moment, so only one that stays held
// is another server's.
func hold(ctx context.Context, path string) (unlock func(), err error) {
	lock := flock.New(path)
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if _, err := lock.TryLockContext(short, 5*time.Millisecond); err != nil {
		if ctx.Err() == nil && short.Err() != nil {
			return nil, ErrRunning
		}
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

// ServeHTTP serves until ctx ends; then open requests get five seconds.
func ServeHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx }, // ends long polls at shutdown
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		return s.Close()
	}
	return nil
}

func (s state) list(as engine.State) []engine.Service {
	var out []engine.Service
	for _, v := range s.Services {
		out = append(out, engine.Service{Name: v.Name, State: as, URL: fmt.Sprintf("http://127.0.0.1:%d", v.Port)})
	}
	return out
}
