package record

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func openTail(t *testing.T, path string) *Tail {
	t.Helper()
	tail, err := OpenTail(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tail.Close() })
	return tail
}

func readAll(t *testing.T, path string) ([]ToolLine, error) {
	t.Helper()
	var out []ToolLine
	err := openTail(t, path).Each(func(l ToolLine) error {
		out = append(out, l)
		return nil
	})
	return out, err
}

// declare writes a header, one metric of each kind and one series of each.
func declare(w *Writer) {
	w.Header(Header{Format: Format, Run: "r", Tool: "k6", ToolVersion: "v2", Mapping: DefaultMapping(), Period: 1})
	for i, k := range []Kind{Counter, Rate, Gauge, Trend} {
		w.Metric(Metric{ID: i, Name: string(k), Kind: k})
		w.Series(Series{ID: i, Metric: i, Tags: map[string]string{"name": string(k)}})
	}
}

func create(t *testing.T) (*Writer, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ToolFile)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return w, path
}

func TestARecordReadsBackAsItWasWritten(t *testing.T) {
	w, path := create(t)
	five, code := 5.0, 99
	emitted := int64(12)
	want := []ToolLine{
		{Header: &Header{Format: Format, Run: "r1", Tool: "k6", ToolVersion: "v2.1.0", Mapping: DefaultMapping(),
			Start: time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC), Period: 1}},
		{Metric: &Metric{ID: 1, Name: "http_req_duration", Kind: Trend, Unit: "ms"}},
		{Series: &Series{ID: 1, Metric: 1, Tags: map[string]string{"name": "a \"quoted\"\nline \x00 🚀 <b>", "status": strings.Repeat("x", 64<<10)}}},
		{Load: &Load{T: 3, AskedVUs: &five, VUs: 4, Iterations: 7, Dropped: 1}},
		{Clock: &Clock{T: 4, StepMS: -1500.25}},
		{Note: &Note{T: 5, ID: "series-folded", Text: "too many names"}},
		{End: &End{T: 6.25, Exit: &code, Error: "thresholds", Thresholds: []Threshold{{Metric: "m{a:b}", Expression: "p(95)<1", OK: false, Evaluated: true}},
			Ledger: Ledger{Emitted: &emitted, Recorded: 10, Late: 1, Folded: 2, Lost: map[string]int64{"disk-full": 2}}}},
	}
	w.Header(*want[0].Header)
	w.Metric(*want[1].Metric)
	w.Series(*want[2].Series)
	w.Load(*want[3].Load)
	w.Clock(*want[4].Clock)
	w.Note(*want[5].Note)
	w.End(*want[6].End)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if l := got[6].End.Ledger; l.Balanced() || l.LostTotal() != 2 {
		t.Error("a ledger with two lost samples is balanced")
	}
}

func TestBucketsReadBackAsTheyWereWritten(t *testing.T) {
	values := []float64{0.000123456789012345, 1.5, -7, 0, 1e308, -1e308, 12345.6789}
	sketch := sketchOf(t, values...)
	for name, want := range map[string]Bucket{
		"counter":          {Series: 0, Kind: Counter, N: 3, Sum: 1234567},
		"counter huge":     {Series: 0, Kind: Counter, N: math.MaxInt64, Sum: 1e308},
		"counter fraction": {Series: 0, Kind: Counter, N: 1, Sum: 0.1},
		"rate":             {Series: 1, Kind: Rate, N: 10, Sum: 7},
		"gauge":            {Series: 2, Kind: Gauge, N: 2, Last: -1.25, Min: -1.25, Max: 1e15},
		"gauge odd":        {Series: 2, Kind: Gauge, N: 1, Last: 0.1234567890123456, Min: 5e-324, Max: math.MaxFloat64},
		"trend":            {Series: 3, Kind: Trend, N: 7, Sum: 12339.6790234568, Min: -1e308, Max: 1e308, Sketch: sketch},
		"trend empty":      {Series: 3, Kind: Trend},
	} {
		t.Run(name, func(t *testing.T) {
			w, path := create(t)
			declare(w)
			if !w.Second(42, []Bucket{want}) {
				t.Fatal("the second was given up")
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			lines, err := readAll(t, path)
			if err != nil {
				t.Fatal(err)
			}
			second := lines[len(lines)-1].Second
			if second == nil || second.T != 42 || len(second.Buckets) != 1 {
				t.Fatalf("got %+v", lines[len(lines)-1])
			}
			got := second.Buckets[0]
			if want.Sketch != nil {
				if got.Sketch.GetCount() != 7 {
					t.Errorf("the sketch holds %v values, want 7", got.Sketch.GetCount())
				}
				for _, q := range []float64{0, 0.2, 0.5, 0.8, 1} {
					v := Quantile(got.Sketch, q, got.Min, got.Max)
					if !within(v, exact(values, q), Accuracy) {
						t.Errorf("quantile %v is %v, want %v", q, v, exact(values, q))
					}
				}
			}
			got.Sketch, want.Sketch = nil, nil
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestBucketsOfNoSecondReadBackAsThat(t *testing.T) {
	w, path := create(t)
	declare(w)
	w.Second(10, counts(5))
	w.Unplaced(31, counts(2))
	n := int64(7)
	w.End(End{Load: &Interval{From: 0.25, To: 30}, Ledger: Ledger{Emitted: &n, Recorded: 7, Unplaced: 2}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := readAll(t, path)
	if err != nil {
		t.Fatal(err)
	}
	placed, unplaced, end := lines[len(lines)-3].Second, lines[len(lines)-2].Second, lines[len(lines)-1].End
	if placed.Unplaced || !unplaced.Unplaced || unplaced.T != 31 || unplaced.Buckets[0] != counts(2)[0] {
		t.Errorf("got %+v and %+v", placed, unplaced)
	}
	if *end.Load != (Interval{0.25, 30}) || end.Ledger.Unplaced != 2 || !end.Ledger.Balanced() {
		t.Errorf("got %+v", end)
	}
}

func TestSumsKeepFifteenDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0.1 + 0.2:             ",0.3",
		1234567890.12345678:   ",1234567890.12346",
		-1.0 / 3:              ",-0.333333333333333",
		999999999999999:       ",999999999999999",
		1e15:                  ",1e+15",
		1<<53 - 1:             ",9.007199254740991e+15",
		123456789012345680000: ",1.2345678901234568e+20",
		1e308:                 ",1e+308",
		-math.MaxFloat64:      ",-1.7976931348623157e+308",
		math.Inf(1):           ",1.7976931348623157e+308",
		math.Inf(-1):          ",-1.7976931348623157e+308",
		math.NaN():            ",0",
		math.Copysign(0, -1):  ",0",
	} {
		got := string(appendSum(nil, v))
		var back float64
		if _, err := fmt.Sscan(got[1:], &back); err != nil {
			t.Errorf("%v is written as %q: %v", v, got, err)
		}
		if got != want {
			t.Errorf("%v is written as %q, want %q", v, got, want)
		}
	}
	for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		var back float64
		if _, err := fmt.Sscan(string(appendValue(nil, v))[1:], &back); err != nil || math.IsNaN(back) || math.IsInf(back, 0) {
			t.Errorf("%v is written as %q, which is no JSON number", v, appendValue(nil, v))
		}
	}
}

func TestARecordIsNeverSharedByTwoRuns(t *testing.T) {
	_, path := create(t)
	if _, err := Create(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v, want os.ErrExist", err)
	}
	run := filepath.Join(t.TempDir(), RunFile)
	for _, want := range []error{nil, os.ErrExist} {
		if _, err := CreateRun(run); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}
