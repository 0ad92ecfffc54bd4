package host

import (
	"fmt"
	"os"
)

// Ports is how many connections this machine can have with one address and port at once: the ephemeral ports.
func Ports() (n int, ok bool) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, false
	}
	return span(string(text))
}

// span is the number of ports from the first to the last.
func span(text string) (n int, ok bool) {
	var first, last int
	if _, err := fmt.Sscan(text, &first, &last); err != nil || last < first || first < 1 || last > 65535 {
		return 0, false
	}
	return last - first + 1, true
}
