package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ltlab/ltlab/internal/store"
)

// notHere is something that an address names and the lab does not have.
type notHere struct {
	what, why string
	fix       *step
}

// step is something to do about a problem, and the command that does it.
type step struct{ Say, Run string }

func (e *notHere) Error() string { return e.what + ": " + e.why }

func noPage(r *http.Request) error {
	return &notHere{what: "there is no such page", why: "nothing is at " + cut(r.URL.Path, 100)}
}

func noRun(id string) error {
	return &notHere{what: fmt.Sprintf("there is no run %q", cut(id, 100)), why: "it was deleted, or the address has a slip",
		fix: &step{"every run that has a record is in this list", "ltlab runs list"}}
}

// explain turns what went wrong into a status and words.
func explain(err error) (status int, what, why string, fix *step) {
	var gone *notHere
	var newer *store.VersionError
	switch {
	case errors.As(err, &gone):
		return http.StatusNotFound, gone.what, gone.why, gone.fix
	case errors.Is(err, store.ErrLocked):
		return http.StatusServiceUnavailable, "the run store is locked", err.Error(),
			&step{"nothing is lost: end the program that has the file open, or wait for it; then this finds what is missing", "ltlab start"}
	case errors.Is(err, store.ErrDamaged):
		fix = &step{"have it made again from the runs' records, which are unharmed", "ltlab start"}
	case errors.As(err, &newer):
		fix = &step{"end this older server", "ltlab stop"}
	}
	return http.StatusInternalServerError, "the run store cannot be read", err.Error(), fix
}

type problemPage struct {
	page
	What, Why string
	Fix       *step
	Runs      []head // some that do exist
}

// problem answers with a page that says what is wrong and where to go on.
func (s *server) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, what, why, fix := explain(err)
	p := problemPage{page: s.page(r, what), What: what, Why: why, Fix: fix}
	if status == http.StatusNotFound {
		runs, err := s.Store.Runs(r.Context(), 10)
		if err != nil {
			p.Why += "; and the run store cannot be read: " + err.Error()
		}
		for _, run := range runs {
			p.Runs = append(p.Runs, heading(run, r))
		}
	}
	s.render(w, status, "problem", "page", p)
}

func (s *server) problemJSON(w http.ResponseWriter, err error) {
	status, what, why, _ := explain(err)
	s.json(w, status, struct {
		Schema int    `json:"schema"`
		Error  string `json:"error"`
		Why    string `json:"why"`
	}{schema, what, why})
}
