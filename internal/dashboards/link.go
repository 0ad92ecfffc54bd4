package dashboards

import (
	"context"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
)

// Result is a link that was made or renewed, and what lint says of its dashboards.
type Result struct {
	Link
	Replaced []string // folders of links that had a source of it under another name
	Checked  []Checked
}

// Link makes the sources' dashboards the lab's: those of a project that is linked already are added to it, and all of that
// project is read anew. A source that is linked under another name, as of a project that was renamed, is so no longer. Nothing
// changes unless every file is in order; errors are then *Invalid and *SourceError. All others are of the lab's home.
func (r *Registry) Link(ctx context.Context, sources []Source, w lint.World) ([]Result, error) {
	unlock, err := r.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	links, err := r.Links()
	if err != nil {
		return nil, err
	}
	g := linking{home: r.home, links: links, change: map[string]change{}, replaced: map[string][]string{}}
	for _, s := range sources {
		g.add(s)
	}
	plans, err := g.plans(w)
	if err != nil {
		return nil, err
	}
	all, err := r.commit(g.links, plans)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v Result) bool { return g.change[v.Folder] != renewed })
	for i := range all {
		all[i].Replaced = g.replaced[all[i].Folder]
	}
	return all, nil
}

// change is what becomes of a link.
type change byte

const (
	renewed change = iota + 1 // its sources are read anew
	less                      // a source of it is another link's now
	ended                     // all of them are
)

// linking is links as they become, with what changes by their folders.
type linking struct {
	home     config.Home
	links    []Link
	change   map[string]change
	replaced map[string][]string
}

func (g *linking) add(s Source) {
	i := slices.IndexFunc(g.links, func(l Link) bool { return l.Root == s.Root && l.Project == s.Project })
	var sources, replaced []string
	repair := false
	for j := range g.links {
		o := &g.links[j]
		if j == i || g.change[o.Folder] == ended || !slices.Contains(o.Sources, s.Path) {
			continue
		}
		switch whole := o.Root == s.Root || len(o.Sources) == 1; {
		case whole && i < 0 && strings.EqualFold(folderName(o.Project), folderName(s.Project)): // the same folder does
			o.Project, o.Root, i = s.Project, s.Root, j
			continue
		case whole: // the project has another name now
			sources, repair = append(sources, o.Sources...), repair || o.Repair
			g.change[o.Folder] = ended
		default: // that part of it has become a project of its own
			o.Sources = slices.DeleteFunc(slices.Clone(o.Sources), func(p string) bool { return p == s.Path })
			if g.change[o.Folder] == 0 {
				g.change[o.Folder] = less
			}
		}
		replaced = append(replaced, o.Folder)
	}
	if i < 0 {
		i = len(g.links)
		g.links = append(g.links, Link{Folder: folderFor(g.home, s.Project, g.links), Project: s.Project, Root: s.Root})
	}
	l := &g.links[i]
	for _, path := range append(sources, s.Path) {
		if !slices.Contains(l.Sources, path) {
			l.Sources = append(slices.Clone(l.Sources), path)
		}
	}
	l.Repair = l.Repair || repair
	g.change[l.Folder], g.replaced[l.Folder] = renewed, append(g.replaced[l.Folder], replaced...)
}

func (g *linking) plans(w lint.World) (plans []*plan, err error) {
	for _, l := range g.links {
		var p *plan
		switch g.change[l.Folder] {
		case renewed:
			if p, err = newPlan(l, w); err != nil {
				return nil, err
			}
		case less:
			if p, err = newPlan(l, w); err != nil { // it does not keep the other project from being linked
				p = kept(l)
			}
		case ended:
			p = &plan{link: l, had: l.Boards, ended: true}
			p.link.Boards = nil
		default:
			continue
		}
		plans = append(plans, p)
	}
	return plans, nil
}
