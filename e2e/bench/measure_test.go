package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

func TestStatIsRead(t *testing.T) {
	busy, all, err := parseStat("cpu  100 1 20 500 60 2 3 4 50 0\ncpu0 1 2 3 4\n")
	if err != nil || busy != 1300*time.Millisecond || all != 6900*time.Millisecond {
		t.Errorf("busy %v of %v, error %v", busy, all, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu a b c d e f g h"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestOwnProcessIsRead(t *testing.T) {
	if processMemory(os.Getpid()) < 1<<20 {
		t.Error("this process has no memory")
	}
	if _, err := processCPU(os.Getpid()); err != nil {
		t.Error(err)
	}
	if m := thisMachine(); m.cpu == "" || m.cores < 1 || m.memory == "0.0 GB" || !strings.Contains(m.os, "Linux") {
		t.Errorf("this machine is %+v", m)
	}
}

func TestEveryAnswerIsChecked(t *testing.T) {
	good := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("same")) }))
	defer good.Close()
	n, _, err := saturate(t.Context(), good.Listener.Addr().String(), 50*time.Millisecond)
	if err != nil || n == 0 {
		t.Errorf("%d answers, error %v", n, err)
	}
	asked := make(chan struct{}, 1)
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case asked <- struct{}{}:
			w.Write([]byte("same"))
		default:
			w.Write([]byte("else"))
		}
	}))
	defer bad.Close()
	if _, _, err := saturate(t.Context(), bad.Listener.Addr().String(), 50*time.Millisecond); err == nil {
		t.Error("another answer is taken")
	}
}

func TestAddressIsHeardOnce(t *testing.T) {
	l := &listener{heard: make(chan string, 1)}
	for _, part := range []string{"{\"url\": \"http://127.0", ".0.1:50", "81\"}\n", "http://127.0.0.1:9\n"} {
		if _, err := l.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-l.heard; got != "127.0.0.1:5081" {
		t.Errorf("heard %q", got)
	}
}

func TestRecordedRequestsAreCounted(t *testing.T) {
	write := func(recorded int64, end bool) string {
		path := filepath.Join(t.TempDir(), record.ToolFile)
		w, err := record.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w.Header(record.Header{Format: record.Format, Run: "r", Tool: "k6", Mapping: record.DefaultMapping(), Period: 1})
		for i, name := range []string{"iterations", "http_reqs"} {
			w.Metric(record.Metric{ID: i, Name: name, Kind: record.Counter})
			w.Series(record.Series{ID: i, Metric: i})
		}
		for second := range int64(2) {
			w.Second(second, []record.Bucket{
				{Series: 0, Kind: record.Counter, N: 7, Sum: 7}, {Series: 1, Kind: record.Counter, N: 20, Sum: 20},
			})
		}
		if emitted := int64(54); end {
			w.End(record.End{T: 2, Ledger: record.Ledger{Emitted: &emitted, Recorded: recorded}})
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if n, err := recordedRequests(write(54, true), "http_reqs", false); err != nil || n != 40 {
		t.Errorf("%d requests, error %v", n, err)
	}
	if _, err := recordedRequests(write(54, true), "http_reqs", true); err == nil {
		t.Error("a record that no InfluxDB has is taken for one that was sent")
	}
	if _, err := recordedRequests(write(53, true), "http_reqs", false); err == nil {
		t.Error("a ledger that does not add up is taken")
	}
	if _, err := recordedRequests(write(54, false), "http_reqs", false); err == nil {
		t.Error("a record without an end is taken")
	}
}
