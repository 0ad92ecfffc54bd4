package doctor

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
)

// tools are the checks of what makes the load, and of what builds it.
func (p *Patient) tools() []Check {
	return []Check{
		{ID: "k6", Title: "ltlab-k6 is on this machine and starts", Run: p.k6},
		{ID: "k6-output", Title: "it has the output that makes run records", Needs: []string{"k6"}, Run: p.k6Output},
		{ID: "k6-run", Title: "one iteration of k6, where runs are made, leaves a whole record", Needs: []string{"k6-output", "settings"}, Limit: 45 * time.Second, Run: p.k6Run},
		{ID: "artillery", Title: "Artillery is new enough for the lab's plugin", Limit: 25 * time.Second, Run: p.artillery},
		{ID: "node", Title: "Node is new enough for Artillery", Limit: 25 * time.Second, Run: p.node},
		{ID: "go", Title: "Go is there to build ltlab's programs", Run: p.golang},
	}
}

// k6Text is what `ltlab-k6 version` prints.
func (p *Patient) k6Text(ctx context.Context) (binary, text string, err error) {
	if binary, err = p.K6(); err != nil {
		return "", "", err
	}
	cmd := exec.CommandContext(ctx, binary, "version")
	cmd.Env, cmd.WaitDelay = minimal(p.Getenv), time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return binary, "", problem.ToolUnusable(binary, fmt.Errorf("%w %s", err, firstLine(string(out))))
	}
	return binary, string(out), nil
}

func (p *Patient) k6(ctx context.Context) Result {
	binary, text, err := p.k6Text(ctx)
	if err == nil {
		return pass("%s: %s", binary, firstLine(text))
	}
	if p.Getenv("LTLAB_K6") != "" {
		return of(err, append([]problem.Step{step("look for it beside ltlab and on PATH", "unset LTLAB_K6")}, problem.From(err).Fix...)...)
	}
	return of(err)
}

var ourOutput = regexp.MustCompile(`\bltlab \[output\]`)

func (p *Patient) k6Output(ctx context.Context) Result {
	binary, text, err := p.k6Text(ctx)
	if err != nil {
		return of(err)
	}
	if ourOutput.MatchString(text) {
		return pass("it lists output ltlab")
	}
	fix := []problem.Step{step("build one with it in ltlab's source folder", "make build"), step("or with xk6", "xk6 build --with github.com/ltlab/ltlab/k6/ltlab-k6")}
	if p.Getenv("LTLAB_K6") != "" {
		fix = append([]problem.Step{step("take the one beside ltlab or on PATH", "unset LTLAB_K6")}, fix...)
	}
	return fails("k6-unusable", fmt.Sprintf("%s is a k6 without the output ltlab: %s", binary, strings.Join(strings.Fields(text), " ")), fix...)
}

func (p *Patient) k6Run(ctx context.Context) Result {
	where, err := p.Iterate(ctx)
	if err != nil {
		return of(err, step("see it in full", p.cmd("k6 -s smoke.js -e DURATION=1s")))
	}
	return pass("%s", where)
}

// unfit is the answer for a tool that is not as it should be, which somebody may have named in a variable.
func (p *Patient) unfit(err error, variable string) Result {
	if p.Getenv(variable) != "" {
		return of(err, append([]problem.Step{step("look for another one", "unset "+variable)}, problem.From(err).Fix...)...)
	}
	return of(err)
}

func (p *Patient) artillery(ctx context.Context) Result {
	t, err := p.Artillery(ctx)
	var known *problem.Problem
	switch {
	case err == nil:
		r := pass("Artillery %s, from %s (%s)", t.Version, t.From, t.Script)
		if len(t.Passed) > 0 {
			return warn(r.Evidence+"\n"+strings.Join(t.Passed, "\n"), step("update or remove what is passed over, or name the one to use", "export LTLAB_ARTILLERY="+problem.Word(t.Script)))
		}
		return r
	case errors.As(err, &known) && strings.HasPrefix(known.ID, "node-"):
		return pass("Artillery is there; for its Node see node")
	case errors.As(err, &known) && known.ID == "artillery-not-found" && p.Getenv("LTLAB_ARTILLERY") == "": // no fault for who does not use it
		return skip("%s; only `ltlab artillery` needs it: %s", known.What, known.Fix[0].Run)
	}
	return p.unfit(err, "LTLAB_ARTILLERY")
}

func (p *Patient) node(ctx context.Context) Result {
	t, err := p.Artillery(ctx)
	var known *problem.Problem
	switch {
	case err == nil:
		return pass("Node %s at %s", t.NodeVersion, t.Node)
	case errors.As(err, &known) && strings.HasPrefix(known.ID, "artillery-"):
		return skip("there is no Artillery to run with it")
	}
	return p.unfit(err, "LTLAB_NODE")
}

func (p *Patient) golang(ctx context.Context) Result {
	path, err := exec.LookPath("go")
	if err != nil {
		return skip("it is not on PATH; only who builds ltlab needs it")
	}
	cmd := exec.CommandContext(ctx, path, "version")
	cmd.WaitDelay = time.Second
	cmd.Env = append(minimal(p.Getenv), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		return warn(fmt.Sprintf("%s does not say its version: %v", path, err), step("reinstall it, if you build ltlab", "go version"))
	}
	return pass("%s", strings.TrimSpace(string(out)))
}
