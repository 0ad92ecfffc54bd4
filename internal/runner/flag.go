package runner

import (
	"net/url"
	"regexp"
	"strings"
)

// flagValue finds --name VALUE or --name=VALUE among k6's flags; the last one counts.
func flagValue(args []string, names ...string) string {
	values := flagValues(args, names...)
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// flagValues are all values of a flag that may be given more than once.
func flagValues(args []string, names ...string) (values []string) {
	for i, a := range args {
		for _, n := range names {
			if a == n && i+1 < len(args) {
				values = append(values, args[i+1])
			} else if v, ok := strings.CutPrefix(a, n+"="); ok {
				values = append(values, v)
			} else if v, ok := strings.CutPrefix(a, n); ok && len(n) == 2 && v != "" && v[0] != '=' {
				values = append(values, v) // -eNAME=value
			}
		}
	}
	return values
}

// after is what follows the kind in KIND=FILE.
func after(v string) string {
	_, file, _ := strings.Cut(v, "=")
	return file
}

var urlIn = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9+.-]*://\S+`)

func redactURL(text string) string {
	return urlIn.ReplaceAllStringFunc(text, func(raw string) string {
		u, err := url.Parse(raw)
		if err != nil {
			return "***"
		}
		if u.User != nil {
			u.User = url.User("***")
		}
		if u.RawQuery != "" {
			u.RawQuery = "***"
		}
		return u.String()
	})
}
