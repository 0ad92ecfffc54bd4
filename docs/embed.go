// Package docs is the part of the documentation that ltlab shows by itself: the page of each problem.
package docs

import (
	"embed"
	"regexp"
	"slices"
	"strings"
)

//go:embed problems/*.md
var files embed.FS

// Problem is a line of the table of problems.
type Problem struct {
	ID   string
	Exit string // a code, or "k6's own"
	Line string // what it is, as Markdown
}

// Problems is the table of problems, sorted by id.
func Problems() (all []Problem) {
	b, err := files.ReadFile("problems/README.md")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	row := regexp.MustCompile(`(?m)^\| \[([a-z0-9-]+)\]\([^)]+\) \| ([^|]+) \| ([^|]+) \|$`)
	for _, m := range row.FindAllSubmatch(b, -1) {
		all = append(all, Problem{string(m[1]), string(m[2]), string(m[3])})
	}
	slices.SortFunc(all, func(a, b Problem) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Page is the page of a problem as Markdown; ok is false when there is none of that id.
func Page(id string) (text string, ok bool) {
	if id == "README" {
		return "", false
	}
	b, err := files.ReadFile("problems/" + id + ".md")
	return string(b), err == nil
}
