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

// Value is a document, as JSON makes one, without secrets: what stands under a secret's name, and in every text.
func (r *Redactor) Value(v any) any {
	switch v := v.(type) {
	case string:
		return r.Text(v)
	case []any:
		for i := range v {
			v[i] = r.Value(v[i])
		}
	case map[string]any:
		for k, one := range v {
			if text, ok := one.(string); ok && Secretive(k) && text != "" {
				v[k] = config.Mask
				continue
			}
			v[k] = r.Value(one)
		}
	}
	return v
}
