package problem

import (
	"fmt"
	"strings"
)

// ArtilleryUnusable is an Artillery that cannot be started.
func ArtilleryUnusable(path string, err error) *Problem {
	return &Problem{ID: "artillery-unusable", Exit: Environment, Err: err,
		What: fmt.Sprintf("%s cannot be used", path), Why: err.Error(),
		Fix: []Step{{Say: "install it anew", Run: "ltlab artillery install --force"}, {Say: "or point to another one", Run: "export LTLAB_ARTILLERY=/path/to/artillery"}}}
}

// ArtilleryFlagRejected is a flag behind "--" that Artillery does not take; args are without secrets.
func ArtilleryFlagRejected(args []string) *Problem {
	return &Problem{ID: "artillery-flag-rejected", Exit: Usage,
		What: "Artillery did not take its flags", Why: fmt.Sprintf("given behind -- : %s; Artillery's own message says which", strings.Join(args, " ")),
		Fix: []Step{{Say: "see the flags it takes", Run: "artillery run --help"}}}
}

// ArtilleryScriptInvalid is a script that Artillery refuses before it runs.
func ArtilleryScriptInvalid(scenario string) *Problem {
	return &Problem{ID: "artillery-script-invalid", Exit: Input,
		What: fmt.Sprintf("Artillery does not take %s", scenario), Why: "it is no test script as it stands; Artillery's own message says why",
		Fix: []Step{{Say: "mend the script there; files that it names are looked up from its own folder"}}}
}

// ArtilleryScriptFailed is a script whose processor or engine threw.
func ArtilleryScriptFailed(scenario string) *Problem {
	return &Problem{ID: "artillery-script-failed", Exit: Input,
		What: fmt.Sprintf("Artillery could not run %s", scenario), Why: "a worker ended with an error: the processor, a hook or an engine; Artillery's own message names it",
		Fix: []Step{{Say: "mend it there; what was recorded before is kept", Run: "ltlab runs show last"}}}
}

// ArtilleryFailed is any other failure of Artillery.
func ArtilleryFailed(exit int) *Problem {
	return &Problem{ID: "artillery-failed", Exit: Input,
		What: fmt.Sprintf("Artillery ended with exit code %d", exit), Why: "Artillery's own message above says more",
		Fix: []Step{{Say: "see what was recorded", Run: "ltlab runs show last"}}}
}

// ArtilleryKilled is an Artillery that something else ended; how says what, as a sentence.
func ArtilleryKilled(how, run string) *Problem {
	return &Problem{ID: "artillery-killed", Exit: Incomplete,
		What: "Artillery was killed in mid-run", Why: how + "; the record holds the periods that came before",
		Fix: []Step{{Say: "see what is there", Run: "ltlab runs show " + run}, {Say: "when memory ran out, ask for less load"}}}
}

// EnsureFailed is the verdict of a script's ensure.
func EnsureFailed(failed []string) *Problem {
	return &Problem{ID: "ensure-failed", Exit: Verdict,
		What: "ensure failed", Why: strings.Join(failed, "\n"),
		Fix: []Step{{Say: "this is the test's verdict; see the figures", Run: "ltlab runs show last"}}}
}

// ExpectFailed is the verdict of a script's expectations.
func ExpectFailed(failed []string) *Problem {
	return &Problem{ID: "expect-failed", Exit: Verdict,
		What: "expectations failed", Why: strings.Join(failed, "\n"),
		Fix: []Step{{Say: "this is the test's verdict; see the figures", Run: "ltlab runs show last"}}}
}

// ScriptFileMissing is a script that names files which do not exist.
func ScriptFileMissing(scenario string, files []string) *Problem {
	return &Problem{ID: "script-file-missing", Exit: Input,
		What: fmt.Sprintf("%s names a file that does not exist", scenario), Why: strings.Join(files, ", "),
		Fix: []Step{{Say: "name it by its path from the script's own folder"}}}
}

// ProcessorInvalid is a TypeScript processor that does not compile.
func ProcessorInvalid(err error) *Problem {
	return &Problem{ID: "processor-invalid", Exit: Input, Err: err,
		What: "the script's processor does not compile", Why: err.Error(),
		Fix: []Step{{Say: "mend the TypeScript at that line"}}}
}

// TargetMissing is a script that says nothing about where its load goes, and nobody else does.
func TargetMissing(scenario string) *Problem {
	return &Problem{ID: "target-missing", Exit: Input,
		What: fmt.Sprintf("%s names no target", scenario), Why: "it has no config.target, and BASE_URL is not set",
		Fix: []Step{{Say: "say where the load goes", Run: "ltlab artillery -s FILE -e BASE_URL=http://127.0.0.1:PORT"}}}
}

// TargetUnset is a script whose target is a variable that nothing sets.
func TargetUnset(scenario, name string) *Problem {
	return &Problem{ID: "target-missing", Exit: Input,
		What: fmt.Sprintf("%s takes its target from %s, which is not set", scenario, name), Why: "its config.target reads the environment",
		Fix: []Step{{Say: "set it", Run: "ltlab artillery -s FILE -e " + name + "=http://127.0.0.1:PORT"}}}
}

func artilleryRunExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{
		ArtilleryUnusable("artillery", err), ArtilleryFlagRejected([]string{"--nope"}), ArtilleryScriptInvalid("a.yml"), ArtilleryScriptFailed("a.yml"), ArtilleryFailed(6),
		ArtilleryKilled("it ended by signal killed", "RUN"), EnsureFailed([]string{"p95 < 1"}), ExpectFailed([]string{"expect statusCode: 3 of 9 failed"}),
		ScriptFileMissing("a.yml", []string{"users.csv"}), ProcessorInvalid(err), TargetMissing("a.yml"), TargetUnset("a.yml", "TARGET"),
	}
}
