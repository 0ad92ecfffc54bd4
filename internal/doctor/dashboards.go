package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/problem"
)

// shelf is the lab's folder of dashboards beside its own ones, being looked at.
type shelf struct {
	*Patient
	registry *dashboards.Registry
	wrong    []string // what Grafana does not show as it should
	odd      []string // what it does, for now
	fix      []problem.Step
	sync     []string // folders of links whose copies are to be made again
	adopt    []*dashboards.Own
}

// dashboards looks at what projects have linked, and at files that somebody put beside that.
func (p *Patient) dashboards(ctx context.Context) Result {
	s := &shelf{Patient: p, registry: dashboards.Open(p.Home)}
	links, err := s.registry.Links()
	if err != nil {
		return of(problem.DashboardsUnknown(err))
	}
	files, err := s.registry.Strangers(links)
	if err != nil {
		return of(err)
	}
	n := len(files)
	for i := range links {
		n += len(links[i].Boards)
		s.link(&links[i])
	}
	for _, f := range files {
		s.own(f)
	}
	switch {
	case n == 0 && len(links) == 0:
		return skip("no project has linked any")
	case len(s.wrong)+len(s.odd) == 0:
		return pass("%s, all of datasource %s", many(n, "dashboard"), dashboards.Datasource)
	}
	r := fails("", strings.Join(slices.Concat(s.wrong, s.odd), "\n"), s.fix...)
	if boxed, _ := p.on(ctx, "docker"); !boxed || len(s.wrong) == 0 { // no other lab has Grafana
		r.Status = Warn
	}
	r.Repair = s.repair()
	return r
}

// say adds a way out, once.
func (s *shelf) say(f problem.Step) {
	if !slices.Contains(s.fix, f) {
		s.fix = append(s.fix, f)
	}
}

func (s *shelf) link(l *dashboards.Link) {
	state, why, checked := s.registry.Look(l, lint.World{}) // how it stands and what it reads is the same whatever the buckets are called
	lost, folder := s.registry.Lost(l), problem.Word(l.Folder)
	broken := state == dashboards.Gone || state == dashboards.Broken
	if len(lost) > 0 {
		s.wrong = append(s.wrong, fmt.Sprintf("%s: not there, or not as it was linked: %s", l.Folder, strings.Join(lost, ", ")))
	}
	switch {
	case broken:
		s.odd = append(s.odd, l.Folder+": the project cannot be read any more: "+why)
		s.say(step("mend its files, then read them again", s.cmd("dashboard sync "+folder)))
		s.say(step("or take it out", s.cmd("dashboard unlink "+folder)))
	case len(lost) > 0:
		s.sync = append(s.sync, l.Folder)
		s.say(step("make the lab's copies again", s.mend("dashboards")))
	case state == dashboards.Changed:
		s.odd = append(s.odd, l.Folder+": the project's files have changed since they were linked")
		s.say(step("read them again", s.cmd("dashboard sync "+folder)))
	}
	s.foreign(l.Folder, dashboards.Foreign(checked), folder)
}

// foreign tells of what only its author can mend: a sync would bring it back.
func (s *shelf) foreign(name string, n int, arg string) {
	if n > 0 {
		s.odd = append(s.odd, fmt.Sprintf("%s: %s of another kind of datasource, which this Grafana does not have", name, many(n, "place")))
		s.say(step("see which", s.cmd("dashboard lint "+arg)))
	}
}

func (s *shelf) own(path string) {
	o, err := dashboards.ReadOwn(path)
	switch {
	case errors.Is(err, dashboards.ErrOther):
		return
	case err != nil:
		s.wrong = append(s.wrong, fmt.Sprintf("%s is no dashboard: %v", path, err))
		s.say(step("take it out of Grafana's folder", "mv "+problem.Word(path)+" "+problem.Word(filepath.Join(s.Dir, filepath.Base(path)))))
		return
	case len(o.Away) > 0:
		s.wrong = append(s.wrong, fmt.Sprintf("%s asks datasource %s, which this Grafana does not have", path, strings.Join(o.Away, ", ")))
		if st, err := os.Lstat(path); err == nil && st.Mode().IsRegular() {
			s.adopt = append(s.adopt, o)
			s.say(step("have it ask the lab's own datasource", s.mend("dashboards")))
		} else { // it leads to somebody's file, which is not the lab's to change
			s.say(step("link the file instead, which copies it", "rm "+problem.Word(path)+" && "+s.cmd("dashboard link "+problem.Word(dashboards.Resolved(path)))))
		}
	}
	s.foreign(path, o.Foreign, problem.Word(path))
}

// repair makes copies again and sets the datasource of files that lie beside them; nil where there is nothing of either.
func (s *shelf) repair() *Repair {
	var say []string
	if len(s.sync) > 0 {
		say = append(say, "make the lab's copies of "+strings.Join(s.sync, ", ")+" again")
	}
	var files []string
	for _, o := range s.adopt {
		files = append(files, o.Path)
	}
	if len(files) > 0 {
		say = append(say, "set the datasource to "+dashboards.Datasource+" in "+strings.Join(files, ", "))
	}
	if len(say) == 0 {
		return nil
	}
	return &Repair{Say: strings.Join(say, "; "), Do: func(ctx context.Context) (string, error) {
		var done []string
		var err error
		if len(s.sync) > 0 {
			err = s.Sync(ctx, s.sync)
			done = append(done, strings.Join(s.sync, ", ")+" as the project's files have it")
		}
		for _, o := range s.adopt {
			err = errors.Join(err, o.Adopt())
		}
		if n := len(s.adopt); n > 0 {
			done = append(done, "datasource "+dashboards.Datasource+" in "+many(n, "dashboard"))
		}
		return strings.Join(done, "; "), err
	}}
}
