// Package ports finds ports on 127.0.0.1 and says who holds a busy one.
package ports

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	gnet "github.com/shirou/gopsutil/v4/net"
	"github.com/shirou/gopsutil/v4/process"
)

// block is how many ports after the preferred one are tried before the system chooses.
const block = 20

// Want says which port a service would like.
type Want struct {
	Preferred int
	Last      int  // the port it had last time, 0 if none: it keeps that
	Exact     bool // asked for by number: never replaced
}

// Got is a listener and how it came about.
type Got struct {
	net.Listener
	Port     int
	Kept     bool   // the replacement of an earlier time, used again
	Replaced bool   // Preferred was busy, so this is another one
	Holder   string // who holds Preferred, where that could be seen
}

// BusyError says that an exact port is taken.
type BusyError struct {
	Port   int
	Holder string
}

func (e *BusyError) Error() string { return fmt.Sprintf("port %d is busy", e.Port) }

// Listen listens on 127.0.0.1: on the port of last time, else the preferred one, else the next free one. Listening is
// the test for being free, so nobody can take the port in between.
func Listen(w Want) (*Got, error) { return take(w, "tcp", listen) }

// Find is Listen for somebody else's listener: it says which port is free now, TCP or UDP, and leaves it.
func Find(network string, w Want) (*Got, error) {
	if network != "udp" {
		got, err := take(w, network, listen)
		if err == nil {
			got.Close()
		}
		return got, err
	}
	return take(w, network, func(port int) (net.Listener, error) {
		c, err := net.ListenPacket("udp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		return packets{c}, c.Close()
	})
}

// packets makes a UDP socket's address look like a listener's.
type packets struct{ net.PacketConn }

func (p packets) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (p packets) Addr() net.Addr            { return p.LocalAddr() }

func take(w Want, network string, listen func(port int) (net.Listener, error)) (*Got, error) {
	if w.Exact {
		l, err := listen(w.Preferred)
		if isBusy(err) {
			return nil, &BusyError{Port: w.Preferred, Holder: Holder(network, w.Preferred)}
		}
		if err != nil {
			return nil, err
		}
		return &Got{Listener: l, Port: w.Preferred}, nil
	}
	tries := []int{w.Preferred}
	if w.Last != 0 && w.Last != w.Preferred {
		tries = []int{w.Last, w.Preferred}
	}
	for p := w.Preferred + 1; p <= w.Preferred+block && p < 65536; p++ {
		tries = append(tries, p)
	}
	tries = append(tries, 0)
	var last error
	for _, p := range tries {
		l, err := listen(p)
		if err != nil {
			last = err
			continue
		}
		got := &Got{Listener: l, Port: portOf(l.Addr())}
		switch got.Port {
		case w.Preferred:
		case w.Last:
			got.Kept = true
		default:
			got.Replaced, got.Holder = true, Holder(network, w.Preferred)
		}
		return got, nil
	}
	return nil, fmt.Errorf("no free port on 127.0.0.1: %w", last)
}

func portOf(a net.Addr) int {
	if a, ok := a.(*net.UDPAddr); ok {
		return a.Port
	}
	return a.(*net.TCPAddr).Port
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// winAddrInUse is Windows' WSAEADDRINUSE, for which its syscall.EADDRINUSE does not stand; no other system has it.
const winAddrInUse = syscall.Errno(10048)

func isBusy(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, winAddrInUse)
}

// Holder names the process that has the TCP or UDP port of 127.0.0.1 or of all addresses, as "name (pid N)"; "" when nobody does or it cannot be seen.
func Holder(network string, port int) string {
	conns, err := gnet.Connections(network)
	if err != nil {
		return ""
	}
	for _, c := range conns {
		if network == "tcp" && c.Status != "LISTEN" || int(c.Laddr.Port) != port || c.Pid == 0 || !covers(c.Laddr.IP) {
			continue
		}
		name := "a process"
		if p, err := process.NewProcess(c.Pid); err == nil {
			if n, err := p.Name(); err == nil {
				name = n
			}
		}
		return fmt.Sprintf("%s (pid %d)", name, c.Pid)
	}
	return ""
}

// covers says whether who listens on that address gets what is sent to 127.0.0.1.
func covers(ip string) bool {
	if ip == "*" { // how lsof, which is asked on macOS, writes all addresses
		return true
	}
	a, err := netip.ParseAddr(ip)
	a = a.Unmap()
	return err == nil && (a.IsUnspecified() || a == netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}
