package influx

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math/bits"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

// Text is a part of lines that is repeated: a measurement, or a series' tags. It remembers where in a pack it last stood.
type Text struct {
	bytes []byte
	pack  uint32
	at    int
}

// NewText returns a text to be used with one Packer.
func NewText(b []byte) *Text { return &Text{bytes: b} }

// A Packer writes lines straight as gzip, for raw samples are many and nearly the same: it knows what of a line stood
// before, so that nothing has to be searched for, at a tenth of what a general compressor costs. The format is RFC 1951 and
// 1952, one block with fixed codes. A Packer is used by one goroutine.
type Packer struct {
	out   []byte
	bits  uint64
	nbits uint
	crc   uint32
	size  int // of the lines, but for those in plain
	n     int
	id    uint32 // of the pack
	plain []byte
	tags  *Text // the last line's

	time   int64 // the last line's
	digits []byte
	timeAt int
}

// Lines is how many lines the pack at hand has, Size how many bytes it takes.
func (p *Packer) Lines() int { return p.n }
func (p *Packer) Size() int  { return len(p.out) }

// Add adds a line: its measurement, its tags and fields up to the value's equals sign, the value, perhaps more fields with
// a comma before each, and the time in ns. into is memory for the pack, used at its first line.
func (p *Packer) Add(measurement, tags *Text, value float64, more []byte, ns int64, into []byte) {
	if p.n == 0 {
		p.begin(into)
	}
	p.text(measurement, nil)
	p.text(tags, p.tags)
	p.tags = tags
	from := len(p.plain)
	p.plain = AppendFloat(p.plain, value)
	p.plain = append(p.plain, more...)
	p.literals(p.plain[from:])
	p.stamp(ns)
	if p.n++; len(p.plain) >= sumAt {
		p.sum()
	}
}

// sumAt is how many bytes are worth a call of the checksum.
const sumAt = 8 << 10

// sum adds the lines at hand to the checksum; their text is not needed any more.
func (p *Packer) sum() {
	p.crc = crc32.Update(p.crc, crc32.IEEETable, p.plain)
	p.size += len(p.plain)
	p.plain = p.plain[:0]
}

// Take ends the pack and returns it with the number of its lines.
func (p *Packer) Take() (gz []byte, n int) {
	p.sum()
	p.put(0, 7) // end of block
	for p.nbits > 0 {
		p.out = append(p.out, byte(p.bits))
		p.bits >>= 8
		p.nbits -= min(p.nbits, 8)
	}
	p.out = binary.LittleEndian.AppendUint32(p.out, p.crc)
	p.out = binary.LittleEndian.AppendUint32(p.out, uint32(p.size))
	gz, n = p.out, p.n
	p.out, p.n, p.size = nil, 0, 0
	return gz, n
}

func (p *Packer) begin(into []byte) {
	p.id++
	p.out = append(into[:0], 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255)
	p.bits, p.nbits, p.crc, p.size = 0, 0, 0, 0
	p.digits = p.digits[:0]
	p.put(0b011, 3) // the last block, fixed codes
}

func (p *Packer) put(code uint64, n uint) {
	p.bits |= code << p.nbits
	p.nbits += n
	if p.nbits >= 32 {
		p.out = binary.LittleEndian.AppendUint32(p.out, uint32(p.bits))
		p.bits >>= 32
		p.nbits -= 32
	}
}

// literals writes bytes as they are.
func (p *Packer) literals(text []byte) {
	bits, nbits := p.bits, p.nbits
	for _, c := range text {
		s := &literals[c]
		bits |= uint64(s.code) << nbits
		if nbits += uint(s.n); nbits >= 32 {
			p.out = binary.LittleEndian.AppendUint32(p.out, uint32(bits))
			bits >>= 32
			nbits -= 32
		}
	}
	p.bits, p.nbits = bits, nbits
}

// window is how far back a match may reach.
const window = 32 << 10

// text writes a repeated text: as a match where it stands not too far back, else by what it shares with a like one.
func (p *Packer) text(t, like *Text) {
	at := p.size + len(p.plain)
	switch back := at - t.at; {
	case t.pack == p.id && back <= window && len(t.bytes) >= shortest:
		p.match(len(t.bytes), back)
	case like != nil && like.pack == p.id && at-like.at <= window/2 && len(like.bytes) <= window/4 && len(t.bytes) <= window/4:
		p.shared(t.bytes, like, at)
	default:
		p.literals(t.bytes)
	}
	t.pack, t.at = p.id, at
	p.plain = append(p.plain, t.bytes...)
}

// shared writes a text that begins and ends as another one does.
func (p *Packer) shared(text []byte, like *Text, at int) {
	most := min(len(text), len(like.bytes))
	head, tail := 0, 0
	for head < most && text[head] == like.bytes[head] {
		head++
	}
	for tail < most-head && text[len(text)-1-tail] == like.bytes[len(like.bytes)-1-tail] {
		tail++
	}
	if head < shortest {
		head = 0
	} else {
		p.match(head, at-like.at)
	}
	if tail < shortest {
		tail = 0
	}
	from := len(text) - tail
	p.literals(text[head:from])
	if tail > 0 {
		p.match(tail, at+from-(like.at+len(like.bytes)-tail))
	}
}

// stamp writes a space, the time and the line's end: samples of one request share it, others its first digits.
func (p *Packer) stamp(ns int64) {
	at := p.size + len(p.plain)
	same := 0
	if len(p.digits) == 0 || ns != p.time {
		var b [24]byte
		now := append(strconv.AppendInt(append(b[:0], ' '), ns, 10), '\n')
		for same < len(p.digits) && same < len(now) && now[same] == p.digits[same] {
			same++
		}
		p.digits = append(p.digits[:0], now...)
		p.time = ns
	} else {
		same = len(p.digits)
	}
	if back := at - p.timeAt; same >= shortest && back <= window {
		p.match(same, back)
	} else {
		same = 0
	}
	p.literals(p.digits[same:])
	p.timeAt = at
	p.plain = append(p.plain, p.digits...)
}

// The shortest and the longest match.
const (
	shortest = 3
	longest  = 258
)

// match repeats n bytes, at least shortest, from that far back.
func (p *Packer) match(n, back int) {
	d := uint(back - 1)
	dist := uint64(d)
	var extra uint
	if d >= 4 {
		e := uint(bits.Len(d)) - 2
		dist = uint64(2*e + (d >> e))
		extra = e
	}
	code := uint64(bits.Reverse8(uint8(dist)) >> 3)
	low := uint64(d) & (1<<extra - 1)
	for n > 0 {
		m := min(n, longest)
		if rest := n - m; rest > 0 && rest < shortest {
			m -= shortest
		}
		p.put(uint64(lengths[m].code), uint(lengths[m].n))
		p.put(code|low<<5, 5+extra)
		n -= m
	}
}

type symbol struct {
	code uint32
	n    uint8
}

// The fixed codes of RFC 1951, 3.2.6, most significant bit first: reversed, as they are written.
var (
	literals = literalCodes()
	lengths  = lengthCodes()
)

func literalCodes() (out [256]symbol) {
	for c := range 144 {
		out[c] = symbol{uint32(bits.Reverse8(uint8(0x30 + c))), 8}
	}
	for c := 144; c < 256; c++ {
		out[c] = symbol{uint32(bits.Reverse16(uint16(0x190+c-144)) >> 7), 9}
	}
	return out
}

func lengthCodes() (out [longest + 1]symbol) {
	length := shortest
	for code := 257; code < 285; code++ {
		extra := 0
		if code >= 265 {
			extra = (code - 261) / 4
		}
		s := symbol{uint32(bits.Reverse8(uint8(code-256)) >> 1), 7}
		if code >= 280 {
			s = symbol{uint32(bits.Reverse8(uint8(0xc0 + code - 280))), 8}
		}
		for low := range 1 << extra {
			if length < longest {
				out[length] = symbol{s.code | uint32(low)<<s.n, s.n + uint8(extra)}
			}
			length++
		}
	}
	out[longest] = symbol{uint32(bits.Reverse8(0xc0 + 285 - 280)), 8}
	return out
}

// unpack returns the lines of a pack.
func unpack(gz []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
