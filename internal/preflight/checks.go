package preflight

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"github.com/ltlab/ltlab/internal/host"
	"github.com/ltlab/ltlab/internal/problem"
)

const (
	own   = 64       // files that a tool has open for itself
	lasts = 60       // seconds for which the system keeps the port of a connection that its own side closed
	mega  = 1 << 20  // bytes
	spare = 8 * mega // bytes that a disk must have beyond what a run is expected to take
	calm  = 0.8      // of all processors, above which others leave a load generator too little
	looks = time.Second / 5
)

// What a second of a run takes on the disk, in bytes, in record and store together: of one endpoint, and of twenty, as measured
// (docs/benchmarks-soak.md).
const (
	perSecond     = 1 << 10
	perSecondMany = 48 << 10
)

// Files is whether every user can have a connection. limit is how many files the tool may have open.
func Files(tool string, a Asked, limit uint64) Finding {
	switch {
	case uint64(a.Users) > limit:
		return Finding{Problem: problem.FilesShort(tool, a.Users, limit)}
	case uint64(a.MostUsers)+own > limit:
		return Warn("files-short", fmt.Sprintf("up to %d users may need a connection each, and %s may have %d files open: raise the limit (ulimit -n)", a.MostUsers, tool, limit))
	}
	return Finding{}
}

// Ports is whether there are ports for all connections to one target. The system reuses those to itself (near) at once.
func Ports(a Asked, near bool, ports int) Finding {
	if a.MostUsers > ports {
		return Warn("ports-short", fmt.Sprintf("up to %d users may need a connection each, and this machine has %d ports for those to one target", a.MostUsers, ports))
	}
	kept := a.Opens * min(lasts, max(1, a.Least.Seconds()))
	if !near && kept > float64(ports) {
		return Warn("ports-short", fmt.Sprintf("%.0f new connections a second hold their ports for %d s after their end, and this machine has %d for those to one target: reuse connections, or add a generator",
			a.Opens, lasts, ports))
	}
	return Finding{}
}

// Memory is whether all users fit.
func Memory(a Asked, available uint64) Finding {
	if need := float64(a.Users) * float64(a.PerUser); need > float64(available) {
		return Warn("memory-short", fmt.Sprintf("%d users take %.0f MB of memory at least, and %d MB are available", a.Users, math.Floor(need/mega), available/mega))
	}
	return Finding{}
}

// CPU is whether something else keeps this machine's processors busy. It takes a moment to tell only where the load average says so.
func CPU(ctx context.Context) Finding {
	if load, ok := host.Load(); ok && load < calm {
		return Finding{}
	}
	share, ok := host.Busy(ctx, looks)
	if !ok {
		return Unknown("the system does not say how busy it is")
	}
	return Calm(share)
}

// Calm is whether that share of the processors, 0 to 1, leaves enough to a load generator.
func Calm(share float64) Finding {
	if share < calm {
		return Finding{}
	}
	return Warn("generator-busy", fmt.Sprintf("%.0f %% of this machine's processors were in use before the run began: what it measures may be its own lack of them", 100*share))
}

// Disk is whether the record has room: free bytes where it is written. Whoever asks for more than a day may mean to end the run
// before, so what that takes beyond a day is no problem yet.
func Disk(tool string, a Asked, dir string, free uint64) Finding {
	least := seconds(min(a.Least, 24*time.Hour)) * perSecond
	if free < least+mega {
		return Finding{Problem: problem.DiskShort(tool, dir, free, least+mega)}
	}
	if likely := seconds(max(a.Least, a.Most))*perSecondMany + spare; free < likely {
		return Warn("disk-short", fmt.Sprintf("%s has %d MB left, and a record with many endpoints and its rows may take %d MB", dir, free/mega, likely/mega))
	}
	return Finding{}
}

// seconds are those of a duration, none of a negative one.
func seconds(d time.Duration) uint64 { return uint64(max(0, d) / time.Second) }

// sum is that of durations; one that is too long to be written is as long as can be.
func sum(all ...time.Duration) (total time.Duration) {
	for _, d := range all {
		if total += max(0, d); total < 0 {
			return math.MaxInt64
		}
	}
	return total
}

// span is a duration of so many units, as sum has it.
func span(n float64, unit time.Duration) time.Duration {
	if d := n * float64(unit); d < math.MaxInt64 {
		return time.Duration(max(0, d))
	}
	return math.MaxInt64
}

// Target is whether an address, host:port, takes a connection; target is what the user calls it. One that takes its time may still
// answer, so that is not known.
func Target(ctx context.Context, tool, target, address string) Finding {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err == nil {
		c.Close()
		return Finding{}
	}
	var late net.Error
	if ctx.Err() != nil || errors.As(err, &late) && late.Timeout() {
		return Unknown("it took no connection in time")
	}
	return Finding{Problem: problem.TargetRefused(tool, target, err)}
}
