package flux

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

const (
	inView = "|> range(start: v.timeRangeStart, stop: v.timeRangeStop)"
	always = "|> range(start: 0)" // rows of the run stand at its start, wherever the reader looks
	ofRun  = `r.window == "run"`
)

// read chooses the rows of a query's field in its run. Between an empty window and another the finest is meant.
func (c *compiler) read(q *boards.Query, window string) string {
	span := inView
	if q.Window == rows.Run || q.Other {
		span = always
	}
	conditions := []string{c.measurement(q)}
	if q.Metric == boards.Any {
		conditions = []string{`r.rollup == "run"`}
	}
	conditions = append(conditions, "r._field == "+text(q.Field), "r.run == "+c.runOf(q))
	if window != "" {
		conditions = append(conditions, window)
	}
	narrow := ""
	switch {
	case q.Metric == boards.Load, q.Metric == boards.Ledger, q.Metric == boards.Any, q.Field == "value":
	case q.By != "" && window == ofRun:
		conditions = append(conditions, `r.rollup == "whole"`)
		narrow = c.narrowed(q, "chosen")
	case byStatus(q):
		if narrow = c.narrowed(q, "status"); narrow == "" {
			conditions = append(conditions, `r.rollup == "status"`)
		}
	case q.By != "":
		conditions = append(conditions, `r.rollup == "series"`)
		narrow = c.narrowed(q, "chosen")
	case q.Rollup == rows.ByRun:
		if narrow = c.narrowed(q, "choose"); narrow == "" {
			conditions = append(conditions, `r.rollup == "run"`)
		}
	default:
		conditions = append(conditions, "r.rollup == "+text(string(q.Rollup)))
	}
	for _, k := range slices.Sorted(maps.Keys(q.Where)) {
		conditions = append(conditions, fmt.Sprintf("r[%s] == %s", text(k), text(q.Where[k])))
	}
	return "from(bucket: v.defaultBucket) " + span + "\n  |> filter(fn: (r) => " + strings.Join(conditions, " and ") + ")" + narrow
}

// byStatus says whether a roll-up has what the query adds up: a line for each status in place of one for each series.
func byStatus(q *boards.Query) bool {
	return q.By == string(rows.ByStatus) && rows.HasStatus(q.Metric) && len(q.Where) == 0
}

// measurement is the condition for the query's metric, in runs of whatever tool.
func (c *compiler) measurement(q *boards.Query) string {
	switch q.Metric {
	case boards.Load:
		return `r._measurement == "run_load"`
	case boards.Ledger:
		return `r._measurement == "ltlab_ledger"`
	}
	name := text(q.Metric)
	if c.narrow && q.Named != "" {
		c.need("endpoint")
		line := fmt.Sprintf("metric%d = if endpoint == %s then %s else %s", len(c.consts), text(All), name, text(q.Named))
		for i, l := range c.consts { // the same once
			if _, said, _ := strings.Cut(l, " = "); strings.HasSuffix(line, " = "+said) {
				return fmt.Sprintf("r._measurement == metric%d", i)
			}
		}
		c.consts = append(c.consts, line)
		return fmt.Sprintf("r._measurement == metric%d", len(c.consts)-1)
	}
	if q.Or != "" {
		return fmt.Sprintf("(r._measurement == %s or r._measurement == %s)", name, text(q.Or))
	}
	return "r._measurement == " + name
}

// narrowed applies what the reader chose of scenarios and endpoints: for rows of a roll-up ("choose") it chooses the roll-up,
// for those of all series ("chosen") the series; "status" is the roll-up by status while nothing is chosen, then the series.
func (c *compiler) narrowed(q *boards.Query, how string) string {
	scenario, endpoint := c.narrows(q)
	if !scenario && !endpoint {
		return ""
	}
	name := how
	for _, n := range []struct {
		on   bool
		what string
	}{{endpoint, "endpoint"}, {scenario, "scenario"}} {
		if n.on {
			name += strings.ToUpper(n.what[:1]) + n.what[1:]
			c.need(n.what)
		}
	}
	c.need(name)
	return "\n  |> " + name + "()"
}

// class is the condition for values of the query's tag.
func class(q *boards.Query) string {
	tag := "r[" + text(q.By) + "]"
	switch q.Only {
	case boards.Failed:
		return fmt.Sprintf("not exists %s or %s !~ /^(2|3)[0-9][0-9]$/", tag, tag)
	case boards.Answered:
		return fmt.Sprintf(`exists %s and %s != "" and %s != "0"`, tag, tag, tag)
	case boards.NoAnswer:
		return fmt.Sprintf(`(not exists %s or %s == "" or %s == "0")`, tag, tag, tag)
	case boards.Limited:
		return fmt.Sprintf(`exists %s and %s == "429"`, tag, tag)
	case boards.Unreached:
		return fmt.Sprintf("exists %s and %s =~ /%s/", tag, tag, boards.NodeCode)
	}
	return ""
}
