//go:build e2e

package e2e

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// statsdListener collects what is sent by StatsD.
type statsdListener struct {
	address string
	mu      sync.Mutex
	packets []string
}

func listenStatsD(t *testing.T) *statsdListener {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &statsdListener{address: c.LocalAddr().String()}
	go func() {
		b := make([]byte, 1<<16)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return // closed
			}
			s.mu.Lock()
			s.packets = append(s.packets, string(b[:n]))
			s.mu.Unlock()
		}
	}()
	return s
}

var statsdLine = regexp.MustCompile(`^([A-Za-z0-9_.%=,-]+):([+-]?[0-9.e+-]+)\|([cg])$`)

// sums adds up as Telegraf does: counters and signed gauges add, other gauges replace. It asserts the form of each line.
func (s *statsdListener) sums(t *testing.T) map[string]float64 {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]float64{}
	for _, p := range s.packets {
		if len(p) > 1400 {
			t.Errorf("a packet of %d bytes", len(p))
		}
		for line := range strings.SplitSeq(p, "\n") {
			m := statsdLine.FindStringSubmatch(line)
			if m == nil {
				t.Errorf("a line of another form: %q", line)
				continue
			}
			v, err := strconv.ParseFloat(m[2], 64)
			if err != nil {
				t.Error(err)
			}
			if m[3] == "c" || strings.ContainsAny(m[2][:1], "+-") {
				out[m[1]] += v
			} else {
				out[m[1]] = v
			}
		}
	}
	if len(out) == 0 {
		t.Error("nothing was sent")
	}
	return out
}
