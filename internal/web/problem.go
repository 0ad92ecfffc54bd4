package web

import (
	"net/http"
)

type problemPage struct {
	page
	What, Why string
	Runs      []head // some that do exist
}

// problem answers with a page that says what is wrong and where to go on.
func (s *server) problem(w http.ResponseWriter, r *http.Request, err error) {
	status, what, why := explain(err)
	p := problemPage{page: s.page(r, what), What: what, Why: why}
	if status == http.StatusNotFound {
		runs, err := s.Store.Runs(r.Context(), 10)
		if err != nil {
			p.Why += "; and the run store cannot be read: " + err.Error()
		}
		for _, run := range runs {
			p.Runs = append(p.Runs, heading(run, p.Theme))
		}
	}
	s.render(w, status, "problem", "page", p)
}

func (s *server) problemJSON(w http.ResponseWriter, err error) {
	status, what, why := explain(err)
	s.json(w, status, struct {
		Schema int    `json:"schema"`
		Error  string `json:"error"`
		Why    string `json:"why"`
	}{schema, what, why})
}
