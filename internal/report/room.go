package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/ltlab/ltlab/internal/boards"
)

// A comment on GitHub holds 65,536 characters. What says what is missing, and what a caller adds, has room beside this.
const mostText = 60_000

// room is how much of a comment is left, and what found no place in it.
type room struct {
	left    int
	runs    []Run    // of which there is nothing at all
	parts   []string // of other runs: thresholds, charts; in the order that they appear
	missing map[string]int
}

// take says whether there is room for a text, with so much to spare, and takes it.
func (r *room) take(text string, spare int) bool {
	n := size(text)
	if n > r.left-spare {
		return false
	}
	r.left -= n
	return true
}

// lacks counts runs whose part is left out.
func (r *room) lacks(part string, runs int) {
	if runs == 0 {
		return
	}
	if r.missing == nil {
		r.missing = map[string]int{}
	}
	if !slices.Contains(r.parts, part) {
		r.parts = append(r.parts, part)
	}
	r.missing[part] += runs
}

// says is a line with what is left out, nothing when all is there. That runs which did not pass are among it must not be missed.
func (r *room) says() string {
	var all []string
	if n := len(r.runs); n > 0 {
		failed := 0
		for i := range r.runs {
			if r.runs[i].Verdict.Level == boards.Bad {
				failed++
			}
		}
		all = append(all, fmt.Sprintf("%s, %d of which did not pass", runsOf(n), failed))
	}
	for _, part := range r.parts {
		all = append(all, fmt.Sprintf("the %s of %s", part, runsOf(r.missing[part])))
	}
	if len(all) == 0 {
		return ""
	}
	return "Left out, for a comment has no room for all: " + strings.Join(all, "; ") + ". The HTML report has all.\n\n"
}

func runsOf(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}

// size is a text's length as browsers count it, which is never less than its characters.
func size(s string) (n int) {
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}
