// Package host is what this machine has to offer a load generator: open files, ports, processors, memory and disk. What cannot
// be known on a system is not ok, never zero.
package host

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
)

// Load is the load average of the last minute, divided by the number of processors: 1 is a machine that had just enough to do.
// It remembers what has ended meanwhile; see Busy.
func Load() (perCPU float64, ok bool) {
	avg, err := load.Avg()
	if err != nil || runtime.GOOS == "windows" { // there it is made up, and begins with zero
		return 0, false
	}
	return avg.Load1 / float64(runtime.NumCPU()), true
}

// Busy is the share of all processors, 0 to 1, that was in use during a time from now on.
func Busy(ctx context.Context, over time.Duration) (share float64, ok bool) {
	first, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(first) != 1 {
		return 0, false
	}
	select {
	case <-ctx.Done():
		return 0, false
	case <-time.After(over):
	}
	second, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(second) != 1 {
		return 0, false
	}
	all, idle := since(first[0], second[0])
	if all <= 0 {
		return 0, false
	}
	return min(1, max(0, 1-idle/all)), true
}

// since are the seconds of all processors between two readings, and those in which nothing ran. Guests are part of user and nice.
func since(a, b cpu.TimesStat) (all, idle float64) {
	total := func(t cpu.TimesStat) float64 {
		return t.User + t.System + t.Nice + t.Irq + t.Softirq + t.Steal + t.Idle + t.Iowait
	}
	return total(b) - total(a), b.Idle + b.Iowait - a.Idle - a.Iowait
}

// Memory is what programs may still take, and all there is, in bytes.
func Memory() (available, total uint64, ok bool) {
	m, err := mem.VirtualMemory()
	if err != nil || m.Total == 0 {
		return 0, 0, false
	}
	return m.Available, m.Total, true
}

// Disk is what this user may still write where a path is or would be made, and all that its file system holds, in bytes.
func Disk(path string) (free, total uint64, ok bool) {
	for {
		if _, err := os.Stat(path); err == nil {
			break
		}
		if path == filepath.Dir(path) {
			return 0, 0, false
		}
		path = filepath.Dir(path)
	}
	u, err := disk.Usage(path)
	if err != nil || u.Total == 0 {
		return 0, 0, false
	}
	return u.Free, u.Total, true
}
