package flux

import (
	"fmt"
	"strings"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
)

// figure is one value of the whole run.
func (c *compiler) figure(original *boards.Query) Target {
	q := expand(*original)
	label := Label(c.panel, original)
	w := newWhole(c, "")
	name := w.query(&q)
	return Target{Labels: []string{label}, Text: w.table() + "\n  " + w.filter(name) + "|> map(fn: (r) => ({" + text(label) + ": r." + name + "}))"}
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
		columns = append(columns, text(label)+": r."+name)
	}
	t.Text = w.table() + "\n  " + w.filter(first) + "|> map(fn: (r) => ({" + strings.Join(columns, ", ") + "}))\n" +
		fmt.Sprintf("  |> sort(columns: [%s], desc: true)\n  |> limit(n: %d)", text(t.Labels[0]), p.Limit)
	return t
}

// whole collects parts of one table: reads, and columns computed of them.
type whole struct {
	c       *compiler
	key     string
	reads   []string
	names   map[string]string // of reads
	order   []string
	columns []string // further columns, in order
}

func newWhole(c *compiler, key string) *whole {
	return &whole{c: c, key: key, names: map[string]string{}}
}

// query adds what the query needs and returns the name of its column.
func (w *whole) query(q *boards.Query) string {
	value := w.read(q)
	if !q.Arithmetic() && q.If == nil && q.Calc != boards.PerSecond {
		return value
	}
	sum := func(of []boards.Query) string {
		var all []string
		for i := range of {
			name := w.read(&of[i])
			all = append(all, fmt.Sprintf("(if exists r.%s then r.%s else 0.0)", name, name))
		}
		return "(" + strings.Join(all, " + ") + ")"
	}
	exists := "exists r." + value
	expr := "r." + value
	if q.Arithmetic() {
		expr = fmt.Sprintf("(if exists r.%s then r.%s else 0.0)", value, value)
		most := func(s string) string { return fmt.Sprintf("(if %s > 0.0 then %s else 0.0)", s, s) }
		switch {
		case len(q.Plus) > 0 && len(q.Minus) > 0:
			expr = "(" + expr + " + " + most("("+sum(q.Plus)+" - "+sum(q.Minus)+")") + ")"
		case len(q.Plus) > 0:
			expr = "(" + expr + " + " + sum(q.Plus) + ")"
		case len(q.Minus) > 0:
			expr = most("(" + expr + " - " + sum(q.Minus) + ")")
		}
		if len(q.Over) > 0 {
			over := sum(q.Over)
			exists = over + " > 0.0"
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
	if q.If != nil {
		condition := w.read(q.If)
		exists += fmt.Sprintf(" and exists r.%s and r.%s > 0.0", condition, condition)
	}
	name := fmt.Sprintf("x%d", len(w.columns))
	w.columns = append(w.columns, fmt.Sprintf("%s: if %s then %s else r.nothing", name, exists, expr))
	return name
}

// read adds a read once and returns the name of its column.
func (w *whole) read(q *boards.Query) string {
	c := w.c
	key := `"run"`
	switch {
	case w.key == boards.MetricKey:
		key = "r._measurement"
	case w.key != "":
		tag := "r[" + text(w.key) + "]"
		key = fmt.Sprintf("if exists %s and %s != \"\" then %s else %s", tag, tag, tag, text("(no "+w.key+")"))
	}
	fold, value, read := "sum", "float(v: r._value)", ""
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
	case q.By != "": // what is of no period has window "run"
		read, value = c.read(q, "("+c.finest(q)+` or r.window == "run")`), ofClass(q, value)
	default:
		read = c.read(q, `r.window == "run"`)
	}
	name, ok := w.names[read+fold+value]
	if !ok {
		name = fmt.Sprintf("c%d", len(w.names))
		w.names[read+fold+value] = name
		w.order = append(w.order, name)
		// With no column of its own a line of constants would be lost: Flux maps whole columns at once, and those have no length.
		body := read + "\n  |> " + fold + fmt.Sprintf("()\n  |> map(fn: (r) => ({r with key: %s, part: %q, _value: %s}))\n  |> keep(columns: [\"key\", \"part\", \"_value\"])", key, name, value)
		if q.By != "" || q.Calc == boards.Largest || w.key == "" {
			body += "\n  |> group(columns: [\"key\", \"part\"])\n  |> " + fold + "()"
		}
		w.reads = append(w.reads, body+"\n  |> group()")
	}
	return name
}

// table joins the reads. A first line has all of their columns, so that each exists whatever the run has; it goes again.
func (w *whole) table() string {
	c := w.c
	c.need("array")
	var seeds []string
	for _, name := range append(w.order, "nothing") { // the latter is of no line: a value that does not exist
		seeds = append(seeds, fmt.Sprintf("{key: %s, part: %q, _value: 0.0}", text(seed), name))
	}
	out := "union(tables: [\narray.from(rows: [" + strings.Join(seeds, ", ") + "]),\n" + strings.Join(w.reads, ",\n") + "\n])\n" +
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
