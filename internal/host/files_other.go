//go:build !linux && !darwin

package host

// Files is not known: the system sets no such limit.
func Files() (n uint64, ok bool) { return 0, false }
