package problem

import (
	"errors"
	"fmt"
	"strings"
)

const installArtillery = "ltlab artillery install"

// ArtilleryNotFound is an Artillery that is nowhere; looked are the places, each with what is wrong there, if anything is.
// named says that LTLAB_ARTILLERY is set, so that no other place counts.
func ArtilleryNotFound(looked []string, named bool) *Problem {
	fix := []Step{{Say: "install it for the lab, with Node, by npm", Run: installArtillery},
		{Say: "or say where it is", Run: "export LTLAB_ARTILLERY=/path/to/node_modules/artillery"}}
	if named {
		fix = []Step{{Say: "name Artillery's package, its program or a folder with node_modules", Run: "export LTLAB_ARTILLERY=/path/to/node_modules/artillery"},
			{Say: "or install it for the lab", Run: "unset LTLAB_ARTILLERY && " + installArtillery}}
	}
	return &Problem{ID: "artillery-not-found", Exit: Environment,
		What: "no Artillery was found", Why: "looked in " + strings.Join(looked, ", "), Fix: fix}
}

// ArtilleryTooOld is an Artillery whose events the lab's plugin does not understand; found are places with their versions.
func ArtilleryTooOld(found []string, oldest string, named bool) *Problem {
	run := installArtillery
	if named {
		run = "unset LTLAB_ARTILLERY && " + run
	}
	return &Problem{ID: "artillery-too-old", Exit: Environment,
		What: fmt.Sprintf("no Artillery of %s or later was found", oldest), Why: strings.Join(found, "\n"),
		Fix: []Step{{Say: "install a newer one for the lab, with Node, by npm", Run: run},
			{Say: "or a newer one in the project", Run: "npm install --save-dev artillery@" + oldest}}}
}

// NodeNotFound is a missing Node, without which Artillery does not run; looked as for ArtilleryNotFound.
func NodeNotFound(looked []string, named bool) *Problem {
	run := installArtillery
	if named {
		run = "unset LTLAB_NODE && " + run
	}
	return &Problem{ID: "node-not-found", Exit: Environment,
		What: "no Node was found to run Artillery with", Why: "looked in " + strings.Join(looked, ", "),
		Fix: []Step{{Say: "install Node for the lab, with Artillery, by npm", Run: run},
			{Say: "or say where it is", Run: "export LTLAB_NODE=/path/to/node"}}}
}

// NodeTooOld is a Node that Artillery does not run on; found are places with their versions.
func NodeTooOld(found []string, oldest string, named bool) *Problem {
	run := installArtillery
	if named {
		run = "unset LTLAB_NODE && " + run
	}
	return &Problem{ID: "node-too-old", Exit: Environment,
		What: fmt.Sprintf("no Node of %s or later was found, which Artillery needs", oldest), Why: strings.Join(found, "\n"),
		Fix: []Step{{Say: "install a newer one for the lab, with Artillery, by npm", Run: run},
			{Say: "or say where a newer one is", Run: "export LTLAB_NODE=/path/to/node"}}}
}

// NpmNotFound is an installation without the program that does it.
func NpmNotFound() *Problem {
	return &Problem{ID: "npm-not-found", Exit: Environment,
		What: "npm was not found, and only npm can install Artillery", Why: "looked in PATH",
		Fix: []Step{{Say: "install Node, which brings npm along (Debian: apt-get install npm), then again", Run: installArtillery},
			{Say: "or install Artillery elsewhere and say where it is", Run: "export LTLAB_ARTILLERY=/path/to/node_modules/artillery"}}}
}

// InstallFailed is an installation that came to nothing; err has the last lines that npm printed, or says what else failed.
func InstallFailed(err error) *Problem {
	if p := match(err); p != nil { // a full disk has a page of its own
		return p
	}
	return &Problem{ID: "install-failed", Exit: Environment, Err: err,
		What: "the installation of Artillery and Node failed; nothing was changed", Why: err.Error(),
		Fix: []Step{{Say: "see to what npm says, a registry or a proxy that does not answer for example, then again", Run: installArtillery}}}
}

// ImageUnfetchable is an image of ours that is made from what registries have, and could not be; err has the engine's words.
func ImageUnfetchable(image, service string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	return &Problem{ID: "image-unbuildable", Exit: Pull, Err: err,
		What: fmt.Sprintf("image %s cannot be made", image), Why: err.Error(),
		Fix: []Step{{Say: "it is made from what registries have: see to the network, then again", Run: "ltlab rebuild " + service},
			{Say: "or run the tool on this machine", Run: installArtillery}}}
}

func artilleryExamples() []*Problem {
	places := []string{"example"}
	return []*Problem{ArtilleryNotFound(places, false), ArtilleryTooOld(places, "2.0.34", false), NodeNotFound(places, false),
		NodeTooOld(places, "22.18.0", false), NpmNotFound(), InstallFailed(errors.New("example")),
		ImageUnfetchable("ltlab/artillery", "artillery", errors.New("example"))}
}
