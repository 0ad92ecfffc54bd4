package ports

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
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
