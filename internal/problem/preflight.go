package problem

import (
	"errors"
	"fmt"
)

// FilesShort is a limit of open files below the number of users that a run surely has.
func FilesShort(tool string, users int, limit uint64) *Problem {
	return &Problem{ID: "files-short", Exit: Environment,
		What: fmt.Sprintf("%d users need more open files than %s may have", users, tool), Why: fmt.Sprintf("the hard limit is %d open files, and each user has a connection of its own", limit),
		Fix: []Step{{Say: "raise the limit of this shell", Run: fmt.Sprintf("sudo prlimit --pid $$ --nofile=%d:%[1]d", users+1000)},
			{Say: "or ask for fewer users"},
			{Say: "or run it all the same", Run: "ltlab " + tool + " --no-preflight -s FILE"}}}
}

// DiskShort is a disk without room for the record of a run; free and need are bytes.
func DiskShort(tool, dir string, free, need uint64) *Problem {
	return &Problem{ID: "disk-short", Exit: Environment,
		What: "the disk has no room for this run's record", Why: fmt.Sprintf("%s has %d kB left, and the record takes %d kB at least", dir, free>>10, need>>10),
		Fix: []Step{{Say: "free some space; old runs can go", Run: "ltlab runs delete RUN"},
			{Say: "or run it all the same", Run: "ltlab " + tool + " --no-preflight -s FILE"}}}
}

// TargetRefused is a target that takes no connection from this machine.
func TargetRefused(tool, target string, err error) *Problem {
	return &Problem{ID: "target-unreachable", Exit: Verdict, Err: err,
		What: fmt.Sprintf("%s takes no connection", target), Why: err.Error(),
		Fix: []Step{{Say: "start the target, or name the right one", Run: "ltlab " + tool + " -s FILE -e BASE_URL=http://127.0.0.1:PORT"},
			{Say: "or run it all the same", Run: "ltlab " + tool + " --no-preflight -s FILE"}}}
}

// ThresholdInvalid is a threshold that k6 cannot judge; why is k6's reason. The exit code is k6's own for it.
func ThresholdInvalid(scenario, threshold, why string) *Problem {
	return &Problem{ID: "threshold-invalid", Exit: 104,
		What: fmt.Sprintf("k6 cannot judge the threshold on %s in %s", threshold, scenario), Why: why,
		Fix: []Step{{Say: "mend it in the script's options.thresholds: name a metric of k6's or of the script, and what its kind can be asked"}}}
}

func preflightExamples() []*Problem {
	return []*Problem{FilesShort("k6", 30000, 20000), DiskShort("k6", "DIR", 1<<10, 1<<20), TargetRefused("k6", "http://127.0.0.1:9", errors.New("connection refused")),
		ThresholdInvalid("a.js", "m", `no metric name "m" found`)}
}
