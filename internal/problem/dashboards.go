package problem

import (
	"errors"
	"fmt"
	"strings"
)

// DashboardsInvalid is a project of which nothing was linked, because of files that cannot be; each is said with its reason.
func DashboardsInvalid(source string, wrong []string) *Problem {
	const shown = 10
	if len(wrong) > shown {
		wrong = append(wrong[:shown:shown], fmt.Sprintf("and %d more", len(wrong)-shown))
	}
	return &Problem{ID: "dashboard-invalid", Exit: Input,
		What: fmt.Sprintf("not every dashboard in %s can be linked, so none was changed", source), Why: strings.Join(wrong, "\n"),
		Fix: []Step{{Say: "export the dashboard from Grafana again (Export as JSON, classic), or mend the file"},
			{Say: "or link the files that are in order", Run: "ltlab dashboard link FILE…"}}}
}

// DashboardsNotFound is a path that is no folder with dashboards and no dashboard; what was to be done with them is a command.
func DashboardsNotFound(command, source, why string) *Problem {
	return &Problem{ID: "dashboard-not-found", Exit: Input,
		What: fmt.Sprintf("there are no dashboards in %s", source), Why: why,
		Fix: []Step{{Say: "name a folder with dashboards as JSON, or one such file", Run: "ltlab dashboard " + command + " DIR"}}}
}

// DashboardsUnset is a command without a path, where no ltlab.yaml names a folder.
func DashboardsUnset(command, why string) *Problem {
	return &Problem{ID: "dashboard-folder-unset", Exit: Usage,
		What: "which dashboards to " + command + " is not said", Why: why,
		Fix: []Step{{Say: "name them", Run: "ltlab dashboard " + command + " DIR"}, {Say: "or put the line \"dashboards: FOLDER\" into the project's ltlab.yaml"}}}
}

// DashboardsNotLinked is a name or a path that no link has.
func DashboardsNotLinked(name string, linked []string) *Problem {
	why := "linked are " + strings.Join(linked, ", ")
	if len(linked) == 0 {
		why = "nothing is linked in this lab"
	}
	return &Problem{ID: "dashboard-not-linked", Exit: Input,
		What: fmt.Sprintf("no dashboards are linked as %s", name), Why: why,
		Fix: []Step{{Say: "see what is linked", Run: "ltlab dashboard list"}, {Say: "link them", Run: "ltlab dashboard link DIR"}}}
}

// DashboardsStale is a sync after which some projects' dashboards are still the old ones; each is said with its reason.
func DashboardsStale(projects []string) *Problem {
	return &Problem{ID: "dashboard-stale", Exit: Input,
		What: fmt.Sprintf("dashboards that could not be read anew, and stay as they were: %d of the projects", len(projects)), Why: strings.Join(projects, "\n"),
		Fix: []Step{{Say: "where a project moved, link its folder again and take the old one out", Run: "ltlab dashboard unlink PROJECT"},
			{Say: "mend its files, then read them again", Run: "ltlab dashboard sync PROJECT"}}}
}

// DashboardsEmpty is a lint that found panels which will be empty.
func DashboardsEmpty(panels, repairable int) *Problem {
	p := &Problem{ID: "dashboard-empty", Exit: Verdict,
		What: fmt.Sprintf("places that will be empty in this lab: %d", panels), Why: "each is listed above with its reason",
		Fix: []Step{{Say: "mend the queries in the project's files, then read them again", Run: "ltlab dashboard sync"}}}
	if repairable > 0 {
		p.Fix = append([]Step{{Say: fmt.Sprintf("%d of them can be repaired in the lab's copy", repairable), Run: "ltlab dashboard lint --fix"}}, p.Fix...)
	}
	return p
}

// DashboardsNeedGrafana is a wish to open linked dashboards where there is no Grafana; way is how to have one.
func DashboardsNeedGrafana(why string, way Step) *Problem {
	return &Problem{ID: "dashboard-needs-grafana", Exit: NotRunning,
		What: "linked dashboards are shown by Grafana, which does not run", Why: why,
		Fix: []Step{way, {Say: "the lab's own boards need no Grafana", Run: "ltlab ui"}}}
}

// DashboardsUnknown is a registry of links that cannot be read.
func DashboardsUnknown(err error) *Problem {
	return &Problem{ID: "dashboard-links-unreadable", Exit: Environment, Err: err,
		What: "which dashboards are linked cannot be read", Why: err.Error(),
		Fix: []Step{{Say: "move that file away, then link the projects again", Run: "ltlab dashboard link DIR"}}}
}

func dashboardExamples() []*Problem {
	return []*Problem{DashboardsInvalid("DIR", []string{"a.json: line 3: unexpected end"}), DashboardsNotFound("link", "DIR", "it is empty"), DashboardsUnset("link", "no ltlab.yaml"),
		DashboardsNotLinked("shop", nil), DashboardsStale([]string{"shop: gone"}), DashboardsEmpty(1, 1), DashboardsNeedGrafana("the lab runs embedded", Step{Say: "start it on Docker", Run: "ltlab start"}), DashboardsUnknown(errors.New("example"))}
}
