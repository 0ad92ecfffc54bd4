//go:build e2e

package e2e

import (
	"encoding/csv"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/rows"
)

// ask asks the lab's InfluxDB for one table, and returns its lines by column.
func (b *Bench) ask(filter, then string) (out []map[string]string) {
	b.t.Helper()
	text := b.flux(fmt.Sprintf(`from(bucket: %q) |> range(start: -1h) |> filter(fn: (r) => %s) |> group() %s`, b.settings()["INFLUXDB_BUCKET"], filter, then))
	lines, err := csv.NewReader(strings.NewReader(strings.TrimSpace(text))).ReadAll()
	b.try(err)
	for i := 1; i < len(lines); i++ {
		row := map[string]string{}
		for j, name := range lines[0] {
			row[name] = lines[i][j]
		}
		out = append(out, row)
	}
	return out
}

func (b *Bench) number(text string) float64 {
	b.t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	b.try(err)
	return v
}

// inDatabase reads rows as Grafana does.
func (b *Bench) inDatabase(run string) func(string, string, rows.Rollup, rows.Window) []point {
	return func(metric, field string, rollup rows.Rollup, w rows.Window) (out []point) {
		b.t.Helper()
		for _, row := range b.ask(fmt.Sprintf(`r._measurement == %q and r._field == %q and r.run == %q and r.rollup == %q and r.window == %q`, metric, field, run, rollup, w), "") {
			at, err := time.Parse(time.RFC3339Nano, row["_time"])
			b.try(err)
			out = append(out, point{at.Unix(), row["status"], b.number(row["_value"])})
		}
		return out
	}
}

// TestArtillerysFiguresReachInfluxDBBothWays is on Docker: as rows from the record, and as StatsD through Telegraf.
func TestArtillerysFiguresReachInfluxDBBothWays(t *testing.T) {
	b := newDockerBench(t)
	b.OK(onDocker()...)
	m := b.mix()
	m.points = b.inDatabase(m.id)
	b.mixEquals(m)
	t.Run("measurement artillery has every status apart", func(t *testing.T) {
		b.t = t
		codes := map[string]int64{}
		if !eventually(soon, func() bool {
			clear(codes)
			for _, row := range b.ask(`r._measurement == "artillery" and r._field == "value" and r.metric == "http.codes" and r.window == "period" and r.run == "mix"`, "") {
				codes[row["status"]] += int64(b.number(row["_value"]))
			}
			return maps.Equal(codes, m.served)
		}) {
			t.Errorf("codes %v, want %v", codes, m.served)
		}
	})
	t.Run("measurement artillery has every percentile apart", func(t *testing.T) {
		b.t = t
		for _, stat := range []string{"p50", "p95", "p99"} {
			is := `r._measurement == "artillery" and r._field == "value" and r.metric == "http.response_time" and r.run == "mix" and r.project == "dir" and r.stat == "` + stat + `" and r.window == `
			var whole, periods []map[string]string
			if !eventually(soon, func() bool {
				whole, periods = b.ask(is+`"run"`, ""), b.ask(is+`"period"`, `|> sort(columns: ["_time"])`)
				return len(whole) == 1 && len(periods) == len(m.report.Intermediate)
			}) {
				t.Fatalf("%d of the run, %d of %d periods", len(whole), len(periods), len(m.report.Intermediate))
			}
			reported(t, "the run's "+stat, b.number(whole[0]["_value"]), m.report.Aggregate.Summaries["http.response_time"][stat])
			for i, p := range m.report.Intermediate {
				reported(t, "a period's "+stat, b.number(periods[i]["_value"]), p.Summaries["http.response_time"][stat])
			}
		}
	})
	b.t = t
	b.tidy(m.id)
	b.leftNothing()
}
