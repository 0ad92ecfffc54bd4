package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// busy takes a free port and keeps it.
func busy(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// free finds a port that nobody holds at the moment.
func free(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func listening(t *testing.T, w Want) *Got {
	t.Helper()
	got, err := Listen(w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { got.Close() })
	if !strings.HasPrefix(got.Addr().String(), "127.0.0.1:") {
		t.Errorf("listens on %s", got.Addr())
	}
	return got
}

func TestFreePortIsTaken(t *testing.T) {
	p := free(t)
	if got := listening(t, Want{Preferred: p}); got.Port != p || got.Replaced || got.Kept {
		t.Errorf("got %+v", got)
	}
}

func TestBusyPortIsReplacedAndItsHolderNamed(t *testing.T) {
	p := busy(t)
	got := listening(t, Want{Preferred: p})
	if got.Port == p || !got.Replaced {
		t.Errorf("got %+v", got)
	}
	if want := fmt.Sprintf("(pid %d)", os.Getpid()); !strings.Contains(got.Holder, want) {
		t.Errorf("holder %q, want it to name %s", got.Holder, want)
	}
}

func TestPortOfLastTimeIsKept(t *testing.T) {
	last := free(t)
	if got := listening(t, Want{Preferred: busy(t), Last: last}); got.Port != last || !got.Kept || got.Replaced {
		t.Errorf("got %+v", got)
	}
}

func TestExactPortIsNeverReplaced(t *testing.T) {
	p := busy(t)
	_, err := Listen(Want{Preferred: p, Exact: true})
	var b *BusyError
	if !errors.As(err, &b) || b.Port != p || b.Holder == "" {
		t.Errorf("got %v", err)
	}
}

func TestAListenerOnAllAddressesIsSeen(t *testing.T) {
	for _, c := range [][2]string{{"tcp4", "0.0.0.0:0"}, {"tcp", ":0"}} {
		l, err := net.Listen(c[0], c[1])
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p := l.Addr().(*net.TCPAddr).Port
		got := listening(t, Want{Preferred: p})
		if want := fmt.Sprintf("(pid %d)", os.Getpid()); got.Port == p || !strings.Contains(got.Holder, want) {
			t.Errorf("%s %s: got %+v, want %s to be named", c[0], c[1], got, want)
		}
	}
}

func TestABusyUDPPortIsReplacedAndItsHolderNamed(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := portOf(c.LocalAddr())
	got, err := Find("udp", Want{Preferred: p})
	if err != nil || got.Port == p || !got.Replaced || !strings.Contains(got.Holder, fmt.Sprintf("(pid %d)", os.Getpid())) {
		t.Errorf("got %+v, %v", got, err)
	}
	c.Close()
	if got, err := Find("udp", Want{Preferred: p}); err != nil || got.Port != p {
		t.Errorf("a free port: got %+v, %v", got, err)
	}
}

func TestAFoundPortIsLeftFree(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		got, err := Find(network, Want{Preferred: free(t)})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Find(network, Want{Preferred: got.Port, Exact: true}); err != nil || again.Port != got.Port {
			t.Errorf("%s: got %+v, %v", network, again, err)
		}
	}
}

func TestOnlyWhoAnswersOn127001HoldsAPort(t *testing.T) {
	for ip, want := range map[string]bool{
		"127.0.0.1": true, "0.0.0.0": true, "::": true, "*": true, "::ffff:127.0.0.1": true, "::ffff:0.0.0.0": true,
		"127.0.0.2": false, "::1": false, "192.168.1.4": false, "fe80::1": false, "": false,
	} {
		if covers(ip) != want {
			t.Errorf("%q: %v, want %v", ip, !want, want)
		}
	}
}

func TestWindowsWayToSayBusyIsKnown(t *testing.T) {
	if !isBusy(&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.Errno(10048))}) {
		t.Error("WSAEADDRINUSE is not taken for busy")
	}
	if isBusy(nil) || isBusy(os.NewSyscallError("bind", syscall.EACCES)) {
		t.Error("another error is taken for busy")
	}
}
