package toyapi

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// families is a parsed answer of /metrics.
type families map[string]*dto.MetricFamily

func scrape(t testing.TB, s *Server) families {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	found, err := parser.TextToMetricFamilies(do(t, s, "GET", "/metrics", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// find returns the metric with exactly the given labels, name and value in turn.
func (f families) find(name string, labels ...string) *dto.Metric {
	for _, m := range f[name].GetMetric() {
		var got []string
		for _, l := range m.GetLabel() {
			got = append(got, l.GetName(), l.GetValue())
		}
		want := map[string]string{}
		for pair := range slices.Chunk(labels, 2) {
			want[pair[0]] = pair[1]
		}
		have := map[string]string{}
		for pair := range slices.Chunk(got, 2) {
			have[pair[0]] = pair[1]
		}
		if maps.Equal(want, have) {
			return m
		}
	}
	return nil
}

// value is that of a counter or gauge, 0 when there is none.
func (f families) value(name string, labels ...string) float64 {
	m := f.find(name, labels...)
	return m.GetCounter().GetValue() + m.GetGauge().GetValue()
}

func TestMetricsCount(t *testing.T) {
	s := newServer(t, Config{})
	for range 3 {
		do(t, s, "GET", "/fast", "")
	}
	do(t, s, "GET", "/error?rate=1&status=418", "")
	do(t, s, "GET", "/users/7", "")
	do(t, s, "GET", "/slow?ms=x", "")
	m := scrape(t, s)
	for _, c := range []struct {
		route, code string
		want        float64
	}{{"/fast", "200", 3}, {"/error", "418", 1}, {"/users/{id}", "200", 1}, {"/slow", "400", 1}, {"/slow", "200", 0}} {
		if got := m.value("toyapi_http_requests_total", "route", c.route, "code", c.code); got != c.want {
			t.Errorf("%s %s: %v, want %v", c.route, c.code, got, c.want)
		}
	}
	h := m.find("toyapi_http_request_duration_seconds", "route", "/fast").GetHistogram()
	if h.GetSampleCount() != 3 || h.GetSampleSum() <= 0 || len(h.GetBucket()) < 10 {
		t.Errorf("histogram %v", h)
	}
	if m.value("toyapi_http_requests_in_flight") != 1 { // the scrape itself
		t.Errorf("in flight: %v", m.value("toyapi_http_requests_in_flight"))
	}
	if m.value("toyapi_users") != firstUsers || m.value("go_goroutines") == 0 {
		t.Error("gauges of users or of the process are missing")
	}
}

func TestMetricsAreBounded(t *testing.T) {
	s := newServer(t, Config{})
	for i := range 100 {
		do(t, s, "GET", fmt.Sprintf("/nowhere/%d", i), "")
		do(t, s, "GET", fmt.Sprintf("/users/%d", i+1000), "")
		do(t, s, fmt.Sprintf("M%d", i), "/fast", "")
	}
	m := scrape(t, s)
	if got := m.value("toyapi_http_requests_total", "route", "other", "code", "404"); got != 100 {
		t.Errorf("%v unknown routes counted, want 100", got)
	}
	routes := len(s.routes) + 1
	// Each route's 200 from the start, and here one more code for three of them.
	if got := len(m["toyapi_http_requests_total"].GetMetric()); got != routes+3 {
		t.Errorf("%d series, want %d", got, routes+3)
	}
	if got := len(m["toyapi_http_request_duration_seconds"].GetMetric()); got != routes {
		t.Errorf("%d histograms, want %d", got, routes)
	}
}
