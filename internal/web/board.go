package web

import (
	"errors"
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
	Run    store.Run
	Board  *boards.Board
	Rows   []rowView
	Width  int
	Zoomed bool
	Unzoom string // address of the whole run
}

// find returns a run and the board for it.
func (s *server) find(r *http.Request) (store.Run, *boards.Board, error) {
	id := r.PathValue("id")
	run, err := s.Store.Run(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		err = noRun(id)
	}
	return run, boards.For(run.Tool), err
}

func (s *server) board(part string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		run, b, err := s.find(r)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		width := number(r, "w", boardWidth, 600, 4000)
		view := viewOf(r, halfWidth(width)/2)
		figures, err := figure.Read(r.Context(), s.Store, run, b, view)
		if err != nil {
			s.problem(w, r, err)
			return
		}
		p := boardPage{page: s.page(r, run.Scenario), head: heading(run, theme(r)), Run: run, Board: b, Width: width,
			Rows: layOut(b, figures, width), Zoomed: view.From > 0 || view.To > 0}
		p.Live = "/runs/" + url.PathEscape(run.ID) + "/live"
		p.Unzoom = address(r.URL.Path, map[string]string{"theme": p.Theme})
		if run.State == store.Running {
			p.Every = 1000
		}
		s.render(w, http.StatusOK, "board", part, p)
	}
}

// apiBoard is the board's figures for tools. All values are exact; with ?points=N the lines are thinned as on the page.
func (s *server) apiBoard(w http.ResponseWriter, r *http.Request) {
	run, b, err := s.find(r)
	if err != nil {
		s.problemJSON(w, err)
		return
	}
	figures, err := figure.Read(r.Context(), s.Store, run, b, viewOf(r, number(r, "points", 1_000_000, 1, 1_000_000)))
	if err != nil {
		s.problemJSON(w, err)
		return
	}
	s.json(w, http.StatusOK, struct {
		Schema int             `json:"schema"`
		Run    runJSON         `json:"run"`
		Board  string          `json:"board"`
		Title  string          `json:"title"`
		Panels []figure.Figure `json:"panels"`
	}{schema, runInJSON(run), b.ID, b.Title, figures})
}

// viewOf reads ?from= and ?to=, in seconds since the run's start.
func viewOf(r *http.Request, points int) figure.View {
	const day = 100 * 24 * 3600
	return figure.View{From: int64(number(r, "from", 0, 0, day)), To: int64(number(r, "to", 0, 0, day)), Points: points}
}

// number reads a whole number of the address; what makes no sense there is taken as not given.
func number(r *http.Request, name string, otherwise, low, high int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || n < low || n > high {
		return otherwise
	}
	return n
}
