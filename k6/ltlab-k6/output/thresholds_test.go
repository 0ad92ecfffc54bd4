package output

import (
	"slices"
	"testing"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

func TestThresholdsAreReportedAsK6JudgedThem(t *testing.T) {
	r := newRig(t, plan{})
	all := map[string]metrics.Thresholds{
		"took":                            metrics.NewThresholds([]string{"p(95)<10", "max<5"}),
		`took{status:200, name:"log in"}`: metrics.NewThresholds([]string{"avg<1"}),
		"took{status:500}":                metrics.NewThresholds([]string{"avg<1"}),
		"took{url:http://x/7}":            metrics.NewThresholds([]string{"avg<2"}),
		"never":                           metrics.NewThresholds([]string{"count>0"}),
		"took{status:200,name:log in,extra:none}": metrics.NewThresholds([]string{"avg<3"}),
	}
	r.SetThresholds(all)
	took := r.metric("took", metrics.Trend)
	r.emit(took, 0, 1, "status", "200", "name", "log in")
	r.emit(took, 0, 1, "status", "200", "url", "http://x/7")
	r.metric("never", metrics.Counter)
	r.flush()
	all["took"].Thresholds[1].LastFailed = true // as k6 does when it judges
	all["never"].Thresholds[0].LastFailed = true

	want := []record.Threshold{
		{Metric: "never", Expression: "count>0", OK: false, Evaluated: false},
		{Metric: "took", Expression: "p(95)<10", OK: true, Evaluated: true},
		{Metric: "took", Expression: "max<5", OK: false, Evaluated: true},
		{Metric: `took{status:200, name:"log in"}`, Expression: "avg<1", OK: true, Evaluated: true},
		{Metric: "took{status:200,name:log in,extra:none}", Expression: "avg<3", OK: true, Evaluated: false},
		{Metric: "took{status:500}", Expression: "avg<1", OK: true, Evaluated: false},
		{Metric: "took{url:http://x/7}", Expression: "avg<2", OK: true, Evaluated: true},
	}
	if got := r.endAt(sec, nil).end.Thresholds; !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestThresholdsThatK6DoesNotJudgeAreNotReported(t *testing.T) {
	r := newRig(t, plan{})
	r.thresholds.on = false
	r.SetThresholds(map[string]metrics.Thresholds{"hits": metrics.NewThresholds([]string{"count>0"})})
	r.emit(r.metric("hits", metrics.Counter), 0, 1)
	if got := r.endAt(sec, nil).end.Thresholds; len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}
