package config

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/joho/godotenv"
)

// header begins a .env that ltlab makes.
const header = "# Settings of a lab, made by ltlab. It holds passwords: keep it to yourself.\n" +
	"# See what counts and why:  ltlab config --origin\n" +
	"# Change something:         ltlab configure set NAME=value\n\n"

// lockWait is how long another ltlab that writes the same file is waited for; it takes milliseconds.
const lockWait = 10 * time.Second

// Setting is a name with its new value.
type Setting struct{ Key, Value string }

// Set writes settings into the lab's .env, all of them or none; the empty value takes a setting back. What else stands
// in the file stays. Errors are those of ReadEnv and FindKey, and *ValueError.
func Set(h Home, settings []Setting) error {
	for _, s := range settings {
		k, err := FindKey(s.Key)
		if err != nil {
			return err
		}
		if err := k.Check(s.Value); err != nil {
			return err
		}
		if _, err := quote(s.Value); err != nil {
			return &ValueError{Key: s.Key, Err: err}
		}
	}
	return change(h, func(*EnvFile) []Setting { return settings })
}

// Ensure makes what a lab needs once and must never change by itself: random passwords, and the names under which its data
// is kept. Tokens are not among them: InfluxDB makes those. changed are the settings that were not there before. Errors are those of ReadEnv.
func Ensure(h Home) (changed []string, err error) {
	err = change(h, func(f *EnvFile) []Setting {
		var made []Setting
		for _, k := range Keys() {
			if !k.Kept || f.Value(k.Name) != "" {
				continue
			}
			value := k.Default
			if k.Secret {
				value = Secret()
			}
			made = append(made, Setting{k.Name, value})
			changed = append(changed, k.Name)
		}
		return made
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// Secret is a new random secret: 52 letters and digits, 260 random bits, safe in URLs and shells.
func Secret() string { return rand.Text() + rand.Text() }

// change reads the .env, sets what decide returns and writes it back, while no other ltlab does the same.
func change(h Home, decide func(*EnvFile) []Setting) error {
	if err := h.Make(); err != nil {
		return unusable(h.Env(), err)
	}
	lock := flock.New(h.Env() + ".lock")
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("another ltlab is writing it and does not come to an end")
		}
		return unusable(h.Env(), err)
	}
	defer lock.Unlock()
	f, err := ReadEnv(h)
	if err != nil {
		return err
	}
	settings := decide(f)
	if len(settings) == 0 {
		return nil
	}
	for _, s := range settings {
		if err := f.set(s.Key, s.Value); err != nil {
			return &ValueError{Key: s.Key, Err: err}
		}
	}
	return f.write()
}

// set replaces a setting in its place, or adds it at the end.
func (f *EnvFile) set(key, value string) error {
	quoted, err := quote(value)
	if err != nil {
		return err
	}
	ending := "\n"
	if len(f.statements) > 0 && strings.HasSuffix(f.statements[0].text, "\r\n") {
		ending = "\r\n"
	}
	for i := len(f.statements) - 1; i >= 0; i-- {
		if s := &f.statements[i]; s.key == key {
			s.text = s.replaced(quoted, value, ending)
			return nil
		}
	}
	if n := len(f.statements); n == 0 {
		f.statements = []statement{{text: header}}
	} else if last := &f.statements[n-1]; !strings.HasSuffix(last.text, "\n") {
		last.text += ending
	}
	f.statements = append(f.statements, statement{text: key + "=" + quoted + ending, key: key})
	return nil
}

var exported = regexp.MustCompile(`^\s*export\s+`)

// replaced is the statement with another value and its comment.
func (s statement) replaced(quoted, value, ending string) string {
	setting := exported.FindString(s.text) + s.key + "=" + quoted
	comment := s.comment()
	switch {
	case comment == "":
		return setting + ending
	case !strings.ContainsAny(quoted[:min(1, len(quoted))], `'"`): // readers differ on where a comment begins after a bare value
		if !singly(value) {
			return comment + ending + setting + ending
		}
		setting = strings.TrimSuffix(setting, quoted) + "'" + value + "'"
	}
	return setting + " " + comment + ending
}

var inline = regexp.MustCompile(`[ \t]#`)

// comment is what follows the value: from the first # after a bare one, for people mean that, and from the # without which
// a quoted one is the same.
func (s statement) comment() string {
	want, err := godotenv.Unmarshal(s.text)
	if err != nil {
		return ""
	}
	for _, at := range inline.FindAllStringIndex(s.text, -1) {
		got, err := godotenv.Unmarshal(s.text[:at[0]])
		if !s.quoted() || err == nil && got[s.key] == want[s.key] {
			return strings.TrimRight(s.text[at[0]+1:], "\r\n")
		}
	}
	return ""
}

// write replaces the file in one step with one that only its owner can read.
func (f *EnvFile) write() error {
	path, err := filepath.EvalSymlinks(f.Path) // a link stays one
	if err != nil {
		path = f.Path
	}
	var text strings.Builder
	for _, s := range f.statements {
		text.WriteString(s.text)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".env-*") // mode 0600
	if err != nil {
		return unusable(f.Path, err)
	}
	_, err = temp.WriteString(text.String())
	if err == nil {
		err = temp.Sync()
	}
	if cerr := temp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		os.Remove(temp.Name())
		return unusable(f.Path, err)
	}
	return nil
}

var bare = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]*$`)

// quote writes a value so that godotenv and docker compose both read it back as it is: bare, in single quotes, in double
// quotes, or bare with spaces and quotes in it, whichever both understand. A few values have no such form.
func quote(v string) (string, error) {
	ends := func(any string) bool { return v != "" && strings.ContainsAny(v[len(v)-1:], any) }
	switch {
	case bare.MatchString(v):
		return v, nil
	case singly(v):
		return "'" + v + "'", nil
	case !ends(`"\`): // godotenv takes a backslash before the last quote for its escape, and cuts off more than one quote
		return `"` + escapes.Replace(v) + `"`, nil
	case !strings.ContainsAny(v, "$#\r\n") && strings.TrimSpace(v) == v && !strings.ContainsAny(v[:1], `'"`):
		return v, nil
	}
	return "", fmt.Errorf("a .env cannot hold this mix of quotes, backslashes and %q: leave out one of them", "$")
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "\n", `\n`, "\r", `\r`)

// singly says whether a value fits between single quotes, where both readers take everything literally.
func singly(v string) bool { return !strings.ContainsAny(v, "'\r\n") && !strings.HasSuffix(v, `\`) }
