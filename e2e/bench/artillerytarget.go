package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// asked is what reached a target.
type asked struct {
	n           int64
	first, last time.Time
}

// rate is requests a second between the first and the last.
func (a asked) rate() float64 { return float64(a.n-1) / a.last.Sub(a.first).Seconds() }

// target answers Artillery, in the benchmark's own process, and counts what it is asked.
type target struct {
	addr   string
	server *http.Server

	mu   sync.Mutex
	seen asked
}

func newTarget() (*target, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &target{addr: l.Addr().String()}
	t.server = &http.Server{ReadHeaderTimeout: patience, Handler: t}
	go func() { _ = t.server.Serve(l) }() // ends with ErrServerClosed
	return t, nil
}

func (t *target) url() string { return "http://" + t.addr }

// ServeHTTP answers at once, and /slow/i after 2 + i to 22 + i ms.
func (t *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.seen.last = time.Now()
	if t.seen.n++; t.seen.n == 1 {
		t.seen.first = t.seen.last
	}
	t.mu.Unlock()
	if i, ok := strings.CutPrefix(r.URL.Path, "/slow/"); ok {
		endpoint, err := strconv.Atoi(i)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(2+endpoint)*time.Millisecond + rand.N(20*time.Millisecond)):
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{\"ok\":true}\n")) // a client that is gone has failed by itself
}

// take is what was asked since the last time.
func (t *target) take() asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := t.seen
	t.seen = asked{}
	return seen
}

// packetSink takes packets of UDP and keeps nothing but their number.
type packetSink struct {
	addr string
	conn *net.UDPConn

	settled chan struct{}
	mu      sync.Mutex
	n, sum  int64
}

// settling is the packet that a sink sends to itself.
const settling = "settle"

func newPacketSink() (*packetSink, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	s := &packetSink{addr: conn.LocalAddr().String(), conn: conn, settled: make(chan struct{}, 1)}
	go s.read()
	return s, nil
}

// read ends when the sink is closed.
func (s *packetSink) read() {
	packet := make([]byte, 64<<10)
	for {
		n, err := s.conn.Read(packet)
		switch {
		case err != nil:
			return
		case string(packet[:n]) == settling:
			s.settled <- struct{}{}
		default:
			s.mu.Lock()
			s.n, s.sum = s.n+1, s.sum+int64(n)
			s.mu.Unlock()
		}
	}
}

// settle waits until all packets that have been sent are counted: they are read in order.
func (s *packetSink) settle() error {
	out, err := net.Dial("udp4", s.addr)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := out.Write([]byte(settling)); err != nil {
		return err
	}
	select {
	case <-s.settled:
		return nil
	case <-time.After(patience):
		return errors.New("the packet sink does not hear")
	}
}

// take is how many packets came since the last time, and the bytes in them.
func (s *packetSink) take() (n, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, bytes = s.n, s.sum
	s.n, s.sum = 0, 0
	return n, bytes
}

// close ends the sink.
func (s *packetSink) close() { _ = s.conn.Close() }
