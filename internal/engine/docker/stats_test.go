package docker

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestASampleOfTheEngineIsReadAsItsOwnToolReadsIt(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		text                       string
		none                       bool
		cpu, memory, rx, tx, cores float64
	}{
		"control groups v1": {
			text: `{"read":"2026-03-01T12:00:00.5Z","cpu_stats":{"cpu_usage":{"total_usage":214413869},"online_cpus":2},"memory_stats":{"usage":38383616,` +
				`"stats":{"inactive_file":4096,"total_inactive_file":180224},"limit":25276502016},"networks":{"eth0":{"rx_bytes":5870,"tx_bytes":18051},"eth1":{"rx_bytes":30,"tx_bytes":9}}}`,
			cpu: 0.214413869, memory: 38203392, rx: 5900, tx: 18060, cores: 2,
		},
		"control groups v2": {
			text: `{"read":"2026-03-01T12:00:00.5Z","cpu_stats":{"cpu_usage":{"total_usage":1e9},"online_cpus":8},"memory_stats":{"usage":1000,"stats":{"inactive_file":400},"limit":5},"networks":{"eth0":{}}}`,
			cpu:  1, memory: 600, cores: 8,
		},
		"the host's network, or none": {
			text: `{"read":"2026-03-01T12:00:00.5Z","cpu_stats":{"cpu_usage":{"total_usage":1e9}},"memory_stats":{"usage":1000}}`,
			cpu:  1, memory: 1000, rx: nan, tx: nan,
		},
		"an engine that counts no memory": {
			text: `{"read":"2026-03-01T12:00:00.5Z","cpu_stats":{"cpu_usage":{"total_usage":1e9}}}`,
			cpu:  1, memory: nan, rx: nan, tx: nan,
		},
		"a container that does not run": {text: `{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{}}`, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			var s sample
			if err := json.Unmarshal([]byte(c.text), &s); err != nil {
				t.Fatal(err)
			}
			r := s.reading("id", "influxdb", 0)
			if c.none || r == nil {
				if c.none != (r == nil) {
					t.Errorf("read as %+v", r)
				}
				return
			}
			for what, v := range map[string][2]float64{"CPU": {r.CPU, c.cpu}, "memory": {r.Memory, c.memory}, "received": {r.RX, c.rx}, "sent": {r.TX, c.tx}, "cores": {r.Source.CPUs, c.cores}} {
				if v[0] != v[1] && !(math.IsNaN(v[0]) && math.IsNaN(v[1])) {
					t.Errorf("%s is %v, want %v", what, v[0], v[1])
				}
			}
			if got := s.reading("id", "influxdb", 0.5).Source.CPUs; got != 0.5 {
				t.Errorf("a container of half a core may use %g", got)
			}
		})
	}
}

func TestASetOfCoresIsCounted(t *testing.T) {
	for set, want := range map[string]float64{"": 0, "0": 1, "0-3": 4, "0-2,7": 4, "1,3": 2, "x": 0, "3-1": 0, "0-": 0} {
		if got := setSize(set); got != want {
			t.Errorf("%q has %g cores, want %g", set, got, want)
		}
	}
}

func TestTimesOfAnEngineElsewhereAreThoseOfHere(t *testing.T) {
	here, there := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC) // an hour behind
	var k clock
	for i, late := range []float64{0.3, 0.1, 0.8, 0.1, 0.5} { // how long each sample is on its way
		read := there.Add(time.Duration(i) * time.Second)
		at := k.here(read, here.Add(time.Duration(float64(i)*1e9+late*1e9)))
		want := time.Duration(float64(i)*1e9 + 0.1e9) // as if all had come as soon as the soonest
		if i == 0 {
			want = 300 * time.Millisecond
		}
		if got := at.Sub(here); got != want {
			t.Errorf("sample %d is of %v, want %v", i, got, want)
		}
	}
}
