package flux

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

// What a panel needs of several metrics or roll-ups is read at once where that can be: InfluxDB thins such rows in its storage, and
// Flux has them beside each other without a union, which takes ten times as long.

const toColumns = "\n  |> toFloat()\n  |> group()\n  |> pivot(rowKey: [\"_time\"], columnKey: [%s], valueColumn: \"_value\")"

// atOnce says whether queries over time can be read that way: each is a field of one row, and what it depends on is answers.
func (c *compiler) atOnce(queries []boards.Query) bool {
	q := &queries[0]
	if c.board.Tool == "" || q.By != "" || q.Metric == boards.Ledger {
		return false
	}
	if i := q.If; i != nil {
		s, e := c.narrows(q)
		if cs, ce := c.narrows(i); s != cs || e != ce || !byStatus(i) || i.Only != boards.Answered || i.Arithmetic() {
			return false
		}
	}
	for i := range queries {
		if f := queries[i].Field; q.If != nil && f == q.If.Field || filled(q) && f == zeros.Field {
			return false
		}
	}
	return true
}

// zeros are the windows in which a run goes on.
var zeros = boards.Query{Metric: boards.Load, Field: "vus", Rollup: rows.ByRun, Window: rows.Second}

func asItIs(string, string) string { return "" }

// columns reads queries that differ in their field, each into a column.
func (c *compiler) columns(queries []boards.Query, labels []string) string {
	q := &queries[0]
	var fields, columns []string
	for i := range queries {
		fields = append(fields, queries[i].Field)
		columns = append(columns, text(labels[i])+": "+c.perSecond(&queries[i], "r."+queries[i].Field))
	}
	thinned := "\n  " + thin + fmt.Sprintf(toColumns, `"_field"`)
	var out string
	switch {
	case q.If != nil:
		out = c.answered(q, fields, thinned)
	case filled(q):
		out = c.together(q, []rowsOf{{q, fields}, {&zeros, []string{zeros.Field}}}, asItIs) + thinned +
			fmt.Sprintf("\n  |> fill(column: %s, value: 0.0)", text(fields[0]))
	default:
		out = c.together(q, []rowsOf{{q, fields}}, asItIs) + thinned
	}
	return out + "\n  |> map(fn: (r) => ({_time: r._time, " + strings.Join(columns, ", ") + "}))"
}

// answered reads fields that count only in windows with an answer. Where every request of the time shown has one that is all
// windows; else those without one are left out before anything is thinned, which takes long.
func (c *compiler) answered(q *boards.Query, fields []string, thinned string) string {
	none := *q.If
	none.Only = boards.NoAnswer
	var keep, any []string
	for _, f := range append([]string{"_time"}, fields...) {
		keep = append(keep, text(f))
	}
	for _, f := range fields {
		any = append(any, "exists r."+f)
	}
	c.need("experimental")
	columns := fmt.Sprintf(toColumns, `"_field"`)
	return "lacking = (from(bucket: v.defaultBucket) " + inView + "\n  |> filter(fn: (r) => r.run == " + c.runOf(q) + " and " + c.finest(q) + " and " +
		c.rowsOf(&rowsOf{&none, []string{none.Field}}, "", "") + ")\n  |> first()\n  |> group()\n  |> findColumn(fn: (key) => true, column: \"_value\"))\n\n" +
		"shown = (tables=<-) => if length(arr: lacking) == 0 then tables" + thinned + "\nelse tables" + columns +
		fmt.Sprintf("\n  |> filter(fn: (r) => exists r.%s)\n  |> keep(columns: [%s])\n  |> experimental.unpivot(otherColumns: [\"_time\"])\n  |> group(columns: [\"_field\"])\n  ",
			q.If.Field, strings.Join(keep, ", ")) + thin + columns + "\n\n" +
		c.together(q, []rowsOf{{q, fields}, {q.If, []string{q.If.Field}}}, asItIs) + "\n  |> shown()\n  |> filter(fn: (r) => " + strings.Join(any, " or ") + ")"
}

// ratio is a count of a metric divided by another of the same: of two fields of a row, or a class of answers in all of them. It is
// computed in each window, and only then thinned.
func (c *compiler) ratio(q *boards.Query, label string) (string, bool) {
	if c.board.Tool == "" || len(q.Over) != 1 || len(q.Plus)+len(q.Minus) > 0 || q.Rollup != rows.ByRun || q.If != nil {
		return "", false
	}
	over := q.Over[0]
	divided := func(value, all string) string {
		return fmt.Sprintf("\n  |> fill(column: %s, value: 0.0)\n  |> map(fn: (r) => ({_time: r._time, _value: r.%s / r.%s}))", text(value), value, all)
	}
	same := over.Metric == q.Metric && over.Named == q.Named && len(q.Where)+len(over.Where) == 0
	var body string
	switch {
	case same && q.By == "" && over.By == "" && q.Field != over.Field:
		body = c.together(q, []rowsOf{{q, []string{q.Field, over.Field}}}, asItIs) +
			fmt.Sprintf(toColumns, `"_field"`) + divided(q.Field, over.Field)
	case same && byStatus(q) && over.By == q.By && over.Only == "" && over.Field == q.Field:
		over.By = "" // the metric's own rows have it added up
		body = c.together(q, []rowsOf{{q, []string{q.Field}}, {&over, []string{q.Field}}}, func(all, part string) string {
			return "\n  |> group(columns: [\"rollup\"])\n  " + single + fmt.Sprintf(toColumns, `"rollup"`) + divided(part, all)
		})
	default:
		return "", false
	}
	return body + "\n  " + thin + "\n  |> map(fn: (r) => ({_time: r._time, " + text(label) + ": r._value}))", true
}

// rowsOf are some fields of the rows that a query reads.
type rowsOf struct {
	query  *boards.Query
	fields []string
}

// together reads rows of several kinds over time, of the run and window of the first, and does to them what then says: all is the
// roll-up of what is added up, part that of its parts, which depend on what the reader chose.
func (c *compiler) together(q *boards.Query, parts []rowsOf, then func(all, part string) string) string {
	scenario, endpoint := false, false
	for _, p := range parts {
		s, e := c.narrows(p.query)
		scenario, endpoint = scenario || s, endpoint || e
	}
	filter := func(tag, chosen string) string {
		var conditions []string
		for i := range parts {
			conditions = append(conditions, c.rowsOf(&parts[i], tag, chosen))
		}
		all, part := tag, "series"
		if tag == "" {
			all, part = "run", "status"
		}
		return "|> filter(fn: (r) => " + strings.Join(conditions, " or\n    ") + ")" + then(all, part)
	}
	read := "from(bucket: v.defaultBucket) " + inView + "\n  |> filter(fn: (r) => r.run == " + c.runOf(q) + " and " + c.finest(q) + ")"
	if !scenario && !endpoint {
		return read + "\n  " + filter("", "")
	}
	out := "all = " + read + "\n\nchosen = "
	for _, of := range []struct {
		on        bool
		name, tag string
	}{{endpoint, "endpoint", "name"}, {scenario, "scenario", "scenario"}} {
		if of.on {
			c.need(of.name)
			out += fmt.Sprintf("if %s != %s then all\n  %s\nelse ", of.name, text(All), filter(of.tag, of.name))
		}
	}
	return out + "all\n  " + filter("", "") + "\n\nchosen"
}

// rowsOf is the condition for rows of one kind while the reader has chosen a value of the tag; "": none.
func (c *compiler) rowsOf(p *rowsOf, tag, chosen string) string {
	q := p.query
	var fields []string
	for _, f := range p.fields {
		fields = append(fields, "r._field == "+text(f))
	}
	out := c.measurement(q) + " and (" + strings.Join(fields, " or ") + ")"
	scenario, endpoint := c.narrows(q)
	narrowed := endpoint && tag == "name" || scenario && tag == "scenario"
	switch {
	case q.Metric == boards.Load:
		return out
	case q.By != "" && narrowed, q.By != "" && !byStatus(q):
		out += ` and r.rollup == "series"`
	case q.By != "":
		out += ` and r.rollup == "status"`
	case narrowed:
		out += " and r.rollup == " + text(tag)
	default:
		out += " and r.rollup == " + text(string(q.Rollup))
	}
	if narrowed {
		out += fmt.Sprintf(" and r.%s == %s", tag, chosen)
	}
	for _, k := range slices.Sorted(maps.Keys(q.Where)) {
		out += fmt.Sprintf(" and r[%s] == %s", text(k), text(q.Where[k]))
	}
	if q.Only != "" {
		out += " and (" + class(q) + ")"
	}
	return out
}

// narrows is what of the reader's choices narrows a query's rows.
func (c *compiler) narrows(q *boards.Query) (scenario, endpoint bool) {
	if !c.narrow {
		return false, false
	}
	return c.board.Narrows(q)
}
