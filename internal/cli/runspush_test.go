package cli

import (
	"testing"

	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/lab"
	"github.com/ltlab/ltlab/internal/problem"
)

func TestAPushToAnInfluxDBOfTheLabThatIsDownSaysSo(t *testing.T) {
	with := func(s engine.State) *lab.Status {
		return &lab.Status{State: engine.Unhealthy, Services: []engine.Service{{Name: engine.InfluxDB, State: s}}}
	}
	for name, c := range map[string]struct {
		status *lab.Status
		want   string
	}{
		"it was stopped":  {with(engine.Exited), "lab-unhealthy"},
		"it was left out": {with(engine.Absent), "influxdb-unknown"},
		"embedded":        {&lab.Status{State: engine.Healthy}, "influxdb-unknown"},
		"nobody asked":    {nil, "influxdb-unknown"},
	} {
		if got := problem.From(noInflux(c.status)).ID; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
