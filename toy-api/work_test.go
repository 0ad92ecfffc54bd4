package toyapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

func TestUsersLifeCycle(t *testing.T) {
	s := newServer(t, Config{})
	w := do(t, s, "POST", "/users", `{"name":"Eve","email":"eve@example.com"}`)
	if got := w.Header().Get("Location"); got != "/users/51" {
		t.Errorf("Location is %q", got)
	}
	if got := decode[user](t, do(t, s, "GET", "/users/51", "")); got != (user{51, "Eve", "eve@example.com"}) {
		t.Errorf("got %+v", got)
	}
	do(t, s, "DELETE", "/users/51", "")
	wantFault(t, do(t, s, "GET", "/users/51", ""), http.StatusNotFound, "not_found", "id")
	if got := decode[user](t, do(t, s, "POST", "/users", `{"name":"Eve","email":"eve@example.com"}`)).ID; got != 52 {
		t.Errorf("the next user has id %d, want 52", got)
	}
}

func TestUsersAreBounded(t *testing.T) {
	s := newServer(t, Config{MaxUsers: 100})
	for range 60 {
		do(t, s, "POST", "/users", `{"name":"Eve","email":"eve@example.com"}`)
	}
	page := decode[userPage](t, do(t, s, "GET", "/users?page=51&limit=1", ""))
	if page.Total != 100 || page.Users[0].ID != 61 {
		t.Errorf("%d users, the oldest created one is %+v, want 100 and id 61", page.Total, page.Users)
	}
	if got := do(t, s, "GET", "/users/1", "").Code; got != 200 {
		t.Errorf("a user of the beginning is gone: %d", got)
	}
}

func TestIOWaitsForAConnection(t *testing.T) {
	s := newServer(t, Config{Connections: 1})
	s.links <- struct{}{}
	s.linkWait = time.Millisecond
	w := do(t, s, "GET", "/io", "")
	wantFault(t, w, http.StatusServiceUnavailable, "no_connection", "")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
	}
	if got := scrape(t, s).value("toyapi_io_connections_busy"); got != 1 {
		t.Errorf("%v connections are busy, want 1", got)
	}
	<-s.links
	if got := do(t, s, "GET", "/io?ms=0&jitter=0", "").Code; got != 200 || len(s.links) != 0 {
		t.Errorf("got %d, %d connections in use", got, len(s.links))
	}
}

// TestClientThatLeaves ends the work of its request.
func TestClientThatLeaves(t *testing.T) {
	s := newServer(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, target := range []string{"/slow?ms=30000", "/cpu?iterations=100000000", "/io?ms=1000&ops=10"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest("GET", target, nil).WithContext(ctx))
		wantFault(t, w, 499, "client_closed", "")
	}
	if got := scrape(t, s).value("toyapi_http_requests_total", "route", "/slow", "code", "499"); got != 1 {
		t.Errorf("%v requests counted as left", got)
	}
}

func TestWait(t *testing.T) {
	p := newPacer()
	for _, d := range []time.Duration{0, time.Microsecond, time.Millisecond, 5 * time.Millisecond} {
		start := time.Now()
		if err := p.wait(t.Context(), d); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got < d {
			t.Errorf("a wait of %s took %s", d, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- p.wait(ctx, time.Hour) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled wait returned %v", err)
	}
}

// TestConcurrency uses every route at once; bounds must hold afterwards.
func TestConcurrency(t *testing.T) {
	s := newServer(t, Config{MaxUsers: 100, Workers: 2, QueueSize: 4, HistorySize: 10, Connections: 2})
	requests := []struct{ method, target, body string }{
		{"GET", "/fast", ""}, {"GET", "/fast?bytes=100&seed=1", ""}, {"GET", "/slow?ms=0&jitter=1&seed=1", ""},
		{"GET", "/error?seed=3", ""}, {"GET", "/cpu?iterations=1000", ""}, {"GET", "/io?ms=0&jitter=0.2", ""},
		{"GET", "/limited?key=%d", ""}, {"GET", "/users", ""}, {"POST", "/users", `{"name":"Eve","email":"eve@example.com"}`},
		{"DELETE", "/users/%d", ""}, {"GET", "/jobs", ""}, {"POST", "/jobs", `{"kind":"mixed","ms":0,"iterations":100}`},
		{"DELETE", "/jobs/%d", ""}, {"GET", "/metrics", ""}, {"GET", "/nowhere/%d", ""},
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 40 {
				for _, rq := range requests {
					target := rq.target
					if target[len(target)-1] == 'd' {
						target = fmt.Sprintf(target, i*100+n+1)
					}
					w := do(t, s, rq.method, target, rq.body)
					if w.Code == http.StatusInternalServerError && rq.target != "/error?seed=3" {
						t.Errorf("%s %s: %s", rq.method, target, w.Body)
					}
				}
			}
		})
	}
	wg.Wait()
	until(t, "the workers have gone", func() bool { return s.jobs.stats().busy == 0 })
	st := s.jobs.stats()
	if s.users.count() > 100 || st.held[done]+st.held[failed] > 10 || st.held[queued]+st.held[running] != 0 ||
		len(s.links) != 0 || len(s.buckets.items) > maxBuckets || s.metrics.inFlight.Load() != 0 {
		t.Errorf("%d users, jobs %v, %d connections, %d buckets, %d in flight",
			s.users.count(), st.held, len(s.links), len(s.buckets.items), s.metrics.inFlight.Load())
	}
}
