// Package term is the terminal: streams, color, and how progress and documents are shown.
//
// Answers go to Out, progress and errors to Err. With JSON, Out gets one document and nothing else.
package term

import (
	"encoding/json"
	"io"
	"os"

	"github.com/fatih/color"
	xterm "golang.org/x/term"
)

// IO is what a command may read from and write to.
type IO struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	OutTTY bool
	ErrTTY bool
	NoTint bool // NO_COLOR, TERM=dumb
}

// System is the process's own streams.
func System(getenv func(string) string) *IO {
	return &IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		OutTTY: xterm.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: xterm.IsTerminal(int(os.Stderr.Fd())),
		NoTint: getenv("NO_COLOR") != "" || getenv("TERM") == "dumb",
	}
}

// Tint colors text for one of the streams, or leaves it as it is where that is no terminal.
type Tint struct{ on bool }

// OutTint is the tint of Out.
func (s *IO) OutTint() Tint { return Tint{s.OutTTY && !s.NoTint} }

// ErrTint is the tint of Err.
func (s *IO) ErrTint() Tint { return Tint{s.ErrTTY && !s.NoTint} }

func (t Tint) paint(text string, attrs ...color.Attribute) string {
	if !t.on {
		return text
	}
	c := color.New(attrs...)
	c.EnableColor() // the stream was asked already; the library only knows stdout
	return c.Sprint(text)
}

// Good, Bad, Warn, Dim and Bold say what a piece of text means.
func (t Tint) Good(s string) string { return t.paint(s, color.FgGreen) }
func (t Tint) Bad(s string) string  { return t.paint(s, color.FgRed) }
func (t Tint) Warn(s string) string { return t.paint(s, color.FgYellow) }
func (t Tint) Dim(s string) string  { return t.paint(s, color.Faint) }
func (t Tint) Bold(s string) string { return t.paint(s, color.Bold) }

// JSON writes one document, indented.
func JSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}
