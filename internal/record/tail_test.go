package record

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestATornLastLineIsNotThereYet(t *testing.T) {
	w, path := create(t)
	declare(w)
	w.Second(1, []Bucket{{Series: 0, Kind: Counter, N: 1, Sum: 1}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(string(whole), "\n")
	for cut := range len(whole) {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, path)
		if want := strings.Count(string(whole[:cut]), "\n"); err != nil || len(got) != want {
			t.Fatalf("cut at byte %d: %d lines and error %v, want %d lines", cut, len(got), err, want)
		}
	}
	if lines != 10 {
		t.Errorf("the record has %d lines, want 10", lines)
	}
}

func TestATailGoesOnWhereItWasWhileTheFileGrows(t *testing.T) {
	w, path := create(t)
	declare(w)
	for i := range int64(50) {
		w.Second(i, []Bucket{{Series: 3, Kind: Trend, N: 2, Sum: 3, Min: 1, Max: 2, Sketch: sketchOf(t, 1, 2)}})
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	growing := filepath.Join(t.TempDir(), ToolFile)
	f, err := os.Create(growing)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tail := openTail(t, growing)
	rng := rand.New(rand.NewPCG(1, 1))
	var seconds []int64
	for at := 0; at < len(whole); {
		n := min(1+rng.IntN(300), len(whole)-at)
		if _, err := f.Write(whole[at : at+n]); err != nil {
			t.Fatal(err)
		}
		at += n
		if err := tail.Each(func(l ToolLine) error {
			if l.Second != nil {
				seconds = append(seconds, l.Second.T)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if whole := int64(strings.LastIndexByte(string(whole[:at]), '\n') + 1); tail.Offset() != whole {
			t.Fatalf("offset %d after %d bytes, want %d", tail.Offset(), at, whole)
		}
	}
	if len(seconds) != 50 || !slices.IsSorted(seconds) {
		t.Errorf("read the seconds %v", seconds)
	}
	if _, err := tail.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
}

func TestAnErrorOfTheCallerEndsEach(t *testing.T) {
	w, path := create(t)
	declare(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := openTail(t, path).Each(func(ToolLine) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

const preamble = `{"header":{"format":1,"mapping":{"kind":"cubic","gamma":1.02,"offset":0}}}
{"metric":{"id":0,"name":"n","kind":"counter"}}
{"metric":{"id":1,"name":"g","kind":"gauge"}}
{"metric":{"id":2,"name":"t","kind":"trend"}}
{"series":{"id":0,"metric":0}}
{"series":{"id":1,"metric":1}}
{"series":{"id":2,"metric":2}}
`

func TestACorruptLineSaysWhereItIs(t *testing.T) {
	for name, line := range map[string]string{
		"no JSON":                  `{"second":{"t":1,"b":[[0,`,
		"zeros of a lost block":    strings.Repeat("\x00", 100),
		"two lines in one":         `{"second":{"t":1,"b":[]}}{"second":{"t":2,"b":[]}}`,
		"unknown series":           `{"second":{"t":1,"b":[[7,1,1]]}}`,
		"unknown metric":           `{"series":{"id":9,"metric":9}}`,
		"too few fields":           `{"second":{"t":1,"b":[[0,1]]}}`,
		"too many fields":          `{"second":{"t":1,"b":[[0,1,1,1]]}}`,
		"gauge as counter":         `{"second":{"t":1,"b":[[1,1,1]]}}`,
		"text for a number":        `{"second":{"t":1,"b":[[0,1,"1"]]}}`,
		"null for a number":        `{"second":{"t":1,"b":[[0,null,1]]}}`,
		"fraction for a count":     `{"second":{"t":1,"b":[[0,1.5,1]]}}`,
		"fraction for a series":    `{"second":{"t":1,"b":[[0.5,1,1]]}}`,
		"a second header":          `{"header":{"format":1,"mapping":{"kind":"cubic","gamma":1.02,"offset":0}}}`,
		"no base64":                `{"second":{"t":1,"b":[[2,1,1,1,1,"%%%"]]}}`,
		"sketch cut short":         `{"second":{"t":1,"b":[[2,1,1,1,1,"CQUB"]]}}`, // five indexes, one there
		"sketch of unknown parts":  `{"second":{"t":1,"b":[[2,1,1,1,1,"/w"]]}}`,
		"sketch with a far bin":    `{"second":{"t":1,"b":[[2,1,1,1,1,"CQH//////////38"]]}}`,
		"sketch with a number":     `{"second":{"t":1,"b":[[2,1,1,1,1,5]]}}`,
		"sketch with its mapping":  `{"second":{"t":1,"b":[[2,1,1,1,1,"Ag"]]}}`,
		"sketch without a count":   `{"second":{"t":1,"b":[[2,1,1,1,1,"BA"]]}}`,
		"sketch of unknown coding": `{"second":{"t":1,"b":[[2,1,1,1,1,"PQEB"]]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), ToolFile)
			if err := os.WriteFile(path, []byte(preamble+line+"\n{\"second\":{\"t\":2,\"b\":[]}}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(t, path)
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) {
				t.Fatalf("got %v, want a CorruptError", err)
			}
			if corrupt.Offset != int64(len(preamble)) || corrupt.Path != path {
				t.Errorf("it says byte %d of %s, want byte %d of %s", corrupt.Offset, corrupt.Path, len(preamble), path)
			}
			if len(got) != 7 {
				t.Errorf("%d lines before it, want 7", len(got))
			}
		})
	}
}

func TestARecordBeginsWithAGoodHeader(t *testing.T) {
	for name, line := range map[string]string{
		"second": `{"second":{"t":1,"b":[]}}`, "metric": `{"metric":{"id":0,"name":"n","kind":"counter"}}`,
		"load": `{"load":{"t":1}}`, "note": `{"note":{"t":1}}`, "end": `{"end":{"t":1}}`, "unknown": `{"weather":{"t":1}}`,
		"bad mapping":  `{"header":{"format":1,"mapping":{"kind":"quartic","gamma":1.02}}}`,
		"gamma of one": `{"header":{"format":1,"mapping":{"kind":"log","gamma":1}}}`,
	} {
		path := filepath.Join(t.TempDir(), ToolFile)
		if err := os.WriteFile(path, []byte(line+"\n"+preamble), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(t, path)
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) || corrupt.Offset != 0 || len(got) != 0 {
			t.Errorf("%s: %d lines and %v, want a CorruptError at byte 0", name, len(got), err)
		}
	}
}

func TestALineOfAKindNotKnownYetIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), ToolFile)
	if err := os.WriteFile(path, []byte(preamble+"\n\r\n{\"weather\":{\"t\":1}}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, path)
	if err != nil || len(got) != 8 || got[7] != (ToolLine{}) {
		t.Errorf("got %v and %d lines", err, len(got))
	}
}

func TestANewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	tool, run := filepath.Join(dir, ToolFile), filepath.Join(dir, RunFile)
	if err := os.WriteFile(tool, []byte(`{"header":{"format":2,"mapping":{"kind":"unheard of"}}}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(run, []byte(`{"start":{"format":3}}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var version *VersionError
	if _, err := readAll(t, tool); !errors.As(err, &version) || version.Have != 2 {
		t.Errorf("got %v, want a VersionError of 2", err)
	}
	if _, err := ReadRun(run); !errors.As(err, &version) || version.Have != 3 {
		t.Errorf("got %v, want a VersionError of 3", err)
	}
}

// Seconds have a reader of their own, for speed. It must understand what encoding/json does, or leave it alone.
func TestSecondsReadFastAreTheSameAsReadByJSON(t *testing.T) {
	d := newDecoder()
	for _, line := range strings.Split(strings.TrimSpace(preamble), "\n") {
		if _, err := d.decode([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	whole := appendSecond(nil, &Second{T: -12, Buckets: []Bucket{
		{Series: 0, Kind: Counter, N: 5, Sum: 0.25},
		{Series: 1, Kind: Gauge, N: 1, Last: -1e300, Min: -1e300, Max: 5e-324},
		{Series: 2, Kind: Trend, N: 3, Sum: 6, Min: 1, Max: 3, Sketch: sketchOf(t, 1, 2, 3)},
		{Series: 2, Kind: Trend},
	}})
	if _, ok := d.scanSecond(whole); !ok {
		t.Fatalf("a Writer's line was not read fast: %s", whole)
	}
	if s, ok := d.scanSecond([]byte(`{"second":{"t":7,"b":[]}}`)); !ok || s.T != 7 || len(s.Buckets) != 0 {
		t.Error("an empty second was not read fast")
	}
	rng := rand.New(rand.NewPCG(3, 3))
	both := 0
	for i := range 20_000 {
		line := slices.Clone(whole)
		switch i % 4 {
		case 1:
			line[rng.IntN(len(line))] = "0123456789-+.eE,[]{}\"\\ tnull"[rng.IntN(28)]
		case 2:
			line = line[:rng.IntN(len(line))]
		case 3:
			at := rng.IntN(len(line))
			line = slices.Delete(line, at, min(at+rng.IntN(4), len(line)))
		}
		fast, ok := d.scanSecond(line)
		slow, err := d.decodeJSON(line)
		if !ok || err != nil {
			continue
		}
		both++
		if !reflect.DeepEqual(fast, slow.Second) {
			t.Fatalf("%s\nreads as %+v and as %+v", line, fast, slow.Second)
		}
	}
	if both < 6000 {
		t.Errorf("only %d lines were read by both", both)
	}
}
