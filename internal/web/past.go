package web

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/ltlab/ltlab/internal/rows"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web/figure"
)

// past keeps what boards have read of minutes that no longer change, so that a look at a long run each second reads the
// newest minutes alone. It holds the runs that were looked at last, up to a number of points.
type past struct {
	mu     sync.Mutex
	runs   []*pastRun // the one looked at last comes first
	points int        // of all of them
}

// pastRuns and pastPoints bound it: 1.5 million points are 24 MB.
const (
	pastRuns   = 8
	pastPoints = 1_500_000
)

// pastRun is what is kept of one run.
type pastRun struct {
	run    store.Run
	points int
	kept   map[string]*pastAnswer
}

// pastAnswer is an answer's part before second until; of a run that is over it is whole.
type pastAnswer struct {
	until  int64
	whole  bool
	answer [][]store.Series
}

// closed is up to which second nothing of the run can change any more: rows hold two minutes open.
func closed(run *store.Run) int64 { return max(0, (run.Seconds/60-2)*60) }

// of returns a source for runs as they are now.
func (p *past) of(from Store, now ...store.Run) figure.Source {
	known := map[string]store.Run{}
	for _, run := range now {
		known[run.ID] = run
	}
	return &remembering{Store: from, past: p, now: known}
}

// remembering is a source that reads of the past only what is not kept.
type remembering struct {
	Store
	past *past
	now  map[string]store.Run
}

func (r *remembering) SelectFields(ctx context.Context, run string, q store.Query, fields []string) ([][]store.Series, error) {
	if q.Step > 0 {
		q.Start %= q.Step // views that begin elsewhere have the same steps
	}
	name := fmt.Sprint("select ", q.Metric, q.Rollup, q.Window, q.Where, fields, q.Step, q.Start)
	return r.read(run, name, nil, func(from, to int64) ([][]store.Series, error) {
		q.From, q.To = from, to
		return r.Store.SelectFields(ctx, run, q, fields)
	})
}

func (r *remembering) Sums(ctx context.Context, run string, q store.Query, groupings []store.Grouping) ([][]store.Series, error) {
	name := fmt.Sprint("sum ", q.Metric, q.Field, q.Where, groupings)
	return r.read(run, name, groupings, func(from, to int64) ([][]store.Series, error) {
		q.From, q.To = from, to
		return r.Store.Sums(ctx, run, q, groupings)
	})
}

// read answers from what is kept and what get reads from one second to another, 0 to the end.
func (r *remembering) read(id, name string, groupings []store.Grouping, get func(from, to int64) ([][]store.Series, error)) ([][]store.Series, error) {
	run, known := r.now[id]
	if !known {
		return get(0, 0)
	}
	had := r.past.get(run, name)
	if had != nil && had.whole {
		return had.answer, nil
	}
	over := run.State != store.Running
	if over { // once more from the beginning: the end of a run may add what no window has
		answer, err := get(0, 0)
		if err == nil {
			r.past.put(run, name, &pastAnswer{whole: true, answer: answer})
		}
		return answer, err
	}
	until := closed(&run)
	if until == 0 {
		return get(0, 0)
	}
	if had == nil {
		had = &pastAnswer{}
	}
	if had.until < until {
		answer, err := get(had.until, until)
		if err != nil {
			return nil, err
		}
		had = &pastAnswer{until: until, answer: joined(had.answer, answer, groupings)}
		r.past.put(run, name, had)
	}
	open, err := get(had.until, 0)
	if err != nil {
		return nil, err
	}
	return joined(had.answer, open, groupings), nil
}

// joined is two answers of the same query, the second of later times; neither is changed.
func joined(a, b [][]store.Series, groupings []store.Grouping) [][]store.Series {
	out := make([][]store.Series, len(b))
	for i := range b {
		if a == nil {
			out[i] = b[i]
			continue
		}
		out[i] = slices.Clone(a[i])
		for _, later := range b[i] {
			at := slices.IndexFunc(out[i], func(s store.Series) bool { return maps.Equal(s.Tags, later.Tags) })
			switch {
			case at < 0:
				out[i] = append(out[i], later)
			case groupings != nil && groupings[i].Window == rows.Run:
				out[i][at].Points = []store.Point{{T: later.Points[0].T, V: out[i][at].Points[0].V + later.Points[0].V}}
			default:
				out[i][at].Points = slices.Concat(out[i][at].Points, later.Points)
			}
		}
	}
	return out
}

// find returns what is kept of a run, nil where that is of an older run of the same id. The lock is held.
func (p *past) find(run store.Run) *pastRun {
	at := slices.IndexFunc(p.runs, func(k *pastRun) bool { return k.run.ID == run.ID })
	if at < 0 {
		return nil
	}
	k := p.runs[at]
	p.runs = slices.Delete(p.runs, at, at+1)
	if !k.run.Start.Equal(run.Start) || k.run.Seconds > run.Seconds || k.run.State != store.Running && k.run.State != run.State {
		p.points -= k.points
		return nil
	}
	k.run = run
	p.runs = slices.Insert(p.runs, 0, k)
	return k
}

func (p *past) get(run store.Run, name string) *pastAnswer {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.find(run)
	if k == nil {
		return nil
	}
	return k.kept[name]
}

func (p *past) put(run store.Run, name string, a *pastAnswer) {
	size := func(a *pastAnswer) (n int) {
		if a != nil {
			for _, series := range a.answer {
				for _, s := range series {
					n += len(s.Points) + 8
				}
			}
		}
		return n + 8
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.find(run)
	if k == nil {
		k = &pastRun{run: run, kept: map[string]*pastAnswer{}}
		p.runs = slices.Insert(p.runs, 0, k)
	}
	more := size(a)
	if had := k.kept[name]; had != nil {
		more -= size(had)
	}
	for p.points+more > pastPoints && len(p.runs) > 1 || len(p.runs) > pastRuns {
		p.points -= p.runs[len(p.runs)-1].points
		p.runs = p.runs[:len(p.runs)-1]
	}
	if p.points+more > pastPoints { // one run alone is too much: begin anew
		p.points, k.points, k.kept = 0, 0, map[string]*pastAnswer{}
		if more = size(a); more > pastPoints {
			return
		}
	}
	k.kept[name] = a
	k.points += more
	p.points += more
}
