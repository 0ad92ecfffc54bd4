//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/record"
)

// pluginDriver feeds the plugin reports as Artillery makes them, with its own sketches; file is where the record is.
const pluginDriver = `
const [plugin, modules, file] = process.argv.slice(2);
const { DDSketch } = require(modules + '/@artilleryio/sketches-js');
const { RecordFile } = require(plugin + '/record.js');
const { Run } = require(plugin + '/run.js');
const START = 1700000003000; // seconds 3 of a period
let now = START;
const out = new RecordFile(file);
const run = new Run({ file: out, id: 'r1', version: '2.0.34', namespace: undefined, now: () => now });
const sketch = (values) => { const s = new DDSketch({ relativeAccuracy: 0.01 }); for (const v of values) s.accept(v); return DDSketch.fromProto(s.toProto()); };
const report = (period, counters, values = {}) => ({ period: String(1700000000000 + period * 10000), counters, rates: {},
  histograms: Object.fromEntries(Object.entries(values).map(([name, v]) => [name, sketch(v)])) });
`

func (r *pluginRig) drive(program string) pluginRecord {
	r.t.Helper()
	r.runNode(pluginDriver+program, r.record)
	return r.read()
}

func TestWhatNoPeriodHadIsRecordedForTheRunAlone(t *testing.T) {
	r := newPluginRig(t)
	rec := r.drive(`
run.period(report(0, { 'http.requests': 10, bytes: 1, 'http.downloaded_bytes': 100, half: 0.5 }, { 'http.response_time': [1, 2, 3], neg: [-1, 0, 5] }));
// Period 1 was dropped by Artillery: two batches of metrics came for it.
run.period(report(2, { 'http.requests': 5, 'http.downloaded_bytes': 50, 'plugins.expect.ok.t': 2, 'plugins.expect.ok': 2 }, { 'http.response_time': [4] }));
run.done(report(2, { 'http.requests': 22, bytes: 1, 'http.downloaded_bytes': 175.5, half: 1.5, 'errors.late': 3, 'plugins.expect.ok.t': 3, 'plugins.expect.failed.t': 4 },
  { 'http.response_time': [1, 2, 3, 4, 700, 800], neg: [-1, -7, 0, 0, 5], only: [9] }));
run.end(0);
`)
	var unplaced []record.Second
	for _, s := range rec.seconds {
		if s.Unplaced {
			unplaced = append(unplaced, s)
		}
	}
	if len(unplaced) != 1 || len(rec.seconds) != 3 || rec.seconds[0].T != -3 || rec.seconds[1].T != 17 {
		t.Fatalf("seconds: %+v", rec.seconds)
	}
	got := rec.merged(t, unplaced...)
	for name, want := range map[string][2]float64{ // n, sum
		"http.requests": {7, 7}, "http.downloaded_bytes": {1, 25.5}, "half": {1, 1}, "errors{late}": {3, 3}, "checks{expect t}": {5, 1},
		"http.response_time": {2, 1500}, "neg": {2, -7}, "only": {1, 9},
	} {
		same(t, "samples of "+name, float64(got[name].N), want[0])
		same(t, "sum of "+name, got[name].Sum, want[1])
	}
	if len(got) != 8 {
		t.Errorf("more is unplaced: %v", got)
	}
	b := got["http.response_time"]
	if n := b.Sketch.GetCount(); n != 2 {
		t.Errorf("the sketch holds %v values", n)
	}
	bins := []float64{}
	b.Sketch.ForEach(func(v, n float64) bool { bins = append(bins, v); return false })
	if len(bins) != 2 || math.Abs(bins[0]-700) > 7 || math.Abs(bins[1]-800) > 8 {
		t.Errorf("the sketch holds %v, want 700 and 800", bins)
	}
	l := rec.end.Ledger
	same(t, "unplaced", float64(l.Unplaced), 7+1+1+3+5+2+2+1)
	if !l.Balanced() || len(rec.notes) > 0 {
		t.Errorf("the ledger does not add up: %+v, %q", l, rec.notes)
	}
}

func TestPeriodsThatHaveMoreThanTheFinalReportAreTold(t *testing.T) {
	rec := newPluginRig(t).drive(`
run.period(report(0, { 'http.requests': 10 }, { h: [1, 2, 3] }));
run.period(report(0, { 'http.requests': 1 }, { h: [4] })); // the same again, as an Artillery of another version might
run.done(report(0, { 'http.requests': 8 }, { h: [1, 4] }));
run.end(0);
`)
	if got := rec.notes["artillery-inconsistent"]; len(got) != 1 || !strings.Contains(got[0], "5 samples more") {
		t.Errorf("notes: %q", rec.notes)
	}
	all := rec.merged(t, rec.seconds...)
	same(t, "requests", all["http.requests"].Sum, 11)
	if l := rec.end.Ledger; l.Emitted == nil || *l.Emitted != 10 || l.Recorded != 15 || l.Balanced() {
		t.Errorf("ledger: %+v", l)
	}
}

// Artillery's sketches lose negative values when they are merged.
func TestNegativeValuesThatArtilleryForgetsAreRecordedAsThePeriodsHadThem(t *testing.T) {
	rec := newPluginRig(t).drive(`
run.period(report(0, {}, { h: [-1, 2] }));
run.period(report(1, {}, { h: [-3, 4] }));
run.done(report(0, {}, { h: [-1, 2, 4] }));
run.end(0);
`)
	all := rec.merged(t, rec.seconds...)
	same(t, "values", float64(all["h"].N), 4)
	if l := rec.end.Ledger; !l.Balanced() || len(rec.notes["artillery-inconsistent"]) != 1 {
		t.Errorf("ledger %+v, notes %q", l, rec.notes)
	}
}

func TestTagsAreBoundedAndFoldedSamplesCounted(t *testing.T) {
	rec := newPluginRig(t).drive(`
const many = {};
for (let i = 0; i < 700; i++) many['errors.e' + i] = 2;
many['errors.' + 'x'.repeat(5000)] = 1;
many['errors.'] = 1;
const names = {};
for (let i = 0; i < 6000; i++) names['custom' + i] = 1;
for (const p of [0, 1]) { run.period(report(p, many)); run.period(report(p, names)); }
const twice = (o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, 2 * v]));
run.done(report(1, { ...twice(many), ...twice(names) }));
run.end(0);
`)
	if len(rec.series) != 5001 {
		t.Errorf("%d series", len(rec.series))
	}
	all := rec.merged(t, rec.seconds...)
	same(t, "an error of its own", all["errors{e499}"].Sum, 4)
	same(t, "folded errors", all["errors{(other)}"].Sum, 2*(200*2+1))
	same(t, "without a name", all["errors"].Sum, 2)
	folded := all["(other).counter"].Sum
	if folded == 0 || rec.end.Ledger.Folded != int64(folded)+802 || !rec.end.Ledger.Balanced() {
		t.Errorf("%v folded, ledger %+v", folded, rec.end.Ledger)
	}
	if len(rec.notes["series-folded"]) != 2 {
		t.Errorf("notes: %q", rec.notes)
	}
}

func TestADiskThatWasFullForAWhileLosesNothingOfTheRun(t *testing.T) {
	r := newPluginRig(t)
	// What cannot be opened is tried again on each flush, as what cannot be written.
	rec := r.drive(`
const fs = require('fs');
const real = fs.writeSync;
let full = true;
fs.writeSync = (fd, b) => { if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }); return real(fd, b, 0, Math.max(1, b.length >> 1)); };
const big = {};
for (let i = 0; i < 4000; i++) big['c' + i] = 1e6 + i; // 90 kB a period
let total = 0;
for (let p = 0; p < 300; p++) { run.period(report(p, big)); total++; }
if (out.pending > (16 << 20) + 1e6) throw new Error(out.pending + ' bytes are held');
full = false;
run.period(report(300, big)); total++;
for (const k in big) big[k] *= total;
run.done(report(300, big));
if (run.end(0)) throw out.error;
`)
	all := rec.merged(t, rec.seconds...)
	same(t, "counted", all["c7"].Sum, 301*(1e6+7))
	if l := rec.end.Ledger; !l.Balanced() || l.Unplaced == 0 {
		t.Errorf("ledger: %+v", l)
	}
	text, err := os.ReadFile(r.record)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid([]byte("[" + strings.Join(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), ",") + "]")) {
		t.Error("a line is broken")
	}
}

func TestLoadAskedForInAPeriodWithoutAReportIsRecorded(t *testing.T) {
	rec := newPluginRig(t).drive(`
run.phase({ index: 0, duration: 41, arrivalRate: 2, startTime: START }); // to second 4 of period 4
run.period(report(0, { 'vusers.created': 14 }));
run.period(report(2, { 'vusers.created': 20 })); // nothing arrived in periods 1 and 3, nor in the end of the phase
now = START + 60000;
run.done(report(2, { 'vusers.created': 34 }));
run.end(0);
`)
	asked := map[int64]float64{}
	for _, l := range rec.loads {
		if _, seen := asked[l.T]; seen || l.AskedRate == nil {
			t.Fatalf("loads: %+v", rec.loads)
		}
		asked[l.T] = *l.AskedRate
	}
	if want := map[int64]float64{-3: 1.4, 7: 2, 17: 2, 27: 2, 37: 0.8}; !maps.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestPhasesBecomeTheLoadThatIsAskedFor(t *testing.T) {
	r := newPluginRig(t)
	for phase, want := range map[string]string{ // arrivals a second in seconds 0–10, 5–15 and 10–20
		`{ duration: 10, arrivalRate: 4 }`:                    "4 2 0",
		`{ duration: '10s', arrivalRate: '4', maxVusers: 1 }`: "4 2 0",
		`{ duration: '1 min', arrivalRate: 4 }`:               "4 4 4",
		`{ duration: 20, arrivalCount: 30 }`:                  "1.5 1.5 1.5",
		`{ duration: 11, arrivalRate: 0, rampTo: 10 }`:        "4.5 4.5 1",
		`{ duration: 1, arrivalRate: 2, rampTo: 4 }`:          "0.3 0 0",
		`{ duration: 10, rampTo: 1 }`:                         "0.5 0.5 0",
		`{ pause: 15 }`:                                       "0 0 0",
		`{ duration: 10, arrivalRate: 'x' }`:                  "null null null",
		`{ duration: 'soon', arrivalRate: 1 }`:                "null null null",
	} {
		out := r.runNode(fmt.Sprintf(`const { Plan } = require(process.argv[2] + '/plan.js'); const p = new Plan();
p.started({ ...%s, index: 0, startTime: 1000 });
console.log([0, 5, 10].map((s) => String(p.rate(1000 + s * 1000, 11000 + s * 1000))).join(' '), String(p.rate(0, 1000)));`, phase))
		if got := strings.TrimSuffix(out.stdout, " null\n"); got != want {
			t.Errorf("%s: %q, want %q", phase, got, want)
		}
	}
}
