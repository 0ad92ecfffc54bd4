package rows

import (
	"fmt"
	"math"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

func TestWhatSourcesUsedIsARowEachOrNone(t *testing.T) {
	b := NewBuilder()
	in := NewInfra(b)
	nan := math.NaN()
	in.Declare(record.Source{ID: 1, Name: "host", Kind: record.HostSource, CPUs: 4})
	in.Declare(record.Source{ID: 2, Name: "k6", Kind: record.ProcessSource, Generator: true, CPUs: 2})
	in.Declare(record.Source{ID: 3, Name: "influxdb", Kind: record.ContainerSource, CPUs: 2})
	all := in.Second(7, &record.Infra{T: 9, Uses: []record.Use{
		{Source: 1, CPU: 1, Memory: 5, RX: nan, TX: 3}, {Source: 2, CPU: 1, Memory: nan, RX: nan, TX: nan},
		{Source: 3, CPU: 0, Memory: nan, RX: nan, TX: nan}, {Source: 4, CPU: 1, Memory: 1, RX: 1, TX: 1}}})
	var got string
	keys := map[int]bool{}
	for _, r := range all {
		last, ok := r.Field("last")
		if !ok || r.T != 7 || r.Window != Second || r.Rollup != BySeries || !IsInfra(r.Metric) || keys[r.Key] {
			t.Errorf("row %+v", r)
		}
		keys[r.Key] = true
		got += fmt.Sprintf("%s of %s %g; ", r.Metric, r.Tags["source"], last)
	}
	want := "infra_cpu of host 1; infra_cpu_share of host 0.25; infra_memory of host 5; infra_tx of host 3; " +
		"infra_cpu of k6 1; infra_cpu_share of k6 0.5; infra_cpu of influxdb 0; "
	if got != want {
		t.Errorf("rows are\n%s\nwant\n%s", got, want)
	}
	if tags := all[4].Tags; tags["generator"] != "true" || tags["part"] != "service" || all[0].Tags["part"] != "machine" || all[6].Tags["generator"] != "" {
		t.Errorf("tags are %v and %v", tags, all[0].Tags)
	}
	in.Declare(record.Source{ID: 2, Name: "k6", Kind: record.ProcessSource, Generator: true, CPUs: 4})
	again := in.Second(8, &record.Infra{T: 10, Uses: []record.Use{{Source: 2, CPU: 1, Memory: nan, RX: nan, TX: nan}}})
	if len(again) != 2 || again[0].Key != all[4].Key || again[1].Last != 0.25 {
		t.Errorf("with twice the cores: %+v", again)
	}
	// A key is never also one of the tool's rows.
	if _, err := b.Apply(record.ToolLine{Header: &record.Header{Format: record.Format, Mapping: record.DefaultMapping(), Period: 1}}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []record.ToolLine{{Metric: &record.Metric{ID: 1, Name: "vus", Kind: record.Gauge}}, {Series: &record.Series{ID: 1, Metric: 1}},
		{Second: &record.Second{T: 1, Buckets: []record.Bucket{{Series: 1, Kind: record.Gauge, N: 1, Last: 1}}}}} {
		made, err := b.Apply(l)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range made {
			if keys[r.Key] {
				t.Errorf("key %d is of %s, too", r.Key, r.Metric)
			}
		}
	}
}
