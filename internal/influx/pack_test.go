package influx

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestAPackHoldsItsLines(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var texts []*Text
	for i := range 300 {
		texts = append(texts, NewText([]byte(fmt.Sprintf("m%d", i)+strings.Repeat("é=", rnd.IntN(400)))))
	}
	var p Packer
	for pack := range 3 {
		var want []byte
		ns := int64(1_700_000_000_000_000_000)
		for range 4000 {
			a, b := texts[rnd.IntN(1+rnd.IntN(len(texts)))], texts[rnd.IntN(10)]
			value, more := float64(rnd.IntN(1e9))/1e6, []byte(nil)
			if rnd.IntN(3) == 0 {
				more = []byte(",vu=1i")
			}
			ns += []int64{0, 1, 50_000, 2_000_000_000}[rnd.IntN(4)]
			p.Add(a, b, value, more, ns, nil)
			want = append(append(want, a.bytes...), b.bytes...)
			want = append(strconv.AppendFloat(want, value, 'f', -1, 64), more...)
			want = fmt.Appendf(want, " %d\n", ns)
		}
		gz, n := p.Take()
		r, err := stdgzip.NewReader(bytes.NewReader(gz))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || n != 4000 || !bytes.Equal(got, want) {
			t.Fatalf("pack %d: %v; %d lines, %d bytes of %d", pack, err, n, len(got), len(want))
		}
	}
}

func TestEveryLengthAndDistanceIsWritten(t *testing.T) {
	for n := shortest; n <= 3*longest; n++ {
		for _, gap := range []int{0, 1, 2, 3, 5, 100, 4000, window - n - 30, window - n, window} {
			var p Packer
			a, filler, one := NewText(bytes.Repeat([]byte("ab"), n)[:n]), NewText(bytes.Repeat([]byte("x"), max(gap, 0))), NewText(nil)
			p.Add(a, filler, 1, nil, 1, nil)
			p.Add(a, one, 2, nil, 2, nil)
			gz, _ := p.Take()
			got, err := unpack(gz)
			if want := string(a.bytes) + string(filler.bytes) + "1 1\n" + string(a.bytes) + "2 2\n"; err != nil || string(got) != want {
				t.Fatalf("length %d, gap %d: %v", n, gap, err)
			}
		}
	}
}

// BenchmarkPack packs what k6 hands over: nine samples of a request, 20 endpoints.
func BenchmarkPack(b *testing.B) {
	var metrics, tags []*Text
	for _, m := range []string{"http_reqs", "http_req_duration", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking", "http_req_sending", "http_req_waiting", "http_req_receiving", "http_req_failed"} {
		metrics = append(metrics, NewText([]byte(m)))
	}
	for i := range 20 {
		tags = append(tags, NewText(fmt.Appendf(nil, `,expected_response=true,method=GET,name=endpoint%d,proto=HTTP/1.1,run=20260102-030405-a1b2c3,scenario=default,status=200 url="http://127.0.0.1:8080/endpoint/%d",value=`, i, i)))
	}
	var p Packer
	var buf []byte
	in, out := 0, 0
	b.ReportAllocs()
	for i := range b.N {
		request := i / len(metrics)
		p.Add(metrics[i%len(metrics)], tags[request*7%20], float64(1_234_567+request*7919%100_000)/1e6, nil, 1_700_000_000_000_000_000+int64(request)*50_123, buf)
		if p.Lines() == MaxLines {
			in += p.size + len(p.plain)
			buf, _ = p.Take()
			out += len(buf)
		}
	}
	if out > 0 {
		b.ReportMetric(float64(in)/float64(out), "times-smaller")
	}
}
