package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/address"
	"github.com/ltlab/ltlab/internal/mount"
	"github.com/ltlab/ltlab/internal/preflight"
	"github.com/ltlab/ltlab/internal/record"
)

// asOptions are k6's flags that change what a script asks for, as the variables that say the same: `k6 inspect` takes no flags of
// a run.
var asOptions = map[string][]string{
	"K6_VUS": {"--vus", "-u"}, "K6_DURATION": {"--duration", "-d"}, "K6_ITERATIONS": {"--iterations", "-i"}, "K6_STAGES": {"--stage", "-s"},
	"K6_SYSTEM_TAGS": {"--system-tags"},
	"K6_CONFIG":      {"--config", "-c"}, "K6_TYPE": {"--type", "-t"}, "K6_COMPATIBILITY_MODE": {"--compatibility-mode"},
}

// asSwitches are those of them that are on or off.
var asSwitches = map[string]string{"K6_NO_CONNECTION_REUSE": "--no-connection-reuse", "K6_NO_VU_CONNECTION_REUSE": "--no-vu-connection-reuse", "K6_NO_THRESHOLDS": "--no-thresholds"}

// Asks has k6 itself read the script, as far as its options: that runs the script's outermost code, and makes no request of it.
func (k K6) Asks(ctx context.Context, s *Spec, environ []string) (preflight.Asked, error) {
	binary := cmp.Or(k.Binary, k.Inspect)
	if binary == "" {
		return preflight.Asked{}, errors.New("there is no " + k6Name + " on this machine to read the script")
	}
	plain := *s
	plain.Sink = nil
	env := slices.DeleteFunc(k.Env(&plain, environ, Paths{}, "", ""), func(v string) bool {
		return strings.HasPrefix(v, "LTLAB_") && !has(s.Vars, v[:strings.Index(v, "=")])
	})
	args := []string{"inspect", "--execution-requirements", "--log-output=stderr", "--log-format=raw", "--no-color", "-q",
		"--include-system-env-vars=" + strconv.FormatBool(s.showsEnvironment())} // its default is not that of `k6 run`
	for _, v := range slices.Concat(flagged(s), flagValues(s.Args, "-e", "--env")) {
		args = append(args, "-e", v)
	}
	for name, flags := range asOptions {
		if values := flagValues(s.Args, flags...); len(values) > 0 {
			env = append(env, name+"="+strings.Join(values, ","))
		}
	}
	for name, flag := range asSwitches {
		for _, a := range s.Args {
			if value, ok := strings.CutPrefix(a, flag+"="); ok {
				env = append(env, name+"="+value)
			} else if a == flag {
				env = append(env, name+"=true")
			}
		}
	}
	args = append(args, s.Scenario.Path)
	answer, said, err := ask(ctx, s.Dir, binary, args, env)
	if err != nil && strings.Contains(said, noUsers) {
		answer, said, err = ask(ctx, s.Dir, binary, args, append(env, "K6_VUS=1"))
	}
	if err != nil {
		if ctx.Err() != nil {
			return preflight.Asked{}, errors.New("k6 has not read the script in time")
		}
		if p := preflight.RefusedThreshold(s.Scenario.Name, said); p != nil {
			return preflight.Asked{}, p
		}
		return preflight.Asked{}, errors.New("k6 cannot read the script, and will say why")
	}
	a, mapped, err := preflight.ParseK6(answer)
	if err != nil || mapped {
		return a, err
	}
	if g, err := mount.Scan(s.Scenario.Path); err == nil && slices.Contains(g.Env, "BASE_URL") {
		a.Target = s.Target
		for _, v := range k.Variables(s) { // behind -- the last one counts
			if value, ok := strings.CutPrefix(v, "BASE_URL="); ok {
				a.Target = value
			}
		}
		if a.Target != "" && address.HostPort(a.Target) == "" {
			a.Warnings = append(a.Warnings, record.Warning{ID: "target-unknown",
				Text: "BASE_URL is no URL with http:// or https://: whether the target answers was not checked"})
		}
	}
	return a, nil
}

// noUsers is said of a script that does not say how many users it has: the default of 1 belongs to a flag of `k6 run`.
const noUsers = "the number of VUs must be more than 0"

// ask runs k6 and returns what it answers on stdout and says on stderr.
func ask(ctx context.Context, dir, binary string, args, env []string) (answer []byte, said string, err error) {
	var out, log bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = env, dir, &out, &log, 100*time.Millisecond
	ownGroup(cmd)
	err = cmd.Run()
	return out.Bytes(), log.String(), err
}

// flagged are the variables that k6 is given by -e.
func flagged(s *Spec) (vars []string) {
	for _, v := range s.Vars {
		if asFlag(v, s) {
			vars = append(vars, v)
		}
	}
	return vars
}

// Asks reads the script's phases.
func (a *Artillery) Asks(_ context.Context, s *Spec, _ []string) (preflight.Asked, error) {
	text, err := os.ReadFile(s.Scenario.Path)
	if err != nil {
		return preflight.Asked{}, errors.New(reason(err))
	}
	asked, err := preflight.ParseArtillery(text, flagValue(s.Args, "--environment", "-e"), flagValue(s.Args, overrides))
	if err != nil {
		return preflight.Asked{}, err // Artillery says it better
	}
	if a.known || a.aims || s.Scenario.Shipped {
		asked.Target = s.Target
	}
	return asked, nil
}
