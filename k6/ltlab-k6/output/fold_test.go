package output

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sirupsen/logrus"
	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

func TestTagValuesAboveTheBoundFold(t *testing.T) {
	r := newRig(t, plan{})
	n, m := r.metric("hits", metrics.Counter), r.metric("more", metrics.Counter)
	for i := range maxTagValues + 100 {
		for _, metric := range []*metrics.Metric{n, m} {
			r.emit(metric, 0, 1, "name", fmt.Sprint("page ", i), "scenario", "s")
		}
	}
	r.emit(n, 0, 1, "name", "page 7", "scenario", "s") // was let in and stays
	p := r.endAt(sec, nil)
	p.wantLedger(1201, record.Ledger{Recorded: 1201, Folded: 200})
	if got := len(p.tagSets("hits")); got != maxTagValues+1 {
		t.Errorf("%d series of n, want %d", got, maxTagValues+1)
	}
	if b := p.total("hits", map[string]string{"name": record.Other, "scenario": "s"}); b.N != 100 {
		t.Errorf("(other) has %+v", b)
	}
	if b := p.total("hits", map[string]string{"name": "page 7"}); b.N != 2 {
		t.Errorf("page 7 has %+v", b)
	}
	if len(p.notes) != 1 || p.notes[0].ID != "series-folded" || !strings.Contains(p.notes[0].Text, `"name"`) {
		t.Errorf("notes %+v", p.notes)
	}
	if warned := r.logged(logrus.WarnLevel); len(warned) != 1 || warned[0] != p.notes[0].Text {
		t.Errorf("warnings %q", warned)
	}
}

func TestTheRunsSeriesAreBounded(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	values := func(key string, n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprint(key, i))
		}
		return out
	}
	var emitted int64
	for _, a := range values("a", 100) { // 100 * 100 sets of tags, each of few values
		for _, b := range values("b", 100) {
			r.emit(n, 0, 1, "a", a, "b", b, "status", "200", "scenario", "s")
			emitted++
		}
	}
	for _, status := range values("", 400) { // 400 * 10 that remain with only these two tags
		for _, scenario := range values("s", 10) {
			r.emit(n, 0, 1, "a", "a1", "b", "new", "status", status, "scenario", scenario)
			emitted++
		}
	}
	r.emit(n, 0, 1, "a", "a0", "b", "b0", "status", "200", "scenario", "s") // known from the beginning
	p := r.endAt(sec, nil)
	if got, most := len(p.series), maxSeries+maxCoarse+1; got != most {
		t.Errorf("%d series, want %d", got, most)
	}
	p.wantLedger(emitted+1, record.Ledger{Recorded: emitted + 1, Folded: emitted - maxSeries})
	if b := p.total("hits", map[string]string{"a": "a0", "b": "b0"}); b.N != 2 {
		t.Errorf("a known series was folded: %+v", b)
	}
	if b := p.total("hits", map[string]string{"a": record.Other, "status": "200", "scenario": "s"}); b.N != 5000 {
		t.Errorf("the first 5,000 folded are in %+v", b)
	}
	if b := p.total("hits", map[string]string{"name": record.Other, "scenario": record.Other}); b.N != 4000-(maxCoarse-1) {
		t.Errorf("those folded whole are in %+v", b)
	}
	if len(p.notes) != 2 || len(r.logged(logrus.WarnLevel)) != 1 {
		t.Errorf("notes %+v, warnings %q", p.notes, r.logged(logrus.WarnLevel))
	}
}

func TestTagKeysAreBounded(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	for i := range maxTagKeys + 50 {
		r.emit(n, 0, 1, fmt.Sprint("key", i), "x")
	}
	p := r.endAt(sec, nil)
	p.wantLedger(150, record.Ledger{Recorded: 150, Folded: 50})
	if got := len(p.series); got != maxTagKeys+1 {
		t.Errorf("%d series, want %d", got, maxTagKeys+1)
	}
}

func TestEndlessTagSetsDoNotFillTheCache(t *testing.T) {
	r := newRig(t, plan{})
	n := r.metric("http_reqs", metrics.Counter)
	const urls = 100_000
	for i := range urls {
		url := fmt.Sprintf("http://127.0.0.1/item/%d", i)
		r.emit(n, 0, 1, "url", url, "name", url, "status", "200")
	}
	r.flush()
	if got := len(r.recorder.catalog.cache); got > maxCached {
		t.Errorf("%d tag sets are cached, want at most %d", got, maxCached)
	}
	p := r.endAt(sec, nil)
	p.wantLedger(urls, record.Ledger{Recorded: urls, Folded: urls - maxTagValues})
}

func TestMetricsOfOneTagSetMayBeMany(t *testing.T) {
	r := newRig(t, plan{})
	for range 2 {
		for i := range 3 * maxScanned {
			r.emit(r.metric(fmt.Sprint("metric", i), metrics.Counter), 0, 1, "a", "b")
		}
	}
	r.flush()
	if got := len(r.recorder.catalog.tagset(r.tags("a", "b")).seen); got != 3*maxScanned {
		t.Errorf("the tag set was seen with %d metrics, want %d", got, 3*maxScanned)
	}
	p := r.endAt(sec, nil)
	if got := len(p.series); got != 3*maxScanned {
		t.Errorf("%d series, want %d", got, 3*maxScanned)
	}
	if b := p.total("metric40", nil); b.N != 2 {
		t.Errorf("metric40 has %+v", b)
	}
}

func TestStrangeTagValuesSurvive(t *testing.T) {
	long := strings.Repeat("é", 32<<10)
	values := []string{
		`say "hi" \ there`, "two\nlines", "smile \U0001F600", "<b>bold</b> & more", "tab\tnul\x00bell\x07",
		long + "1", long + "2", "\xff\xfe broken",
	}
	r := newRig(t, plan{})
	n := r.metric("hits", metrics.Counter)
	for _, v := range values {
		r.emit(n, 0, 1, "name", v)
	}
	p := r.endAt(sec, nil)
	got := p.tagSets("hits")
	if len(got) != len(values) {
		t.Fatalf("%d series of %d values", len(got), len(values))
	}
	seen := map[string]bool{}
	for i, tags := range got {
		name := tags["name"]
		seen[name] = true
		if short := len(values[i]) <= maxTagBytes && utf8.ValidString(values[i]); short && name != values[i] {
			t.Errorf("%q became %q", values[i], name)
		}
		if len(name) > maxTagBytes || !utf8.ValidString(name) {
			t.Errorf("value of %d bytes, valid: %v", len(name), utf8.ValidString(name))
		}
	}
	if len(seen) != len(values) {
		t.Error("distinct values became one")
	}
}
