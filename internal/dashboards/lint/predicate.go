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
}

func (p *parser) next() (t token) {
	if p.at < len(p.tokens) {
		t = p.tokens[p.at]
	}
	return t
}

func unknown(func(string) values) truth { return maybe }

// or and and are those of three-valued logic.
func (p *parser) or() condition {
	left := p.and()
	for p.next().is("or") {
		p.at++
		a, b := left, p.and()
		left = func(v func(string) values) truth { return a.both(b, v, yes) }
	}
	return left
}

func (p *parser) and() condition {
	left := p.unary()
	for p.next().is("and") {
		p.at++
		a, b := left, p.unary()
		left = func(v func(string) values) truth { return a.both(b, v, no) }
	}
	return left
}

// both is strong where either side is, else what both are, else maybe.
func (c condition) both(other condition, v func(string) values, strong truth) truth {
	a, b := c(v), other(v)
	switch {
	case a == strong || b == strong:
		return strong
	case a == b:
		return a
	}
	return maybe
}

func (p *parser) unary() condition {
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
		inner := parser{tokens: p.tokens[p.at+1 : max(end, p.at+1)], row: p.row, asked: p.asked}
		c := inner.or()
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
