package problem

import (
	"fmt"
	"slices"
	"strings"
)

// ReportExists is a report whose file is there already; report is the command without the names of files, again the whole one.
func ReportExists(path, report, again string) *Problem {
	return &Problem{ID: "report-exists", Exit: Usage,
		What: fmt.Sprintf("%s exists already", path), Why: "nothing was written: a report replaces a file only when it is told to",
		Fix: []Step{{Say: "choose another name", Run: report + " -o FILE"}, {Say: "or replace it", Run: again + " --force"}}}
}

// ReportUnwritable is a report that cannot be written where it should be.
func ReportUnwritable(path string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "report-unwritable", Exit: Input, Err: err,
		What: fmt.Sprintf("the report %s cannot be written", path), Why: err.Error(),
		Fix: []Step{{Say: "choose a folder that exists and is yours", Run: "ltlab report RUN -o FILE"}}}
}

// RunInInflux is a run that is not deleted because InfluxDB, which has rows of it, cannot be asked to delete them.
func RunInInflux(run, why string, fix ...Step) *Problem {
	if len(fix) == 0 {
		fix = []Step{{Say: "start InfluxDB, then delete the run", Run: "ltlab start --engine docker && ltlab runs delete " + run}}
	}
	return &Problem{ID: "run-in-influxdb", Exit: NotRunning,
		What: fmt.Sprintf("run %s is in InfluxDB, too, which cannot be asked to delete it", run), Why: why + "; the run was kept, with its record",
		Fix: append(fix, Step{Say: "or delete it here alone; InfluxDB keeps its rows until their retention ends", Run: "ltlab runs delete " + run + " --keep-influxdb"})}
}

// InfluxDoesNotDelete is a database of the lab's settings that does not take a deletion.
func InfluxDoesNotDelete(run string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return RunInInflux(run, strings.TrimSpace(err.Error()), Step{Say: "see to INFLUXDB_URL and its token, then delete the run", Run: "ltlab configure && ltlab runs delete " + run})
}

// ResetStopped is what ended a reset, with how far that had come.
func ResetStopped(err error, done string) *Problem {
	p := *From(err)
	p.Why = strings.TrimPrefix(p.Why+"\n", "\n") + "the reset ended there: " + done
	p.Fix = append(slices.Clip(p.Fix), Step{Say: "then reset again, which does the rest", Run: "ltlab reset"})
	return &p
}

func reportExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{ReportExists("report.html", "ltlab report last", "ltlab report last -o report.html"), ReportUnwritable("FILE", err), RunInInflux("RUN", "example"), InfluxDoesNotDelete("RUN", err),
		ResetStopped(RunInInflux("RUN", "example"), "example")}
}
