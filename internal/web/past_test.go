package web

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
)

// growing is a record that grows under the eyes of a store, up to a second at a time.
type growing struct {
	t      *testing.T
	text   []byte
	tool   *os.File
	follow *store.Follow
	reader *store.Reader
}

func newGrowing(t *testing.T, w *world) *growing {
	t.Helper()
	f, err := w.write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Tool())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), w.id)
	if err := os.CopyFS(dir, os.DirFS(string(f))); err != nil {
		t.Fatal(err)
	}
	folder := record.Folder(dir)
	tool, err := os.Create(folder.Tool())
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := store.Open(filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	g := &growing{t: t, text: text, tool: tool, follow: s.NewFollow(folder), reader: s.Reader}
	t.Cleanup(func() { g.follow.Close(); tool.Close(); s.Close() })
	return g
}

// to lets the record grow to the load of that second, or to its end.
func (g *growing) to(second int) {
	g.t.Helper()
	n := len(g.text)
	if at := bytes.Index(g.text, []byte(`{"load":{"t":`+strconv.Itoa(second)+`,`)); at >= 0 {
		n = at
	}
	_, err := g.tool.Write(g.text[:n])
	g.text = g.text[n:]
	if err == nil {
		_, err = g.follow.Step(context.Background())
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

func TestWhatIsKeptOfThePastChangesNoFigure(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.seconds, w.rate, w.unanswered, w.idle, w.open = 420, 12, 0.02, [2]int{150, 170}, true
	g := newGrowing(t, w)
	long := New(Config{Store: g.reader, Port: port})
	asked := 0
	for _, second := range []int{50, 185, 186, 301, 1000} {
		g.to(second)
		fresh := New(Config{Store: g.reader, Port: port})
		for _, board := range []string{"k6-war-room", "k6-pro"} {
			for _, query := range []string{"", "?from=100&to=200&endpoint=/slow"} {
				path := "/api/runs/" + w.id + "/boards/" + board + query
				is, should := flatten(t, get(t, long, path)), flatten(t, get(t, fresh, path))
				for k, v := range should {
					if is[k] != v {
						t.Fatalf("at second %d %s: %s is %v, want %v", second, path, k, is[k], v)
					}
					asked++
				}
				if len(is) != len(should) {
					t.Fatalf("at second %d %s: %d figures, want %d", second, path, len(is), len(should))
				}
			}
		}
	}
	if asked < 10_000 {
		t.Errorf("%d figures compared", asked)
	}
}

// counting is a store that counts what is read of it.
type counting struct {
	Store
	reads, whole int
}

func (c *counting) SelectFields(ctx context.Context, run string, q store.Query, fields []string) ([][]store.Series, error) {
	c.count(q)
	return c.Store.SelectFields(ctx, run, q, fields)
}

func (c *counting) Sums(ctx context.Context, run string, q store.Query, by []store.Grouping) ([][]store.Series, error) {
	c.count(q)
	return c.Store.Sums(ctx, run, q, by)
}

func (c *counting) count(q store.Query) {
	c.reads++
	if q.From <= 0 {
		c.whole++
	}
}

func TestAnotherLookAtALongRunReadsItsNewestMinutesAlone(t *testing.T) {
	w := small("20260301-120000-aaaaaa")
	w.seconds, w.rate, w.open = 420, 6, true
	g := newGrowing(t, w)
	g.to(400)
	c := &counting{Store: g.reader}
	h := New(Config{Store: c, Port: port})
	get(t, h, "/runs/"+w.id)
	if c.whole == 0 {
		t.Fatal("the first look does not read the run")
	}
	g.to(405)
	c.reads, c.whole = 0, 0
	get(t, h, "/runs/"+w.id)
	if c.reads == 0 || c.whole > 0 {
		t.Errorf("of %d reads %d began at the run's beginning", c.reads, c.whole)
	}
}

func TestThePastHasBounds(t *testing.T) {
	var p past
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	answer := func(points int) *pastAnswer {
		return &pastAnswer{whole: true, answer: [][]store.Series{{{Points: make([]store.Point, points)}}}}
	}
	run := func(id string, start time.Time) store.Run {
		return store.Run{ID: id, Start: start, State: store.Finished, Seconds: 60}
	}
	for i := range 30 {
		p.put(run(fmt.Sprint(i), at), "a", answer(pastPoints/4))
	}
	if len(p.runs) > pastRuns || p.points > pastPoints || p.get(run("29", at), "a") == nil || p.get(run("0", at), "a") != nil {
		t.Errorf("%d runs of %d points are kept", len(p.runs), p.points)
	}
	for i := range 100 { // views of one run
		p.put(run("29", at), fmt.Sprint("view ", i), answer(pastPoints/4))
	}
	if p.points > pastPoints || p.get(run("29", at), "a") != nil || p.get(run("29", at), "view 99") == nil {
		t.Errorf("of many views of one run %d points are kept, and not the newest view's", p.points)
	}
	p.put(run("29", at), "b", answer(2*pastPoints))
	if p.points > pastPoints || p.get(run("29", at), "b") != nil {
		t.Errorf("%d points are kept", p.points)
	}
	p.put(run("29", at), "a", answer(pastPoints/4))
	if p.get(run("29", at.Add(time.Hour)), "a") != nil {
		t.Error("a run has what was kept of an older one of the same id")
	}
	if got := joined([][]store.Series{{{Points: []store.Point{{T: 0, V: 2}}}}}, [][]store.Series{{{Points: []store.Point{{T: 0, V: 3}}}}},
		[]store.Grouping{{Window: rows.Run}}); len(got[0][0].Points) != 1 || got[0][0].Points[0].V != 5 {
		t.Errorf("two parts of a sum over the run are %v", got)
	}
}
