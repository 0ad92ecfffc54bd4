// Package unit writes values for people: in their unit, with about three significant digits, and with ticks that a
// person would choose. Exact values travel beside the text, never through it.
package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
)

// None stands for a value that does not exist.
const None = "–"

// Format writes v in unit u, as "1.24 s" for 1240 ms or "0.52 %" for a share of 0.0052. A value that is not a number
// or not finite is None.
func Format(u boards.Unit, v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return None
	}
	switch u {
	case boards.Milliseconds:
		return duration(v)
	case boards.Percent:
		return percent(v) + " %"
	case boards.Bytes:
		n, prefix := scale(v, []string{"", "k", "M", "G", "T"})
		return digits(n) + " " + prefix + "B"
	case boards.ByteRate:
		n, prefix := scale(v, []string{"", "k", "M", "G", "T"})
		return digits(n) + " " + prefix + "B/s"
	case boards.Cores:
		return digits(v) + " " + string(u)
	case boards.RequestRate, boards.IterationRate, boards.UserRate:
		return rate(v) + " " + string(u)
	case boards.Ratio:
		return digits(v) + " ×"
	}
	return Number(v)
}

// Number writes a plain number: whole ones in full with separators, others with three digits.
func Number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e12 {
		return separated(strconv.FormatFloat(v, 'f', 0, 64))
	}
	n, prefix := scale(v, []string{"", "k", "M", "G", "T"})
	return digits(n) + prefix
}

// Seconds writes a length of time: "42 s", "3 m 05 s", "1 h 02 m".
func Seconds(s int64) string {
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d m %02d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %02d m", s/3600, s/60%60)
}

// Length writes how long load went on, in seconds: "6.0 s", and from a minute on as Seconds does.
func Length(s float64) string {
	if s < 59.95 {
		return fmt.Sprintf("%.1f s", s)
	}
	return Seconds(int64(math.Round(s)))
}

func duration(ms float64) string {
	switch a := math.Abs(ms); {
	case a == 0:
		return "0 ms"
	case a < 0.9995:
		return significant(ms*1000) + " µs"
	case a < 999.5:
		return significant(ms) + " ms"
	}
	return significant(ms/1000) + " s"
}

// percent keeps a tiny share from looking like none, and a share short of all from looking like all.
func percent(share float64) string {
	p := 100 * share
	switch {
	case p > 0 && p < 0.01:
		return "< 0.01"
	case p > 99.99 && p < 100:
		return "> 99.99"
	case p > 99 && p < 100: // never rounded up to all
		return strconv.FormatFloat(math.Floor(p*100)/100, 'f', 2, 64)
	case p == 0 || p == 100:
		return strconv.FormatFloat(p, 'f', 0, 64)
	}
	return significant(p)
}

func rate(v float64) string {
	if math.Abs(v) >= 9999.5 {
		n, prefix := scale(v, []string{"", "k", "M", "G"})
		return digits(n) + prefix
	}
	if math.Abs(v) >= 999.5 {
		return separated(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return digits(v)
}

// scale divides by a thousand until three digits are left before the point.
func scale(v float64, prefixes []string) (float64, string) {
	i := 0
	for math.Abs(v) >= 999.5 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	return v, prefixes[i]
}

// digits writes whole numbers as they are and others with three significant digits.
func digits(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return separated(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return significant(v)
}

// significant writes three significant digits.
func significant(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1e15:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a >= 99.95:
		return separated(strconv.FormatFloat(v, 'f', 0, 64))
	case a >= 9.995:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.0995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// separated puts commas between groups of three digits.
func separated(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, d := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
