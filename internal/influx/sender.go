package influx

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
)

// How long to wait before a write is tried again: doubled each time, with jitter. What Retry-After asks for is waited
// for, up to a bound.
const (
	firstWait   = 200 * time.Millisecond
	longestWait = 5 * time.Second
	longestAsk  = 2 * time.Minute
)

// Sender writes lines until InfluxDB has them. It may be used by several goroutines.
type Sender struct {
	// Patience is how long a write is tried again without any success; 0: until its context ends.
	Patience time.Duration
	// Notify, if not nil, is told once when writes begin to fail, with the reason and again when that changes, and with
	// nil when they succeed again.
	Notify func(error)
	// Refuse, if not nil, is told of lines that InfluxDB will never take.
	Refuse func(lines int, why string)

	target    Target
	transport *http.Transport
	head      http.Header
	urls      sync.Map // of writes, parsed, by bucket and precision
	zip       sync.Pool
	hurry     chan struct{}
	once      sync.Once

	mu      sync.Mutex
	trouble string // the reason last told of
	refusal string // the first reason for which lines were refused

	written atomic.Int64
	retried atomic.Int64
	refused atomic.Int64
}

// NewSender makes a sender for a target that Check finds nothing wrong with.
func NewSender(t Target) *Sender {
	s := &Sender{
		target: t, hurry: make(chan struct{}), zip: sync.Pool{New: func() any { return &zipped{} }},
		transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     &tls.Config{InsecureSkipVerify: t.Insecure}, // the user's own choice, off by default
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		},
		head: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"text/plain; charset=utf-8"}, "User-Agent": {"ltlab"}},
	}
	if t.Token != "" {
		s.head.Set("Authorization", "Token "+t.Token)
	}
	return s
}

// Written, Retried and Refused count lines: acknowledged, acknowledged after more than one try, and never to be taken.
func (s *Sender) Written() int64 { return s.written.Load() }
func (s *Sender) Retried() int64 { return s.retried.Load() }
func (s *Sender) Refused() int64 { return s.refused.Load() }

// Refusal is the first reason for which lines were refused, "" when none were.
func (s *Sender) Refusal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal
}

// Close lets go of idle connections.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// Hurry ends the present wait before a retry, and those to come are short: the run is over.
func (s *Sender) Hurry() { s.once.Do(func() { close(s.hurry) }) }

// Deliver writes n lines, each with its newline, and returns when InfluxDB has acknowledged them or refused some of them
// for good, which Refuse is told. Else it returns a *RefusedError at once, or an *UnreachableError when its patience or
// ctx ends; then the lines are to be delivered again.
func (s *Sender) Deliver(ctx context.Context, bucket, precision string, lines []byte, n int) error {
	z := s.zip.Get().(*zipped)
	if err := z.pack(lines); err != nil {
		return err
	}
	err := s.DeliverPack(ctx, bucket, precision, z.buf.Bytes(), n)
	if err == nil { // else the transport may still read it
		s.zip.Put(z)
	}
	return err
}

// DeliverPack is Deliver for lines that are gzip already.
func (s *Sender) DeliverPack(ctx context.Context, bucket, precision string, gz []byte, n int) error {
	failing, reason := time.Time{}, error(nil) // since when, and of the last try
	again := func(n int) {
		if !failing.IsZero() {
			s.retried.Add(int64(n))
		}
	}
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := s.post(ctx, bucket, precision, gz, n)
		var partial *partialError
		var unreachable *UnreachableError
		switch {
		case err == nil:
			s.well()
			s.written.Add(int64(n))
			again(n)
			return nil
		case errors.As(err, &partial):
			s.well()
			s.written.Add(int64(n - partial.dropped))
			again(n)
			s.refuse(partial.dropped, partial.message)
			return nil
		case errors.Is(err, errTooLarge), errors.Is(err, errUnparsable):
			return s.deliverHalves(ctx, bucket, precision, gz, n, err)
		case !errors.As(err, &unreachable):
			s.ill(err)
			return err
		}
		if ctx.Err() != nil {
			return cmp.Or(reason, err) // that nobody waits any longer tells less
		}
		reason = err
		s.ill(err)
		if failing.IsZero() {
			failing = time.Now()
		}
		if s.Patience > 0 && time.Since(failing) >= s.Patience || !s.wait(ctx, wait, unreachable.after) {
			return err
		}
	}
}

// deliverHalves delivers in two what was refused in one; a single line is refused for good.
func (s *Sender) deliverHalves(ctx context.Context, bucket, precision string, gz []byte, n int, why error) error {
	if n <= 1 {
		s.refuse(n, why.Error())
		return nil
	}
	lines, err := unpack(gz)
	if err != nil {
		return err
	}
	half, k := halve(lines, n)
	if err := s.Deliver(ctx, bucket, precision, lines[:half], k); err != nil {
		return err
	}
	return s.Deliver(ctx, bucket, precision, lines[half:], n-k)
}

// halve finds the middle of n lines; k are before it.
func halve(lines []byte, n int) (half, k int) {
	for ; k < n/2; k++ {
		half += bytes.IndexByte(lines[half:], '\n') + 1
	}
	return half, k
}

// wait waits for about that long, with jitter, but not less than was asked for; false says that ctx ended.
func (s *Sender) wait(ctx context.Context, d, asked time.Duration) bool {
	d = d - d/4 + rand.N(d/2+1)
	if asked > 0 {
		d = max(d, min(asked, longestAsk)+rand.N(firstWait))
	}
	hurry := s.hurry
	select {
	case <-hurry: // nobody has time to be asked for more
		hurry, d = nil, min(d, 2*firstWait)
	default:
	}
	if s.Patience > 0 {
		d = min(d, s.Patience/4)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-hurry:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// ill tells of trouble, once for each reason.
func (s *Sender) ill(err error) {
	text := err.Error()
	s.mu.Lock()
	first := s.trouble == "" || s.trouble != text && !errors.As(err, new(*UnreachableError))
	s.trouble = text
	s.mu.Unlock()
	if first && s.Notify != nil {
		s.Notify(err)
	}
}

func (s *Sender) well() {
	s.mu.Lock()
	was := s.trouble
	s.trouble = ""
	s.mu.Unlock()
	if was != "" && s.Notify != nil {
		s.Notify(nil)
	}
}

func (s *Sender) refuse(lines int, why string) {
	s.refused.Add(int64(lines))
	s.mu.Lock()
	if s.refusal == "" {
		s.refusal = why
	}
	s.mu.Unlock()
	if s.Refuse != nil {
		s.Refuse(lines, why)
	}
}

// zipped is memory for one write.
type zipped struct {
	buf bytes.Buffer
	w   *gzip.Writer
}

// pack compresses lines, at the speed of a local network rather than to the smallest size.
func (z *zipped) pack(lines []byte) error {
	z.buf.Reset()
	if z.w == nil {
		w, err := gzip.NewWriterLevel(&z.buf, gzip.BestSpeed)
		if err != nil {
			return err
		}
		z.w = w
	}
	z.w.Reset(&z.buf)
	if _, err := z.w.Write(lines); err != nil {
		return err
	}
	return z.w.Close()
}

// post makes one write. Redirects are not followed: the token is for one host.
func (s *Sender) post(ctx context.Context, bucket, precision string, gz []byte, n int) error {
	to, err := s.url(bucket, precision)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	body := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(gz)), nil }
	req := &http.Request{Method: http.MethodPost, URL: to, Host: to.Host, Header: s.head, GetBody: body, ContentLength: int64(len(gz))}
	req.Body, _ = body()
	req = req.WithContext(ctx)
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("no answer in time")
		}
		return &UnreachableError{URL: s.target.URL, Err: err}
	}
	defer res.Body.Close()
	if res.StatusCode/100 == 2 {
		return nil
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return &UnreachableError{URL: s.target.URL, Err: err}
	}
	return s.target.judge(bucket, res.StatusCode, res.Header, said, n)
}

// url is where a write goes, parsed once.
func (s *Sender) url(bucket, precision string) (*url.URL, error) {
	key := [2]string{bucket, precision}
	if u, ok := s.urls.Load(key); ok {
		return u.(*url.URL), nil
	}
	u, err := url.Parse(s.target.write(bucket, precision))
	if err == nil {
		s.urls.Store(key, u)
	}
	return u, err
}
