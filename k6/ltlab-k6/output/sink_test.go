package output

import (
	"testing"
	"time"

	"go.k6.io/k6/v2/metrics"
)

// Rows of two outputs, whose seconds begin at different moments, would be counted twice.
func TestThePresetBesideTheOutputLtlabSendsRawSamplesAlone(t *testing.T) {
	d := newDatabase(t)
	s := d.settings()
	s.preset, s.rawOnly = true, true
	r := influxRig(t, s)
	r.emit(r.metric("metric", metrics.Counter), time.Second, 1, "name", "n")
	r.now = 5 * time.Second
	if sink := r.finish().sink(); !sink.Whole() || sink.Raw == nil || sink.Raw.Written != 1 {
		t.Errorf("%+v", sink)
	}
	if len(d.lines) != 1 || len(d.raw()["metric,name=n"]) != 1 {
		t.Errorf("the database has %q", d.lines)
	}
}

func TestRawSamplesThatGetNoAnswerLeaveTimeForTheRowsOfTheEnd(t *testing.T) {
	d := newDatabase(t)
	d.stalls = true
	r := influxRig(t, d.settings())
	r.emit(r.metric("metric", metrics.Counter), time.Second, 1, "name", "n")
	r.now = 5 * time.Second
	r.sink.patience = 2 * time.Second
	if sink := r.finish().sink(); !sink.Whole() || sink.Raw.Written != 0 || sink.Raw.Shed[shedLate] != 1 {
		t.Errorf("%+v, raw %+v", sink, sink.Raw)
	}
}
