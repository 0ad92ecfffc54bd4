package influx

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// maxKey bounds a line's measurement and tags: InfluxDB takes 64 kB for them and a field's name.
const maxKey = 32 << 10

// AppendMeasurement appends the beginning of a line.
func AppendMeasurement(b []byte, name string) []byte {
	if name == "" || name[0] == '#' { // the latter would make a comment of the line
		b = append(b, '_')
	}
	return appendEscaped(b, name, false)
}

// AppendTag appends a tag; a tag without a value is none, and one for which there is no room is left out. line is where
// the line begins.
func AppendTag(b []byte, line int, key, value string) []byte {
	if key == "" || value == "" || len(b)-line+2*(len(key)+len(value)) > maxKey {
		return b
	}
	b = appendEscaped(append(b, ','), key, true)
	return appendEscaped(append(b, '='), value, true)
}

// AppendKey appends a field's name.
func AppendKey(b []byte, name string) []byte { return appendEscaped(b, name, true) }

// appendEscaped appends a measurement, or a tag's key or value. The line protocol has no way to write a line break, nor
// a backslash before what is escaped with one: they become "\n" and a slash. Other control characters become "?".
func appendEscaped(b []byte, s string, tag bool) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ',' || c == ' ' || c == '=' && tag:
			b = append(b, '\\', c)
		case c == '\\' && (i == len(s)-1 || special(s[i+1])):
			b = append(b, '/')
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < ' ' || c == 0x7f:
			b = append(b, '?')
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r) // a byte that is no UTF-8 becomes U+FFFD
			i += n - 1
		}
	}
	return b
}

func special(c byte) bool { return c == ',' || c == ' ' || c == '=' || c == '\\' || c == '"' }

// AppendString appends a field's text as a value in quotes.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n': // lines are told apart by them alone
			b = append(b, '\\', '\\', 'n')
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n - 1
		}
	}
	return append(b, '"')
}

// AppendFloat appends a finite number as the shortest text that reads back as the same.
func AppendFloat(b []byte, v float64) []byte {
	// Times in ms come from whole nanoseconds: six decimals at most, which need no search for the shortest text.
	if a := math.Abs(v); a < 1<<32 {
		n := int64(a*1e6 + 0.5)
		if float64(n)/1e6 == a {
			if v < 0 {
				b = append(b, '-')
			}
			return appendMicro(b, n)
		}
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// appendMicro appends n millionths.
func appendMicro(b []byte, n int64) []byte {
	whole, frac := n/1e6, n%1e6
	b = strconv.AppendInt(b, whole, 10)
	if frac == 0 {
		return b
	}
	high, mid, low := 2*(frac/10_000), 2*(frac/100%100), 2*(frac%100)
	b = append(b, '.', pairs[high], pairs[high+1], pairs[mid], pairs[mid+1], pairs[low], pairs[low+1])
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// pairs are the numbers from 00 to 99.
const pairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// fields appends the fields of one line: the first follows a space, the others a comma.
type fields struct {
	b    []byte
	some bool
}

func (f *fields) key(name string) {
	sep := byte(',')
	if !f.some {
		f.some, sep = true, ' '
	}
	f.b = append(append(append(f.b, sep), name...), '=')
}

func (f *fields) int(name string, v int64) {
	f.key(name)
	f.b = append(strconv.AppendInt(f.b, v, 10), 'i')
}

func (f *fields) float(name string, v float64) {
	f.key(name)
	f.b = AppendFloat(f.b, v)
}

func (f *fields) text(name, v string) {
	if v != "" {
		f.key(name)
		f.b = AppendString(f.b, v)
	}
}

// end appends the timestamp; a line without fields is none, and what began it is taken back.
func (f *fields) end(line int, ms int64) []byte {
	if !f.some {
		return f.b[:line]
	}
	return append(strconv.AppendInt(append(f.b, ' '), ms, 10), '\n')
}
