package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"math"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// Sheets draws boards for a file that is read without a server: nothing in them can be zoomed, narrowed or asked for.
type Sheets struct {
	from Store
	page *template.Template
}

// Link leads to another sheet of the same file.
type Link struct {
	Name    string
	Address string // of the sheet in the file, such as "#run/k6-elite"
	Current bool
}

// NewSheets returns sheets of the runs in that store.
func NewSheets(from Store) *Sheets {
	page := template.Must(template.New("board").Funcs(functions).ParseFS(files, "templates/page.html", "templates/board.html"))
	return &Sheets{from: from, page: page}
}

// Draw returns the main element of a board's page, as the server writes it. A board that compares takes other, whose own
// sheets begin at otherAt.
func (s *Sheets) Draw(ctx context.Context, run store.Run, b *boards.Board, other *store.Run, otherAt string, links []Link) ([]byte, error) {
	view := figure.View{Points: boardWidth}
	p := &boardPage{head: headOf(run, ""), Run: run, Board: b, Width: boardWidth}
	if figure.Compares(b) {
		view.Other, p.Alone = other, other == nil
	}
	figures, err := figure.Read(ctx, s.from, run, b, view)
	if err != nil {
		return nil, fmt.Errorf("board %s: %w", b.ID, err)
	}
	p.Rows = layOut(b, figures, room{boardWidth, chartHeight, math.MaxInt})
	for _, row := range p.Rows {
		for _, panel := range row.Panels {
			if panel.Chart != nil {
				panel.Chart.Fixed = true
			}
		}
	}
	if view.Other != nil {
		head := headOf(*view.Other, otherAt)
		p.Other = &head
	}
	for _, l := range links {
		p.Boards = append(p.Boards, link(l))
	}
	p.Thinned = thinned(figures)
	var out bytes.Buffer
	err = s.page.ExecuteTemplate(&out, "live", p)
	return out.Bytes(), err
}

// thinned says what the lines show where there are more values than pixels, "" where they show all.
func thinned(figures []figure.Figure) string {
	for i := range figures {
		if g := figures[i].Grid; g != nil && g.Step > g.Window {
			return "The run is long: each point of a line is the largest value of " + unit.Seconds(g.Step) + "."
		}
	}
	return ""
}

// Style is the style sheet of pages with boards, for a file that holds all of it.
func Style() []byte { return static("board.css") }

// Script is their script, which moves the cross-hair.
func Script() []byte { return static("board.js") }

// Icon is their icon, an SVG.
func Icon() []byte { return static("icon.svg") }

func static(name string) []byte {
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		panic(err) // they are part of the program
	}
	return b
}
