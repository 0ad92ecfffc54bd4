//go:build !linux

package host

// Ports is not known on this system.
func Ports() (n int, ok bool) { return 0, false }
