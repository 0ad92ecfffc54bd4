package rows_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

func TestStatusesBeyondTheLimitAreCountedTogether(t *testing.T) {
	w := newWorld(t, "k6", 1)
	reqs := w.metric("http_reqs", record.Counter, "")
	var samples []sample
	for i := range rows.StatusLimit + 7 {
		samples = append(samples, sample{w.add(reqs, map[string]string{"status": strconv.Itoa(100 + i), "name": "a"}), 0, 1})
	}
	w.second(0, samples)
	of := map[string]int64{}
	for _, r := range w.build() {
		if r.Rollup == rows.ByStatus && r.Window == rows.Run {
			of[r.Tags["status"]] = r.Count
		}
	}
	if len(of) != rows.StatusLimit+1 || of[record.Other] != 7 || of["100"] != 1 {
		t.Errorf("%d statuses, %d samples of others", len(of), of[record.Other])
	}
}

func TestProgressHasWhatChangedAndNothingElse(t *testing.T) {
	w := newWorld(t, "k6", 1)
	reqs, users := w.metric("http_reqs", record.Counter, ""), w.metric("vus", record.Gauge, "")
	ok, failed := w.add(reqs, map[string]string{"status": "200", "name": "a"}), w.add(reqs, map[string]string{"status": "500", "name": "b"})
	level := w.add(users, nil)
	w.second(0, []sample{{ok, 0, 1}, {failed, 0, 1}, {level, 0, 5}})
	w.second(1, []sample{{failed, 1, 1}})
	w.second(2, []sample{{level, 2, 9}})
	b := rows.NewBuilder()
	var got []string
	for _, l := range w.lines {
		if _, err := b.Apply(l); err != nil {
			t.Fatal(err)
		}
		if l.Second != nil {
			var all []string
			for _, r := range b.Progress() {
				all = append(all, fmt.Sprintf("%s %s%v %d/%g", r.Metric, r.Rollup, r.Tags, r.Count, r.Last))
			}
			slices.Sort(all)
			got = append(got, strings.Join(all, "\n"))
		}
	}
	want := []string{
		"http_reqs namemap[name:a] 1/0\nhttp_reqs namemap[name:b] 1/0\nhttp_reqs runmap[] 2/0\nhttp_reqs statusmap[status:200] 1/0\nhttp_reqs statusmap[status:500] 1/0\n" +
			"http_reqs wholemap[name:a status:200] 1/0\nhttp_reqs wholemap[name:b status:500] 1/0\nvus runmap[] 1/5",
		"http_reqs namemap[name:b] 2/0\nhttp_reqs runmap[] 3/0\nhttp_reqs statusmap[status:500] 2/0\nhttp_reqs wholemap[name:b status:500] 2/0",
		"vus runmap[] 2/9",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n\n"), strings.Join(want, "\n\n"))
	}
	if more := b.Progress(); len(more) > 0 {
		t.Errorf("nothing has changed: %v", more)
	}
}

func benchmarkProgress(b *testing.B, n int) {
	declare, second := wide(n)
	builder := rows.NewBuilder()
	for _, l := range declare {
		if _, err := builder.Apply(l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		if _, err := builder.Apply(record.ToolLine{Second: &second}); err != nil {
			b.Fatal(err)
		}
		second.T++
		b.StartTimer()
		b.ReportMetric(float64(len(builder.Progress())), "rows/op")
		builder.Spectra()
	}
}

// What is asked every few seconds of a run that goes on: its rows so far, and its spectra.
func BenchmarkProgress160Series(b *testing.B) { benchmarkProgress(b, 160) }

func BenchmarkProgress5000Series(b *testing.B) { benchmarkProgress(b, 5000) }
