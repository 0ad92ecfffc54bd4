package toyapi

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets is how many token buckets of /limited are kept.
const maxBuckets = 256

// bucketKey names a token bucket of /limited.
type bucketKey struct {
	key   string
	rate  float64
	burst int
}

// A bucket is a token bucket that is exact under concurrency: from any start,
// at most burst + rate·t requests pass in t seconds.
type bucket struct {
	mu      sync.Mutex
	now     func() time.Time
	limiter *rate.Limiter
}

func newBucket(perSecond float64, burst int, now func() time.Time) *bucket {
	return &bucket{now: now, limiter: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// verdict is a bucket's answer to one request.
type verdict struct {
	allowed   bool
	limit     int           // requests the bucket lets through at once
	remaining int           // requests it would let through now
	retry     time.Duration // until the next request would pass, 0 when one would now
	reset     time.Duration // until the bucket is full
}

// take asks for one token. The clock is read under the lock: rate.Limiter
// moves its own clock back when times arrive out of order and would then hand
// out tokens twice.
func (b *bucket) take() verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	v := verdict{limit: b.limiter.Burst(), allowed: b.limiter.AllowN(now, 1)}
	tokens := max(0, b.limiter.TokensAt(now))
	v.remaining = int(tokens)
	v.retry = b.fill(1 - tokens)
	v.reset = b.fill(float64(v.limit) - tokens)
	return v
}

// fill is the time in which the given number of tokens arrives.
func (b *bucket) fill(tokens float64) time.Duration {
	if tokens <= 0 {
		return 0
	}
	seconds := min(tokens/float64(b.limiter.Limit()), math.MaxInt64/1e10)
	return time.Duration(seconds * float64(time.Second))
}

// admit takes a token of b and tells the client about the bucket; the error is
// the 429 of an empty one.
func admit(w http.ResponseWriter, b *bucket) error {
	v := b.take()
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(v.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(v.remaining))
	h.Set("X-RateLimit-Reset", strconv.Itoa(wholeSeconds(v.reset)))
	if v.allowed {
		return nil
	}
	return &fault{status: http.StatusTooManyRequests, code: "rate_limited",
		message: "too many requests", retryAfter: v.retry}
}

// limited answers /limited, where the client chooses the bucket.
func (s *Server) limited(w http.ResponseWriter, _ *http.Request, a args) error {
	key := bucketKey{key: a.text("key"), rate: a.number("rate"), burst: a.integer("burst")}
	b := s.buckets.get(key, func() *bucket { return newBucket(key.rate, key.burst, s.cfg.now) })
	if err := admit(w, b); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, okReply{OK: true, Route: "/limited"})
}
