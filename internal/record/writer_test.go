package record

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk is a file on a disk with room for so many bytes.
type disk struct {
	bytes.Buffer
	room int
}

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.room-d.Len())
	d.Buffer.Write(b[:n])
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (d *disk) Close() error { return nil }

// lines reads what the disk holds as a record.
func (d *disk) lines(t *testing.T) []ToolLine {
	t.Helper()
	path := filepath.Join(t.TempDir(), ToolFile)
	if err := os.WriteFile(path, d.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, path)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func counts(n int64) []Bucket { return []Bucket{{Series: 0, Kind: Counter, N: n, Sum: float64(n)}} }

func TestWhatAFullDiskRefusesIsWrittenLater(t *testing.T) {
	for room := range 700 { // full at any byte, and freed before the next flush
		d := &disk{room: room}
		w := &Writer{f: d}
		declare(w)
		if full := w.Flush(); full != nil && !(errors.Is(full, syscall.ENOSPC) && d.Len() == room) {
			t.Fatalf("room for %d, %d written: %v", room, d.Len(), full)
		}
		d.lines(t) // valid up to its last complete line
		w.Second(1, counts(5))
		d.room = 1 << 20
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		w.Second(2, counts(6))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got := d.lines(t)
		if len(got) != 11 || got[10].Second.T != 2 || got[9].Second.Buckets[0].N != 5 || w.Dropped() != 0 {
			t.Fatalf("room for %d: %d lines, %d samples dropped", room, len(got), w.Dropped())
		}
	}
}

func TestAWriterGivesUpWholeSecondsWhenTheDiskStaysFull(t *testing.T) {
	d := &disk{room: 100}
	w := &Writer{f: d}
	declare(w)
	if err := w.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want ENOSPC", err)
	}
	var buckets []Bucket
	for range 20_000 {
		buckets = append(buckets, counts(3)...)
	}
	kept, given := int64(0), int64(0)
	for i := range int64(150) {
		if w.Second(i, buckets) {
			kept++
		} else {
			given++
		}
		if err := w.Flush(); err == nil {
			t.Fatal("a full disk took it")
		}
		if len(w.pending) > MaxPending {
			t.Fatalf("%d bytes are pending, more than %d", len(w.pending), MaxPending)
		}
	}
	if given == 0 || kept == 0 || w.Dropped() != given*60_000 {
		t.Fatalf("%d seconds kept, %d given up, %d samples dropped", kept, given, w.Dropped())
	}
	w.Note(Note{ID: "disk-full"})
	w.End(End{})
	d.room = 1 << 30
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := d.lines(t)
	seconds := int64(0)
	for _, l := range got {
		if l.Second != nil {
			seconds++
		}
	}
	if seconds != kept || got[len(got)-1].End == nil {
		t.Errorf("%d seconds in the file, want the %d that were kept and then the end", seconds, kept)
	}
}

func TestADeviceThatIsAlwaysFull(t *testing.T) {
	w, err := Create("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	declare(w)
	if err := w.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("flush says %v, want ENOSPC", err)
	}
	if err := w.Flush(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a second flush says %v, want ENOSPC", err)
	}
	if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("close says %v, want ENOSPC", err)
	}
}

func TestALineOfTheRunCutShortByAFullDiskIsCompletedLater(t *testing.T) {
	for room := range 400 {
		d := &disk{room: room}
		w := &RunWriter{f: d}
		_ = w.Write(RunLine{Start: &RunStart{Format: Format, Run: "r"}})
		d.room = 1 << 20
		if err := w.Write(RunLine{End: &RunEnd{Exit: 7}}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), RunFile)
		if err := os.WriteFile(path, d.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		run, err := ReadRun(path)
		if err != nil || run.Start == nil || run.End == nil || run.End.Exit != 7 {
			t.Fatalf("full at byte %d: %+v, %v", room, run, err)
		}
	}
}

func TestARunReadsBackAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), RunFile)
	w, err := CreateRun(path)
	if err != nil {
		t.Fatal(err)
	}
	requests := int64(3)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	want := &Run{
		Start: &RunStart{Format: Format, Run: "r", Tool: "k6", Engine: "embedded", Project: "p <b>", Scenario: Scenario{Name: "s", Path: "/p", SHA256: "00"},
			Git: &Git{Commit: "c", Dirty: true}, Target: "http://127.0.0.1", Args: []string{"-e", "A=1"}, Tags: map[string]string{"a": "ü"},
			Binary: "k6", Host: Host{OS: "linux", Arch: "amd64", CPUs: 2, Memory: 1}, Ltlab: "dev", Time: at},
		Events: []Event{{Time: at, ID: "a", Text: "x"}, {Time: at, ID: "b", Text: "y"}},
		End:    &RunEnd{Time: at, ToolExit: -1, Exit: 130, Interrupted: true, Warnings: []Warning{{ID: "w", Text: "t"}}, Requests: &requests},
	}
	lines := []RunLine{{Start: want.Start}, {Event: &want.Events[0]}, {Event: &want.Events[1]}, {End: want.End}}
	for _, l := range lines {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRun(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole[:len(whole)-5], 0o644); err != nil { // killed while writing the end
		t.Fatal(err)
	}
	if got, err := ReadRun(path); err != nil || got.End != nil || len(got.Events) != 2 {
		t.Errorf("with its last line torn: %+v, %v", got, err)
	}
	if err := os.WriteFile(path, slices.Concat([]byte("{\"start\":\n"), whole), 0o644); err != nil {
		t.Fatal(err)
	}
	var corrupt *CorruptError
	if _, err := ReadRun(path); !errors.As(err, &corrupt) || corrupt.Offset != 0 {
		t.Errorf("with its first line corrupt: %v", err)
	}
	if _, err := ReadRun(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

func TestWhatIsAppendedDoesNotRunIntoALineCutShort(t *testing.T) {
	start := `{"start":{"run":"r"}}` + "\n"
	for _, before := range []string{start, start + `{"end":{"exit":0,"tool_`, start + `{"event":{"id":"` + strings.Repeat("x", 9_000), `{"start":`, ""} {
		path := filepath.Join(t.TempDir(), RunFile)
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := AppendRun(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Write(RunLine{Sent: &Sent{To: "influxdb"}}), w.Close()); err != nil {
			t.Fatal(err)
		}
		run, err := ReadRun(path)
		if err != nil || len(run.Sent) != 1 || (run.Start != nil) != strings.HasPrefix(before, start) {
			t.Errorf("behind %.40q: %+v, %v", before, run, err)
		}
	}
}
