package doctor

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ltlab/ltlab/internal/config"
)

// Redactor takes secrets out of texts that leave the lab: those that it was told of, wherever they stand and in the forms
// in which programs write them, and whatever looks like one. This is the only place that decides what does.
type Redactor struct{ known *strings.Replacer }

// shortest is the length from which a known secret is looked for by itself; a shorter one would be found in plain words.
const shortest = 6

// NewRedactor knows these secrets.
func NewRedactor(secrets []string) *Redactor {
	forms := map[string]bool{}
	for _, s := range secrets {
		if len(s) < shortest {
			continue
		}
		asJSON, _ := json.Marshal(s)
		for _, form := range []string{
			s, strings.Trim(string(asJSON), `"`), url.QueryEscape(s), url.PathEscape(s), strings.ReplaceAll(s, "$", "$$"), strings.ReplaceAll(s, "'", "''"),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
		} {
			forms[form] = true
		}
	}
	var all []string
	for f := range forms {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b string) int { // a secret that contains another goes first
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var pairs []string
	for _, f := range all {
		pairs = append(pairs, f, config.Mask)
	}
	return &Redactor{strings.NewReplacer(pairs...)}
}

// Secretive says whether a name is that of a secret.
func Secretive(name string) bool {
	return secret().name.MatchString(name) && name != "PWD" && name != "OLDPWD" // those are folders, in every shell
}

// words are those with which names of secrets are made.
const words = `(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_.-]?key|apikey|access[_.-]?key|private[_.-]?key|auth(?:orization)?|credentials?|cookie|signature|bearer|jwt|dsn)`

// patterns are made when somebody needs them: most commands do not.
type patterns struct {
	// name is that of a secret.
	name *regexp.Regexp
	// headers run to the end of their line, or of the quotes in which they stand.
	headers *regexp.Regexp
	// schemes stand before credentials, wherever that is.
	schemes  *regexp.Regexp
	userinfo *regexp.Regexp
	// assigned is NAME=value, "name": "value" and name: value with a name that says secret; flagged is --name value.
	assigned, flagged *regexp.Regexp
	keys              *regexp.Regexp
	// whole is a text that is nothing but a secret's name and its value, flag one that is a flag of such a name.
	whole, flag *regexp.Regexp
	// shapes are those of tokens that are known by themselves: JSON web tokens, and those of GitHub, Slack, Amazon and Grafana.
	shapes *regexp.Regexp
}

var secret = sync.OnceValue(func() *patterns {
	return &patterns{
		name:     regexp.MustCompile(`(?i)(?:^|[^a-z])` + words + `(?:$|[^a-z])|` + `(?i)` + words + `$`),
		headers:  regexp.MustCompile(`(?i)((?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token|api-key)(["']?\s*[:=]\s*)(["']?)[^"'\r\n]+`),
		schemes:  regexp.MustCompile(`(?i)\b(bearer|token|basic|digest)(\s+)[A-Za-z0-9+/_.~=-]{8,}`),
		userinfo: regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s"'<>]*@`),
		assigned: regexp.MustCompile(`(?i)([A-Za-z0-9_.-]*` + words + `[A-Za-z0-9_.-]*)(\\?["']?\s*[:=]\s*)(\\"[^"]*?\\"|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;&}\])]+)`),
		flagged:  regexp.MustCompile(`(?i)(--?[a-z0-9-]*` + words + `[a-z0-9-]*)(\s+)([^\s"',;-][^\s"',;]*)`),
		keys:     regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`),
		whole:    regexp.MustCompile(`(?is)^(\s*[A-Za-z0-9_.-]*` + words + `[A-Za-z0-9_.-]*\s*[:=]\s*).*[^\s].*$`),
		flag:     regexp.MustCompile(`(?i)^--?[a-z0-9-]*` + words + `[a-z0-9-]*$`),
		shapes:   regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abpr]-[A-Za-z0-9-]{10,}|\bA[KS]IA[A-Z0-9]{16}\b|\bgl(?:c|sa)_[A-Za-z0-9_]{20,}`),
	}
})

// Text is a text without secrets.
func (r *Redactor) Text(s string) string {
	p := secret()
	s = p.keys.ReplaceAllString(s, config.Mask)
	s = p.userinfo.ReplaceAllString(s, "${1}"+config.Mask+"@")
	s = r.known.Replace(s)
	s = p.headers.ReplaceAllString(s, "${1}${2}${3}"+config.Mask)
	s = p.schemes.ReplaceAllString(s, "${1}${2}"+config.Mask)
	s = p.shapes.ReplaceAllString(s, config.Mask)
	s = p.assigned.ReplaceAllStringFunc(s, func(m string) string {
		f := p.assigned.FindStringSubmatch(m)
		open := ""
		if i := strings.IndexAny(f[3], `"'`); i == 0 || i == 1 && f[3][0] == '\\' {
			open = f[3][:i+1]
		}
		return f[1] + f[2] + open + config.Mask + open
	})
	return p.flagged.ReplaceAllString(s, "${1}${2}"+config.Mask)
}

// Value is a document, as JSON makes one, without secrets: what stands under a secret's name or after a flag of that name, and in
// every text.
func (r *Redactor) Value(v any) any {
	switch v := v.(type) {
	case string:
		if m := secret().whole.FindStringSubmatch(v); m != nil {
			return m[1] + config.Mask
		}
		return r.Text(v)
	case []any:
		named := false // by the flag before it
		for i, one := range v {
			if named {
				v[i] = masked(one)
			} else {
				v[i] = r.Value(one)
			}
			text, _ := one.(string)
			named = secret().flag.MatchString(text)
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for k, one := range v {
			if Secretive(k) {
				clean[r.Text(k)] = masked(one)
				continue
			}
			clean[r.Text(k)] = r.Value(one)
		}
		return clean
	}
	return v
}

// masked is what a secret's name stands for: each text and number in it is one. That something is set or empty is none.
func masked(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case []any:
		for i := range v {
			v[i] = masked(v[i])
		}
		return v
	case map[string]any:
		for k := range v {
			v[k] = masked(v[k])
		}
		return v
	case string:
		if v == "" {
			return v
		}
	}
	return config.Mask
}
