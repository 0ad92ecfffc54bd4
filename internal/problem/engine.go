package problem

import (
	"fmt"
	"strings"
)

// EngineNotFound is a machine on which no Docker engine answers; host is where it was looked for, "" when that is unknown.
func EngineNotFound(host string, err error) *Problem {
	what := "no Docker engine answers"
	if host != "" {
		what += " at " + host
	}
	return &Problem{ID: "engine-not-found", Exit: Environment, Err: err, What: what, Why: err.Error(),
		Fix: []Step{{Say: "start Docker, then try again", Run: "ltlab start"},
			{Say: "or use the lab without Docker", Run: "ltlab start --engine embedded"}}}
}

// EngineNoPermission is an engine whose socket this user may not open.
func EngineNoPermission(host string, err error) *Problem {
	return &Problem{ID: "engine-no-permission", Exit: Environment, Err: err,
		What: fmt.Sprintf("you may not use the Docker engine at %s", host), Why: err.Error(),
		Fix: []Step{{Say: "join the group that owns the socket (it makes you root on this machine), then sign in anew", Run: "sudo usermod -aG docker $USER"},
			{Say: "or use the lab without Docker", Run: "ltlab start --engine embedded"}}}
}

// EngineTooOld is an engine whose API lacks what the lab needs; both versions are of the API.
func EngineTooOld(has, needs string) *Problem {
	return &Problem{ID: "engine-too-old", Exit: Environment,
		What: "the Docker engine is too old", Why: fmt.Sprintf("its API is %s, and ltlab needs %s (Engine 20.10) or later", has, needs),
		Fix: []Step{{Say: "update Docker"}, {Say: "or use the lab without Docker", Run: "ltlab start --engine embedded"}}}
}

// EngineRemote is an engine on another machine.
func EngineRemote(host string) *Problem {
	return &Problem{ID: "engine-remote", Exit: Environment,
		What: "the Docker engine is on another machine", Why: fmt.Sprintf("DOCKER_HOST or Docker's context names %s; a lab publishes on 127.0.0.1 and shares folders, which only an engine on this machine can", host),
		Fix: []Step{{Say: "use the engine of this machine", Run: "unset DOCKER_HOST && docker context use default"},
			{Say: "or use the lab without Docker", Run: "ltlab start --engine embedded"}}}
}

// EngineLost is an engine that ceased to answer in mid-work.
func EngineLost(err error) *Problem {
	return &Problem{ID: "engine-lost", Exit: Environment, Err: err,
		What: "the Docker engine ceased to answer", Why: err.Error(),
		Fix: []Step{{Say: "start Docker again; what was half made goes away with the next start", Run: "ltlab start"}}}
}

// EngineFailed is a request that the engine refused for a reason that ltlab does not know.
func EngineFailed(doing string, err error) *Problem {
	if p := match(err); p != nil {
		return p
	}
	if p := engineSaid(err); p != nil {
		return p
	}
	return &Problem{ID: "engine-failed", Exit: Environment, Err: err,
		What: "the Docker engine could not " + doing, Why: err.Error(),
		Fix: append(engineFix(err), Step{Say: "see how the lab stands, and the services' logs", Run: "ltlab status; ltlab logs"})}
}

// ImageMissing are images that are neither here nor to be had; missing are "image (setting): why".
func ImageMissing(missing []string) *Problem {
	return &Problem{ID: "image-missing", Exit: Pull,
		What: "images of the lab are missing", Why: strings.Join(missing, "\n"),
		Fix: []Step{{Say: "pull them where the network allows", Run: "ltlab pull"},
			{Say: "or name images that you have", Run: "ltlab configure set LTLAB_IMAGE_…=IMAGE"},
			{Say: "or use the lab without Docker", Run: "ltlab start --engine embedded"}}}
}

// ImageUnavailable are images that could not be fetched anew, or made; failed are "image (setting): why".
func ImageUnavailable(failed []string) *Problem {
	return &Problem{ID: "image-missing", Exit: Pull,
		What: "not every image could be had", Why: strings.Join(failed, "\n"),
		Fix: []Step{{Say: "see which are here, and what names them", Run: "ltlab images"}}}
}

// ImageUnbuildable is an image of ours whose program is not at hand.
func ImageUnbuildable(image, looked string) *Problem {
	return &Problem{ID: "image-unbuildable", Exit: Pull,
		What: fmt.Sprintf("image %s cannot be made", image), Why: "its program is not in " + looked,
		Fix: []Step{{Say: "build the programs in ltlab's source folder", Run: "make images"}}}
}

// ImageForeign is an image for another kind of processor than the engine's.
func ImageForeign(image, setting, has, needs string) *Problem {
	return &Problem{ID: "image-foreign", Exit: Pull,
		What: fmt.Sprintf("image %s is for another architecture", image), Why: fmt.Sprintf("it is for %s, and the Docker engine runs %s", has, needs),
		Fix: []Step{{Say: "make it for this engine", Run: "ltlab rebuild"}, {Say: "or name another one", Run: "ltlab configure set " + setting + "=IMAGE"}}}
}

// ServiceUnknown is a name that is no service of the lab.
func ServiceUnknown(name string, services []string) *Problem {
	return &Problem{ID: "service-unknown", Exit: Usage,
		What: fmt.Sprintf("the lab has no service %q", name), Why: "it has " + strings.Join(services, ", "),
		Fix: []Step{{Say: "see them", Run: "ltlab status"}}}
}

// NeedsDocker is a command of the Docker lab where the lab is none.
func NeedsDocker(command, why string) *Problem {
	return &Problem{ID: "needs-docker", Exit: Environment,
		What: command + " needs the lab on Docker", Why: why,
		Fix: []Step{{Say: "start that one", Run: "ltlab stop && ltlab start --engine docker"}}}
}

// OtherEngine is a start on one engine of a lab that runs on the other.
func OtherEngine(asked, runs string) *Problem {
	return &Problem{ID: "other-engine", Exit: Usage,
		What: fmt.Sprintf("the lab runs already on the %s engine", runs), Why: "it was asked for on " + asked,
		Fix: []Step{{Say: "end it first", Run: "ltlab stop && ltlab start --engine " + asked}}}
}

func engineExamples() []*Problem {
	err := fmt.Errorf("example")
	return []*Problem{
		EngineNotFound("", err), EngineNoPermission("HOST", err), EngineTooOld("1.30", "1.41"), EngineRemote("HOST"), EngineLost(err), EngineFailed("start the services", err),
		ImageMissing([]string{"a: why"}), ImageUnavailable([]string{"a: why"}), ImageUnbuildable("ltlab/toy-api", "DIR"), ImageForeign("ltlab/k6", "LTLAB_IMAGE_K6", "arm64", "amd64"), ServiceUnknown("x", []string{"influxdb"}),
		NeedsDocker("ltlab logs", "it runs embedded"), OtherEngine("docker", "embedded"),
	}
}
