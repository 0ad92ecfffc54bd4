package flux

import (
	"fmt"

	"github.com/ltlab/ltlab/internal/boards"
)

// Events are what happened in the run: columns time, text and tags.
func Events() string {
	return "import \"regexp\"\n\n" + valueFunction + "\nrun = " + value(VarRunID) + "\n\n" +
		"from(bucket: v.defaultBucket) " + inView + "\n  |> filter(fn: (r) => r._measurement == \"run_events\" and r._field == \"text\" and r.run == run)\n" +
		"  |> map(fn: (r) => ({time: r._time, text: r._value, tags: r.id}))\n  |> group()\n  |> sort(columns: [\"time\"])\n"
}

// Shade are the times at which one of the board's shades holds: columns time, timeEnd and text.
func Shade(b *boards.Board, i int) string {
	c := &compiler{board: b, narrow: Narrowed(b)}
	s := &b.Shades[i]
	read := c.read(&s.Query, c.finest(&s.Query))
	return c.prelude(read + "\n  " + thin + fmt.Sprintf("\n  |> filter(fn: (r) => r._value >= %g)\n", s.At) +
		"  |> group()\n  |> sort(columns: [\"_time\"])\n" +
		"  |> map(fn: (r) => ({time: r._time, timeEnd: time(v: int(v: r._time) + int(v: v.windowPeriod)), text: " + text("short of CPU: "+s.Query.Label) + "}))")
}

// Runs are the runs of the board's tool and the chosen project, the newest first: run, project, tool, scenario, began, load
// (seconds), and from and to, its span as Grafana's addresses have it.
func Runs(b *boards.Board) string {
	tool := ""
	if b.Tool != "" {
		tool = " and r.tool == " + text(b.Tool)
	}
	columns := ""
	for i, f := range []string{"tool", "scenario", "seconds", "end"} { // a first line has them all; it goes again
		if i > 0 {
			columns += ", "
		}
		columns += fmt.Sprintf("{run: \"\", project: \"\", began: time(v: 0), part: %q, _value: \"\"}", f)
	}
	return "import \"array\"\nimport \"regexp\"\n\n" + valueFunction + "\nproject = " + value(VarProject) + "\n\n" +
		"union(tables: [\narray.from(rows: [" + columns + "]),\nfrom(bucket: v.defaultBucket) " + always + "\n" +
		"  |> filter(fn: (r) => r._measurement == \"run_info\" and (r._field == \"tool\" or r._field == \"scenario\" or r._field == \"seconds\" or r._field == \"end\"))\n" +
		"  |> map(fn: (r) => ({run: r.run, project: if exists r.project then r.project else \"\", began: r._time, part: r._field, _value: string(v: r._value)}))\n" +
		"  |> group()\n])\n  |> group()\n  |> pivot(rowKey: [\"run\", \"project\", \"began\"], columnKey: [\"part\"], valueColumn: \"_value\")\n" +
		"  |> filter(fn: (r) => r.run != \"\" and (project == " + text(All) + " or r.project == project)" + tool + ")\n" +
		"  |> sort(columns: [\"began\"], desc: true)\n  |> limit(n: 100)\n" +
		"  |> map(fn: (r) => ({run: r.run, project: if r.project == \"\" then " + text(All) + " else r.project, began: r.began, tool: r.tool, " +
		"scenario: if exists r.scenario then r.scenario else \"\", load: if exists r.seconds then float(v: r.seconds) else 0.0, " +
		"from: string(v: int(v: r.began) / 1000000), to: if exists r.end then r.end else \"now\"}))\n"
}
