package lint

import (
	"regexp"
)

// truth is what a condition comes to: false, true, or not known before the query runs.
type truth byte

const (
	no truth = iota
	yes
	maybe
)

func (a truth) not() truth {
	switch a {
	case no:
		return yes
	case yes:
		return no
	}
	return maybe
}

// condition is what a filter asks of a row. value is a row's at a key: what it is, all it may be, or nothing.
type condition func(value func(key string) values) truth

// values are what a row may have at a key.
type values struct {
	some bool     // false: the row has no such key
	only []string // nil: anything
}

// has compares a key's values with a text.
func (v values) has(s string) truth {
	if !v.some {
		return no
	}
	return v.match(func(one string) bool { return one == s })
}

func (v values) match(f func(string) bool) truth {
	if !v.some {
		return no
	}
	if v.only == nil {
		return maybe
	}
	n := 0
	for _, one := range v.only {
		if f(one) {
			n++
		}
	}
	switch n {
	case 0:
		return no
	case len(v.only):
		return yes
	}
	return maybe
}

// parser reads the body of filter(fn: (r) => ...). What it does not know is maybe.
type parser struct {
	tokens []token
	at     int
	row    string              // what the function calls its row
	asked  map[string][]string // the keys that are compared, with the texts that they are compared with
	asks   int                 // comparisons
	depth  int                 // in brackets and nots
}

func (p *parser) next() (t token) {
	if p.at < len(p.tokens) {
		t = p.tokens[p.at]
	}
	return t
}

func unknown(func(string) values) truth { return maybe }

// or and and are those of three-valued logic.
func (p *parser) or() condition { return p.list("or", p.and, yes) }

func (p *parser) and() condition { return p.list("and", p.unary, no) }

// list reads what stands between words. It is strong where one of them is, else what all are, else maybe.
func (p *parser) list(between string, one func() condition, strong truth) condition {
	all := []condition{one()}
	for p.next().is(between) {
		p.at++
		all = append(all, one())
	}
	if len(all) == 1 {
		return all[0]
	}
	return func(v func(string) values) truth {
		sum := strong.not()
		for _, c := range all {
			switch c(v) {
			case strong:
				return strong
			case maybe:
				sum = maybe
			}
		}
		return sum
	}
}

func (p *parser) unary() condition {
	p.asks++
	if p.depth++; p.depth > deepest {
		return p.skip()
	}
	defer func() { p.depth-- }()
	switch t := p.next(); {
	case t.is("not"):
		p.at++
		c := p.unary()
		return func(v func(string) values) truth { return c(v).not() }
	case t.is("exists"):
		p.at++
		key := p.key()
		if key == "" {
			return p.skip()
		}
		return func(v func(string) values) truth {
			if v(key).some {
				return yes
			}
			return no
		}
	case t.is("("):
		end := closing(p.tokens, p.at)
		inner := parser{tokens: p.tokens[p.at+1 : max(end, p.at+1)], row: p.row, asked: p.asked, depth: p.depth}
		c := inner.or()
		p.asks += inner.asks
		if p.at = end + 1; inner.at < len(inner.tokens) { // no condition: a calculation in brackets
			return p.skip()
		}
		if n := p.next(); p.at < len(p.tokens) && !n.is("and") && !n.is("or") {
			return p.skip()
		}
		return c
	}
	return p.comparison()
}

// comparison reads r.key == "text" and its like.
func (p *parser) comparison() condition {
	key := p.key()
	op := p.next()
	if key == "" || !(op.is("==") || op.is("!=") || op.is("=~") || op.is("!~")) {
		return p.skip()
	}
	p.at++
	right := p.next()
	p.at++
	if n := p.next(); p.at < len(p.tokens) && !n.is("and") && !n.is("or") {
		return p.skip()
	}
	if p.asked[key] == nil {
		p.asked[key] = []string{}
	}
	if right.dynamic() {
		return unknown
	}
	var c condition
	switch {
	case right.kind == text && (op.s == "==" || op.s == "!="):
		if op.s == "==" {
			p.asked[key] = append(p.asked[key], right.s)
		}
		c = func(v func(string) values) truth { return v(key).has(right.s) }
	case right.kind == regex:
		re, err := regexp.Compile(right.s)
		if err != nil {
			return unknown
		}
		c = func(v func(string) values) truth { return v(key).match(re.MatchString) }
	default:
		return unknown
	}
	if op.s == "!=" || op.s == "!~" {
		return func(v func(string) values) truth {
			if !v(key).some {
				return no // compared with nothing, nothing is true
			}
			return c(v).not()
		}
	}
	return c
}

// key reads r.key or r["key"], "" for anything else.
func (p *parser) key() string {
	t := p.next()
	if t.kind != word {
		return ""
	}
	if rest, ok := cut(t.s, p.row+"."); ok {
		p.at++
		return rest
	}
	if t.s == p.row && p.at+3 < len(p.tokens) && p.tokens[p.at+1].is("[") && p.tokens[p.at+2].kind == text && p.tokens[p.at+3].is("]") {
		p.at += 4
		return p.tokens[p.at-2].s
	}
	return ""
}

func cut(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return "", false
}

// skip passes over what is not understood, up to the next and or or.
func (p *parser) skip() condition {
	for p.at < len(p.tokens) && !p.next().is("and") && !p.next().is("or") {
		if t := p.next(); t.is("(") || t.is("[") || t.is("{") {
			p.at = closing(p.tokens, p.at)
		}
		p.at++
	}
	return unknown
}
