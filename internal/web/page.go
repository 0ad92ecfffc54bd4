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
	Large  bool   // to be read from afar
	Home   string // address of the list of runs
	Dark   string // addresses of this page in the other themes
	Light  string
	Auto   string
	Live   string // address of the part that moves, "" when nothing does
	Every  int    // milliseconds until the next look; 0: the run is over, no more
	After  string // what is shown already: the next look waits for more
	Assets string
}

func (s *server) page(r *http.Request, title string) page {
	p := page{Title: title, Theme: theme(r), Large: onWall(r), Assets: s.assets}
	p.Home = address("/", map[string]string{"theme": p.Theme})
	path := strings.TrimSuffix(r.URL.Path, "/live")
	p.Dark, p.Light, p.Auto = keeping(r, path, "theme", "dark"), keeping(r, path, "theme", "light"), keeping(r, path, "theme", "")
	return p
}

// kept are the parameters of an address that links of a page keep.
var kept = []string{"theme", "wall", "from", "to", "scenario", "endpoint", "with"}

// keeping is an address with the parameters of the page at hand, but for those that are given as names and values.
func keeping(r *http.Request, path string, change ...string) string {
	values := map[string]string{}
	for _, name := range kept {
		values[name] = r.URL.Query().Get(name)
	}
	for i := 0; i < len(change); i += 2 {
		values[change[i]] = change[i+1]
	}
	return address(path, values)
}

// onWall says whether the page hangs on a wall: large, and without what one clicks.
func onWall(r *http.Request) bool { return r.URL.Query().Get("wall") != "" }

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

func heading(run store.Run, r *http.Request) head {
	return headOf(run, address("/runs/"+run.ID, map[string]string{"theme": theme(r)}))
}

func headOf(run store.Run, at string) head {
	h := head{ID: run.ID, Address: at, State: string(run.State), Says: string(run.State),
		Scenario: named(run.Scenario, "(no scenario)"), Project: named(run.Project, "(no project)"), Tool: run.Tool,
		Target: cut(run.Target, 200), Start: run.Start, Length: unit.Length(run.Span), Exit: unit.None}
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
