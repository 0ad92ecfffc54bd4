package web

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// listed is how many runs the list shows; `ltlab runs list` knows all.
const listed = 100

// The list's figures are panels of the run's board, so that both always agree.
var listPanels = []string{"requests", "failed", "latency"}

type runsPage struct {
	page
	Runs []runLine
	Full bool // older runs are left out
}

type runLine struct {
	head
	Figures []statView // in the order of listPanels
}

func (s *server) runs(part string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lines, err := s.list(r.Context())
		if err != nil {
			s.problem(w, r, err)
			return
		}
		p := runsPage{page: s.page(r, "Runs"), Full: len(lines) == listed}
		p.Live, p.Every = "/live", 2000
		for _, l := range lines {
			line := runLine{head: heading(l.run, r)}
			for i := range l.figures {
				line.Figures = append(line.Figures, statOf(&l.figures[i]))
			}
			p.Runs = append(p.Runs, line)
		}
		s.render(w, http.StatusOK, "runs", part, p)
	}
}

type runFigures struct {
	run     store.Run
	figures []figure.Figure
}

func (s *server) list(ctx context.Context) ([]runFigures, error) {
	all, err := s.Store.Runs(ctx, listed)
	if err != nil {
		return nil, err
	}
	out := make([]runFigures, 0, len(all))
	for _, run := range all {
		line, ok := s.over.get(run)
		if !ok {
			figures, err := figure.Read(ctx, s.Store, run, excerpt(boards.For(run.Tool)), figure.View{})
			if err != nil {
				return nil, err
			}
			line = runFigures{run, figures}
		}
		out = append(out, line)
	}
	s.over.put(out)
	return out, nil
}

// shelf keeps the figures of the list's runs that are over, which cost a look at each of their seconds.
type shelf struct {
	mu   sync.Mutex
	kept map[string]runFigures
}

// get returns what is kept of a run, if the run is still the one that it was kept of.
func (s *shelf) get(run store.Run) (runFigures, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	had, ok := s.kept[run.ID]
	same := had.run.State == run.State && had.run.Seconds == run.Seconds && had.run.Start.Equal(run.Start)
	return runFigures{run, had.figures}, ok && same
}

// put keeps a list, in place of the one before.
func (s *shelf) put(list []runFigures) {
	kept := map[string]runFigures{}
	for _, l := range list {
		if l.run.State != store.Running {
			kept[l.run.ID] = l
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = kept
}

// excerpt is a board with the list's panels only.
func excerpt(b *boards.Board) *boards.Board {
	var row boards.PanelRow
	for _, id := range listPanels {
		b.Panels(func(p *boards.Panel) {
			if p.ID == id {
				row.Panels = append(row.Panels, *p)
			}
		})
	}
	return &boards.Board{Rows: []boards.PanelRow{row}}
}

type runJSON struct {
	Run      string                   `json:"run"`
	State    store.State              `json:"state"`
	Tool     string                   `json:"tool"`
	Project  string                   `json:"project"`
	Scenario string                   `json:"scenario"`
	Start    time.Time                `json:"start"`
	Seconds  int64                    `json:"seconds"`
	Exit     *int                     `json:"exit"` // null until the run has finished
	Figures  map[string]figure.Number `json:"figures,omitempty"`
	Board    string                   `json:"board"`
}

func (s *server) apiRuns(w http.ResponseWriter, r *http.Request) {
	lines, err := s.list(r.Context())
	if err != nil {
		s.problemJSON(w, err)
		return
	}
	out := struct {
		Schema int       `json:"schema"`
		Runs   []runJSON `json:"runs"` // newest first
	}{schema, []runJSON{}}
	for _, l := range lines {
		line := runInJSON(l.run)
		line.Figures = map[string]figure.Number{}
		for _, f := range l.figures {
			if len(f.Stats) > 0 {
				line.Figures[f.ID] = f.Stats[0].Value
			}
		}
		out.Runs = append(out.Runs, line)
	}
	s.json(w, http.StatusOK, out)
}

func runInJSON(run store.Run) runJSON {
	out := runJSON{Run: run.ID, State: run.State, Tool: run.Tool, Project: run.Project, Scenario: run.Scenario, Start: run.Start,
		Seconds: run.Seconds, Board: "/runs/" + url.PathEscape(run.ID)}
	if run.State == store.Finished {
		out.Exit = &run.Exit
	}
	return out
}
