package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	toyapi "github.com/ltlab/ltlab/toy-api"
)

// ownNameOnly stands in for the browser side's guard.
func ownNameOnly(port int, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != fmt.Sprintf("127.0.0.1:%d", port) {
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve runs a server until ready returns, and returns its error.
func serve(t *testing.T, h config.Home, ready func([]engine.Service)) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := Serve(ctx, ServeConfig{
		Home: h, Nonce: "n", Toy: toyapi.DefaultConfig(),
		Boards: func(int) (http.Handler, io.Closer, error) { return http.NotFoundHandler(), io.NopCloser(nil), nil },
		Guard:  ownNameOnly,
		Ready:  func(s []engine.Service) { ready(s); cancel() },
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func TestLookingAtAStartingLabDoesNotStopIt(t *testing.T) {
	e := &Engine{Home: config.Home(t.TempDir())}
	stop := make(chan struct{})
	var lookers sync.WaitGroup
	defer lookers.Wait()
	defer close(stop)
	for range 4 {
		lookers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := e.Status(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 20 {
		if err := serve(t, e.Home, func([]engine.Service) {}); err != nil {
			t.Fatalf("start %d: %v", i, err)
		}
	}
}

func TestAServerWaitsForThoseWhoLook(t *testing.T) {
	h := config.Home(t.TempDir())
	look := flock.New(h.ServeLock())
	if ok, err := look.TryRLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer time.AfterFunc(50*time.Millisecond, func() { _ = look.Unlock() }).Stop()
	if err := serve(t, h, func([]engine.Service) {}); err != nil {
		t.Error(err)
	}
}

// Two who look at a lab that is down share the lock; neither sees a server.
func TestThoseWhoLookSeeNoServerInEachOther(t *testing.T) {
	e := &Engine{Home: config.Home(t.TempDir())}
	if err := serve(t, e.Home, func([]engine.Service) {}); err != nil { // leaves the lock's file
		t.Fatal(err)
	}
	var lookers sync.WaitGroup
	for range 8 {
		lookers.Go(func() {
			for range 500 {
				if e.Alive() {
					t.Error("a server is seen where there is none")
					return
				}
			}
		})
	}
	lookers.Wait()
}

func TestASecondServerIsRefused(t *testing.T) {
	h := config.Home(t.TempDir())
	err := serve(t, h, func([]engine.Service) {
		if err := serve(t, h, func([]engine.Service) {}); !errors.Is(err, ErrRunning) {
			t.Errorf("got %v, want ErrRunning", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAForeignHostIsRefusedOnEveryPath(t *testing.T) {
	ask := func(url, host string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if host != "" {
			req.Host = host
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	var boards string
	err := serve(t, config.Home(t.TempDir()), func(all []engine.Service) {
		for _, s := range all {
			if s.Name == engine.Boards {
				boards = s.URL
			}
		}
		for _, path := range []string{"/", "/healthz", "/runs/a", "//twice"} {
			for _, host := range []string{"evil.example", "127.0.0.1", fmt.Sprintf("evil.example%s", boards[len("http://127.0.0.1"):])} {
				if got := ask(boards+path, host); got != http.StatusMisdirectedRequest {
					t.Errorf("Host %s, %s: %d, want 421", host, path, got)
				}
			}
		}
		if got := ask(boards+"/healthz", ""); got != http.StatusOK {
			t.Errorf("/healthz by its own name: %d", got)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
