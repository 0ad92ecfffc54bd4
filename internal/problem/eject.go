package problem

import (
	"fmt"
	"strings"
)

// EjectExists is a folder that has files of its own where `ltlab eject` would write.
func EjectExists(dir string, files []string) *Problem {
	return &Problem{ID: "eject-exists", Exit: Usage,
		What: fmt.Sprintf("%s has other files already", dir), Why: "nothing was written; in the way: " + strings.Join(files, ", "),
		Fix: []Step{{Say: "choose an empty folder", Run: "ltlab eject DIR"},
			{Say: "or replace those files; an .env is kept and completed", Run: "ltlab eject DIR --force"}}}
}

// EjectUnwritable is a folder that cannot be written.
func EjectUnwritable(dir string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "eject-unwritable", Exit: Input, Err: err,
		What: fmt.Sprintf("the files of a lab cannot be written to %s", dir), Why: err.Error(),
		Fix: []Step{{Say: "choose a folder that is yours", Run: "ltlab eject DIR"}}}
}

func ejectExamples() []*Problem {
	return []*Problem{EjectExists("DIR", []string{"compose.yaml"}), EjectUnwritable("DIR", fmt.Errorf("example"))}
}
