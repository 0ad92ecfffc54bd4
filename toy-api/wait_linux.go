package toyapi

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// maxIdleTimers is how many unused timers a pacer keeps; each is a file descriptor.
const maxIdleTimers = 64

// A pacer waits with timerfd(2), read through Go's own poller, so a wait
// occupies no thread. Timers are made on demand and used again.
type pacer struct {
	idle chan timer
}

type timer struct {
	fd   int
	file *os.File
}

func newPacer() *pacer { return &pacer{idle: make(chan timer, maxIdleTimers)} }

// fine waits for d and tells whether it could.
func (p *pacer) fine(d time.Duration) bool {
	var t timer
	select {
	case t = <-p.idle:
	default:
		fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
		if err != nil {
			return false
		}
		t = timer{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	var expirations [8]byte
	err := unix.TimerfdSettime(t.fd, 0, &spec, nil)
	if err == nil {
		_, err = t.file.Read(expirations[:])
	}
	if err != nil {
		t.file.Close()
		return false
	}
	select {
	case p.idle <- t:
	default:
		t.file.Close()
	}
	return true
}
