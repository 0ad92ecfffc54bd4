// Package problem is every error that a user can meet: what happened, why, and the command that fixes it.
//
// A problem is made where the evidence is, by a constructor of the catalogue, and rendered in one place, the CLI. Each
// has a page docs/problems/<id>.md and an exit code; a test keeps the three in step.
package problem

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Exit codes. k6's own codes, 97 to 110, pass through unchanged beside them.
const (
	OK          = 0
	Internal    = 1
	Usage       = 2
	Environment = 10
	NotRunning  = 11
	Port        = 12
	Unhealthy   = 13
	Pull        = 14
	Input       = 15
	Mount       = 16
	Verdict     = 17
	Incomplete  = 18
	Thresholds  = 99
	ScriptError = 107
	Interrupted = 130
)

// Problem says what failed, what ltlab saw, and what the user can do next.
type Problem struct {
	ID   string // names docs/problems/<id>.md and the JSON "id"
	Exit int
	What string // "port 3081 is busy"
	Why  string // evidence, not theory; may have several lines
	Fix  []Step // in the order to try them; never empty
	Err  error  // the original, shown with --debug
}

// Step is one way out: words, and the command where there is one.
type Step struct {
	Say string `json:"say"`
	Run string `json:"run,omitempty"`
}

var plainWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./~-]+$`) })

// Word is an argument of a Step's command, quoted for a POSIX shell where it must be.
func Word(s string) string {
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (p *Problem) Error() string {
	if p.Why == "" {
		return p.What
	}
	return p.What + ": " + p.Why
}

func (p *Problem) Unwrap() error { return p.Err }

// From finds the problem in err's chain; an error that is none becomes "internal". Nil stays nil.
func From(err error) *Problem {
	if err == nil {
		return nil
	}
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p := match(err); p != nil {
		return p
	}
	if p := foreign(err); p != nil {
		return p
	}
	return internal(err)
}

// Text renders the problem for people, without color: error, cause, fix, more.
func (p *Problem) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "error: %s\n", p.What)
	field(&b, "cause", p.Why)
	for i, s := range p.Fix {
		name := "fix"
		if i > 0 {
			name = ""
		}
		text := s.Say
		if s.Run != "" {
			text += ":   " + s.Run
		}
		field(&b, name, text)
	}
	field(&b, "more", fmt.Sprintf("docs/problems/%s.md   (exit %d)", p.ID, p.Exit))
	return b.String()
}

func field(b *strings.Builder, name, text string) {
	if text == "" {
		return
	}
	if name != "" {
		name += ":"
	}
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(b, "  %-7s%s\n", name, line)
	}
}
