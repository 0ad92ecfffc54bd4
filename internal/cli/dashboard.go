package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/dashboards"
	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
)

func newDashboard(d *Deps) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Show projects' own Grafana dashboards in the lab",
		Long: "Each project keeps its own Grafana dashboards; the lab shows them all, each project in a folder of its own. Linking copies\n" +
			"them into the folder that Grafana watches, points them to the lab's InfluxDB and never touches the project's files.",
		Example: "  ltlab dashboard link ./dashboards        show a project's dashboards\n" +
			"  ltlab dashboard lint                     which panels will be empty or mislead, and why\n" +
			"  ltlab dashboard sync                     read them again after a change",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDashboardList(d), newDashboardLink(d), newDashboardUnlink(d), newDashboardSync(d), newDashboardOpen(d), newDashboardLint(d))
	return cmd
}

// dashboardLab is what commands about dashboards know of the lab.
type dashboardLab struct {
	home    config.Home
	links   *dashboards.Registry
	world   lint.World
	asked   *lint.Asked  // the same as in world; nil where there is no InfluxDB to ask
	grafana string       // address, "" where it does not run
	without string       // why there is no Grafana
	way     problem.Step // how to have one
}

// dashboardLab looks at the lab; where ask is set, lint will ask its InfluxDB what it holds. A lab that does not run, or an engine
// that does not answer, is no reason not to link.
func (d *Deps) dashboardLab(ctx context.Context, ask bool) (*dashboardLab, error) {
	h, err := d.home()
	if err != nil {
		return nil, err
	}
	s, err := d.labSettings(h)
	if err != nil {
		return nil, err
	}
	out := &dashboardLab{home: h, links: dashboards.Open(h), world: lint.World{Short: s.Value(config.InfluxBucket).Value,
		Long: s.Value(config.InfluxBucket1M).Value, NoRaw: s.Value(config.InfluxRawLimit).Value == "0"}}
	out.without, out.way = "the lab is not running", problem.Step{Say: "start it on Docker", Run: "ltlab start --engine docker"}
	running := map[string]string{}
	_, st, err := d.running(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		if p := problem.From(err); p != nil {
			out.without, out.way = p.What, problem.Step{Say: "find out what is wrong with Docker", Run: "ltlab doctor docker"}
		}
	default:
		running[config.InfluxURL], out.grafana = st.URL(engine.InfluxDB), st.URL(engine.Grafana)
		has := slices.ContainsFunc(st.Services, func(s engine.Service) bool { return s.Name == engine.Grafana })
		switch {
		case st.State == engine.Absent, st.Engine == "embedded" && st.State == engine.Exited:
		case st.Engine == "embedded":
			out.without, out.way = "the lab runs embedded, without Grafana", problem.Step{Say: "end it and start it on Docker; runs stay", Run: "ltlab stop && ltlab start --engine docker"}
		case has:
			out.without, out.way = "the lab's Grafana does not run", problem.Step{Say: "start what is missing", Run: "ltlab start"}
		default: // a start that names no services leaves the lab with those that it has
			out.without, out.way = "the lab was started without Grafana", problem.Step{Say: "start it, too", Run: "ltlab start --only grafana"}
		}
	}
	s.Running = running
	if url := s.Value(config.InfluxURL).Value; ask && url != "" {
		out.asked = holder(ctx, provision.Access{URL: url, Org: s.Value(config.InfluxOrg).Value, Token: reading(s)})
		out.world.Holds = out.asked
	}
	return out, nil
}

// reading is the token for reading, or, of a database that is not the lab's own, the only one.
func reading(s config.Sources) string {
	if t := s.Value(config.InfluxReadToken).Value; t != "" {
		return t
	}
	return s.Value(config.InfluxToken).Value
}

// read are the lab's links.
func (l *dashboardLab) read() ([]dashboards.Link, error) {
	links, err := l.links.Links()
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return nil, problem.HomeUnusable(string(l.home), err)
	case err != nil:
		return nil, problem.DashboardsUnknown(err)
	}
	return links, nil
}

// url is a dashboard's address, "" where Grafana does not run.
func (l *dashboardLab) url(uid string) string {
	if l.grafana == "" || uid == "" {
		return ""
	}
	return l.grafana + "/d/" + uid
}

// sources are folders and files as they were named, with the projects that they are of. Without any it is the folder that
// the project's ltlab.yaml names. What is to be done with them is a command.
func (d *Deps) sources(command string, named []string) ([]dashboards.Source, error) {
	cwd, err := d.Getwd()
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		p, err := findProject(cwd, cwd)
		switch {
		case err != nil:
			return nil, err
		case p == nil:
			return nil, problem.DashboardsUnset(command, "no "+config.ProjectFile+" holds for this folder")
		case p.Dashboards == "":
			return nil, problem.DashboardsUnset(command, p.Path+" names no dashboards")
		}
		named = []string{p.Dashboards}
	}
	var out []dashboards.Source
	for _, name := range named {
		path := absolute(cwd, name)
		if real, err := filepath.EvalSymlinks(path); err == nil { // one folder is one source, by whatever name
			path = real
		}
		p, err := findProject(path, cwd)
		if err != nil {
			return nil, err
		}
		root, project := "", ""
		if p != nil {
			root, project = filepath.Dir(p.Path), p.Name
			if real, err := filepath.EvalSymlinks(root); err == nil {
				root = real
			}
		}
		out = append(out, dashboards.NewSource(path, root, project))
	}
	return out, nil
}

// dashboardProblem is what a user is told about an error of linking.
func (d *Deps) dashboardProblem(command string, h config.Home, err error) error {
	var invalid *dashboards.Invalid
	var source *dashboards.SourceError
	var known *problem.Problem
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &invalid):
		return problem.DashboardsInvalid(d.shortened(invalid.Source), wrongs(invalid))
	case errors.As(err, &source):
		return problem.DashboardsNotFound(command, d.shortened(source.Source), source.Err.Error())
	}
	return problem.HomeUnusable(string(h), err)
}

// wrongs are the files of a source that cannot be linked, with their reasons.
func wrongs(e *dashboards.Invalid) (out []string) {
	for _, w := range e.Wrong {
		rel, err := filepath.Rel(e.Source, w.Path)
		if err != nil || rel == "." {
			rel = filepath.Base(w.Path)
		}
		out = append(out, printable(rel)+": "+printable(w.Why))
	}
	return out
}

// shortened is a path as seen from the folder where the user is.
func (d *Deps) shortened(path string) string {
	cwd, err := d.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(cwd, path); err == nil && filepath.IsLocal(rel) {
		return printable(rel)
	}
	return printable(path)
}

// tallied are the places of dashboards that are empty or mislead, but for what was repaired.
type tallied struct {
	empty, misleading int
	repairable        int            // of the empty ones, in the lab's copies
	emptyOf, misledOf map[string]int // by part: panel, variable, annotation, dashboard
}

func tally(all []dashboards.Checked) tallied {
	n := tallied{emptyOf: map[string]int{}, misledOf: map[string]int{}}
	for _, c := range all {
		places := map[int]bool{} // that are empty, and whether all of it can be repaired
		misled := map[int]bool{}
		for _, f := range c.Findings {
			switch mends, seen := places[f.Place]; {
			case f.Fixed:
			case f.Effect == lint.Misleads && !misled[f.Place]:
				misled[f.Place] = true
				n.misleading++
				n.misledOf[f.Part]++
			case f.Effect == lint.Misleads:
			default:
				if !seen {
					n.empty++
					n.emptyOf[f.Part]++
				}
				places[f.Place] = (mends || !seen) && f.Repair != "" && c.Folder != "" // only a copy can be repaired
			}
		}
		for _, mends := range places {
			if mends {
				n.repairable++
			}
		}
	}
	return n
}

// summary is what lint found, in a few words; "" for nothing.
func (n tallied) summary() string {
	var parts []string
	for _, of := range []struct {
		by        map[string]int
		one, more string
	}{{n.emptyOf, "will be empty", "will be empty"}, {n.misledOf, "misleads", "mislead"}} {
		sum := 0
		var some []string
		for _, part := range []string{"panel", "variable", "annotation", "dashboard"} {
			if v := of.by[part]; v > 0 {
				sum += v
				some = append(some, fmt.Sprintf("%d%s", v, plural(v, " "+part)))
			}
		}
		switch text := strings.Join(some, " and "); {
		case sum == 1:
			parts = append(parts, text+" "+of.one)
		case sum > 1:
			parts = append(parts, text+" "+of.more)
		}
	}
	return strings.Join(parts, ", ")
}
