package unit

import (
	"math"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
)

func TestFormatWritesValuesInTheirUnit(t *testing.T) {
	for _, c := range []struct {
		unit boards.Unit
		v    float64
		want string
	}{
		{boards.Count, 0, "0"},
		{boards.Count, 1234567, "1,234,567"},
		{boards.Count, 1.5, "1.50"},
		{boards.Count, -1234, "-1,234"},
		{boards.Milliseconds, 0, "0 ms"},
		{boards.Milliseconds, 0.4213, "421 µs"},
		{boards.Milliseconds, 0.9999, "1.00 ms"},
		{boards.Milliseconds, 4.213, "4.21 ms"},
		{boards.Milliseconds, 42.13, "42.1 ms"},
		{boards.Milliseconds, 999.6, "1.00 s"},
		{boards.Milliseconds, 12345, "12.3 s"},
		{boards.Percent, 0, "0 %"},
		{boards.Percent, 0.00001, "< 0.01 %"},
		{boards.Percent, 0.0052, "0.52 %"},
		{boards.Percent, 0.99999, "> 99.99 %"},
		{boards.Percent, 0.99567, "99.56 %"},
		{boards.Percent, 1, "100 %"},
		{boards.Bytes, 999, "999 B"},
		{boards.Bytes, 1234567, "1.23 MB"},
		{boards.RequestRate, 12.345, "12.3 req/s"},
		{boards.RequestRate, 1234.5, "1,234 req/s"},
		{boards.RequestRate, 15500, "15.5k req/s"},
		{boards.Users, 100, "100"},
		{boards.Cores, 1.25, "1.25 cores"},
		{boards.Cores, 0.004, "0.004 cores"},
		{boards.Cores, 0, "0 cores"},
		{boards.ByteRate, 1234567, "1.23 MB/s"},
		{boards.ByteRate, 0, "0 B/s"},
		{boards.Milliseconds, 20, "20.0 ms"},
		{boards.Milliseconds, 1e308, "1e+305 s"},
		{boards.Count, math.MaxFloat64, "1.8e+296T"},
		{boards.Count, math.NaN(), None},
		{boards.Milliseconds, math.Inf(1), None},
	} {
		if got := Format(c.unit, c.v); got != c.want {
			t.Errorf("Format(%s, %g) = %q, want %q", c.unit, c.v, got, c.want)
		}
	}
}

func TestTicksAreRoundAndCoverTheMaximum(t *testing.T) {
	for _, c := range []struct {
		unit boards.Unit
		max  float64
		want []string
	}{
		{boards.RequestRate, 0, []string{"0", "1"}},
		{boards.RequestRate, 3, []string{"0", "1", "2", "3"}},
		{boards.RequestRate, 15500, []string{"0", "5k", "10k", "15k", "20k"}},
		{boards.Milliseconds, 9.2, []string{"0 ms", "2.5 ms", "5.0 ms", "7.5 ms", "10.0 ms"}},
		{boards.Milliseconds, 1700, []string{"0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"}},
		{boards.Percent, 0, []string{"0 %", "0.25 %", "0.50 %", "0.75 %", "1.00 %"}},
		{boards.Percent, 1, []string{"0 %", "25 %", "50 %", "75 %", "100 %"}},
		{boards.Cores, 0.9, []string{"0", "0.25", "0.50", "0.75", "1.00"}},
		{boards.ByteRate, 1900, []string{"0 kB/s", "0.5 kB/s", "1.0 kB/s", "1.5 kB/s", "2.0 kB/s"}},
		{boards.Bytes, 1900, []string{"0 kB", "0.5 kB", "1.0 kB", "1.5 kB", "2.0 kB"}},
	} {
		var got []string
		ticks := Ticks(c.unit, c.max, 4)
		for _, k := range ticks {
			got = append(got, k.Label)
		}
		if len(got) != len(c.want) {
			t.Errorf("Ticks(%s, %g) = %q, want %q", c.unit, c.max, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("Ticks(%s, %g) = %q, want %q", c.unit, c.max, got, c.want)
				break
			}
		}
		if top := ticks[len(ticks)-1].Value; top < c.max {
			t.Errorf("Ticks(%s, %g) end at %g, below the maximum", c.unit, c.max, top)
		}
	}
}

func TestTimeTicksLieOnRoundTimes(t *testing.T) {
	for _, c := range []struct {
		from, to int64
		first    string
		last     string
		n        int
	}{
		{0, 20, "0:00", "0:20", 5},
		{0, 3600, "0:00", "1:00:00", 7},
		{37, 95, "0:40", "1:30", 6},
		{5, 6, "0:05", "0:06", 2},
	} {
		ticks := TimeTicks(c.from, c.to, 6)
		if len(ticks) != c.n || ticks[0].Label != c.first || ticks[len(ticks)-1].Label != c.last {
			t.Errorf("TimeTicks(%d, %d) = %v, want %d from %s to %s", c.from, c.to, ticks, c.n, c.first, c.last)
		}
	}
}

func TestSecondsAndClockReadAsTime(t *testing.T) {
	for s, want := range map[int64][2]string{
		0: {"0 s", "0:00"}, 59: {"59 s", "0:59"}, 65: {"1 m 05 s", "1:05"}, 600: {"10 m 00 s", "10:00"}, 3725: {"1 h 02 m", "1:02:05"},
	} {
		if got := [2]string{Seconds(s), Clock(s)}; got != want {
			t.Errorf("%d seconds are %q, want %q", s, got, want)
		}
	}
}

func TestALengthHasATenthOfASecondBelowAMinute(t *testing.T) {
	for s, want := range map[float64]string{0: "0.0 s", 6.04: "6.0 s", 59.94: "59.9 s", 59.96: "1 m 00 s", 75.6: "1 m 16 s", 3725: "1 h 02 m"} {
		if got := Length(s); got != want {
			t.Errorf("%g s is %q, want %q", s, got, want)
		}
	}
}
