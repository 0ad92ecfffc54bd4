package record

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
)

// secondPrefix begins the lines that make up nearly all of a record, as a Writer writes them.
var secondPrefix = []byte(`{"second":{"t":`)

// scanSecond reads the line of a second as a Writer writes it, ten times as fast as encoding/json. Any other line, also
// a damaged one, is not ok: it is left to encoding/json, which knows every form of JSON and what is wrong with it.
func (d *decoder) scanSecond(line []byte) (s *Second, ok bool) {
	if d.index == nil || !bytes.HasPrefix(line, secondPrefix) {
		return nil, false
	}
	c := scanner{rest: line[len(secondPrefix):], ok: true}
	s = &Second{T: c.int(',')}
	c.skip(`"b":[`)
	if n := bytes.Count(c.rest, []byte("[")); n > 0 {
		s.Buckets = make([]Bucket, 0, n)
	}
	for more := c.next() == '['; more; {
		c.skip("[")
		k, known := d.scanBucket(&c)
		if !known || !c.ok {
			return nil, false
		}
		s.Buckets = append(s.Buckets, k)
		if more = c.next() == ','; more {
			c.skip(",")
		}
	}
	c.skip("]}}")
	return s, c.ok && len(c.rest) == 0
}

func (d *decoder) scanBucket(c *scanner) (k Bucket, ok bool) {
	k.Series = int(c.int(','))
	if k.Kind, ok = d.kinds[k.Series]; !ok {
		return k, false
	}
	k.N = c.int(',')
	switch k.Kind {
	case Counter, Rate:
		k.Sum = c.float(']')
	case Gauge:
		k.Last, k.Min, k.Max = c.float(','), c.float(','), c.float(']')
	case Trend:
		k.Sum, k.Min, k.Max = c.float(','), c.float(','), c.float(',')
		c.skip(`"`)
		text := c.until('"')
		c.skip("]")
		var err error
		if d.bytes, err = base64.RawStdEncoding.AppendDecode(d.bytes[:0], text); err != nil {
			return k, false
		}
		if k.Sketch, err = decodeSketch(d.bytes, d.index); err != nil {
			return k, false
		}
	}
	return k, true
}

// infraPrefix begins the lines that make up nearly all of a long run's run.ndjson, as a RunWriter writes them.
var infraPrefix = []byte(`{"infra":{"t":`)

// scanInfra reads such a line; any other, also a damaged one, is not ok.
func scanInfra(line []byte) (s *Infra, ok bool) {
	if !bytes.HasPrefix(line, infraPrefix) {
		return nil, false
	}
	c := scanner{rest: line[len(infraPrefix):], ok: true}
	s = &Infra{T: c.int(',')}
	c.skip(`"s":[`)
	s.Uses = make([]Use, 0, bytes.Count(c.rest, []byte("[")))
	for more := c.next() == '['; more; {
		c.skip("[")
		s.Uses = append(s.Uses, c.use())
		if more = c.ok && c.next() == ','; more {
			c.skip(",")
		}
	}
	c.skip("]}}")
	return s, c.ok && len(c.rest) == 0
}

var comma = []byte(",")

func (c *scanner) use() Use {
	fields := bytes.Split(c.until(']'), comma)
	nan := math.NaN()
	u := Use{CPU: nan, Memory: nan, RX: nan, TX: nan}
	id, err := strconv.Atoi(string(fields[0]))
	c.ok = c.ok && err == nil
	u.Source = id
	for i, to := range []*float64{&u.CPU, &u.Memory, &u.RX, &u.TX} {
		if i+1 < len(fields) && string(fields[i+1]) != "null" {
			*to = c.number(fields[i+1])
		}
	}
	return u
}

// scanner walks over a line; ok is false once it met what it did not expect.
type scanner struct {
	rest []byte
	ok   bool
}

func (c *scanner) next() byte {
	if len(c.rest) == 0 {
		return 0
	}
	return c.rest[0]
}

func (c *scanner) skip(text string) {
	if !c.ok || len(c.rest) < len(text) || string(c.rest[:len(text)]) != text {
		c.ok = false
		return
	}
	c.rest = c.rest[len(text):]
}

// until returns what comes before the next end and skips both.
func (c *scanner) until(end byte) []byte {
	i := bytes.IndexByte(c.rest, end)
	if !c.ok || i < 0 {
		c.ok = false
		return nil
	}
	part := c.rest[:i]
	c.rest = c.rest[i+1:]
	return part
}

func (c *scanner) int(end byte) int64 {
	v, err := strconv.ParseInt(string(c.until(end)), 10, 64)
	c.ok = c.ok && err == nil
	return v
}

func (c *scanner) float(end byte) float64 { return c.number(c.until(end)) }

func (c *scanner) number(part []byte) float64 {
	for _, b := range part { // none of ParseFloat's words and other bases
		if b > '9' && b != 'e' {
			c.ok = false
		}
	}
	v, err := strconv.ParseFloat(string(part), 64)
	c.ok = c.ok && err == nil
	return v
}
