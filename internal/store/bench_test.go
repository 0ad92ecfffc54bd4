package store

import (
	"path/filepath"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// hour is a store with an hour of about 450 rows a second.
func hour(b *testing.B) (*Store, *made) {
	b.Helper()
	s, runs := openStore(b)
	m := makeRun(b, runs, "hour", 1, 24)
	m.more(3600)
	m.finish()
	return s, m
}

// CatchUp of an hour: its time, and what the hour takes on disk.
func BenchmarkHour(b *testing.B) {
	s, m := hour(b)
	for b.Loop() {
		f := s.NewFollow(m.folder)
		if done, err := f.Step(b.Context()); !done || err != nil {
			b.Fatal(done, err)
		}
	}
	if _, err := s.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		b.Fatal(err)
	}
	built := len(m.built())
	b.ReportMetric(float64(fileSize(b, s.path))/float64(built), "bytes/row")
	b.ReportMetric(float64(built)/3600, "rows/s")
	b.ReportMetric(float64(m.folder.Size())/(1<<20), "MB-record")
}

// What one second of a run costs while it is followed, of which Step is all that happens in ltlab.
func BenchmarkSecond(b *testing.B) {
	s, runs := openStore(b)
	m := makeRun(b, runs, "live", 1, 24)
	m.more(150)
	f := s.NewFollow(m.folder)
	for b.Loop() {
		b.StopTimer()
		m.more(1)
		b.StartTimer()
		if _, err := f.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// Queries of an hour's run, through a Reader as the boards use it.
func BenchmarkQuery(b *testing.B) {
	s, m := hour(b)
	f := s.NewFollow(m.folder)
	if done, err := f.Step(b.Context()); !done || err != nil {
		b.Fatal(done, err)
	}
	r, err := OpenReader(s.path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.Run("Select3600Points", func(b *testing.B) {
		for b.Loop() {
			got, err := r.Select(b.Context(), "hour", Query{Metric: "http_req_duration", Field: "p95", Rollup: rows.ByRun, Window: rows.Second})
			if err != nil || len(got[0].Points) != 3600 {
				b.Fatal(err)
			}
		}
	})
	b.Run("SumBy48Series", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.SumBy(b.Context(), "hour", Query{Metric: "http_reqs", Field: "count", Window: rows.Second}, "status"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("LatestByName", func(b *testing.B) {
		for b.Loop() {
			if got, err := r.Latest(b.Context(), "hour", "http_req_duration", rows.ByName, rows.Run); err != nil || len(got) != 24 {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store.db")
	for b.Loop() {
		s, _, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

func BenchmarkTail(b *testing.B) {
	_, runs := openStore(b)
	m := makeRun(b, runs, "tail", 1, 24)
	m.more(300)
	m.finish()
	b.SetBytes(m.folder.Size())
	for b.Loop() {
		tail, err := record.OpenTail(m.folder.Tool())
		if err != nil {
			b.Fatal(err)
		}
		if err := tail.Each(func(record.ToolLine) error { return nil }); err != nil {
			b.Fatal(err)
		}
		tail.Close()
	}
}
