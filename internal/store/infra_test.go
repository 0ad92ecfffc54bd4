package store

import (
	"bytes"
	"math"
	"os"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// usesOf are the names of the sources of a made run, by their numbers less one.
var usesOf = []string{"host", "k6", "influxdb"}

func (m *made) declare() {
	m.t.Helper()
	for i, name := range usesOf {
		s := record.Source{ID: i + 1, Name: name, Kind: record.ContainerSource, CPUs: 2, Generator: name == "k6"}
		if name == "host" {
			s.Kind = record.HostSource
		}
		must(m.t, m.run.Write(record.RunLine{Source: &s}))
	}
}

// uses writes what was used in the seconds of the tool's clock from one to another, which are one later on ltlab's. Every
// seventh second the database was not measured.
func (m *made) uses(from, to int64) {
	m.t.Helper()
	nan := math.NaN()
	for t := from; t < to; t++ {
		l := &record.Infra{T: t + 2} // the end of the second, on a clock that began one earlier
		for i := range usesOf {
			if i == 2 && t%7 == 0 {
				continue
			}
			l.Uses = append(l.Uses, record.Use{Source: i + 1, CPU: float64(t%100)/100 + float64(i), Memory: float64(1000 + t), RX: nan, TX: nan})
		}
		must(m.t, m.run.Write(record.RunLine{Infra: l}))
	}
}

// usedIs asserts that the store has what was used in those seconds, and nothing else.
func (m *made) usedIs(r *Reader, from, to int64) {
	m.t.Helper()
	for metric, want := range map[string]func(i int, t int64) float64{
		rows.InfraCPU:    func(i int, t int64) float64 { return float64(t%100)/100 + float64(i) },
		rows.InfraShare:  func(i int, t int64) float64 { return (float64(t%100)/100 + float64(i)) / 2 },
		rows.InfraMemory: func(_ int, t int64) float64 { return float64(1000 + t) },
	} {
		got, err := r.Select(m.t.Context(), m.folder.ID(), Query{Metric: metric, Field: "last", Rollup: rows.BySeries, Window: rows.Second})
		must(m.t, err)
		n := len(usesOf)
		if metric == rows.InfraShare {
			n = 2 // of others it says nothing
		}
		if len(got) != n {
			m.t.Errorf("%s: %d series, want %d", metric, len(got), n)
			continue
		}
		for i, s := range got {
			if s.Tags["source"] != usesOf[i] || (s.Tags["generator"] == "true") != (i == 1) {
				m.t.Errorf("%s: series %v, want %s", metric, s.Tags, usesOf[i])
			}
			t := from
			for _, p := range s.Points {
				if i == 2 && t%7 == 0 {
					t++
				}
				if p.T != t || math.Abs(p.V-want(i, t)) > 1e-3 { // the record has thousandths
					m.t.Fatalf("%s of %s: %+v, want %g at %d", metric, usesOf[i], p, want(i, t), t)
				}
				t++
			}
			if t != to && !(i == 2 && t == to-1 && t%7 == 0) {
				m.t.Errorf("%s of %s ends before %d, want %d", metric, usesOf[i], t, to)
			}
		}
	}
	if got, err := r.Select(m.t.Context(), m.folder.ID(), Query{Metric: rows.InfraRX, Field: "last", Rollup: rows.BySeries, Window: rows.Second}); err != nil || len(got) != 0 {
		m.t.Errorf("what was never measured: %+v, %v", got, err)
	}
}

func TestWhatWasUsedIsInTheStoreInTheToolsSeconds(t *testing.T) {
	const seconds = 400
	for name, c := range map[string]struct{ period int64 }{"k6": {1}, "artillery": {10}} {
		t.Run(name, func(t *testing.T) {
			s, runs := openStore(t)
			m := makeRun(t, runs, "a", c.period, 60)
			m.declare()
			m.uses(-1, seconds) // the first one is from before second 0
			m.more(seconds / c.period)
			m.finish()
			if c.period == 1 && fileSize(t, m.folder.Tool()) < batchBytes*5/4 {
				t.Fatal("the record is taken at once, which shows nothing")
			}
			step(t, s.NewFollow(m.folder), true)
			m.usedIs(s.Reader, 0, seconds)
			m.requestsAre(s.Reader)
		})
	}
}

// requestsAre asserts that no request is lost: quicker than agree.
func (m *made) requestsAre(r *Reader) {
	m.t.Helper()
	window := rows.Second
	if m.period > 1 {
		window = rows.Period
	}
	got, err := r.Select(m.t.Context(), m.folder.ID(), Query{Metric: "http_reqs", Field: "sum", Rollup: rows.BySeries, Window: window})
	must(m.t, err)
	var sum, want float64
	for _, s := range got {
		for _, p := range s.Points {
			sum += p.V
		}
	}
	for _, n := range m.codes {
		want += float64(n)
	}
	if sum != want {
		m.t.Errorf("the store has %g requests, want %g", sum, want)
	}
}

func TestWhatWasUsedMayBeAheadOfTheToolOrBehind(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 2)
	f := s.NewFollow(m.folder)
	must(t, m.tool.Flush())
	m.declare()
	m.uses(0, 50)
	step(t, f, false)
	m.usedIs(s.Reader, 0, 50)
	m.more(300) // the tool is five minutes ahead
	step(t, f, false)
	for at := int64(50); at < 250; at += 20 {
		m.uses(at, at+20)
		step(t, f, false)
	}
	m.usedIs(s.Reader, 0, 250)
	m.uses(250, 700) // and is that far behind
	step(t, f, false)
	for range 8 {
		m.more(50)
		step(t, f, false)
	}
	m.finish()
	step(t, f, true)
	m.usedIs(s.Reader, 0, 700)
	m.agree(s.Reader)
}

func TestAFollowReadsOnWhereItWas(t *testing.T) {
	s, runs := openStore(t)
	m := makeRun(t, runs, "a", 1, 1)
	m.declare()
	m.uses(0, 10)
	m.more(10)
	f := s.NewFollow(m.folder)
	step(t, f, false)
	st, err := os.Stat(m.folder.Run())
	must(t, err)
	file, err := os.OpenFile(m.folder.Run(), os.O_WRONLY, 0)
	must(t, err)
	defer file.Close()
	if _, err := file.WriteAt(bytes.Repeat([]byte("x"), int(st.Size())), 0); err != nil { // whoever reads it again fails
		t.Fatal(err)
	}
	m.uses(10, 20)
	m.more(10)
	m.finish()
	step(t, f, true)
	m.usedIs(s.Reader, 0, 20)
}
