package toyapi

import (
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A clock stands still until it is moved.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

func TestLimitedIsExact(t *testing.T) {
	var c clock
	s := newServer(t, Config{now: c.now})
	const target = "/limited?rate=10&burst=5"
	passes := func() (n int) {
		for do(t, s, "GET", target, "").Code == http.StatusOK {
			n++
		}
		return n
	}
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 5}, {0, 0}, {99 * time.Millisecond, 0}, {time.Millisecond, 1}, {250 * time.Millisecond, 2}, {50 * time.Millisecond, 1}, {time.Hour, 5}} {
		c.advance(step.wait)
		if got := passes(); got != step.want {
			t.Errorf("%d requests pass after %s, want %d", got, step.wait, step.want)
		}
	}
}

func TestLimitedHeaders(t *testing.T) {
	var c clock
	s := newServer(t, Config{now: c.now})
	for _, want := range []struct {
		status                              int
		limit, remaining, reset, retryAfter string
	}{
		{200, "2", "1", "4", ""}, // 3.3 s, rounded up
		{200, "2", "0", "7", ""},
		{429, "2", "0", "7", "4"},
	} {
		w := do(t, s, "GET", "/limited?rate=0.3&burst=2", "")
		h := w.Header()
		if w.Code != want.status || h.Get("X-RateLimit-Limit") != want.limit || h.Get("X-RateLimit-Remaining") != want.remaining ||
			h.Get("X-RateLimit-Reset") != want.reset || h.Get("Retry-After") != want.retryAfter {
			t.Errorf("got %d %v, want %+v", w.Code, h, want)
		}
		if w.Code == 429 {
			wantFault(t, w, 429, "rate_limited", "")
		}
	}
	c.advance(4 * time.Second) // what Retry-After said
	if got := do(t, s, "GET", "/limited?rate=0.3&burst=2", "").Code; got != 200 {
		t.Errorf("after Retry-After: %d", got)
	}
}

func TestLimitedBucketsAreSeparate(t *testing.T) {
	var c clock
	s := newServer(t, Config{now: c.now})
	for _, target := range []string{"/limited?burst=1", "/limited?burst=1&key=other", "/limited?burst=1&rate=11"} {
		for _, want := range []int{200, 429} {
			if got := do(t, s, "GET", target, "").Code; got != want {
				t.Errorf("%s: %d, want %d", target, got, want)
			}
		}
	}
}

// TestBucketIsExactUnderConcurrency moves the clock with every request. Were
// it read outside the lock, times could arrive out of order and pass twice.
func TestBucketIsExactUnderConcurrency(t *testing.T) {
	const perSecond, burst, requests, step = 300.0, 20, 20_000, 100 * time.Microsecond
	var elapsed time.Duration // guarded by the bucket
	var b *bucket
	b = newBucket(perSecond, burst, func() time.Time {
		if b.mu.TryLock() {
			b.mu.Unlock()
			t.Error("the clock is read outside the lock")
		}
		elapsed += step
		return time.Unix(1, int64(elapsed))
	})
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range requests / 20 {
				if b.take().allowed {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	want := burst + perSecond*(elapsed-step).Seconds() // the first request finds a full bucket
	if got := float64(passed.Load()); math.Abs(got-want) > 1 {
		t.Errorf("%v requests passed in %s, want %v", got, elapsed, want)
	}
}

func TestGlobalLimit(t *testing.T) {
	var c clock
	s := newServer(t, Config{RateLimit: 1, Burst: 3, now: c.now})
	for i, want := range []int{200, 200, 200, 429} {
		if got := do(t, s, "GET", "/fast", "").Code; got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	wantFault(t, do(t, s, "POST", "/users", `{}`), 429, "rate_limited", "")
	for _, free := range []string{"/", "/health", "/metrics", "/openapi.json"} {
		if w := do(t, s, "GET", free, ""); w.Code != 200 || w.Header().Get("X-RateLimit-Limit") != "" {
			t.Errorf("%s: %d", free, w.Code)
		}
	}
}
