package preflight

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/ltlab/ltlab/internal/record"
)

// ParseArtillery reads what a script asks for: its phases, those of an environment of config.environments instead ("" is none),
// or those of Artillery's --overrides (JSON, "" is none). What only becomes known while it runs, such as a phase from a variable,
// is left out.
func ParseArtillery(script []byte, environment, overrides string) (Asked, error) {
	var doc struct {
		Config struct {
			Phases       []map[string]any
			Ensure       any
			Plugins      map[string]any
			Environments map[string]struct{ Phases []map[string]any }
		}
	}
	if err := yaml.Unmarshal(script, &doc); err != nil {
		return Asked{}, err
	}
	phases := doc.Config.Phases
	if own := doc.Config.Environments[environment].Phases; own != nil {
		phases = own
	}
	var over struct {
		Config struct{ Phases []map[string]any }
	}
	if json.Unmarshal([]byte(overrides), &over) == nil && over.Config.Phases != nil {
		phases = over.Config.Phases
	}
	var a Asked
	for i, p := range phases {
		length := lasting(p["duration"])
		if pause := lasting(p["pause"]); pause > 0 {
			length = pause
		}
		a.Least = sum(a.Least, length)
		rate := max(number(p["arrivalRate"]), number(p["rampTo"]))
		if count := number(p["arrivalCount"]); count > 0 && length > 0 {
			rate = count / length.Seconds()
		}
		a.Opens = max(a.Opens, rate)
		most := int(min(number(p["maxVusers"]), math.MaxInt32))
		if i > 0 && (most == 0 || a.MostUsers == 0) { // one phase has no limit
			a.MostUsers = 0
		} else {
			a.MostUsers = max(a.MostUsers, most)
		}
	}
	a.Most = a.Least
	ensure := doc.Config.Ensure
	if ensure == nil {
		ensure = doc.Config.Plugins["ensure"]
	}
	for _, name := range unreported(ensure) {
		a.Warnings = append(a.Warnings, record.Warning{ID: "threshold-unmatched", Text: fmt.Sprintf("ensure checks %s, which Artillery itself does not report: without that figure the check fails", name)})
	}
	return a, nil
}

// number is 0 for what is none.
func number(v any) float64 {
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0
	}
	return max(0, n)
}

var timed = regexp.MustCompile(`^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$`)

// units are those of Artillery's durations; a bare number counts seconds.
var units = map[string]time.Duration{"": time.Second, "ms": time.Millisecond, "s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour}

// lasting is a duration as Artillery writes them, 0 for what is none.
func lasting(v any) time.Duration {
	m := timed.FindStringSubmatch(strings.ToLower(fmt.Sprint(v)))
	if m == nil {
		return 0
	}
	return span(number(m[1]), units[m[2]])
}

// named finds metrics of Artillery's own in an expression, reports are those that it can report. Other engines and plugins have
// metrics of their own.
var (
	named   = regexp.MustCompile(`(?:^|[^\w.-])((?:http|vusers)\.[\w.]+)`)
	reports = regexp.MustCompile(`^(?:http\.(?:requests|responses|request_rate|downloaded_bytes|codes\.\d{3}|(?:response_time|dns|tcp|tls|total)(?:\.\dxx)?\.` + statistic + `)` +
		`|vusers\.(?:created|completed|failed|skipped|created_by_name\..+|session_length\.` + statistic + `))$`)
)

const statistic = `(?:min|max|count|mean|median|p50|p75|p90|p95|p99|p999)`

// unreported are the metrics in ensure's thresholds and conditions that look like Artillery's own and are not, sorted.
func unreported(ensure any) []string {
	found := map[string]bool{}
	doc, _ := ensure.(map[string]any)
	look := func(text string) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			if !reports.MatchString(m[1]) {
				found[m[1]] = true
			}
		}
	}
	thresholds, _ := doc["thresholds"].([]any)
	for _, t := range thresholds {
		m, _ := t.(map[string]any)
		for name := range m {
			look(name)
		}
	}
	conditions, _ := doc["conditions"].([]any)
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok {
			look(fmt.Sprint(m["expression"]))
		}
	}
	return slices.Sorted(maps.Keys(found))
}
