package problem

import (
	"fmt"
	"slices"
	"strings"
)

func internal(err error) *Problem {
	return &Problem{ID: "internal", Exit: Internal, Err: err,
		What: "something went wrong inside ltlab", Why: err.Error(),
		Fix: []Step{{Say: "run it again with --debug, and report what it prints and what this writes", Run: "ltlab doctor --report report.tar.gz"}}}
}

// BadUsage is a command line that makes no sense; command is the one whose help explains it.
func BadUsage(command string, err error) *Problem {
	return &Problem{ID: "bad-usage", Exit: Usage, Err: err,
		What: err.Error(), Fix: []Step{{Say: "see how it is called", Run: command + " --help"}}}
}

// HomeUnusable is a lab folder that cannot be made or written.
func HomeUnusable(dir string, err error) *Problem {
	if p := match(err); p != nil { // a full disk has a page of its own
		return p
	}
	return &Problem{ID: "home-unusable", Exit: Environment, Err: err,
		What: fmt.Sprintf("the lab's folder %s cannot be used", dir), Why: err.Error(),
		Fix: []Step{{Say: "make it writable, or choose another", Run: "export LTLAB_HOME=DIR"}}}
}

// SettingsUnusable is an .env of the lab that cannot be read, written or kept from others.
func SettingsUnusable(path string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "settings-unusable", Exit: Environment, Err: err,
		What: fmt.Sprintf("the lab's settings in %s cannot be used", path), Why: err.Error(),
		Fix: []Step{{Say: "make it a file of yours that only you may read, or move it away and make a new one", Run: "ltlab configure"}}}
}

// SettingsInvalid is a place of the lab's settings, its .env above all, that makes no sense; err names file and line.
func SettingsInvalid(err error) *Problem {
	return &Problem{ID: "settings-invalid", Exit: Input, Err: err,
		What: "the lab's settings are not valid", Why: err.Error(),
		Fix: []Step{{Say: "mend that line: one NAME=value, UTF-8; see what counts", Run: "ltlab config --origin"}}}
}

// SettingRefused is a name or a value that ltlab does not take as a setting; nothing was written.
func SettingRefused(err error) *Problem {
	return &Problem{ID: "setting-refused", Exit: Usage, Err: err,
		What: err.Error(), Why: "nothing was changed",
		Fix: []Step{{Say: "see the names and their values", Run: "ltlab config"}}}
}

// TerminalNeeded is a question that nobody could answer.
func TerminalNeeded() *Problem {
	return &Problem{ID: "terminal-needed", Exit: Usage,
		What: "there is no terminal to ask on", Why: "standard input is a file, a pipe or closed",
		Fix: []Step{{Say: "give the settings on the command line", Run: "ltlab configure set NAME=value"}}}
}

// ProjectFileInvalid is an ltlab.yaml that makes no sense; err names file and line.
func ProjectFileInvalid(err error) *Problem {
	return &Problem{ID: "project-file-invalid", Exit: Input, Err: err,
		What: "the project's ltlab.yaml is not valid", Why: err.Error(),
		Fix: []Step{{Say: "mend it; it knows scenarios, dashboards, target, project and slos"}}}
}

// DiskFull is a write that found no space.
func DiskFull(err error) *Problem {
	return &Problem{ID: "disk-full", Exit: Environment, Err: err,
		What: "the disk is full", Why: err.Error(),
		Fix: []Step{{Say: "free some space; old runs can go", Run: "ltlab runs delete RUN"}}}
}

// NoRuns is a name such as "last" where there is no run at all.
func NoRuns(name string) *Problem {
	return &Problem{ID: "run-not-found", Exit: Usage, What: fmt.Sprintf("there is no run %q: the lab has none yet", name),
		Fix: []Step{{Say: "make one", Run: "ltlab k6 -s smoke.js"}}}
}

// LabNotRunning is a command that needs the lab.
func LabNotRunning(why string) *Problem {
	return &Problem{ID: "lab-not-running", Exit: NotRunning,
		What: "the lab is not running", Why: why,
		Fix: []Step{{Say: "start it", Run: "ltlab start"}}}
}

// LabRunning is a second server for a lab that has one.
func LabRunning() *Problem {
	return &Problem{ID: "lab-running", Exit: Usage,
		What: "the lab is running already", Why: "one server a lab",
		Fix: []Step{{Say: "use it as it is", Run: "ltlab status"}, {Say: "or end it first", Run: "ltlab stop"}}}
}

// LabUnhealthy is a lab that did not become or is no longer healthy; logTail are its last lines.
func LabUnhealthy(what, why, logTail string) *Problem {
	if logTail != "" {
		why += "\nlast lines of its log:\n" + logTail
	}
	return &Problem{ID: "lab-unhealthy", Exit: Unhealthy, What: what, Why: why,
		Fix: []Step{{Say: "stop what is left of it and start again", Run: "ltlab stop && ltlab start"}}}
}

// PortInUse is a port that was asked for by number and is taken.
func PortInUse(service string, port int, holder string) *Problem {
	why := "another program listens on it"
	if holder != "" {
		why = "it is held by " + holder
	}
	return &Problem{ID: "port-in-use", Exit: Port,
		What: fmt.Sprintf("%s cannot listen on 127.0.0.1:%d", service, port), Why: why,
		Fix: []Step{{Say: "end that program, or leave the port out and ltlab takes a free one"}}}
}

// ToolNotFound is a missing ltlab-k6.
func ToolNotFound(looked []string) *Problem {
	return &Problem{ID: "k6-not-found", Exit: Environment,
		What: "ltlab-k6 was not found", Why: "looked in " + strings.Join(looked, ", "),
		Fix: []Step{
			{Say: "build it in ltlab's source folder", Run: "make build"},
			{Say: "or say where it is", Run: "export LTLAB_K6=/path/to/ltlab-k6"}}}
}

// ToolUnusable is an ltlab-k6 that cannot be started.
func ToolUnusable(path string, err error) *Problem {
	return &Problem{ID: "k6-unusable", Exit: Environment, Err: err,
		What: fmt.Sprintf("%s cannot be started", path), Why: err.Error(),
		Fix: []Step{{Say: "build it anew in ltlab's source folder", Run: "make build"},
			{Say: "or point to another one", Run: "export LTLAB_K6=/path/to/ltlab-k6"}}}
}

// ScenarioNotFound is a scenario of that tool that is no file; shipped are the names that would be found without one.
func ScenarioNotFound(tool, path string, shipped []string) *Problem {
	return &Problem{ID: "scenario-not-found", Exit: Input,
		What: fmt.Sprintf("scenario %s was not found", path), Why: "there is no such file, and no shipped scenario of that name",
		Fix: []Step{{Say: "name a file that exists, or a shipped one (" + strings.Join(shipped, ", ") + ")", Run: "ltlab " + tool + " -s " + shipped[0]}}}
}

// ScenarioNotInProject is a scenario that is not in the folder given by -p.
func ScenarioNotInProject(path, project string) *Problem {
	return &Problem{ID: "scenario-not-found", Exit: Input,
		What: fmt.Sprintf("scenario %s was not found", path), Why: "there is no such file in the project folder " + project,
		Fix: []Step{{Say: "name a file by its path inside that folder", Run: "ls " + project}}}
}

// ScenarioUnreadable is a scenario that exists and is not a file that can be read.
func ScenarioUnreadable(tool, path, why string) *Problem {
	return &Problem{ID: "scenario-unreadable", Exit: Input,
		What: fmt.Sprintf("scenario %s cannot be read", path), Why: why,
		Fix: []Step{{Say: "name a readable script", Run: "ltlab " + tool + " -s FILE"}}}
}

// ScenarioOutsideProject is a -s that leaves the folder given by -p.
func ScenarioOutsideProject(tool, scenario, project string) *Problem {
	return &Problem{ID: "scenario-outside-project", Exit: Input,
		What: fmt.Sprintf("scenario %s is outside the project folder %s", scenario, project), Why: "with -p, -s is a path inside that folder",
		Fix: []Step{{Say: "give a folder that holds the scenario and all it imports", Run: "ltlab " + tool + " -p DIR -s FILE"}}}
}

// ProjectNotFound is a -p that is no folder.
func ProjectNotFound(tool, dir, why string) *Problem {
	return &Problem{ID: "project-not-found", Exit: Input,
		What: fmt.Sprintf("project folder %s cannot be used", dir), Why: why,
		Fix: []Step{{Say: "name an existing folder", Run: "ltlab " + tool + " -p DIR -s FILE"}}}
}

// EnvFileInvalid is a file given by --env-file that cannot be read or parsed.
func EnvFileInvalid(path string, err error) *Problem {
	return &Problem{ID: "env-file-invalid", Exit: Input, Err: err,
		What: fmt.Sprintf("environment file %s cannot be used", path), Why: err.Error(),
		Fix: []Step{{Say: "write one NAME=value a line, UTF-8, readable by you"}}}
}

// ScriptFailed is a script that k6 could not load or that threw; k6's own message stands above.
func ScriptFailed(scenario string) *Problem {
	return &Problem{ID: "script-failed", Exit: ScriptError,
		What: fmt.Sprintf("k6 could not run %s", scenario), Why: "the script does not load or threw an exception; k6's own message names file and line",
		Fix: []Step{{Say: "mend the script there; files that it imports or opens are looked up from its own folder"}}}
}

// ScriptUnloadable is a script that k6 refuses without running it, for example one that exports no function.
func ScriptUnloadable(scenario string) *Problem {
	return &Problem{ID: "script-unloadable", Exit: Input,
		What: fmt.Sprintf("k6 cannot load %s", scenario), Why: "it is no k6 script as it stands; k6's own message says why",
		Fix: []Step{{Say: "export a default function, or the functions that options.scenarios name"}}}
}

// FlagRejected is a flag behind "--" that k6 does not take; args are without secrets.
func FlagRejected(args []string) *Problem {
	return &Problem{ID: "k6-flag-rejected", Exit: Usage,
		What: "k6 did not take its flags or the script", Why: fmt.Sprintf("given behind -- : %s; k6's own message says which", strings.Join(args, " ")),
		Fix: []Step{{Say: "see the flags it takes", Run: "ltlab-k6 run --help"}}}
}

// ToolFileMissing is a file named in k6's flags that k6 could not read.
func ToolFileMissing(path string) *Problem {
	return &Problem{ID: "k6-file-missing", Exit: Input,
		What: fmt.Sprintf("k6 could not read %s", path), Why: "the file is named in the flags behind --",
		Fix: []Step{{Say: "name a file that exists"}}}
}

// ToolFailed is any other failure of k6, whose exit code is kept.
func ToolFailed(exit int) *Problem {
	return &Problem{ID: "k6-failed", Exit: exit,
		What: fmt.Sprintf("k6 ended with exit code %d", exit), Why: toolCodes[exit],
		Fix: []Step{{Say: "k6's own message above says more; the codes are listed in", Run: "ltlab help exit-codes"}}}
}

var toolCodes = map[int]string{
	97:  "a cloud run failed",
	98:  "a cloud run could not be followed",
	99:  "thresholds failed",
	100: "setup() took longer than setupTimeout",
	101: "teardown() took longer than teardownTimeout",
	102: "a time-out outside setup and teardown",
	103: "the run was stopped through k6's REST API",
	104: "the script's options are invalid",
	105: "the run was aborted from outside",
	106: "k6 could not start its REST API",
	107: "the script threw an exception",
	108: "the script called test.abort()",
	109: "k6 panicked",
	110: "the script marked the run as failed",
}

// ToolKilled is a k6 that something else ended; how says what, as a sentence.
func ToolKilled(how, run string) *Problem {
	return &Problem{ID: "k6-killed", Exit: Incomplete,
		What: "k6 was killed in mid-run", Why: how + "; the record holds what was written before",
		Fix: []Step{{Say: "see what is there", Run: "ltlab runs show " + run},
			{Say: "when memory ran out, ask for less load or fewer metrics"}}}
}

// ThresholdsFailed is k6's verdict 99.
func ThresholdsFailed(failed []string) *Problem {
	return &Problem{ID: "thresholds-failed", Exit: Thresholds,
		What: "thresholds failed", Why: strings.Join(failed, "\n"),
		Fix: []Step{{Say: "this is the test's verdict; see when it began on the board, or", Run: "ltlab runs show last"}}}
}

// ThresholdsUnevaluated is a threshold that saw no sample, under --strict.
func ThresholdsUnevaluated(names []string) *Problem {
	return &Problem{ID: "threshold-not-evaluated", Exit: Verdict,
		What: "a threshold was not evaluated", Why: "no sample ever matched " + strings.Join(names, ", "),
		Fix: []Step{{Say: "mend the metric's name or its tag filter in the script's options.thresholds"}}}
}

// NothingAnswered is a run of that tool in which no request got an answer.
func NothingAnswered(tool string, requests int64, target string) *Problem {
	why := fmt.Sprintf("none of %d requests got an answer", requests)
	if requests == 1 {
		why = "the only request got no answer"
	}
	if target != "" {
		why += "; the target is " + target
	}
	return &Problem{ID: "nothing-answered", Exit: Verdict,
		What: "the target did not answer", Why: why,
		Fix: []Step{{Say: "start the target, or name the right one", Run: "ltlab " + tool + " -s FILE -e BASE_URL=http://127.0.0.1:PORT"}}}
}

// DataIncomplete is a record that does not hold every sample.
func DataIncomplete(why string) *Problem {
	return &Problem{ID: "data-incomplete", Exit: Incomplete,
		What: "the run's data is incomplete", Why: why,
		Fix: []Step{{Say: "mend what the cause names, then run it again"}, {Say: "see what there is", Run: "ltlab runs show last"}}}
}

// RunInterrupted is a run that the user ended; kept says what was kept.
func RunInterrupted(kept string) *Problem {
	return &Problem{ID: "interrupted", Exit: Interrupted,
		What: "interrupted", Why: kept,
		Fix: []Step{{Say: "see what is there", Run: "ltlab runs show last"}}}
}

// CommandInterrupted is Ctrl-C outside a run.
func CommandInterrupted() *Problem {
	return &Problem{ID: "interrupted", Exit: Interrupted, What: "interrupted",
		Fix: []Step{{Say: "see how the lab stands", Run: "ltlab status"}}}
}

// RunExists is a run id in use.
func RunExists(id string) *Problem {
	return &Problem{ID: "run-exists", Exit: Usage,
		What: fmt.Sprintf("run %s exists already", id), Why: "a run's id is used once",
		Fix: []Step{{Say: "choose another id, or delete that run", Run: "ltlab runs delete " + id}}}
}

// RunNotFound is a name that fits no run, or several.
func RunNotFound(name string, fits []string) *Problem {
	p := &Problem{ID: "run-not-found", Exit: Usage, What: fmt.Sprintf("no run is called %q", name),
		Fix: []Step{{Say: "see which there are", Run: "ltlab runs list"}}}
	if len(fits) > 0 {
		p.What = fmt.Sprintf("%q is not one run", name)
		p.Why = "it fits " + strings.Join(fits, ", ")
	}
	return p
}

// RunActive is a run that cannot be touched while it runs.
func RunActive(id string) *Problem {
	return &Problem{ID: "run-active", Exit: Usage,
		What: fmt.Sprintf("run %s is still running", id), Why: "its record is being written",
		Fix: []Step{{Say: "wait for its end, or end it with Ctrl-C where it runs"}}}
}

// RecordCorrupt is a record with a line that makes no sense.
func RecordCorrupt(err error) *Problem {
	return &Problem{ID: "record-corrupt", Exit: Incomplete, Err: err,
		What: "the run's record is damaged", Why: err.Error(),
		Fix: []Step{{Say: "delete the run, or import it again from an export", Run: "ltlab runs delete RUN && ltlab runs import FILE"}}}
}

// RecordTooNew is a record of a later ltlab.
func RecordTooNew(err error) *Problem {
	return &Problem{ID: "record-too-new", Exit: Environment, Err: err,
		What: "the run was recorded by a newer ltlab", Why: err.Error(),
		Fix: []Step{{Say: "read it with that version or a later one", Run: "ltlab version"}}}
}

// ImportInvalid is a file that is no exported run.
func ImportInvalid(path string, err error) *Problem {
	return &Problem{ID: "import-invalid", Exit: Input, Err: err,
		What: fmt.Sprintf("%s is not an exported run", path), Why: err.Error(),
		Fix: []Step{{Say: "make one where the run is", Run: "ltlab runs export RUN -o FILE"}}}
}

// ExportUnwritable is an export that cannot be written where it was asked for.
func ExportUnwritable(path string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "export-unwritable", Exit: Input, Err: err,
		What: fmt.Sprintf("%s cannot be written", path), Why: err.Error(),
		Fix: []Step{{Say: "choose a folder that exists and is yours", Run: "ltlab runs export RUN -o FILE"}}}
}

// ExportExists is an export whose file is there already.
func ExportExists(path string) *Problem {
	return &Problem{ID: "export-exists", Exit: Usage,
		What: fmt.Sprintf("%s exists already", path), Why: "an export does not overwrite",
		Fix: []Step{{Say: "choose another name", Run: "ltlab runs export RUN -o FILE"}}}
}

// Examples is one problem of each kind, for the tests that keep catalogue, pages and exit codes in step.
func Examples() []*Problem {
	err := fmt.Errorf("example")
	return slices.Concat(engineExamples(), doctorExamples(), containerExamples(), influxExamples(), provisionExamples(), ejectExamples(), consentExamples(), artilleryExamples(), artilleryRunExamples(), artilleryUsersExamples(), preflightExamples(), reportExamples(), dashboardExamples(), []*Problem{
		internal(err), BadUsage("ltlab k6", err), HomeUnusable("DIR", err), DiskFull(err), SettingsUnusable("FILE", err), SettingsInvalid(err),
		SettingRefused(err), TerminalNeeded(), ProjectFileInvalid(err), LabNotRunning("no server"), LabRunning(),
		LabUnhealthy("the lab did not become healthy", "it ended", ""), PortInUse("boards", 3081, "program (pid 1)"),
		ToolNotFound([]string{"PATH"}), ToolUnusable("ltlab-k6", err), ScenarioNotFound("k6", "a.js", []string{"smoke.js"}),
		ScenarioNotInProject("a.js", "DIR"), ScenarioUnreadable("k6", "a.js", "it is a directory"), ScenarioOutsideProject("k6", "../a.js", "DIR"), ProjectNotFound("k6", "DIR", "it is a file"),
		EnvFileInvalid("FILE", err), ScriptFailed("a.js"), ScriptUnloadable("a.js"), FlagRejected([]string{"--nope"}), ToolFileMissing("c.json"), ToolFailed(104),
		ToolKilled("it ended by signal killed", "RUN"), ThresholdsFailed([]string{"p(95)<1"}), ThresholdsUnevaluated([]string{"m"}), NothingAnswered("k6", 3, ""),
		DataIncomplete("12 samples were lost"), RunInterrupted("the run so far"), CommandInterrupted(), RunExists("RUN"), RunNotFound("x", nil), NoRuns("last"), RunActive("RUN"),
		RecordCorrupt(err), RecordTooNew(err), ImportInvalid("FILE", err), ExportExists("FILE"), ExportUnwritable("FILE", err),
	})
}
