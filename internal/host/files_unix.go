//go:build linux || darwin

package host

import "syscall"

// Files is how many files and connections a program that is started from here may have open at once: the hard limit, for k6 and
// Node raise the soft one to it.
func Files() (n uint64, ok bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max >= 1<<40 { // none to speak of
		return 0, false
	}
	return limit.Max, true
}
