package cli

import (
	"slices"
	"testing"
)

func TestLogLinesKnowTheirService(t *testing.T) {
	got := logLines("influxdb | a | b\ntoy-api  | c\ntoy-api  | \nserver | d\ne\n", []string{"influxdb", "toy-api"})
	want := []logLine{{"influxdb", "a | b"}, {"toy-api", "c"}, {"toy-api", ""}, {"", "server | d"}, {"", "e"}}
	if !slices.Equal(got, want) {
		t.Errorf("lines %v\nwant  %v", got, want)
	}
}
