package term

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Event is one step of a command's progress.
type Event struct {
	Service string // "toy-api", "boards", or "" for the command as a whole
	Text    string // what was done or seen, in a few words
	Took    time.Duration
	Warn    bool
}

// Progress shows events as they come. It may be called from several goroutines.
type Progress func(Event)

// Progress returns the renderer that fits: marks and color on a terminal, one plain line for each change elsewhere,
// nothing when the answer is JSON, for its reader gets the same from the document.
func (s *IO) Progress(asJSON bool) Progress {
	switch {
	case asJSON:
		return func(Event) {}
	case s.ErrTTY:
		return locked(s.Err, s.ErrTint(), renderTTY)
	}
	return locked(s.Err, Tint{}, renderPlain)
}

func locked(w io.Writer, t Tint, render func(Tint, Event) string) Progress {
	var mu sync.Mutex
	return func(e Event) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, render(t, e))
	}
}

func renderTTY(t Tint, e Event) string {
	mark := t.Good("✓")
	if e.Warn {
		mark = t.Warn("!")
	}
	line := "  " + mark + " "
	if e.Service != "" {
		line += t.Bold(fmt.Sprintf("%-10s", e.Service)) + " "
	}
	line += e.Text
	if e.Took > 0 {
		line += t.Dim(fmt.Sprintf("  %.1fs", e.Took.Seconds()))
	}
	return line
}

func renderPlain(_ Tint, e Event) string {
	line := ""
	if e.Warn {
		line = "warning: "
	}
	if e.Service != "" {
		line += e.Service + ": "
	}
	line += e.Text
	if e.Took > 0 {
		line += fmt.Sprintf(" (%.1fs)", e.Took.Seconds())
	}
	return line
}
