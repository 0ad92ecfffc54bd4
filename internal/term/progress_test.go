package term

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgressFitsItsReader(t *testing.T) {
	e := Event{Service: "boards", Text: "answers", Took: 1200 * time.Millisecond}
	odd := Event{Text: "behind", Warn: true}
	for _, c := range []struct {
		name   string
		io     IO
		asJSON bool
		want   string
	}{
		{"plain", IO{}, false, "boards: answers (1.2s)\nwarning: behind\n"},
		{"terminal", IO{ErrTTY: true, NoTint: true}, false, "  ✓ boards     answers  1.2s\n  ! behind\n"},
		{"JSON", IO{ErrTTY: true}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			c.io.Err = &out
			p := c.io.Progress(c.asJSON)
			p(e)
			p(odd)
			if out.String() != c.want {
				t.Errorf("got %q, want %q", out.String(), c.want)
			}
		})
	}
}

func TestColorOnlyOnATerminalThatWantsIt(t *testing.T) {
	for _, c := range []struct {
		io   IO
		want bool
	}{
		{IO{OutTTY: true}, true}, {IO{OutTTY: true, NoTint: true}, false}, {IO{}, false},
	} {
		if got := strings.Contains(c.io.OutTint().Bad("x"), "\x1b["); got != c.want {
			t.Errorf("%+v: colored %v", c.io, got)
		}
	}
}

func TestJSONLeavesMarkupAlone(t *testing.T) {
	var out bytes.Buffer
	if err := JSON(&out, map[string]string{"a": "<b>&"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"a\": \"<b>&\"\n}\n"; out.String() != want {
		t.Errorf("got %q", out.String())
	}
}
