package problem

import (
	"fmt"
	"net/url"
	"strings"
)

// ImportOutsideProject is a scenario that needs files which its container would not see.
func ImportOutsideProject(tool, dir string, files []string) *Problem {
	return &Problem{ID: "import-outside-project", Exit: Mount,
		What: fmt.Sprintf("the scenario needs files outside its folder %s", dir), Why: strings.Join(files, "\n"),
		Fix: []Step{{Say: "name a folder that holds them all", Run: "ltlab " + tool + " -p DIR -s PATH/IN/DIR"},
			{Say: "or run " + tool + " on this machine, beside the same lab", Run: "ltlab " + tool + " --runner host -s FILE"}}}
}

// TargetOnLocalhost is a target that a container cannot reach under that name.
func TargetOnLocalhost(tool, target string) *Problem {
	port := "PORT"
	if u, err := url.Parse(target); err == nil && u.Port() != "" {
		port = u.Port()
	}
	return &Problem{ID: "target-on-localhost", Exit: Input,
		What: fmt.Sprintf("%s is not this machine inside a container", target),
		Why:  tool + " runs in a container of the lab, where localhost is the container itself",
		Fix: []Step{{Say: "run " + tool + " on this machine, beside the same lab", Run: "ltlab " + tool + " --runner host -s FILE"},
			{Say: "or, when the service listens on all addresses, call it by the machine's name", Run: "ltlab " + tool + " -s FILE -e BASE_URL=http://host.docker.internal:" + port}}}
}

// FileOutsideContainer is a file in the tool's flags that its container does not see.
func FileOutsideContainer(tool, path string) *Problem {
	return &Problem{ID: "file-outside-container", Exit: Mount,
		What: fmt.Sprintf("%s's container does not see %s", tool, path), Why: "it gets the project's folder to read and an empty working folder to write into",
		Fix: []Step{{Say: "write into the working folder, by a relative path"},
			{Say: "or run " + tool + " on this machine, beside the same lab", Run: "ltlab " + tool + " --runner host -s FILE"}}}
}

// ProjectTooLarge is a folder that would have to be copied into a container and holds too much; err says what.
func ProjectTooLarge(tool string, err error) *Problem {
	return &Problem{ID: "project-too-large", Exit: Mount, Err: err,
		What: "the project's folder is too large to be copied into a container", Why: err.Error(),
		Fix: []Step{{Say: "name what scenarios do not need in a file .ltlabignore there, by the rules of .dockerignore"},
			{Say: "or run " + tool + " on this machine, beside the same lab", Run: "ltlab " + tool + " --runner host -s FILE"}}}
}

// TargetUnreachable is a target that takes no connection from inside the lab's network; why is what the system says.
func TargetUnreachable(tool, target, why string) *Problem {
	return &Problem{ID: "target-unreachable", Exit: Verdict,
		What: fmt.Sprintf("%s's container does not reach %s", tool, target), Why: why,
		Fix: []Step{{Say: "start the target; for a container to reach one on this machine, it must listen on all addresses, not on 127.0.0.1 alone"},
			{Say: "or run " + tool + " on this machine, beside the same lab", Run: "ltlab " + tool + " --runner host -s FILE"},
			{Say: "or run it all the same", Run: "ltlab " + tool + " --no-preflight -s FILE"}}}
}

func containerExamples() []*Problem {
	return []*Problem{ImportOutsideProject("k6", "DIR", []string{"/a.js"}), TargetOnLocalhost("k6", "http://localhost:3000"), FileOutsideContainer("k6", "/etc/k6.json"),
		TargetUnreachable("k6", "http://host.docker.internal:3000", "connection refused"),
		ProjectTooLarge("k6", fmt.Errorf("DIR holds more than 200 MB; data alone has 300 MB"))}
}
