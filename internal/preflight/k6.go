package preflight

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/record"
)

// k6User is the memory of a user whose script does next to nothing.
const k6User = mega / 2

// duration is as k6 writes them: "1m30s", or a number of ms.
type duration time.Duration

func (d *duration) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	var text string
	if json.Unmarshal(b, &text) == nil {
		parsed, err := time.ParseDuration(text)
		*d = duration(parsed)
		return err
	}
	var ms float64
	err := json.Unmarshal(b, &ms)
	*d = duration(span(ms, time.Millisecond))
	return err
}

type stage struct {
	Duration duration
	Target   int
}

// part is one of a script's scenarios, of any executor.
type part struct {
	Executor        string
	StartTime       duration
	VUs, StartVUs   *int
	Duration        duration
	TimeUnit        *duration
	Rate, StartRate int
	Stages          []stage
}

// users are those that a scenario has at its peak, whatever the target does.
func (p *part) users() int {
	n := 0
	switch p.Executor {
	case "constant-vus", "per-vu-iterations", "shared-iterations":
		n = 1
		if p.VUs != nil {
			n = *p.VUs
		}
	case "ramping-vus":
		n = 1
		if p.StartVUs != nil {
			n = *p.StartVUs
		}
		for _, s := range p.Stages {
			n = max(n, s.Target)
		}
	}
	return n
}

// length is how long it goes on at least, counted from the run's start.
func (p *part) length() time.Duration {
	if p.Executor == "per-vu-iterations" || p.Executor == "shared-iterations" {
		return time.Duration(p.StartTime)
	}
	all := sum(time.Duration(p.StartTime), time.Duration(p.Duration))
	for _, s := range p.Stages {
		all = sum(all, time.Duration(s.Duration))
	}
	return all
}

// rate is the iterations that it starts each second at its peak; 0 where users decide that.
func (p *part) rate() float64 {
	n := 0
	switch p.Executor {
	case "constant-arrival-rate":
		n = p.Rate
	case "ramping-arrival-rate":
		n = p.StartRate
		for _, s := range p.Stages {
			n = max(n, s.Target)
		}
	}
	unit := time.Second
	if p.TimeUnit != nil && *p.TimeUnit > 0 {
		unit = time.Duration(*p.TimeUnit)
	}
	return float64(n) / unit.Seconds()
}

// ParseK6 reads the answer of `k6 inspect --execution-requirements`. The script may say itself where hosts are (mapped).
func ParseK6(answer []byte) (k Asked, mapped bool, err error) {
	var doc struct {
		Scenarios           map[string]*part
		Thresholds          map[string]any
		Hosts               map[string]any
		BlockHostnames      []string
		NoConnectionReuse   *bool
		NoVUConnectionReuse *bool
		SystemTags          []string
		TotalDuration       duration
		MaxVUs              int
	}
	if err := json.Unmarshal(answer, &doc); err != nil {
		return Asked{}, false, fmt.Errorf("k6's answer about its options: %w", err)
	}
	k = Asked{MostUsers: doc.MaxVUs, PerUser: k6User, Most: time.Duration(doc.TotalDuration)}
	closes := doc.NoConnectionReuse != nil && *doc.NoConnectionReuse || doc.NoVUConnectionReuse != nil && *doc.NoVUConnectionReuse
	for _, p := range doc.Scenarios {
		if p == nil {
			continue
		}
		k.Users, k.Least = max(k.Users, p.users()), max(k.Least, p.length())
		if closes {
			k.Opens = max(k.Opens, p.rate())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Thresholds)) {
		if why := unmet(name, doc.Scenarios, doc.SystemTags); why != "" {
			k.Warnings = append(k.Warnings, record.Warning{ID: "threshold-unmatched", Text: fmt.Sprintf("the threshold on %s will see no sample, unless the script sets that tag itself: %s", name, why)})
		}
	}
	return k, len(doc.Hosts)+len(doc.BlockHostnames) > 0, nil
}

// system are the tags that k6 can give samples itself.
var system = []string{"check", "error", "error_code", "expected_response", "group", "ip", "iter", "method", "name", "ocsp_status", "proto", "scenario", "service", "status", "subproto", "tls_version", "url", "vu"}

// unmet says why no sample of k6's own has a threshold's tags, "" when some may.
func unmet(threshold string, scenarios map[string]*part, given []string) string {
	_, filter, ok := strings.Cut(threshold, "{")
	if !ok {
		return ""
	}
	for pair := range strings.SplitSeq(strings.TrimSuffix(filter, "}"), ",") {
		key, value, _ := strings.Cut(pair, ":")
		key, value = bare(key), bare(value)
		if key == "scenario" && len(scenarios) > 0 && scenarios[value] == nil {
			return fmt.Sprintf("the script has no scenario %q, but %s", value, strings.Join(slices.Sorted(maps.Keys(scenarios)), ", "))
		}
		if slices.Contains(system, key) && len(given) > 0 && !slices.Contains(given, key) {
			return "options.systemTags has no " + key
		}
	}
	return ""
}

func bare(text string) string { return strings.Trim(strings.TrimSpace(text), `"'`) }

// refused finds a threshold that k6 does not take, in what it says before it gives up.
var refused = regexp.MustCompile(`invalid threshold (?:defined on|".+" applied on metric) (.+?); reason: (.+)`)

// RefusedThreshold is the problem of a script with a threshold that k6 cannot judge, by what k6 says; nil when it says nothing of
// the kind.
func RefusedThreshold(scenario, said string) *problem.Problem {
	m := refused.FindStringSubmatch(said)
	if m == nil {
		return nil
	}
	return problem.ThresholdInvalid(scenario, m[1], strings.TrimSpace(m[2]))
}
