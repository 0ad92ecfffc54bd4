package flux

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

const (
	thin   = "|> aggregateWindow(every: v.windowPeriod, fn: max, createEmpty: false, timeSrc: \"_start\")"
	single = "|> aggregateWindow(every: 1s, fn: sum, createEmpty: false, timeSrc: \"_start\")" // a window's rows have one time: their sum
	exact  = "|> truncateTimeColumn(unit: 1s)"                                                 // as they are, at the same times as those
	apart  = "|> pivot(rowKey: [\"_time\"], columnKey: [\"part\"], valueColumn: \"_value\")"
)

// lines are queries over time: one, or some that differ in their field alone.
func (c *compiler) lines(queries []boards.Query) Target {
	q := expand(queries[0])
	var t Target
	switch {
	case q.Each != "", q.By != "" && q.Only == "" && len(q.Over) == 0:
		t.Text = c.spread(&q)
		return t
	case q.Arithmetic():
		t.Labels = []string{Label(c.panel, &queries[0])}
		t.Text = c.computed(&q, t.Labels[0])
	case c.atOnce(queries):
		for i := range queries {
			t.Labels = append(t.Labels, Label(c.panel, &queries[i]))
		}
		t.Text = c.columns(queries, t.Labels)
	default:
		var parts []string
		for i := range queries {
			t.Labels = append(t.Labels, Label(c.panel, &queries[i]))
		}
		parts = append(parts, c.same(queries, t.Labels))
		if filled(&q) { // where nothing was counted there was nothing, as far as the run goes
			zero := boards.Query{Metric: boards.Load, Field: "vus", Other: q.Other}
			parts = append(parts, c.read(&zero, c.finest(&zero))+"\n  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false, timeSrc: \"_start\")\n  "+
				part(t.Labels[0], "0.0"))
		}
		if q.If != nil {
			t.Text = c.allowed(&q, parts[0])
		} else {
			t.Text = joined(parts, "max")
		}
	}
	t.Text += c.shifted(&q)
	return t
}

// same reads queries that differ in their field.
func (c *compiler) same(queries []boards.Query, labels []string) string {
	q, thin := queries[0], thin
	if q.If != nil {
		thin = exact // allowed thins them
	}
	if q.By != "" || len(queries) == 1 {
		value := c.perSecond(&q, "float(v: r._value)")
		if q.By != "" {
			return c.read(&q, c.finest(&q)) + summed(&q) + "\n  " + thin + "\n  " + part(labels[0], value)
		}
		return c.read(&q, c.finest(&q)) + "\n  " + thin + "\n  " + part(labels[0], value)
	}
	fields, names := []string{}, ""
	for i := range queries {
		fields = append(fields, "r._field == "+text(queries[i].Field))
		names += fmt.Sprintf("if r._field == %s then %s else ", text(queries[i].Field), text(labels[i]))
	}
	read := strings.Replace(c.read(&q, c.finest(&q)), "r._field == "+text(q.Field), "("+strings.Join(fields, " or ")+")", 1)
	return read + "\n  " + thin + "\n  |> map(fn: (r) => ({_time: r._time, part: " + names + `"", _value: float(v: r._value)}))` + "\n  |> group()"
}

// filled says whether a window without a row means none of what the query counts. Of the load each window has a row.
func filled(q *boards.Query) bool { return q.Counted() && q.Metric != boards.Load }

// summed adds up a count over all series of a window, those of the query's class.
func summed(q *boards.Query) string {
	return inClass(q) + "\n  |> group(columns: [\"window\"])\n  " + single
}

// byTag adds it up for each value of the query's tag. The roll-up by status is that already.
func byTag(q *boards.Query) string {
	if byStatus(q) {
		return ""
	}
	return fmt.Sprintf("\n  |> group(columns: [%s, \"window\"])\n  %s", text(q.By), single)
}

// inClass keeps what is of the query's class. Before anything else the storage does it; of what byTag left it costs nothing,
// for the tag is the same in all of a table's rows, which Flux knows.
func inClass(q *boards.Query) string {
	if q.Only == "" {
		return ""
	}
	return "\n  |> filter(fn: (r) => " + class(q) + ")"
}

// perSecond is a value as the query's calculation has it.
func (c *compiler) perSecond(q *boards.Query, value string) string {
	switch {
	case q.Calc == boards.PerSecond, q.Calc == boards.Largest && q.Counted():
		if c.seconds() != "1.0" {
			return value + " / " + c.seconds()
		}
	case q.Calc == boards.AtOnce:
		return value + " / 1000.0 / " + c.seconds()
	}
	return value
}

// part gives lines the name of their column and a value.
func part(name, value string) string {
	return fmt.Sprintf("|> map(fn: (r) => ({_time: r._time, part: %s, _value: %s}))\n  |> group()", text(name), value)
}

// joined brings parts into one table with a column for each. Where parts share a name, fold makes one of them.
func joined(parts []string, fold string) string {
	if len(parts) == 1 {
		return parts[0] + "\n  " + apart
	}
	every := "v.windowPeriod"
	if fold == "sum" {
		every = "1s"
	}
	return "union(tables: [\n" + strings.Join(parts, ",\n") + "\n])\n  |> group(columns: [\"part\"])\n" +
		"  |> aggregateWindow(every: " + every + ", fn: " + fold + ", createEmpty: false, timeSrc: \"_start\")\n" +
		"  |> group()\n  " + apart
}

const onlyIf = "(if)"

// allowed keeps the windows in which the query's condition holds, of lines that are not thinned, and then thins them: what
// one window holds back must not show through another one of its step.
func (c *compiler) allowed(q *boards.Query, lines string) string {
	i := q.If
	c.need("experimental")
	return "union(tables: [\n" + lines + ",\n" + c.read(i, c.finest(i)) + summed(i) + "\n  " + part(onlyIf, "float(v: r._value)") + "\n])\n  |> group()\n  " + apart + "\n" +
		fmt.Sprintf("  |> filter(fn: (r) => exists r[%s] and r[%s] > 0.0)\n  |> drop(columns: [%s])\n", text(onlyIf), text(onlyIf), text(onlyIf)) +
		"  |> experimental.unpivot(otherColumns: [\"_time\"])\n  |> group(columns: [\"_field\"])\n  " + thin + "\n  |> group()\n" +
		"  |> pivot(rowKey: [\"_time\"], columnKey: [\"_field\"], valueColumn: \"_value\")"
}

// computed is arithmetic on the sums of each window, and only then thinned.
func (c *compiler) computed(q *boards.Query, label string) string {
	var parts, sources []string
	add := func(t *boards.Query, name string) {
		body := c.read(t, c.finest(t))
		if t.By == "" {
			parts = append(parts, body+"\n  "+single+"\n  "+part(name, "float(v: r._value)"))
			return
		}
		body += byTag(t)
		at := slices.Index(sources, body) // a share is a class of what it divides: read that once
		if at < 0 {
			at = len(sources)
			sources = append(sources, body)
		}
		parts = append(parts, fmt.Sprintf("source%d%s\n  %s", at, inClass(t), part(name, "float(v: r._value)")))
	}
	add(q, "value")
	for _, of := range []struct {
		name  string
		terms []boards.Query
	}{{"plus", q.Plus}, {"minus", q.Minus}, {"over", q.Over}} {
		for i := range of.terms {
			add(&of.terms[i], of.name)
		}
	}
	if text, ok := c.ratio(q, label); ok {
		return text
	}
	before := ""
	for i, s := range sources {
		before += fmt.Sprintf("source%d = %s\n\n", i, s)
	}
	return before + joined(parts, "sum") + "\n  " + compute(q, "_time: r._time, _value") +
		"\n  " + thin + "\n  |> map(fn: (r) => ({_time: r._time, " + text(label) + ": r._value}))"
}

// compute is the step that makes the query's value of its parts; without one a line goes away.
func compute(q *boards.Query, column string) string {
	get := func(name string) string { return fmt.Sprintf("(if exists r.%s then r.%s else 0.0)", name, name) }
	value := get("value")
	most := func(s string) string { return fmt.Sprintf("(if %s > 0.0 then %s else 0.0)", s, s) }
	switch {
	case len(q.Plus) > 0 && len(q.Minus) > 0:
		value = "(" + value + " + " + most("("+get("plus")+" - "+get("minus")+")") + ")"
	case len(q.Plus) > 0:
		value = "(" + value + " + " + get("plus") + ")"
	case len(q.Minus) > 0:
		value = most("(" + value + " - " + get("minus") + ")")
	}
	if len(q.Over) == 0 {
		return fmt.Sprintf("|> map(fn: (r) => ({%s: %s}))", column, value)
	}
	return fmt.Sprintf("|> filter(fn: (r) => exists r.over and r.over > 0.0)\n  |> map(fn: (r) => ({%s: %s / r.over}))", column, value)
}

// spread is a column for each value of a tag.
func (c *compiler) spread(q *boards.Query) string {
	tag := q.Each
	body := c.read(q, c.finest(q))
	if q.By != "" {
		tag = q.By
		body += byTag(q)
	}
	value := c.perSecond(q, "float(v: r._value)")
	name := fmt.Sprintf("if exists r[%s] and r[%s] != \"\" then r[%s] else %s", text(tag), text(tag), text(tag), text("(no "+tag+")"))
	if tag == "status" {
		name = fmt.Sprintf("if exists r[%s] and r[%s] != \"\" and r[%s] != \"0\" then r[%s] else \"no answer\"", text(tag), text(tag), text(tag), text(tag))
	}
	if q.Label != "" {
		name = "(" + name + ") + " + text(" "+q.Label)
	}
	return body + "\n  " + thin + "\n  |> map(fn: (r) => ({_time: r._time, part: " + name + ", _value: " + value + "}))\n  |> group()\n" +
		"  |> pivot(rowKey: [\"_time\"], columnKey: [\"part\"], valueColumn: \"_value\")"
}

// shifted moves what is of the other run, so that both begin together.
func (c *compiler) shifted(q *boards.Query) string {
	if !q.Other {
		return ""
	}
	c.need("run", "compared", "shift")
	return "\n  |> timeShift(duration: shift)"
}

// heat is a column for each bin, in order, so that the axis is whole.
func (c *compiler) heat(q *boards.Query) Target {
	c.need("run", "array")
	bins := "_time: r._time"
	var seeds []string
	for i := range (rows.Heat{}) {
		le := text(strconv.FormatFloat(rows.HeatBound(i+1), 'g', 3, 64))
		bins += fmt.Sprintf(", %s: if exists r[%s] then r[%s] else 0", le, le, le)
		seeds = append(seeds, fmt.Sprintf("{_time: time(v: 0), le: %s, _value: 0}", le))
	}
	return Target{Text: "union(tables: [\narray.from(rows: [" + strings.Join(seeds, ", ") + "]),\nfrom(bucket: v.defaultBucket) " + inView + "\n" +
		`  |> filter(fn: (r) => r._measurement == "run_heat" and r._field == "count" and r.metric == ` + text(q.Metric) + " and r.run == run and " + c.finest(q) + ")\n" +
		"  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false, timeSrc: \"_start\")\n" +
		"  |> keep(columns: [\"_time\", \"_value\", \"le\"])\n  |> group()\n])\n" +
		"  |> group()\n  |> pivot(rowKey: [\"_time\"], columnKey: [\"le\"], valueColumn: \"_value\")\n  |> filter(fn: (r) => int(v: r._time) > 0)\n" +
		"  |> map(fn: (r) => ({" + bins + "}))"}
}
