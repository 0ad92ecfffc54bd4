package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/unit"
)

// page is what every page has.
type page struct {
	Title  string
	Theme  string // "dark", "light" or "": as the browser prefers
	Home   string // address of the list of runs
	Dark   string // addresses of this page in the other themes
	Light  string
	Auto   string
	Live   string // address of the part that moves, "" when nothing does
	Every  int    // milliseconds until the next look; 0: the run is over, no more
	Assets string
}

func (s *server) page(r *http.Request, title string) page {
	p := page{Title: title, Theme: theme(r), Assets: s.assets}
	p.Home = address("/", map[string]string{"theme": p.Theme})
	with := func(theme string) string {
		return address(strings.TrimSuffix(r.URL.Path, "/live"), map[string]string{"theme": theme, "from": r.URL.Query().Get("from"), "to": r.URL.Query().Get("to")})
	}
	p.Dark, p.Light, p.Auto = with("dark"), with("light"), with("")
	return p
}

func theme(r *http.Request) string {
	if t := r.URL.Query().Get("theme"); t == "dark" || t == "light" {
		return t
	}
	return ""
}

// address joins a path and what of the values is not empty.
func address(path string, values map[string]string) string {
	q := url.Values{}
	for k, v := range values {
		if v != "" {
			q.Set(k, v)
		}
	}
	u := url.URL{Path: path, RawQuery: q.Encode()}
	return u.String()
}

// head is what the list and the board say of a run.
type head struct {
	ID       string
	Address  string
	State    string // running, finished, failed or interrupted: for its look
	Says     string // the state in words
	Scenario string
	Project  string
	Tool     string
	Target   string
	Start    time.Time
	Length   string
	Exit     string
}

func heading(run store.Run, theme string) head {
	h := head{ID: run.ID, Address: address("/runs/"+run.ID, map[string]string{"theme": theme}), State: string(run.State), Says: string(run.State),
		Scenario: named(run.Scenario, "(no scenario)"), Project: named(run.Project, "(no project)"), Tool: run.Tool,
		Target: cut(run.Target, 200), Start: run.Start, Length: unit.Seconds(run.Seconds), Exit: unit.None}
	if run.State == store.Finished {
		h.Exit = unit.Number(float64(run.Exit))
		if run.Exit != 0 {
			h.State, h.Says = "failed", "finished, exit "+h.Exit
		}
	}
	return h
}

func named(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return cut(s, 200)
}

// cut shortens what somebody else named to n characters: names may be of any length, pages not.
func cut(s string, n int) string {
	if len(s) > 4*n { // before counting characters in what may be megabytes
		s = s[:4*n]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

var functions = template.FuncMap{
	"cut":    cut,
	"format": unit.Format,
	"utc":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" },
	"iso":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock":  unit.Clock,
	"level":  func(p *boards.Panel, v float64) boards.Level { return p.LevelOf(v) },
}
