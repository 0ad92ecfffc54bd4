package doctor

import (
	"bytes"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
)

// Salvage takes what may be a secret from the text of a .env, line by line, whether or not the file as a whole makes sense: values of
// names that say so, also those that were commented out. Of a file that is broken, all that is no setting of another kind.
func Salvage(env []byte, broken bool) (secrets []string) {
	env = bytes.TrimPrefix(bytes.ReplaceAll(env, []byte{0}, nil), []byte("\uFEFF")) // as much of UTF-16 as is needed
	for _, line := range strings.FieldsFunc(string(env), func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(strings.TrimLeft(line, "# \t"))
		name, value := "", line // the rest of a value that began before
		if i := strings.IndexAny(line, "=:"); i > 0 {
			words := strings.Fields(line[:i]) // export NAME
			name, value = words[len(words)-1], strings.TrimSpace(line[i+1:])
		}
		key, err := config.FindKey(name)
		switch {
		case err == nil && !key.Secret:
		case err == nil, Secretive(name):
			secrets = append(secrets, forms(value)...)
		case broken:
			secrets = append(append(secrets, line), forms(value)...)
		}
	}
	return secrets
}

// forms are a value as it stands, without its comment, without its quotes, and as its backslashes have it.
func forms(value string) (all []string) {
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	add(value)
	bare, _, _ := strings.Cut(value, " #")
	add(bare)
	if value != "" && strings.Contains(`'"`, value[:1]) {
		quote := value[:1]
		inner := strings.TrimPrefix(value, quote)
		if end := strings.LastIndex(inner, quote); end >= 0 {
			add(inner[:end])
			inner = inner[:end]
		}
		add(inner)
		add(unescaped.Replace(inner))
	}
	add(strings.Trim(bare, ` '"`))
	return all
}

var unescaped = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\"`, `"`, `\'`, "'", `\$`, "$", `\\`, `\`)
