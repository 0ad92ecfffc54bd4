package lint

import (
	"maps"
	"slices"
	"strings"
)

// read is one pipeline of a query that begins with from(), or with the name of one.
type read struct {
	bucket  string // "" where it is not known before the query runs: v.defaultBucket, a variable
	at      token  // the bucket's, to say another
	filters []condition
	asked   map[string][]string // keys that filters compare, with the texts
	calls   []call              // what is done with the rows, in order
	fixed   string              // in words, where range() has absolute times
	opaque  bool                // it calls a function of the query's own, which may do anything
	base    bool                // others go on from it
	asks    int                 // how much filters compare
}

// call is a function with its arguments.
type call struct {
	name string
	args map[string][]token
	end  int // in bytes, behind the closing bracket
}

// arg is an argument of one token, "" for none.
func (c call) arg(name string) string {
	if t := c.args[name]; len(t) == 1 {
		return t[0].s
	}
	return ""
}

// flux is a query in parts.
type flux struct {
	tokens []token
	reads  []*read
	vast   bool // it is beyond the limits, and was not taken apart
}

// Limits of a query that is taken apart, so that none costs patience. Beyond them only its brackets and quotes are looked at.
const (
	maxQuery = 64 << 10 // bytes
	maxReads = 100      // pipelines
	maxAsks  = 500      // comparisons of a pipeline
	deepest  = 100      // brackets and nots in each other
)

// parse takes a query apart. What it does not understand makes no finding.
func parse(src string) *flux {
	f := &flux{tokens: scan(src)}
	if f.vast = len(src) > maxQuery; f.vast {
		return f
	}
	t := f.tokens
	own, named := map[string]bool{}, map[string]*read{}
	for i := 0; i+2 < len(t); i++ {
		if t[i].kind == word && t[i+1].is("=") && t[i+2].is("(") {
			if end := closing(t, i+2); end+1 < len(t) && t[end+1].is("=>") {
				own[t[i].s] = true
			}
		}
	}
	for i := 0; i+1 < len(t); i++ {
		if t[i].kind != word {
			continue
		}
		var r *read
		next := i + 1
		switch base := named[t[i].s]; {
		case t[i].s == "from" && t[i+1].is("("):
			end := closing(t, i+1)
			bucket := arguments(t[i+2 : max(end, i+2)])["bucket"]
			if len(bucket) == 0 {
				continue
			}
			r = &read{asked: map[string][]string{}}
			if len(bucket) == 1 && bucket[0].kind == text && !bucket[0].dynamic() {
				r.bucket, r.at = bucket[0].s, bucket[0]
			}
			next = end + 1
		case base != nil && t[i+1].is("|>"):
			base.base = true
			again := *base
			again.filters, again.calls, again.asked, again.base = slices.Clone(base.filters), slices.Clone(base.calls), maps.Clone(base.asked), false
			r = &again
		default:
			continue
		}
		f.reads = append(f.reads, r)
		r.chain(t, next, own)
		if f.vast = len(f.reads) > maxReads || r.asks > maxAsks; f.vast {
			f.reads = nil
			return f
		}
		if i >= 2 && t[i-1].is("=") && t[i-2].kind == word {
			named[t[i-2].s] = r
		}
	}
	return f
}

// chain reads |> call(...) |> call(...).
func (r *read) chain(t []token, i int, own map[string]bool) {
	for i+2 < len(t) && t[i].is("|>") && t[i+1].kind == word && t[i+2].is("(") {
		end := closing(t, i+2)
		c := call{name: t[i+1].s, args: arguments(t[i+3 : max(end, i+3)]), end: t[end].end}
		r.calls = append(r.calls, c)
		switch c.name {
		case "range":
			for _, of := range []struct{ name, word string }{{"start", "from"}, {"stop", "up to"}} {
				if a := c.args[of.name]; len(a) == 1 && a[0].kind == number && len(a[0].s) >= 10 && a[0].s[4] == '-' {
					r.fixed = strings.TrimSpace(r.fixed + " " + of.word + " the fixed time " + a[0].s)
				}
			}
		case "filter":
			if cond := r.condition(c.args["fn"]); cond != nil && r.rows() {
				r.filters = append(r.filters, cond)
			}
		}
		r.opaque = r.opaque || own[c.name]
		i = end + 1
	}
}

// rows says whether the pipeline still has the rows as they were written: behind a pivot or a map a filter may ask for anything.
func (r *read) rows() bool {
	return !r.has("pivot", "map", "rename", "set", "duplicate", "join", "schema.fieldsAsCols", "v1.fieldsAsCols", "reduce")
}

// arguments splits name: value, name: value.
func arguments(t []token) map[string][]token {
	out := map[string][]token{}
	for i := 0; i+1 < len(t); {
		if t[i].kind != word || !t[i+1].is(":") {
			return out
		}
		name, from := t[i].s, i+2
		for i = from; i < len(t) && !t[i].is(","); i++ {
			if t[i].is("(") || t[i].is("[") || t[i].is("{") {
				i = closing(t, i)
			}
		}
		out[name] = t[from:min(i, len(t))]
		i++
	}
	return out
}

// condition reads (r) => ....
func (r *read) condition(fn []token) condition {
	if len(fn) < 5 || !fn[0].is("(") || fn[1].kind != word || !fn[2].is(")") || !fn[3].is("=>") {
		return nil
	}
	p := &parser{tokens: fn[4:], row: fn[1].s, asked: r.asked}
	if p.tokens[0].is("{") {
		return nil
	}
	c := p.or()
	r.asks += p.asks
	if p.at < len(p.tokens) {
		return nil
	}
	return c
}

// has says whether the pipeline calls one of these.
func (r *read) has(names ...string) bool {
	return slices.ContainsFunc(r.calls, func(c call) bool { return slices.Contains(names, c.name) })
}

// influxQL says whether a target asks in the other language, which a Flux datasource does not speak.
func influxQL(target map[string]any) bool {
	if target["rawQuery"] == false && target["measurement"] != nil || target["query"] == nil && target["select"] != nil {
		return true
	}
	q, _ := target["query"].(string)
	return isInfluxQL(q)
}

func isInfluxQL(query string) bool {
	first, _, _ := strings.Cut(strings.ToUpper(strings.Join(strings.Fields(query), " ")), " ")
	return slices.Contains([]string{"SELECT", "SHOW"}, first)
}
