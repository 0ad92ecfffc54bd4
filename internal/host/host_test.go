package host

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
)

func TestDiskIsThatOfTheNearestFolderThatExists(t *testing.T) {
	dir := t.TempDir()
	_, want, ok := Disk(dir)
	if !ok || want == 0 {
		t.Fatalf("%s: %d bytes, %v", dir, want, ok)
	}
	free, total, ok := Disk(filepath.Join(dir, "not", "made", "yet"))
	if !ok || total != want || free > total {
		t.Errorf("%d of %d bytes, %v; want a total of %d", free, total, ok, want)
	}
}

func TestWhatIsMeasuredIsPossible(t *testing.T) {
	if share, ok := Busy(t.Context(), 20*time.Millisecond); ok && (share < 0 || share > 1) {
		t.Errorf("busy %g", share)
	}
	if available, total, ok := Memory(); !ok || available == 0 || available > total {
		t.Errorf("%d of %d bytes of memory, %v", available, total, ok)
	}
	if n, ok := Files(); ok && n < 16 {
		t.Errorf("%d files", n)
	}
	if perCPU, ok := Load(); ok && perCPU < 0 {
		t.Errorf("load %g", perCPU)
	}
}

func TestNothingIsKnownOfATimeThatWasCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if share, ok := Busy(ctx, time.Hour); ok {
		t.Errorf("busy %g", share)
	}
}

func TestBusyCountsWhatIsNotIdle(t *testing.T) {
	a := cpu.TimesStat{User: 10, System: 5, Idle: 100, Iowait: 1, Guest: 10}
	b := cpu.TimesStat{User: 12, System: 6, Idle: 106, Iowait: 2, Guest: 12}
	if all, idle := since(a, b); all != 10 || idle != 7 {
		t.Errorf("%g s in all, %g idle; want 10 and 7", all, idle)
	}
}
