package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token of Flux is.
type kind byte

const (
	word   kind = iota // a name, with its dots: v.windowPeriod
	text               // of a string, without its quotes
	regex              // without its slashes
	number             // with its unit: 10s, -1h is two tokens
	sign               // an operator or a bracket
)

type token struct {
	kind kind
	s    string
	at   int // in bytes from the query's begin
	end  int
	over int // of a bracket that opens: how many tokens on the one is that closes it
}

// is says whether the token is that word or sign.
func (t token) is(s string) bool { return (t.kind == sign || t.kind == word) && t.s == s }

// dynamic says whether a text is only known once Grafana has put its variables in, or Flux its expressions.
func (t token) dynamic() bool { return strings.ContainsRune(t.s, '$') || strings.Contains(t.s, "[[") }

// scan splits Flux into tokens, without comments. It takes what it does not know for signs: a query with Grafana's variables
// in odd places is not yet Flux.
func scan(src string) (out []token) {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRuneInString(src[i:])
		start := i
		add := func(k kind, s string, end int) {
			out = append(out, token{kind: k, s: s, at: start, end: end})
			i = end
		}
		switch {
		case unicode.IsSpace(r):
			i += n
		case strings.HasPrefix(src[i:], "//") && !afterMatch(out):
			if end := strings.IndexByte(src[i:], '\n'); end >= 0 {
				i += end
			} else {
				i = len(src)
			}
		case r == '"':
			s, end := quoted(src, i)
			add(text, s, end)
		case r == '/' && regexHere(out):
			end := i + 1
			for end < len(src) && src[end] != '/' && src[end] != '\n' {
				if src[end] == '\\' {
					end++
				}
				end++
			}
			add(regex, src[i+1:min(end, len(src))], min(end+1, len(src)))
		case r == '_' || r == '$' || unicode.IsLetter(r):
			end, dollar := i, false
			for end < len(src) {
				c, n := utf8.DecodeRuneInString(src[end:])
				if c != '_' && c != '.' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("${}:", c) ||
					(c == ':' || c == '{' || c == '}') && !dollar {
					break
				}
				end, dollar = end+n, dollar || c == '$'
				if c == '}' {
					break
				}
			}
			add(word, src[i:end], end)
		case unicode.IsDigit(r):
			end := i
			for end < len(src) && (isWordByte(src[end]) || src[end] == '.' || src[end] == ':' || src[end] == '-' && end-i >= 4 && end-i < 40 && isDate(src[i:end])) {
				end++
			}
			add(number, src[i:end], end)
		default:
			for _, long := range []string{"|>", "=>", "==", "!=", "=~", "!~", "<=", ">=", "<-"} {
				if strings.HasPrefix(src[i:], long) {
					n = len(long)
				}
			}
			add(sign, src[i:i+n], i+n)
		}
	}
	pair(out)
	return out
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// isDate says whether a number goes on behind a hyphen: 2024-05-01T00:00:00Z.
func isDate(s string) bool { return len(s) == 4 || len(s) == 7 || strings.ContainsRune(s, 'T') }

func afterMatch(before []token) bool {
	return len(before) > 0 && (before[len(before)-1].is("=~") || before[len(before)-1].is("!~"))
}

// regexHere says whether a slash begins an expression: it divides behind a value.
func regexHere(before []token) bool {
	if len(before) == 0 {
		return false
	}
	t := before[len(before)-1]
	return t.is("return") || t.kind == sign && t.s != ")" && t.s != "]" && t.s != "}"
}

// quoted reads a string that begins at i.
func quoted(src string, i int) (s string, end int) {
	var b strings.Builder
	for end = i + 1; end < len(src) && src[end] != '"'; end++ {
		if src[end] == '\\' && end+1 < len(src) {
			end++
			switch src[end] {
			case 'n':
				b.WriteByte('\n')
				continue
			case 't':
				b.WriteByte('\t')
				continue
			}
		}
		b.WriteByte(src[end])
	}
	return b.String(), min(end+1, len(src))
}

// pair has each bracket that opens know the one that closes it, of whatever kind, or the last token where none does.
func pair(t []token) {
	var open []int
	for i := range t {
		if t[i].kind != sign {
			continue
		}
		switch t[i].s {
		case "(", "[", "{":
			open = append(open, i)
			t[i].over = len(t) - 1 - i
		case ")", "]", "}":
			if last := len(open) - 1; last >= 0 {
				t[open[last]].over = i - open[last]
				open = open[:last]
			}
		}
	}
}

// closing is the index of the bracket that closes the one at i, or the last token's where none does.
func closing(t []token, i int) int { return min(i+t[i].over, len(t)-1) }
