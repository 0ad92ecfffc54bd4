package lint

import (
	"slices"
	"strings"
	"sync"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// shape is points that the lab writes: a measurement with its fields and tags. The same measurement has several, for not
// every tag is on every point.
type shape struct {
	measurement string
	fields      []string            // nil: any
	tags        map[string][]string // nil: any value
	open        bool                // there may be tags of a scenario's own
	long, short bool                // in which of the lab's two buckets it is
	raw         bool                // k6's raw samples
	counts      bool                // what it has is counted, so that sums depend on what is summed
}

// at is what a point of the shape with that field has at a key.
func (s *shape) at(field, key string) values {
	switch key {
	case "_measurement":
		return values{true, []string{s.measurement}}
	case "_field":
		return values{true, []string{field}}
	case "run", "project", "_value", "_time", "_start", "_stop":
		return values{some: true}
	}
	only, ok := s.tags[key]
	return values{ok || s.open, only}
}

// the kinds of metrics, and which of rows.Row's fields are written of each: those that are not worked out of others.
var kinds = []record.Kind{record.Counter, record.Rate, record.Gauge, record.Trend}

func fieldsOf(k record.Kind) (out []string) {
	r := rows.Row{Kind: k, Count: 1}
	for _, name := range []string{"count", "sum", "passes", "last", "min", "max", "p50", "p90", "p95", "p99", "p999"} {
		if _, ok := r.Field(name); ok {
			out = append(out, name)
		}
	}
	return out
}

// builtin are the tools' own metrics by kind, those too that no board shows.
var builtin = map[record.Kind][]string{
	record.Counter: {"data_received", "data_sent", "iterations", "dropped_iterations", "http_reqs", "ws_sessions", "ws_msgs_sent", "ws_msgs_received",
		"http.requests", "http.responses", "http.codes", "http.downloaded_bytes", "errors", "endpoint.codes", "endpoint.errors", "vusers.created", "vusers.created_by_name", "vusers.completed", "vusers.failed", "vusers.skipped"},
	record.Rate:  {"checks", "http_req_failed"},
	record.Gauge: {"vus", "vus_max", "vusers.active"},
	record.Trend: {"group_duration", "iteration_duration", "ws_connecting", "ws_session_duration", "ws_ping", "grpc_req_duration",
		"http_req_duration", "http_req_blocked", "http_req_connecting", "http_req_tls_handshaking", "http_req_sending", "http_req_waiting", "http_req_receiving",
		"http.response_time", "http.response_time.class", "http.dns", "http.tcp", "http.tls", "http.total", "endpoint.response_time", "endpoint.server_timing", "vusers.session_length"},
}

// metrics are all that boards read, and k6's own, with their kinds.
func metrics() map[string]record.Kind {
	out := map[string]record.Kind{}
	asked := map[string][]string{}
	for _, b := range boards.All() {
		b.Panels(func(p *boards.Panel) {
			for i := range p.Queries {
				p.Queries[i].All(func(q *boards.Query) {
					for _, m := range []string{q.Metric, q.Or, q.Named} {
						if m != "" && m[0] != '(' && q.Field != "value" {
							asked[m] = append(asked[m], q.Field)
						}
					}
				})
			}
		})
	}
	for m, fields := range asked {
		for _, k := range kinds { // the first that has them all: a counter before a trend
			r := rows.Row{Kind: k, Count: 1}
			if !slices.ContainsFunc(fields, func(f string) bool { _, ok := r.Field(f); return !ok }) {
				out[m] = k
				break
			}
		}
	}
	for k, names := range builtin {
		for _, m := range names {
			out[m] = k
		}
	}
	return out
}

// all are the shapes, worked out once.
var all = sync.OnceValue(written)

// written are the shapes of everything that the lab writes.
func written() []shape {
	var all []shape
	for m, k := range metrics() {
		all = append(all, rowsOf(m, k)...)
	}
	one := func(measurement string, short bool, tags map[string][]string, fields ...string) {
		all = append(all, shape{measurement: measurement, fields: fields, tags: tags, short: short, long: measurement != "run_load" && measurement != "run_heat"})
	}
	finest := []string{string(rows.Second), string(rows.Period)}
	one("run_info", true, nil, "tool", "tool_version", "scenario", "start", "end", "seconds")
	one("run_events", true, map[string][]string{"id": nil}, "text")
	one("run_load", true, map[string][]string{"window": finest}, "asked_vus", "asked_peak", "asked_rate", "vus", "iterations", "dropped")
	one("run_heat", true, map[string][]string{"metric": nil, "le": nil, "window": finest}, "count")
	one("run_quantiles", true, map[string][]string{"metric": nil, "q": nil}, "value")
	one("ltlab_ledger", true, nil, "emitted", "recorded", "late", "unplaced", "folded", "lost", "written", "retried", "refused", "raw_written", "raw_shed")
	for _, s := range []string{"artillery", "prometheus", "internal_statsd", "internal_write", "internal_agent", "internal_gather"} { // telegraf.conf
		fields := []string{"value"}
		if s != "artillery" {
			fields = nil
		}
		all = append(all, shape{measurement: s, fields: fields, tags: map[string][]string{}, open: true, short: true})
	}
	return all
}

// rowsOf are a metric's rows, and its raw samples.
func rowsOf(metric string, k record.Kind) (all []shape) {
	fields := fieldsOf(k)
	if rows.IsInfra(metric) {
		tags := map[string][]string{"rollup": {string(rows.BySeries)}, "window": {string(rows.Second)}, "source": nil, "kind": nil, "part": {"machine", "service"}, "generator": {"true"}}
		return []shape{{measurement: metric, fields: fields, tags: tags, short: true}}
	}
	ofArtillery := strings.ContainsRune(metric, '.') || metric == "errors"
	windows := []rows.Window{rows.Second}
	switch {
	case ofArtillery:
		windows[0] = rows.Period
	case metric == "checks": // both tools have them
		windows = append(windows, rows.Period)
	}
	for _, w := range append(windows, rows.Minute, rows.Run) {
		add := func(r rows.Rollup, open bool, tags map[string][]string) {
			tags["rollup"], tags["window"] = []string{string(r)}, []string{string(w)}
			all = append(all, shape{measurement: metric, fields: fields, open: open, tags: tags, counts: k != record.Gauge,
				short: w != rows.Minute, long: w == rows.Minute || w == rows.Run})
		}
		add(rows.ByRun, false, map[string][]string{})
		add(rows.ByScenario, false, map[string][]string{"scenario": nil})
		add(rows.ByName, false, map[string][]string{"name": nil})
		if k == record.Counter {
			add(rows.ByStatus, false, map[string][]string{"status": nil})
		}
		if w != rows.Minute {
			add(rows.BySeries, true, map[string][]string{})
		}
		if w == rows.Run && (k == record.Counter || k == record.Rate) {
			add(rows.Whole, true, map[string][]string{})
		}
	}
	if !ofArtillery {
		all = append(all, shape{measurement: metric, fields: []string{"value", "vu", "iter", "url"}, tags: map[string][]string{}, open: true, short: true, raw: true})
	}
	return all
}
