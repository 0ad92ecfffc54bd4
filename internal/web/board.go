package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// schema is the version of all JSON that the lab writes.
const schema = 1

type boardPage struct {
	page
	head
	Run     store.Run
	Board   *boards.Board
	Rows    []rowView
	Width   int
	Zoomed  bool
	Unzoom  string    // address of the whole run
	Boards  []link    // the boards of the run's tool
	Wall    *link     // to the same board on a wall, and back
	Choices []choices // what narrows the board, or the run to compare with
	Other   *head     // the run that is compared with
	Alone   bool      // there is none
	Thinned string    // what a reader must know of the lines, of a page that nobody can zoom
}

// link is a way to another page.
type link struct {
	Name, Address string
	Current       bool
}

// shown is what an address asks for.
type shown struct {
	run   store.Run
	board *boards.Board
	view  figure.View
	runs  []store.Run // that a board can compare with, the likeliest first
}

// find reads an address: the run, the board, and what of both.
func (s *server) find(r *http.Request, points int) (shown, error) {
	id := r.PathValue("id")
	run, err := s.Store.Run(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		err = noRun(id)
	}
	if err != nil {
		return shown{}, err
	}
	out := shown{run: run, board: boards.For(run.Tool), view: viewOf(r, points)}
	if name := r.PathValue("board"); name != "" {
		out.board = nil
		for _, b := range s.Boards(run.Tool) {
			if b.ID == name {
				out.board = &b
			}
		}
		if out.board == nil {
			return shown{}, noBoard(name, run.Tool)
		}
	}
	if !figure.Compares(out.board) {
		return out, nil
	}
	if out.runs, err = s.others(r.Context(), run); err != nil {
		return shown{}, err
	}
	return out, s.compare(r, &out)
}

// others are the runs that one can be compared with: first those of the same scenario, then the others, the newest first.
func (s *server) others(ctx context.Context, run store.Run) ([]store.Run, error) {
	all, err := s.Store.Runs(ctx, 500)
	var same, rest []store.Run
	for _, o := range all {
		switch {
		case o.ID == run.ID:
		case o.Scenario == run.Scenario && o.Tool == run.Tool && o.Project == run.Project:
			same = append(same, o)
		default:
			rest = append(rest, o)
		}
	}
	return append(same, rest...), err
}

// compare sets the other run: the one that the address names, or the first of the same scenario that began before.
func (s *server) compare(r *http.Request, to *shown) error {
	id := r.URL.Query().Get("with")
	if id == "" {
		for i := range to.runs {
			if to.runs[i].Start.Before(to.run.Start) {
				to.view.Other = &to.runs[i]
				return nil
			}
		}
		if len(to.runs) > 0 {
			to.view.Other = &to.runs[0]
		}
		return nil
	}
	other, err := s.Store.Run(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		return noRun(id)
	}
	to.view.Other = &other
	return err
}

// source reads what the board needs of its runs.
func (s *server) source(at *shown) figure.Source {
	now := []store.Run{at.run}
	if at.view.Other != nil {
		now = append(now, *at.view.Other)
	}
	return s.past.of(s.Store, now...)
}

func (s *server) board(part string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		width := number(r, "w", boardWidth, 600, 4000)
		at, err := s.news(r, halfWidth(width)/2)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		p, err := s.boardPage(r, &at, width)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		s.render(w, http.StatusOK, "board", part, p)
	}
}

// boardPage is what an address asks for, drawn for a page of that width in pixels.
func (s *server) boardPage(r *http.Request, at *shown, width int) (*boardPage, error) {
	figures, err := figure.Read(r.Context(), s.source(at), at.run, at.board, at.view)
	if err != nil {
		return nil, err
	}
	in := room{width, chartHeight, math.MaxInt}
	if onWall(r) {
		in.height, in.lines = wallHeight(at.board, figures, number(r, "h", 1080, 400, 4000), len(at.run.Warnings)+len(at.run.Notes)), wallLines
	}
	p := &boardPage{page: s.page(r, at.board.Title+" · "+at.run.Scenario), head: heading(at.run, r), Run: at.run, Board: at.board, Width: width,
		Rows: layOut(at.board, figures, in), Zoomed: at.view.From > 0 || at.view.To > 0}
	path := "/runs/" + at.run.ID
	if name := r.PathValue("board"); name != "" {
		path += "/" + name
	}
	p.Live, p.Unzoom = (&url.URL{Path: path + "/live"}).EscapedPath(), keeping(r, path, "from", "", "to", "")
	for _, b := range s.Boards(at.run.Tool) {
		p.Boards = append(p.Boards, link{b.Title, keeping(r, "/runs/"+at.run.ID+"/"+b.ID), b.ID == at.board.ID})
	}
	switch {
	case onWall(r):
		p.Wall = &link{"Leave the wall", keeping(r, path, "wall", ""), true}
	case at.board.Depth == boards.WarRoom:
		p.Wall = &link{"On a wall", keeping(r, path, "wall", "1"), false}
	}
	if at.view.Other != nil {
		other := heading(*at.view.Other, r)
		p.Other = &other
	}
	p.Alone = figure.Compares(at.board) && at.view.Other == nil
	if at.live() {
		p.Every, p.After = soonest, at.progress()
	}
	p.Choices, err = s.choices(r, at)
	return p, err
}

// toolPoints is how many values of a line tools get unless they ask otherwise: more than a day of seconds.
const toolPoints = 100_000

// apiBoard is the board's figures for tools. All values are exact; with ?points=N the lines are thinned as on the page.
func (s *server) apiBoard(w http.ResponseWriter, r *http.Request) {
	at, err := s.find(r, number(r, "points", toolPoints, 1, 10*toolPoints))
	if err != nil {
		s.problemJSON(w, err)
		return
	}
	figures, err := figure.Read(r.Context(), s.source(&at), at.run, at.board, at.view)
	if err != nil {
		s.problemJSON(w, err)
		return
	}
	out := struct {
		Schema int             `json:"schema"`
		Run    runJSON         `json:"run"`
		With   *runJSON        `json:"with,omitempty"` // the run that is compared with
		Board  string          `json:"board"`
		Title  string          `json:"title"`
		Panels []figure.Figure `json:"panels"`
	}{schema, runInJSON(at.run), nil, at.board.ID, at.board.Title, figures}
	if at.view.Other != nil {
		other := runInJSON(*at.view.Other)
		out.With = &other
	}
	s.json(w, http.StatusOK, out)
}

// viewOf reads ?from= and ?to=, in seconds since the run's start, ?scenario= and ?endpoint=.
func viewOf(r *http.Request, points int) figure.View {
	const day = 100 * 24 * 3600
	q := r.URL.Query()
	return figure.View{From: int64(number(r, "from", 0, 0, day)), To: int64(number(r, "to", 0, 0, day)), Points: points,
		Scenario: q.Get("scenario"), Endpoint: q.Get("endpoint")}
}

// number reads a whole number of the address; what makes no sense there is taken as not given.
func number(r *http.Request, name string, otherwise, low, high int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < low || n > high {
		return otherwise
	}
	return n
}

func noBoard(name, tool string) error {
	return &notHere{what: fmt.Sprintf("there is no board %q for runs of %s", cut(name, 100), tool), why: "it is one of another tool, or the address has a slip"}
}
