package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/engine/docker"
	"github.com/ltlab/ltlab/internal/problem"
)

// engine are the checks of the Docker engine. Where none answers and the lab was not left there, labs run embedded, and
// nothing is wrong.
func (p *Patient) engine() []Check {
	return []Check{
		{ID: "docker", Title: "the Docker engine answers, is on this machine and new enough", Run: p.docker},
		{ID: "images", Title: "the images of the lab's services and tools are on this machine", Needs: []string{"docker", "settings"}, Run: p.images},
		{ID: "orphans", Title: "no container is left of killed runs and removed labs", Needs: []string{"docker"}, Run: p.orphans},
	}
}

func (p *Patient) docker(ctx context.Context) Result {
	m, err := p.Docker.Machine(ctx)
	if err != nil {
		r := of(err, p.without(err)...)
		if !p.Docker.Remembered() {
			return skip("%s; labs run embedded, which needs none", problem.From(err).What)
		}
		r.Evidence += fmt.Sprintf("\nthe lab was left running there: %s", p.Home.Docker())
		return r
	}
	kind := ""
	if m.Rootless {
		kind = ", rootless"
	}
	r := pass("Docker %s, API %s, at %s (%s, %s%s)", m.Engine, m.API, m.Host, m.System, m.Driver, kind)
	const least = 1 << 30
	if m.Memory > 0 && m.Memory < least {
		return warn(fmt.Sprintf("%s\nits machine has %s of memory; InfluxDB, Telegraf, Grafana and a load generator want 1 GB or more", r.Evidence, size(m.Memory)),
			step("give it more in Docker's settings, or use the lab without Docker", p.cmd("start --engine embedded")))
	}
	return r
}

// without is how to go on where no engine can be used.
func (p *Patient) without(err error) []problem.Step {
	var known *problem.Problem
	if !errors.As(err, &known) {
		return nil
	}
	if host := p.Getenv("DOCKER_HOST"); host != "" && (known.ID == "engine-remote" || known.ID == "engine-not-found") {
		if known.ID == "engine-remote" {
			return []problem.Step{step("use the engine of this machine", "unset DOCKER_HOST")}
		}
		return []problem.Step{step("start Docker, then try again", p.cmd("start")), step("or forget the address in DOCKER_HOST", "unset DOCKER_HOST")}
	}
	if known.ID == "engine-not-found" || known.ID == "engine-lost" {
		return []problem.Step{step("start Docker, then try again", p.cmd("start"))}
	}
	return nil
}

func (p *Patient) images(ctx context.Context) Result {
	all, err := p.Docker.Images(ctx)
	if err != nil {
		return of(err)
	}
	if on, _ := p.on(ctx, "embedded"); on {
		return skip("the lab runs embedded, which has no use for images")
	}
	needed := map[string]bool{}
	on, _ := p.on(ctx, "docker")
	if on {
		conditions, err := p.Docker.Conditions(ctx)
		if err != nil {
			return of(err)
		}
		for _, c := range conditions {
			needed[c.Service] = true
		}
	}
	var missing, odd []docker.Image
	for _, img := range all {
		switch {
		case img.Local:
		case on && !needed[img.Service] && slices.Contains(p.Docker.Services(), img.Service): // it was started without
		case needed[img.Service], img.Origin.From != config.FromDefault:
			missing = append(missing, img)
		default:
			odd = append(odd, img)
		}
	}
	if len(missing) > 0 {
		return fails("image-missing", "not on this machine: "+names(missing), p.renamed(missing)...)
	}
	if len(odd) > 0 {
		fix := []problem.Step{step("fetch what can be pulled", p.cmd("pull"))}
		for _, img := range odd {
			if img.Ours {
				fix = append(fix, step("make "+img.Image, p.cmd("rebuild "+img.Service)))
			}
		}
		return warn("not on this machine, and fetched or made when they are needed: "+names(odd), fix...)
	}
	return pass("all are here that it needs")
}

// renamed are the ways to go on with another image: back to the default where somebody named one that is not to be had.
func (p *Patient) renamed(missing []docker.Image) (fix []problem.Step) {
	for _, img := range missing {
		switch {
		case img.Origin.From == config.FromLab:
			fix = append(fix, step("go back to the image that ltlab knows", p.cmd("configure set "+img.Setting+"=")))
		case img.Origin.From == config.FromEnviron:
			fix = append(fix, step("go back to the image that ltlab knows", "unset "+img.Setting))
		case img.Ours:
			fix = append(fix, step("make it", p.cmd("rebuild "+img.Service)))
		default:
			fix = append(fix, step("pull it", p.cmd("pull "+img.Service)))
		}
	}
	return fix
}

func names(all []docker.Image) string {
	var out []string
	for _, img := range all {
		text := img.Image
		if img.Origin.From != config.FromDefault {
			text += fmt.Sprintf(" (%s, from %s)", img.Setting, img.Origin)
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func (p *Patient) orphans(ctx context.Context) Result {
	all, err := p.Docker.Orphans(ctx, p.Alive)
	if err != nil {
		return of(err)
	}
	return p.orphaned(all)
}

// orphaned is the answer about containers that nobody will use again, and about those of which that is not known: what was not
// mounted may come back.
func (p *Patient) orphaned(all []docker.Orphan) Result {
	var sure, unsure []docker.Orphan
	for _, o := range all {
		if o.Unsure {
			unsure = append(unsure, o)
		} else {
			sure = append(sure, o)
		}
	}
	if len(all) == 0 {
		return pass("none")
	}
	var lines []string
	var fix []problem.Step
	var repair *Repair
	if len(sure) > 0 {
		lines = append(lines, many(len(sure), "stopped container")+" that nobody will use again", naming(sure))
		fix = append(fix, step("remove them; no volume goes", p.mend("orphans")))
		repair = &Repair{Say: fmt.Sprintf("remove %s of killed runs and removed labs, and no volume", many(len(sure), "stopped container")),
			Do: func(ctx context.Context) (string, error) {
				return "removed " + many(len(sure), "container"), p.Docker.Discard(ctx, sure)
			}}
	}
	if len(unsure) > 0 {
		lines = append(lines, "not known whether anybody will use "+many(len(unsure), "stopped container")+" again", naming(unsure))
		var names []string
		for _, o := range unsure[:min(mostListed, len(unsure))] {
			names = append(names, problem.Word(o.Name))
		}
		fix = append(fix, step("mount the disk that has the folder; if that lab is gone for good, remove them", "docker rm "+strings.Join(names, " ")))
	}
	r := warn(strings.Join(lines, "\n"), fix...)
	r.Repair = repair
	return r
}

// mostListed is how many containers an answer names.
const mostListed = 5

func naming(all []docker.Orphan) string {
	var lines []string
	for _, o := range all[:min(mostListed, len(all))] {
		lines = append(lines, o.Name+": "+o.Why)
	}
	if n := len(all) - mostListed; n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(lines, "\n")
}

// mounted proves that a container sees the folders of this machine: a file that was just made is read through one.
func (p *Patient) mounted(ctx context.Context) Result {
	all, err := p.Docker.Images(ctx)
	if err != nil {
		return of(err)
	}
	image := ""
	for _, img := range all { // k6's before the others, for that is whose container gets folders
		if img.Local && (image == "" || img.Service == engine.K6) {
			image = img.ID
		}
	}
	if image == "" {
		return skip("no image is here to try it with: ltlab pull")
	}
	// Where the user works, for projects are there; nothing is written but one small file, which goes at once.
	dir, err := os.MkdirTemp(standing(p.Dir), ".ltlab-canary-")
	if err != nil {
		if dir, err = os.MkdirTemp("", "ltlab-canary-"); err != nil {
			return of(err)
		}
	}
	defer os.RemoveAll(dir)
	return p.canary(ctx, dir, image)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// size is a number of bytes for people.
func size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 || v >= 100 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
