package flux

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

// figures are values of the whole run, in one line.
func (c *compiler) figures() Target {
	w := newWhole(c, "")
	t := Target{}
	var columns, some []string
	for i := range c.panel.Queries {
		q := expand(c.panel.Queries[i])
		label := Label(c.panel, &c.panel.Queries[i])
		name := w.query(&q)
		t.Labels = append(t.Labels, label)
		columns = append(columns, text(label)+": r."+name)
		some = append(some, "exists r."+name)
	}
	t.Text = w.table() + "\n  |> filter(fn: (r) => " + strings.Join(some, " or ") + ")\n  |> map(fn: (r) => ({" + strings.Join(columns, ", ") + "}))"
	return t
}

// table has a line for each value of the panel's key.
func (c *compiler) table() Target {
	p := c.panel
	w := newWhole(c, p.Key)
	t := Target{}
	columns := []string{text(p.KeyTitle) + ": r.key"}
	first := ""
	for i := range p.Queries {
		q := expand(p.Queries[i])
		label := Label(p, &p.Queries[i])
		name := w.query(&q)
		if i == 0 {
			first = name
		}
		t.Labels = append(t.Labels, label)
		value := "r." + name
		if q.NoughtIn(p) {
			value = fmt.Sprintf("if exists r.%s then r.%s else 0.0", name, name)
		}
		columns = append(columns, text(label)+": "+value)
	}
	t.Text = w.table() + "\n  " + w.filter(first) + "|> map(fn: (r) => ({" + strings.Join(columns, ", ") + "}))\n" +
		fmt.Sprintf("  |> sort(columns: [%s], desc: true)\n  |> limit(n: %d)", text(t.Labels[0]), p.Limit)
	return t
}

// whole collects parts of one table: reads, and columns computed of them.
type whole struct {
	c       *compiler
	key     string
	reads   []*source
	parts   []string
	names   map[string]string // of parts
	order   []string
	columns []string // further columns, in order
}

// source is a read that differs from others by more than its fields.
type source struct {
	name, read, fold string // read has a mark in place of the condition for its fields
	fields           []string
	by               []string // tags to add up by; nil: each row is one
}

const fieldMark = "(fields)"

// source returns the source of a query's read and adds its field.
func (w *whole) source(read, fold, field string, by []string) *source {
	read = strings.Replace(read, "r._field == "+text(field), fieldMark, 1)
	at := slices.IndexFunc(w.reads, func(s *source) bool { return s.read == read && s.fold == fold && slices.Equal(s.by, by) })
	if at < 0 {
		at = len(w.reads)
		w.reads = append(w.reads, &source{name: fmt.Sprintf("rows%d", at), read: read, fold: fold, by: by})
	}
	s := w.reads[at]
	if !slices.Contains(s.fields, field) {
		s.fields = append(s.fields, field)
	}
	return s
}

// text reads a source into one table, with a line for each series, or set of tags, and field: its _value and its key.
func (s *source) text(key string) string {
	var fields []string
	for _, f := range s.fields {
		fields = append(fields, "r._field == "+text(f))
	}
	condition := strings.Join(fields, " or ")
	if len(fields) > 1 {
		condition = "(" + condition + ")"
	}
	group, named := "", fmt.Sprintf("fill(column: %s, value: %s)\n  |> duplicate(column: %s, as: \"key\")", text(key), text("(no "+key+")"), text(key))
	if len(s.by) > 0 { // where none has the tag, it is empty in all
		tag := "r[" + text(key) + "]"
		named = fmt.Sprintf("map(fn: (r) => ({r with key: if exists %s and %s != \"\" then %s else %s}))", tag, tag, tag, text("(no "+key+")"))
		group = "\n  |> group(columns: [" + strings.Join(s.by, ", ") + "])"
	}
	switch key {
	case "":
		named = `set(key: "key", value: "run")`
	case boards.MetricKey:
		named = `duplicate(column: "_measurement", as: "key")`
	}
	return s.name + " = " + strings.Replace(s.read, fieldMark, condition, 1) + group + "\n  |> " + s.fold + "()\n  |> toFloat()\n  |> group()\n  |> " + named + "\n\n"
}

func newWhole(c *compiler, key string) *whole {
	return &whole{c: c, key: key, names: map[string]string{}}
}

// query adds what the query needs and returns the name of its column.
func (w *whole) query(q *boards.Query) string {
	value := w.read(q)
	classed := q.By != "" && q.Only != "" && q.Calc != boards.Largest
	if !q.Arithmetic() && q.If == nil && q.Calc != boards.PerSecond && !classed {
		return value
	}
	held := func(q *boards.Query) string { // what its condition adds to that its value exists
		if q.If == nil {
			return ""
		}
		name := w.read(q.If)
		return fmt.Sprintf(" and exists r.%s and r.%s > 0.0", name, name)
	}
	sum := func(of []boards.Query) string {
		var all []string
		for i := range of {
			name := w.read(&of[i])
			all = append(all, fmt.Sprintf("(if exists r.%s%s then r.%s else 0.0)", name, held(&of[i]), name))
		}
		return "(" + strings.Join(all, " + ") + ")"
	}
	exists := "exists r." + value
	expr := "r." + value
	if classed { // what was counted has none of the class, or some
		every := *q
		every.Only = ""
		exists, expr = "exists r."+w.read(&every), fmt.Sprintf("(if exists r.%s then r.%s else 0.0)", value, value)
	}
	if q.Arithmetic() {
		expr = fmt.Sprintf("(if exists r.%s then r.%s else 0.0)", value, value)
		most := func(s string) string { return fmt.Sprintf("(if %s > 0.0 then %s else 0.0)", s, s) }
		switch {
		case len(q.Plus) > 0 && len(q.Minus) > 0:
			expr = "(" + expr + " + " + most("("+sum(q.Plus)+" - "+sum(q.Minus)+")") + ")"
		case len(q.Plus) > 0:
			for i := range q.Plus { // a line may have nothing else
				exists += " or exists r." + w.read(&q.Plus[i])
			}
			exists = "(" + exists + ")"
			expr = "(" + expr + " + " + sum(q.Plus) + ")"
		case len(q.Minus) > 0:
			expr = most("(" + expr + " - " + sum(q.Minus) + ")")
		}
		if len(q.Over) > 0 {
			over := sum(q.Over)
			exists = over + " > 0.0"
			if q.Field == "passes" { // of a ratio, which a metric that is no rate does not have
				exists += " and exists r." + value
			}
			expr += " / " + over
		}
	}
	if q.Calc == boards.PerSecond {
		name := "seconds"
		if q.Other {
			name = "comparedSeconds"
		}
		w.c.runOf(q)
		w.c.need(name)
		exists += " and " + name + " > 0.0"
		expr += " / " + name
	}
	name := fmt.Sprintf("x%d", len(w.columns))
	w.columns = append(w.columns, fmt.Sprintf("%s: if %s%s then %s else r.nothing", name, exists, held(q), expr))
	return name
}

// read adds a read once and returns the name of its column. Where a class of a tag's values has none, it has no value.
func (w *whole) read(q *boards.Query) string {
	c := w.c
	fold, value, read := "sum", plainValue, ""
	switch {
	case q.Metric == boards.Ledger:
		read = c.read(q, "")
	case q.Metric == boards.Load:
		q := *q
		q.Window = rows.Run
		read = c.read(&q, "")
	case q.Calc == boards.Largest:
		q := *q
		q.Window = rows.Run // wherever the reader looks
		read, fold, value = c.read(&q, c.finest(&q)), "max", c.perSecond(&q, value)
		if q.By != "" {
			read += summed(&q)
		}
	default:
		read = c.read(q, ofRun)
	}
	var by []string
	if q.By != "" && q.Calc != boards.Largest {
		by = []string{text("_field"), text(q.By)}
		if w.key != "" && w.key != q.By {
			by = append(by, text(w.key))
		}
	}
	return w.part(w.source(read, fold, q.Field, by), q, value)
}

// part adds a part of a source.
func (w *whole) part(from *source, q *boards.Query, value string) string {
	id := from.name + q.Field + string(q.Only) + value
	name, ok := w.names[id]
	if ok {
		return name
	}
	name = fmt.Sprintf("c%d", len(w.names))
	w.names[id] = name
	w.order = append(w.order, name)
	// Each map takes Flux some milliseconds to compile: there are as few as can be.
	body := fmt.Sprintf("%s |> filter(fn: (r) => r._field == %s)%s", from.name, text(q.Field), inClass(q))
	if value != plainValue {
		body += fmt.Sprintf("\n  |> map(fn: (r) => ({r with _value: %s}))", value)
	}
	body += fmt.Sprintf("\n  |> set(key: \"part\", value: %s)\n  |> keep(columns: [\"key\", \"part\", \"_value\"])", text(name))
	if q.By != "" || q.Calc == boards.Largest || w.key == "" {
		body += "\n  |> group(columns: [\"key\", \"part\"])\n  |> " + from.fold + "()"
	}
	w.parts = append(w.parts, body+"\n  |> group()")
	return name
}

// plainValue is a row's value as it is.
const plainValue = "r._value"

// table joins the reads. A first line has all of their columns, so that each exists whatever the run has; it goes again.
func (w *whole) table() string {
	c := w.c
	c.need("array")
	var seeds []string
	for _, name := range append(w.order, "nothing") { // the latter is of no line: a value that does not exist
		seeds = append(seeds, fmt.Sprintf("{key: %s, part: %q, _value: 0.0}", text(seed), name))
	}
	out := ""
	for _, s := range w.reads {
		out += s.text(w.key)
	}
	out += "union(tables: [\narray.from(rows: [" + strings.Join(seeds, ", ") + "]),\n" + strings.Join(w.parts, ",\n") + "\n])\n" +
		"  |> group()\n  |> pivot(rowKey: [\"key\"], columnKey: [\"part\"], valueColumn: \"_value\")\n" +
		"  |> filter(fn: (r) => r.key != " + text(seed) + ")"
	if len(w.columns) > 0 {
		out += "\n  |> map(fn: (r) => ({r with " + strings.Join(w.columns, ", ") + "}))"
	}
	return out
}

// filter keeps lines that have the column.
func (w *whole) filter(name string) string {
	return "|> filter(fn: (r) => exists r." + name + ")\n  "
}

const seed = "(columns)"

// spectrum is a line for each query over quantiles. The nines of q are how many there are in it: 0.9 has one, 0.999 three.
func (c *compiler) spectrum() Target {
	t := Target{}
	var parts []string
	for i := range c.panel.Queries {
		q := &c.panel.Queries[i]
		label := Label(c.panel, q)
		t.Labels = append(t.Labels, label)
		metric := "r.metric == " + text(q.Metric)
		if q.Or != "" {
			metric = fmt.Sprintf("(%s or r.metric == %s)", metric, text(q.Or))
		}
		parts = append(parts, "from(bucket: v.defaultBucket) "+always+
			"\n  |> filter(fn: (r) => r._measurement == \"run_quantiles\" and r._field == \"value\" and r.run == "+c.runOf(q)+" and "+metric+")\n"+
			fmt.Sprintf("  |> map(fn: (r) => ({q: float(v: r.q), part: %s, _value: r._value}))\n  |> group()", text(label)))
	}
	c.need("math")
	body := parts[0]
	if len(parts) > 1 {
		body = "union(tables: [\n" + strings.Join(parts, ",\n") + "\n])\n  |> group()"
	}
	t.Text = body + "\n  |> filter(fn: (r) => r.q < 1.0)\n  |> pivot(rowKey: [\"q\"], columnKey: [\"part\"], valueColumn: \"_value\")\n" +
		"  |> map(fn: (r) => ({r with nines: -math.log10(x: 1.0 - r.q)}))\n  |> sort(columns: [\"q\"])"
	return t
}
