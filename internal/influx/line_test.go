package influx

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestTagsAreEscapedAsTheLineProtocolAllows(t *testing.T) {
	for value, want := range map[string]string{
		"plain":        "plain",
		"a b,c=d":      `a\ b\,c\=d`,
		`C:\dir\file`:  `C:\dir\file`,
		`ends with \`:  `ends\ with\ /`,
		`a\,b\ c\\d`:   `a/\,b/\ c/\d`,
		"two\nlines\r": `two\nlines?`,
		"nul\x00":      "nul?",
		"bad\xff":      "bad\uFFFD",
		"emoji 😀":      `emoji\ 😀`,
		`"quoted"`:     `"quoted"`,
	} {
		if got := string(AppendTag(nil, 0, "k", value)); got != ",k="+want {
			t.Errorf("%q is written %q, want %q", value, got, ",k="+want)
		}
	}
	if got := AppendTag(nil, 0, "k", ""); len(got) != 0 {
		t.Errorf("a tag without a value is written %q", got)
	}
	if got := string(AppendMeasurement(nil, "#no comment")); got != `_#no\ comment` {
		t.Errorf("a measurement is written %q", got)
	}
}

func TestALineHasRoomForItsKey(t *testing.T) {
	long := string(make([]byte, 10_000))
	b := AppendMeasurement(nil, "m")
	for range 50 {
		b = AppendTag(b, 0, "k", long)
	}
	if len(b) > maxKey || len(b) < 10_000 {
		t.Errorf("a key of %d bytes", len(b))
	}
}

func TestTextsAreQuoted(t *testing.T) {
	if got, want := string(AppendString(nil, "say \"hi\"\\\nend")), `"say \"hi\"\\\\nend"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNumbersReadBackAsTheSame(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	values := []float64{0, 1, -1, 0.1, 12.345678, -0.000001, 1e-7, 1e300, math.MaxFloat64, 1 << 32, 1<<32 + 0.5, 4294967295.123456, 0.1 + 0.2}
	for range 20_000 {
		values = append(values, float64(rnd.Int64N(1e12))/1e6, rnd.NormFloat64()*1e3, math.Exp(rnd.NormFloat64()*20))
	}
	for _, v := range values {
		text := string(AppendFloat(nil, v))
		got, err := strconv.ParseFloat(text, 64)
		if err != nil || got != v {
			t.Errorf("%v is written %s", v, text)
		}
	}
}

func BenchmarkAppendFloat(b *testing.B) {
	buf := make([]byte, 0, 64)
	for i := range b.N {
		buf = AppendFloat(buf[:0], float64(12_345_678+i%1_000_000)/1e6)
	}
}
