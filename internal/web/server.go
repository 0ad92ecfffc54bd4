// Package web is the lab in the browser: the list of runs, each run's board, and the same figures as JSON for tools.
//
// Everything is made on the server; a small script of our own moves it while a run lasts. Pages load nothing from
// anywhere else, run no inline script or style, and are served to this machine's own names only. All requests read.
package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"path"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// Store is what the pages need of the run store.
type Store interface {
	figure.Source
	// Runs returns the newest runs, newest first.
	Runs(ctx context.Context, limit int) ([]store.Run, error)
	// Run returns one run, or store.ErrNotFound.
	Run(ctx context.Context, id string) (store.Run, error)
	// Values returns the values of the tag of roll-up ByScenario or ByName in a run.
	Values(ctx context.Context, run string, rollup rows.Rollup) ([]string, error)
}

// Config is what a server is made of.
type Config struct {
	Store Store
	Port  int // that the server listens on: requests that name another host or port are refused

	Boards func(tool string) []boards.Board // for runs of a tool; nil: boards.Of
}

//go:embed templates static
var files embed.FS

type server struct {
	Config
	pages  map[string]*template.Template
	assets string // changes with the static files, so that browsers may keep them
	over   shelf
	past   past
}

// New returns the handler for everything below "/".
func New(c Config) http.Handler {
	if c.Boards == nil {
		c.Boards = boards.Of
	}
	s := &server{Config: c, pages: map[string]*template.Template{}, assets: fingerprint()}
	for _, name := range []string{"runs", "board", "problem"} {
		s.pages[name] = template.Must(template.New(name).Funcs(functions).ParseFS(files, "templates/page.html", "templates/"+name+".html"))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.runs("page"))
	mux.HandleFunc("GET /live", s.runs("live"))
	mux.HandleFunc("GET /runs/{id}", s.board("page"))
	mux.HandleFunc("GET /runs/{id}/live", s.board("live"))
	mux.HandleFunc("GET /runs/{id}/{board}", s.board("page"))
	mux.HandleFunc("GET /runs/{id}/{board}/live", s.board("live"))
	mux.HandleFunc("GET /api/runs", s.apiRuns)
	mux.HandleFunc("GET /api/runs/{id}/board", s.apiBoard)
	mux.HandleFunc("GET /api/runs/{id}/boards/{board}", s.apiBoard)
	mux.HandleFunc("GET /static/{file}", s.static)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, noPage(r))
	})
	return Guard(c.Port, mux)
}

func fingerprint() string {
	h := fnv.New64a()
	for _, name := range []string{"board.css", "board.js", "icon.svg"} {
		b, err := files.ReadFile("static/" + name)
		if err != nil {
			panic(err) // they are part of the program
		}
		h.Write(b)
	}
	return fmt.Sprintf("%x", h.Sum64())
}

func (s *server) static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	b, err := files.ReadFile("static/" + name)
	if err != nil {
		s.problem(w, r, noPage(r))
		return
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	if r.URL.Query().Get("v") == s.assets {
		w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	}
	_, _ = w.Write(b)
}

// render writes a page, or with part "live" only what the script puts in place of the old.
func (s *server) render(w http.ResponseWriter, status int, name, part string, data any) {
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, part, data); err != nil {
		http.Error(w, fmt.Sprintf("page %s: %v", name, err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

func (s *server) json(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}
