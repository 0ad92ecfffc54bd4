package web

import (
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/store"
)

func TestARunOfArtilleryWithoutAnyAnswerSaysSo(t *testing.T) {
	const id = "20260301-dead"
	folder, err := record.Runs(t.TempDir()).Create(id)
	must(t, err)
	run, err := record.CreateRun(folder.Run())
	must(t, err)
	must(t, run.Write(record.RunLine{Start: &record.RunStart{Format: record.Format, Run: id, Tool: "artillery", Engine: "embedded", Scenario: record.Scenario{Name: "dead.yml"}, Time: worldStart}}))
	tool, err := record.Create(folder.Tool())
	must(t, err)
	tool.Header(record.Header{Format: record.Format, Run: id, Tool: "artillery", Mapping: record.DefaultMapping(), Start: worldStart, Period: 10})
	const requests, errors, byEndpoint = 1, 2, 3
	for i, name := range map[int]string{requests: "http.requests", errors: "errors", byEndpoint: "endpoint.errors"} {
		tool.Metric(record.Metric{ID: i, Name: name, Kind: record.Counter})
	}
	tool.Series(record.Series{ID: 1, Metric: requests})
	tool.Series(record.Series{ID: 2, Metric: errors, Tags: map[string]string{"error": "ECONNREFUSED"}})
	tool.Series(record.Series{ID: 3, Metric: byEndpoint, Tags: map[string]string{"error": "ECONNREFUSED", "name": "GET /"}})
	for _, at := range []int64{-3, 7, 27} { // nothing comes of the period at 17
		var all []record.Bucket
		for series := 1; series <= 3; series++ {
			all = append(all, record.Bucket{Series: series, Kind: record.Counter, N: 50, Sum: 50})
		}
		tool.Second(at, all)
		tool.Load(record.Load{T: at, VUs: 5})
	}
	tool.End(record.End{T: 37})
	must(t, tool.Close())
	must(t, run.Write(record.RunLine{End: &record.RunEnd{Time: worldStart.Add(37e9)}}))
	must(t, run.Close())
	s, _, err := store.Open(t.TempDir() + "/store.db")
	must(t, err)
	t.Cleanup(func() { s.Close() })
	f := s.NewFollow(folder)
	t.Cleanup(f.Close)
	if done, err := f.Step(t.Context()); !done || err != nil {
		t.Fatal(done, err)
	}
	h := New(Config{Store: s.Reader, Port: port})
	for _, b := range boards.Of("artillery") {
		figures := panelsAt(t, h, "/api/runs/"+id+"/boards/"+b.ID)
		b.Panels(func(p *boards.Panel) {
			switch p.ID {
			case "latency", "percentiles", "codes":
				if part := panel(t, get(t, h, "/runs/"+id+"/"+b.ID), p.ID); b.ID != "compare" && !strings.Contains(part, "no request was answered") {
					t.Errorf("%s/%s does not say that nothing was answered: %s", b.ID, p.ID, part)
				}
			case "failed":
				if got := figures["failed"].stat(""); b.ID != "compare" && got != 1 {
					t.Errorf("%s: %v failed, want all", b.ID, got)
				}
			case "endpoints":
				if b.ID == "compare" {
					return
				}
				cells := figures["endpoints"].cells("GET /")
				if _, timed := cells["p95"]; cells["requests"] != 150 || cells["no answer"] != 150 || cells["failed"] != 1 || timed {
					t.Errorf("%s: the endpoint that never answered is %v", b.ID, cells)
				}
			case "load":
				for _, l := range figures["load"].Lines {
					if l.Label == "requests" && (len(l.Values) != 4 || l.Values[2] != nil || l.Values[0] == nil || *l.Values[0] != 5) {
						t.Errorf("%s: requests a second are %v, want a gap at the period that never came", b.ID, l.Values)
					}
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARunWithoutAnyAnswerIsComparedWithoutALatency(t *testing.T) {
	waits := func(ms float64) func(*world, *record.Writer, *buckets) {
		return func(_ *world, to *record.Writer, b *buckets) {
			to.Metric(record.Metric{ID: 20, Name: "http_req_waiting", Kind: record.Trend, Unit: "ms"})
			b.time(20, map[string]string{"name": "/fast"}, ms)
			to.Second(31, b.take())
		}
	}
	dead, alive := small("20260301-120000-dead00"), small("20260301-120100-alive0")
	dead.unanswered, dead.more, alive.more = 1, waits(0), waits(7)
	h := New(Config{Store: newStore(t, dead, alive), Port: port})
	for _, id := range []string{"latency-p50", "latency-p95", "latency-p99"} {
		if part := panel(t, get(t, h, "/runs/"+dead.id+"/compare?with="+alive.id), id); !strings.Contains(part, "no request was answered") {
			t.Errorf("%s does not say that nothing was answered: %s", id, part)
		}
		of := panelsAt(t, h, "/api/runs/"+alive.id+"/boards/compare?with="+dead.id)[id]
		if len(of.Stats) != 1 || of.stat("") < 6.9 || of.stat("") > 7.1 {
			t.Errorf("%s beside a run without an answer: %+v, want its own alone", id, of.Stats)
		}
	}
}
