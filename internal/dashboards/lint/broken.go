package lint

import (
	"fmt"
	"strings"
)

// broken says why a text is no Flux whatever Grafana puts in for its variables, "" where it may be some: a string or a bracket
// that is not closed, one that closes nothing, a pipe into nothing.
func broken(src string, t []token) string {
	var open []token
	for i, v := range t {
		switch {
		case v.kind == text && unclosed(src, v):
			return "a quote is not closed" + line(src, v)
		case v.kind == word && strings.Contains(v.s, "${") && !strings.HasSuffix(v.s, "}"): // ${__from:date:YYYY-MM} has other signs in it
			open = append(open, token{kind: sign, s: "{", at: v.at, end: v.end})
		case v.kind != sign:
		case v.s == "(" || v.s == "[" || v.s == "{":
			open = append(open, v)
		case v.s == ")" || v.s == "]" || v.s == "}":
			if len(open) == 0 {
				return fmt.Sprintf("the %s closes nothing%s", v.s, line(src, v))
			}
			last := open[len(open)-1]
			if want := map[string]string{"(": ")", "[": "]", "{": "}"}[last.s]; want != v.s {
				return fmt.Sprintf("the %s is not closed%s", last.s, line(src, last))
			}
			open = open[:len(open)-1]
		case v.s == "|>" && i == len(t)-1:
			return "nothing follows the last |>" + line(src, v)
		}
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return fmt.Sprintf("the %s is not closed%s", last.s, line(src, last))
	}
	return ""
}

// unclosed says whether a string goes on to the end of the query: one more quote would close it.
func unclosed(src string, v token) bool {
	if v.end < len(src) {
		return false
	}
	_, end := quoted(src+`"`, v.at)
	return end > len(src)
}

// line is where a token stands in a query of several lines.
func line(src string, v token) string {
	n, many := 1, false
	for i, c := range []byte(src) {
		if c == '\n' {
			many = true
			if i < v.at {
				n++
			}
		}
	}
	if !many {
		return ""
	}
	return fmt.Sprintf(", in line %d", n)
}
