package infra

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a reading of one source, taken so many seconds after the beginning.
func at(name string, seconds, cpu, memory, rx, tx float64) Reading {
	r := Unknown(name, record.ContainerSource)
	r.ID, r.At = name, began.Add(time.Duration(seconds*float64(time.Second)))
	r.CPU, r.Memory, r.RX, r.TX = cpu, memory, rx, tx
	return r
}

// said is what comes of readings, as the record has it, when all were read before the first second was asked for, and, which
// must be the same, when seconds are asked for while readings come.
func said(t *testing.T, seconds int64, readings ...Reading) string {
	t.Helper()
	whole, live := gauges{start: began}, gauges{start: began}
	whole.add(readings)
	all := linesOf(t, &whole, 1, seconds)
	var parts []string
	for s := range seconds {
		for len(readings) > 0 && readings[0].At.Sub(began) < time.Duration(s+1+later)*time.Second {
			live.add(readings[:1])
			readings = readings[1:]
		}
		if text := linesOf(t, &live, s+1, s+1); text != "" {
			parts = append(parts, text)
		}
	}
	if got := strings.Join(parts, " "); got != all {
		t.Errorf("while it goes on it says\n%s\nand afterward\n%s", got, all)
	}
	return all
}

func linesOf(t *testing.T, g *gauges, from, to int64) string {
	t.Helper()
	var out []string
	for s := from; s <= to; s++ {
		for _, l := range g.second(s) {
			if l.Source != nil {
				out = append(out, l.Source.Name)
				continue
			}
			b, err := json.Marshal(l.Infra)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, strings.TrimSuffix(strings.TrimPrefix(string(b), `{"t":`), "}"))
		}
	}
	return strings.Join(out, " ")
}

func TestASecondIsWhatItsCountersRose(t *testing.T) {
	got := said(t, 2, at("a", 0, 10, 100, 1000, 5000), at("a", 1, 10.5, 120, 1500, 5000), at("a", 2, 11.75, 110, 4000, 5125))
	if want := `a 1,"s":[[1,0.5,120,500,0]] 2,"s":[[1,1.25,110,2500,125]]`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestASourceWithAClockOfItsOwnHasAValueForEverySecond(t *testing.T) {
	g := gauges{start: began}
	cpu := 0.0
	for i := range 100 { // every 1.07 s: some seconds have no reading in them
		g.add([]Reading{at("a", float64(i)*1.07-0.4, cpu, float64(i), math.NaN(), math.NaN())})
		cpu += 1.07 * 0.3
	}
	for s := int64(1); s <= 100; s++ {
		lines := g.second(s)
		if len(lines) == 0 || lines[len(lines)-1].Infra == nil {
			t.Fatalf("second %d is missing", s)
		}
		if u := lines[len(lines)-1].Infra.Uses[0]; math.Abs(u.CPU-0.3) > 1e-9 || math.IsNaN(u.Memory) {
			t.Errorf("second %d: %+v, want 0.3 cores", s, u)
		}
	}
}

func TestWhatWasNotMeasuredIsAGapAndNeverZero(t *testing.T) {
	nan := math.NaN()
	cpu := func(seconds, used float64) Reading { return at("a", seconds, used, nan, nan, nan) }
	other := at("a", 2, 9, 9, 9, 9)
	other.ID = "another container of that name"
	for name, c := range map[string]struct {
		seconds  int64
		readings []Reading
		want     string
	}{
		"nothing":              {3, nil, ``},
		"a source that comes":  {4, []Reading{cpu(1.5, 7), cpu(2, 8), cpu(3, 9), cpu(4, 11)}, `a 3,"s":[[1,1]] 4,"s":[[1,2]]`},
		"a source that goes":   {6, []Reading{at("a", 0, 1, 50, nan, nan), at("a", 1, 2, 60, nan, nan), at("a", 2, 2.5, 70, nan, nan)}, `a 1,"s":[[1,1,60]] 2,"s":[[1,0.5,70]] 3,"s":[[1,null,70]]`},
		"one that was away":    {7, []Reading{cpu(0, 1), cpu(1, 2), cpu(5, 3), cpu(6, 5), cpu(7, 6)}, `a 1,"s":[[1,1]] 6,"s":[[1,2]] 7,"s":[[1,1]]`},
		"one that failed once": {4, []Reading{cpu(0, 1), cpu(1, 2), cpu(3, 3), cpu(4, 3.25)}, `a 1,"s":[[1,1]] 2,"s":[[1,0.5]] 3,"s":[[1,0.5]] 4,"s":[[1,0.25]]`},
		"a counter that fell": {3, []Reading{at("a", 0, 5, nan, 50, 50), at("a", 1, 1, nan, 60, 20), at("a", 2, 1.5, nan, 70, 30), at("a", 3, 1.5, nan, 70, 30)},
			`a 1,"s":[[1,null,null,10]] 2,"s":[[1,0.5,null,10,10]] 3,"s":[[1,0,null,0,0]]`},
		"another's counters":         {3, []Reading{at("a", 0, 5, 5, 5, 5), at("a", 1, 5, 5, 5, 5), other}, `a 2,"s":[[1,null,9]] 3,"s":[[1,null,9]]`},
		"no network":                 {2, []Reading{at("a", 0, nan, 5, nan, nan), at("a", 1, nan, 6, nan, nan), at("a", 2, nan, 7, nan, nan)}, `a 1,"s":[[1,null,6]] 2,"s":[[1,null,7]]`},
		"a reading that comes twice": {2, []Reading{cpu(0, 5), cpu(1, 6), cpu(1, 6), cpu(2, 7)}, `a 1,"s":[[1,1]] 2,"s":[[1,1]]`},
		"two sources":                {1, []Reading{at("b", 0, 1, nan, nan, nan), cpu(0, 1), at("b", 1, 3, nan, nan, nan), cpu(1, 2)}, `b a 1,"s":[[1,2],[2,1]]`},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "another's counters" { // what it was before is forgotten when its successor is met
				g := gauges{start: began}
				g.add(c.readings)
				if got := linesOf(t, &g, 1, c.seconds); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
				return
			}
			if got := said(t, c.seconds, c.readings...); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNobodyUsesALittleMoreThanAll(t *testing.T) {
	g := gauges{start: began}
	for i, cpu := range []float64{0, 2.02, 5.02} {
		r := at("a", float64(i), cpu, math.NaN(), math.NaN(), math.NaN())
		r.Source.CPUs = 2
		g.add([]Reading{r})
	}
	if got := linesOf(t, &g, 1, 2); got != `a 1,"s":[[1,2]] 2,"s":[[1,3]]` { // what is much more is to be seen
		t.Errorf("got %s", got)
	}
}

func TestASourceIsDeclaredOnceAndAgainWhenItMayUseSomethingElse(t *testing.T) {
	g := gauges{start: began}
	var declared []record.Source
	for i := range int64(7) {
		r := at("a", float64(i), float64(i), 1, 1, 1)
		r.Source.CPUs = 2
		if i >= 4 {
			r.Source.CPUs = 4
		}
		g.add([]Reading{r})
		for _, l := range g.second(i) {
			if l.Source != nil {
				declared = append(declared, *l.Source)
			}
		}
	}
	if len(declared) != 2 || declared[0].CPUs != 2 || declared[1].CPUs != 4 || declared[0].ID != declared[1].ID {
		t.Errorf("declared %+v", declared)
	}
}

func TestALongRunKeepsNoMoreReadingsThanASecondNeeds(t *testing.T) {
	g := gauges{start: began}
	for i := range int64(1000) {
		g.add([]Reading{at("a", float64(i), float64(i), 1, 1, 1)})
		g.second(i - later)
	}
	if n := len(g.list[0].readings); n > 5 {
		t.Errorf("%d readings are kept", n)
	}
}
