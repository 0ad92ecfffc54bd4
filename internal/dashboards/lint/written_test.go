package lint

import (
	"bufio"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/record/recordtest"
)

// database takes writes as InfluxDB does and keeps the lines by bucket.
func database(t *testing.T) (target influx.Target, got func(bucket string) []string) {
	t.Helper()
	var mu sync.Mutex
	lines := map[string][]string{}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		mu.Lock()
		defer mu.Unlock()
		for in := bufio.NewScanner(body); in.Scan(); {
			lines[r.URL.Query().Get("bucket")] = append(lines[r.URL.Query().Get("bucket")], in.Text())
		}
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() { _ = s.Serve(l) }() // ends with ErrServerClosed
	t.Cleanup(func() { _ = s.Close() })
	return influx.Target{URL: "http://" + l.Addr().String(), Org: "o", Token: "t", Bucket: world.Short, Bucket1M: world.Long}, func(bucket string) []string {
		mu.Lock()
		defer mu.Unlock()
		return lines[bucket]
	}
}

// point is a line of the line protocol.
func point(t *testing.T, line string) (measurement string, tags map[string]string, fields []string) {
	t.Helper()
	cut := func(s string, at byte) []string {
		var out []string
		from, quoted := 0, false
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '\\':
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == at && !quoted:
				out, from = append(out, s[from:i]), i+1
			}
		}
		return append(out, s[from:])
	}
	parts := cut(line, ' ')
	if len(parts) != 3 {
		t.Fatalf("a line of %d parts: %s", len(parts), line)
	}
	keys := cut(parts[0], ',')
	tags = map[string]string{}
	for _, tag := range keys[1:] {
		kv := cut(tag, '=')
		tags[kv[0]] = strings.ReplaceAll(kv[1], `\`, "")
	}
	for _, f := range cut(parts[1], ',') {
		fields = append(fields, cut(f, '=')[0])
	}
	return keys[0], tags, fields
}

// k6 writes a record as k6's output does.
func k6(t *testing.T) record.Folder {
	t.Helper()
	folder, err := record.Runs(t.TempDir()).Create("the-run")
	if err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(folder.Tool())
	if err != nil {
		t.Fatal(err)
	}
	start := time.UnixMilli(1_700_000_000_000)
	w.Header(record.Header{Format: record.Format, Run: "the-run", Project: "shop", Tool: "k6", ToolVersion: "v2", Mapping: record.DefaultMapping(), Start: start, Period: 1})
	index, err := record.DefaultMapping().Index()
	if err != nil {
		t.Fatal(err)
	}
	for id, m := range []record.Metric{{Name: "http_reqs", Kind: record.Counter}, {Name: "http_req_duration", Kind: record.Trend, Unit: "ms"}, {Name: "vus", Kind: record.Gauge}, {Name: "checks", Kind: record.Rate}} {
		m.ID = id
		w.Metric(m)
		w.Series(record.Series{ID: id, Metric: id, Tags: map[string]string{"scenario": "s", "name": "/cart", "status": "200", "tenant": "a"}})
	}
	for _, at := range []int64{0, 1, 130} {
		s := record.NewSketch(index)
		if err := s.Add(5); err != nil {
			t.Fatal(err)
		}
		w.Second(at, []record.Bucket{{Series: 0, Kind: record.Counter, N: 1, Sum: 1}, {Series: 1, Kind: record.Trend, N: 1, Sum: 5, Min: 5, Max: 5, Sketch: s},
			{Series: 2, Kind: record.Gauge, N: 1, Last: 1, Min: 1, Max: 1}, {Series: 3, Kind: record.Rate, N: 1, Sum: 1}})
		vus := 1.0
		w.Load(record.Load{T: at, AskedVUs: &vus, AskedPeak: &vus, VUs: 1})
	}
	n := int64(12)
	w.End(record.End{T: 131, Ledger: record.Ledger{Emitted: &n, Recorded: n}})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestLintKnowsWhatTheLabWrites sends records as runs are sent, and looks up every field of every line.
func TestLintKnowsWhatTheLabWrites(t *testing.T) {
	a := recordtest.NewArtillery(t, record.Runs(t.TempDir()), "artillery-run")
	for range 8 {
		a.Period()
	}
	a.Unplaced()
	a.Finish()
	seen := map[string]bool{}
	for _, folder := range []record.Folder{k6(t), a.Folder} {
		target, got := database(t)
		if sink, err := influx.Send(t.Context(), folder, target, 0, nil); err != nil || !sink.Whole() {
			t.Fatalf("%v: %+v", err, sink)
		}
		for _, bucket := range []string{world.Short, world.Long} {
			if len(got(bucket)) < 20 {
				t.Fatalf("%s got %d lines", bucket, len(got(bucket)))
			}
			for _, line := range got(bucket) {
				m, tags, fields := point(t, line)
				for _, f := range fields {
					c := &check{World: &World{Short: world.Short, Long: world.Long, shapes: all()}}
					if !c.writes(bucket, m, f, tags) {
						t.Errorf("%s: field %s is not known of\n%s", bucket, f, line)
					}
				}
				seen[bucket+" "+m+" "+tags["rollup"]+" "+tags["window"]] = true
			}
		}
	}
	for _, s := range written() { // and nothing is known that is not written
		if !slices.Contains([]string{"http_reqs", "http_req_duration", "http.requests", "http.response_time", "run_info", "run_load", "run_heat", "run_quantiles", "run_events", "ltlab_ledger"}, s.measurement) || s.raw {
			continue
		}
		for bucket, there := range map[string]bool{world.Short: s.short, world.Long: s.long} {
			r, w := first(s.tags["rollup"]), first(s.tags["window"])
			if named := r == "scenario" || r == "name" || r == "status"; named && strings.ContainsRune(s.measurement, '.') || strings.HasPrefix(s.measurement, "run_") && w != "" {
				continue // of Artillery's those have no such tag here
			}
			if key := bucket + " " + s.measurement + " " + r + " " + w; there && !seen[key] && r != "whole" && (r != "series" || w != "run") {
				t.Errorf("nobody writes %s", key)
			}
		}
	}
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// writes says whether a point is one of the shapes.
func (c *check) writes(bucket, measurement, field string, tags map[string]string) bool {
	r := &read{bucket: bucket, asked: map[string][]string{"_field": {field}}}
	ask := func(key, value string) {
		r.filters = append(r.filters, func(v func(string) values) truth { return v(key).has(value) })
	}
	ask("_measurement", measurement)
	ask("_field", field)
	for key, value := range tags {
		ask(key, value)
	}
	return slices.ContainsFunc(c.found(r), func(m match) bool { return !m.raw })
}
