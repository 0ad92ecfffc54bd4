package report

import "strings"

// mostName is how many characters of a name are shown.
const mostName = 200

// code is a text as a code span, in which nothing means anything. What would end it is taken into account.
func code(s string) string {
	s = line(s)
	if s == "" {
		return none
	}
	return span(s)
}

// cell is code in a table, whose cells end at a bar even within code spans. A bar stands between spans, in the same look:
// a backslash before it would mean something else where the name has one, too.
func cell(s string) string {
	s = line(s)
	if s == "" {
		return none
	}
	var out strings.Builder
	for s != "" {
		rest := strings.TrimLeft(s, "|")
		if bars := len(s) - len(rest); bars > 0 {
			out.WriteString("<code>" + strings.Repeat("&#124;", bars) + "</code>")
		}
		text := rest
		if at := strings.IndexByte(rest, '|'); at >= 0 {
			text = rest[:at]
		}
		if text != "" {
			out.WriteString(span(text))
		}
		s = rest[len(text):]
	}
	return out.String()
}

// line is a name in one line, cut where it is long.
func line(s string) string { return short(strings.Join(strings.Fields(clean(s)), " "), mostName) }

// span is a text, not empty, between as many backticks as it needs.
func span(s string) string {
	longest, run := 0, 0
	for _, c := range s {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	first, last := s[0], s[len(s)-1]
	if first == '`' || last == '`' || first == ' ' && last == ' ' && strings.Trim(s, " ") != "" { // of which one each is taken away
		s = " " + s + " "
	}
	return fence + s + fence
}

// marks are what means something in Markdown.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"|", `\|`, "#", `\#`, "~", `\~`, "@", "@\u200b", "\n", " ", "\r", " ")

// plain is a text of ours, without code's look. Names are no such text: an address in it would be a link.
func plain(s string) string { return marks.Replace(clean(s)) }
