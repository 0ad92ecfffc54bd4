package analysis

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

// measured is a run whose generator may use two cores and whose machine has four; each second has the shares of both, NaN for
// what was not measured.
func measured(t testing.TB, seconds ...[2]float64) *Summary {
	t.Helper()
	runs := record.Runs(t.TempDir())
	folder, err := runs.Create("r1")
	if err != nil {
		t.Fatal(err)
	}
	log, err := record.CreateRun(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write := func(l record.RunLine) {
		if err := log.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: "r1", Tool: "k6", Time: time.Unix(1, 0)}})
	write(record.RunLine{Source: &record.Source{ID: 1, Name: "host", Kind: record.HostSource, CPUs: 4, Memory: 1000}})
	write(record.RunLine{Source: &record.Source{ID: 2, Name: "k6", Kind: record.ContainerSource, Generator: true, CPUs: 2}})
	write(record.RunLine{Source: &record.Source{ID: 3, Name: "toy-api", Kind: record.ContainerSource}})
	nan := math.NaN()
	for i, s := range seconds {
		write(record.RunLine{Infra: &record.Infra{T: int64(i + 1), Uses: []record.Use{
			{Source: 1, CPU: s[1] * 4, Memory: float64(100 + i), RX: nan, TX: nan}, {Source: 2, CPU: s[0] * 2, Memory: nan, RX: 10, TX: 20},
			{Source: 3, CPU: 3.9, Memory: nan, RX: nan, TX: nan}, {Source: 9, CPU: 50, Memory: nan, RX: nan, TX: nan}}}})
	}
	s, err := Summarize(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shares(n int, generator, host float64) (out [][2]float64) {
	for range n {
		out = append(out, [2]float64{generator, host})
	}
	return out
}

func TestUsageIsOverTheSecondsThatWereMeasured(t *testing.T) {
	s := measured(t, [2]float64{0.5, 0.25}, [2]float64{math.NaN(), 0.5}, [2]float64{0.25, math.NaN()})
	if len(s.Infra) != 3 {
		t.Fatalf("usage %+v", s.Infra)
	}
	host, k6, api := s.Infra[0], s.Infra[1], s.Infra[2]
	if *host.CPU != (Level{Seconds: 2, Mean: 1.5, Max: 2}) || *host.Memory != (Level{Seconds: 3, Mean: 101, Max: 102}) || host.RX != nil || *host.MemoryMay != 1000 {
		t.Errorf("host %+v, CPU %+v, memory %+v", host, host.CPU, host.Memory)
	}
	if *k6.CPU != (Level{Seconds: 2, Mean: 0.75, Max: 1}) || k6.Memory != nil || k6.TX.Mean != 20 || !k6.Generator || *k6.CPUs != 2 || k6.MemoryMay != nil {
		t.Errorf("k6 %+v, CPU %+v", k6, k6.CPU)
	}
	if api.CPUs != nil || api.CPU.Mean != 3.9 {
		t.Errorf("toy-api %+v", api)
	}
}

func TestAShortageOfCPUIsSaidWhenItLasted(t *testing.T) {
	calm, hot, full, gone := [2]float64{0.3, 0.5}, [2]float64{0.8, 0.5}, [2]float64{0.3, 0.9}, [2]float64{math.NaN(), math.NaN()}
	many := func(n int, v [2]float64) [][2]float64 { return shares(n, v[0], v[1]) }
	join := func(parts ...[][2]float64) (out [][2]float64) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for name, c := range map[string]struct {
		seconds [][2]float64
		want    string // of the warning; "" for none
	}{
		"nothing was measured":                  {nil, ""},
		"calm":                                  {many(60, calm), ""},
		"just below both limits":                {shares(60, 0.79, 0.89), ""},
		"all the time":                          {many(60, hot), "the load generator used 80 % or more of its CPU in 60 of 60 seconds:"},
		"a twentieth":                           {join(many(57, calm), many(3, hot)), "in 3 of 60 seconds:"},
		"less than a twentieth":                 {join(many(70, calm), many(3, hot)), ""},
		"a burst at the start":                  {join(many(2, hot), many(20, calm)), ""},
		"often, but never in a row":             {join(many(2, hot), many(1, calm), many(2, hot), many(1, calm), many(2, hot)), ""},
		"a gap is no row":                       {join(many(2, hot), many(1, gone), many(2, hot), many(10, calm)), ""},
		"the machine alone":                     {join(many(10, calm), many(5, full)), "this machine's CPU was 90 % busy or more in 5 of 15 seconds:"},
		"both":                                  {join(many(10, calm), many(3, hot), many(4, full)), "of its CPU in 3 of 17 seconds, and the machine was 90 % busy or more in 4:"},
		"seconds without a figure do not count": {join(many(3, hot), many(500, gone)), "in 3 of 3 seconds:"},
	} {
		t.Run(name, func(t *testing.T) {
			got := measured(t, c.seconds...).Saturation.Warning()
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("says %q, want %q", got, c.want)
			}
		})
	}
}

// BenchmarkSummaryOfAnHour is that of an hour of samples of eight sources.
func BenchmarkSummaryOfAnHour(b *testing.B) {
	folder := record.Folder(b.TempDir())
	log, err := record.CreateRun(folder.Run())
	if err != nil {
		b.Fatal(err)
	}
	lines := []record.RunLine{{Start: &record.RunStart{Format: record.Format, Run: "r1"}}}
	for i := range 8 {
		lines = append(lines, record.RunLine{Source: &record.Source{ID: i, Name: fmt.Sprint(i), Generator: i == 3, CPUs: 2}})
	}
	for s := range 3600 {
		l := &record.Infra{T: int64(s + 1)}
		for i := range 8 {
			l.Uses = append(l.Uses, record.Use{Source: i, CPU: 0.123, Memory: 123456789, RX: 54321, TX: 98765})
		}
		lines = append(lines, record.RunLine{Infra: l})
	}
	for _, l := range lines {
		if err := log.Write(l); err != nil {
			b.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := Summarize(folder, false); err != nil || len(s.Infra) != 8 {
			b.Fatal(err)
		}
	}
}
