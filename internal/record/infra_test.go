package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAUseIsShortAndComesBackAsItWas(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		use  Use
		text string
		back Use
	}{
		{Use{1, 0.1234567, 1048576.4, 12.6, 0}, `[1,0.123,1048576,13,0]`, Use{1, 0.123, 1048576, 13, 0}},
		{Use{2, nan, 5, nan, nan}, `[2,null,5]`, Use{2, nan, 5, nan, nan}},
		{Use{3, nan, nan, nan, math.Inf(1)}, `[3]`, Use{3, nan, nan, nan, nan}},
		{Use{4, 64, 1 << 40, 1.25e10, 3}, `[4,64,1099511627776,12500000000,3]`, Use{4, 64, 1 << 40, 1.25e10, 3}},
	} {
		b, err := json.Marshal(c.use)
		if err != nil || string(b) != c.text {
			t.Errorf("%+v is written %s (%v), want %s", c.use, b, err, c.text)
		}
		var back Use
		if err := json.Unmarshal(b, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(c.back) {
			t.Errorf("%s is read as %+v (%v), want %+v", b, back, err, c.back)
		}
	}
	for _, text := range []string{`[]`, `[null,1]`, `{}`, `["a"]`} {
		if err := json.Unmarshal([]byte(text), &Use{}); err == nil {
			t.Errorf("%s is read without an error", text)
		}
	}
}

// logOf writes a run.ndjson of so many seconds and sources.
func logOf(t testing.TB, path string, seconds, sources int) {
	t.Helper()
	w, err := CreateRun(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	write := func(l RunLine) {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	write(RunLine{Start: &RunStart{Format: Format, Run: "r1", Tool: "k6", Time: time.Unix(1, 0)}})
	for i := range sources {
		write(RunLine{Source: &Source{ID: i + 1, Name: fmt.Sprint("s", i+1), Kind: ContainerSource, CPUs: 2}})
	}
	for s := range seconds {
		line := &Infra{T: int64(s + 1)}
		for i := range sources {
			line.Uses = append(line.Uses, Use{i + 1, 0.123 * float64(i), 123456789 + float64(s), 54321, 98765})
		}
		write(RunLine{Infra: line})
	}
	write(RunLine{End: &RunEnd{Exit: 99}})
}

func TestATailOfTheRunGoesOnWhereItWas(t *testing.T) {
	whole := filepath.Join(t.TempDir(), RunFile)
	logOf(t, whole, 3, 2)
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), RunFile)
	grow, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer grow.Close()
	tail, err := OpenRunTail(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	var run Run
	var seconds []int64
	for len(content) > 0 { // byte by byte, so every line comes in parts
		if _, err := grow.Write(content[:1]); err != nil {
			t.Fatal(err)
		}
		content = content[1:]
		if err := tail.Each(func(l RunLine) {
			run.Take(l)
			if l.Infra != nil {
				seconds = append(seconds, l.Infra.T)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if run.Start == nil || len(run.Sources) != 2 || run.End == nil || run.End.Exit != 99 || fmt.Sprint(seconds) != "[1 2 3]" {
		t.Errorf("read %+v with seconds %v", run, seconds)
	}
	if _, err := tail.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestTheListOfRunsDoesNotReadEachSecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), RunFile)
	logOf(t, path, 50, 8)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(content, []byte(`{"infra":{"t":7,`), []byte(`{"infra":{"t":x,`))
	if bytes.Equal(damaged, content) {
		t.Fatal("nothing was damaged")
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if run, err := ReadRun(path); err != nil || run.End == nil || len(run.Sources) != 8 {
		t.Errorf("read %+v, %v", run, err)
	}
	tail, err := OpenRunTail(path)
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	var corrupt *CorruptError
	if err := tail.Each(func(RunLine) {}); !errors.As(err, &corrupt) || !strings.Contains(string(content[corrupt.Offset:corrupt.Offset+20]), `"t":7`) {
		t.Errorf("who reads each second: %v", err)
	}
}

func TestASourceIsReplacedByItsLaterDeclaration(t *testing.T) {
	var run Run
	for _, s := range []Source{{ID: 1, Name: "a", CPUs: 1}, {ID: 2, Name: "b"}, {ID: 1, Name: "a", CPUs: 4}} {
		run.Take(RunLine{Source: &s})
	}
	if len(run.Sources) != 2 || run.Sources[0].CPUs != 4 {
		t.Errorf("sources %+v", run.Sources)
	}
}

// slow is a file whose writes let others go first.
type slow struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (s *slow) Write(b []byte) (int, error) {
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	defer runtime.Gosched()
	return s.content.Write(b)
}

func (s *slow) Close() error { return nil }

func TestLinesOfManyWritersAreWhole(t *testing.T) {
	file := &slow{}
	w := &RunWriter{f: file}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				if err := w.Write(RunLine{Infra: &Infra{T: int64(i*50 + j), Uses: []Use{{Source: 1}}}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	seen := map[int64]bool{}
	for line := range bytes.Lines(file.content.Bytes()) {
		var l RunLine
		if err := json.Unmarshal(line, &l); err != nil || seen[l.Infra.T] {
			t.Fatalf("line %q comes twice or is none: %v", line, err)
		}
		seen[l.Infra.T] = true
	}
	if len(seen) != 400 {
		t.Errorf("%d lines", len(seen))
	}
}

func TestAnImportLooksAtEachSecond(t *testing.T) {
	runs := Runs(t.TempDir())
	folder, err := runs.Create("r1")
	if err != nil {
		t.Fatal(err)
	}
	logOf(t, folder.Run(), 10, 8)
	var good, bad bytes.Buffer
	if err := Export(folder, &good); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(folder.Run())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Run(), bytes.ReplaceAll(content, []byte(`"t":7,`), []byte(`"t":x,`)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Export(folder, &bad); err != nil {
		t.Fatal(err)
	}
	other := Runs(t.TempDir())
	var corrupt *CorruptError
	if _, err := other.Import(&bad); !errors.As(err, &corrupt) {
		t.Errorf("import of a damaged second: %v", err)
	}
	imported, err := other.Import(&good)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(imported.Run()); err != nil || !bytes.Equal(got, content) {
		t.Errorf("it came back as something else (%v)", err)
	}
}

// An hour of samples of eight sources, as a long run beside a lab has them.
func BenchmarkRunOfAnHour(b *testing.B) {
	path := filepath.Join(b.TempDir(), RunFile)
	logOf(b, path, 3600, 8)
	st, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("list", func(b *testing.B) {
		for b.Loop() {
			if _, err := ReadRun(path); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if _, err := readWhole(path); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(st.Size()), "bytes")
	})
}

func TestSecondsAreScannedAsJSONReadsThem(t *testing.T) {
	for _, text := range []string{
		`{"infra":{"t":3,"s":[[1,0.5,100,7,8],[2,null,5],[3],[4,1e-7,null,null,2]]}}`,
		`{"infra":{"t":3,"s":[]}}`,
		`{"infra":{"t":-3,"s":[[1,-0.5]]}}`,
	} {
		var want RunLine
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got, ok := scanInfra([]byte(text))
		if !ok || fmt.Sprint(*got) != fmt.Sprint(*want.Infra) {
			t.Errorf("%s is scanned as %+v (%v), want %+v", text, got, ok, *want.Infra)
		}
	}
	for _, text := range []string{
		`{"infra":{"t":3,"s":[[1,0.5]]}`, `{"infra":{"t":3,"s":[[1,0.5],]}}`, `{"infra":{"t":3,"s":[[1,NaN]]}}`, `{"infra":{"t":3,"s":[[]]}}`,
		`{"infra":{"t":3,"s":[[1,0.5]]}} `, `{"infra":{"t":3,"s":[[1,0.5`, `{"infra":{"t":3,"s":[[1,]]}}`, `{"infra":{"t":x,"s":[[1]]}}`, `{"infra":{"t":`,
	} {
		line := []byte(text)
		if got, ok := scanInfra(line); ok {
			t.Errorf("%s is scanned as %+v", text, got)
		}
		if string(line) != text {
			t.Errorf("%s became %s", text, line)
		}
	}
}
