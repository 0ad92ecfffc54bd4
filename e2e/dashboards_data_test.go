//go:build e2e

package e2e

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/boards/flux"
	"github.com/ltlab/ltlab/internal/influx"
	"github.com/ltlab/ltlab/internal/rows"
)

// shown is a run in InfluxDB that has every metric which any board reads.
type shown struct {
	id, tool, project string
	start             time.Time
	windows           int
	names, scenarios  []string
	size              float64 // of its values: no two runs of different sizes look alike
}

// fieldsOf are the fields of a metric by its kind, which is told by what boards read of it.
func fieldsOf(tool string) map[string][]string {
	asked := map[string]map[string]bool{}
	for _, b := range boards.All() {
		b.Panels(func(p *boards.Panel) {
			for i := range p.Queries {
				p.Queries[i].All(func(q *boards.Query) {
					for _, m := range []string{q.Metric, q.Or, q.Named} {
						own := strings.ContainsRune(m, '.') || m == "errors"
						if m == "" || m[0] == '(' || own != (tool == "artillery") && !rows.IsInfra(m) && m != "checks" {
							continue
						}
						if asked[m] == nil {
							asked[m] = map[string]bool{}
						}
						asked[m][q.Field] = true
					}
				})
			}
		})
	}
	out := map[string][]string{}
	for m, fields := range asked {
		switch {
		case fields["last"]:
			out[m] = []string{"last", "min", "max"}
		case fields["passes"] || fields["ratio"]:
			out[m] = []string{"count", "passes"}
		case fields["p50"] || fields["p95"] || fields["value"]:
			out[m] = []string{"count", "sum", "min", "max", "p50", "p90", "p95", "p99", "p999"}
		default:
			out[m] = []string{"count", "sum"}
		}
	}
	if tool == "k6" {
		out["vus"] = []string{"last", "min", "max"}
	}
	return out
}

type placed struct {
	measurement string
	tags        [][2]string
	fields      string
	t           int64 // seconds since the run's start
}

func (s *shown) append(b []byte, p placed) []byte {
	line := len(b)
	b = influx.AppendMeasurement(b, p.measurement)
	for _, tag := range append([][2]string{{"run", s.id}, {"project", s.project}}, p.tags...) {
		b = influx.AppendTag(b, line, tag[0], tag[1])
	}
	b = append(append(b, ' '), p.fields...)
	return append(strconv.AppendInt(append(b, ' '), s.start.Add(time.Duration(p.t)*time.Second).UnixNano(), 10), '\n')
}

// lines are the run as influx.Push writes one.
func (s *shown) lines() string {
	var b []byte
	add := func(measurement string, t int64, fields string, tags ...string) {
		p := placed{measurement: measurement, t: t, fields: fields}
		for i := 0; i < len(tags); i += 2 {
			p.tags = append(p.tags, [2]string{tags[i], tags[i+1]})
		}
		b = s.append(b, p)
	}
	step, finest := int64(1), "second"
	if s.tool == "artillery" {
		step, finest = 10, "period"
	}
	statuses := []string{"200", "404", "429", "500", "0"}
	for metric, fields := range fieldsOf(s.tool) {
		if rows.IsInfra(metric) {
			for t := range int64(s.windows) * step {
				add(metric, t, fmt.Sprintf("last=%g", 0.8+s.size/10), "rollup", "series", "window", "second", "source", "host", "kind", "host", "part", "machine")
				add(metric, t, fmt.Sprintf("last=%g", 0.8+s.size/10), "rollup", "series", "window", "second", "source", s.tool, "kind", "process", "part", "service", "generator", "true")
			}
			continue
		}
		numbers := func(factor float64) []float64 {
			var all []float64
			for i, f := range fields {
				v := s.size * factor * float64(i+1)
				if f == "count" || f == "passes" {
					v = math.Floor(s.size*factor*float64(10-2*i) + 1)
				}
				all = append(all, v)
			}
			if metric == "http.requests" || metric == "vusers.completed" { // else some shares would be the same for all runs
				all[0] = math.Floor(30 * s.size * s.size * factor * float64(len(s.names)))
			}
			return all
		}
		written := func(numbers []float64) string {
			var all []string
			for i, f := range fields {
				suffix := ""
				if f == "count" || f == "passes" {
					suffix = "i"
				}
				all = append(all, fmt.Sprintf("%s=%.16g%s", f, numbers[i], suffix))
			}
			return strings.Join(all, ",")
		}
		values := func(factor float64) string { return written(numbers(factor)) }
		whole := map[string][]float64{} // of each series
		sum := func(to map[string][]float64, key string, v []float64) {
			if to[key] == nil {
				to[key] = make([]float64, len(v))
			}
			for i := range v {
				to[key][i] += v[i]
			}
		}
		each := func(t int64, window string) {
			add(metric, t, values(float64(len(s.names))), "rollup", "run", "window", window)
			for i, name := range s.names {
				add(metric, t, values(float64(i+1)), "rollup", "name", "window", window, "name", name)
			}
			for i, name := range s.scenarios {
				add(metric, t, values(float64(i+1)), "rollup", "scenario", "window", window, "scenario", name)
			}
		}
		each(0, "run")
		for w := range int64(s.windows) {
			each(w*step, finest)
			byStatus := map[string][]float64{}
			for i, name := range s.names {
				status := statuses[(i+int(w))%len(statuses)]
				factor := 1.0
				if status == "500" || status == "429" || status == "0" {
					factor = s.size // so that shares differ, too
				}
				tags := []string{"name", name, "status", status, "scenario", s.scenarios[i%len(s.scenarios)],
					"method", "GET", "error", []string{"ECONNREFUSED", "Failed capture or match"}[i%2], "error_code", "1212", "check", "is it so"}
				add(metric, w*step, values(factor), append([]string{"rollup", "series", "window", finest}, tags...)...)
				sum(byStatus, status, numbers(factor))
				sum(whole, strings.Join(tags, "\x01"), numbers(factor))
			}
			for status, v := range byStatus {
				if rows.HasStatus(metric) {
					add(metric, w*step, written(v), "rollup", "status", "window", finest, "status", status)
				}
			}
		}
		for tags, v := range whole {
			if !slices.Contains(fields, "p50") && !slices.Contains(fields, "last") {
				add(metric, 0, written(v), append([]string{"rollup", "whole", "window", "run"}, strings.Split(tags, "\x01")...)...)
			}
		}
	}
	main := rows.MainLatency(s.tool)
	for w := range int64(s.windows) {
		add("run_heat", w*step, fmt.Sprintf("count=%di", int64(s.size)), "metric", main, "le", "5.62", "window", finest)
		add("run_load", w*step, fmt.Sprintf("asked_vus=%g,asked_rate=%g,vus=%g,iterations=%di,dropped=%di", s.size, s.size, s.size, int64(s.size), int64(s.size)), "window", finest)
	}
	for metric, fields := range fieldsOf(s.tool) {
		for _, q := range rows.Quantiles() {
			if slices.Contains(fields, "p50") {
				add("run_quantiles", 0, fmt.Sprintf("value=%g", s.size*(1+q)), "metric", metric, "q", strconv.FormatFloat(q, 'g', -1, 64))
			}
		}
	}
	seconds := float64(s.windows) * float64(step)
	add("run_info", 0, fmt.Sprintf("tool=%q,scenario=\"main.js\",start=%di,end=%di,seconds=%g", s.tool, s.start.UnixMilli(), s.start.UnixMilli()+int64(1000*seconds), seconds))
	add("run_events", 0, `text="the run starts"`, "id", "start")
	add("ltlab_ledger", 0, fmt.Sprintf("emitted=%di,recorded=%di,lost=%di", int64(100*s.size), int64(90*s.size), int64(10*s.size)))
	return string(b)
}

// view is what Grafana knows when somebody looks at the run.
func (s *shown) view(compare string) flux.Vars {
	return flux.Vars{Bucket: shortBucket, Run: s.id, Compare: compare, From: s.start.Add(-time.Minute), To: s.start.Add(10 * time.Minute), Every: time.Second}
}

// put writes lines in parts.
func (d *influxd) put(lines string) {
	for part := range slices.Chunk(strings.SplitAfter(lines, "\n"), 20_000) {
		d.write(shortBucket, strings.Join(part, ""))
	}
}

// shows asks one of a dashboard's queries.
func (d *influxd) shows(v flux.Vars, text string) []map[string]string {
	d.t.Helper()
	rows := d.flux("%s", v.Bind(text))
	for _, row := range rows {
		if row["error"] != "" && len(row) == 2 { // InfluxDB says so after its 200
			d.t.Fatalf("%s\n%s", v.Bind(text), row["error"])
		}
	}
	return rows
}

// queries calls f for every query of every board for a tool: panels, variables, annotations, the list of runs.
func queries(t *testing.T, tool string, f func(name, text string, data bool)) {
	t.Helper()
	n := 0
	for _, b := range boards.Of(tool) {
		b.Panels(func(p *boards.Panel) {
			for i, target := range flux.Targets(&b, p) {
				f(fmt.Sprintf("%s/%s/%d", b.ID, p.ID, i), target.Text, true)
				n++
			}
		})
		for _, c := range flux.Choices(&b) {
			f(b.ID+"/$"+c.Name, c.Text, false)
		}
		f(b.ID+"/events", flux.Events(), false)
		for i := range b.Shades {
			f(fmt.Sprintf("%s/shade %d", b.ID, i), flux.Shade(&b, i), false)
		}
		f(b.ID+"/runs", flux.Runs(&b), false)
	}
	if n < 50 {
		t.Fatalf("boards of %s have %d queries", tool, n)
	}
}

// status is how InfluxDB answers a query.
func (d *influxd) status(query string) int {
	d.t.Helper()
	r, err := http.NewRequest("POST", d.URL+"/api/v2/query?org="+influxOrgName, strings.NewReader(query))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Token "+d.Token)
	r.Header.Set("Content-Type", "application/vnd.flux")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
