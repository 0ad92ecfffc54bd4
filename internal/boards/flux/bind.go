package flux

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Vars are the values of Grafana's variables and of what it knows besides.
type Vars struct {
	Bucket   string
	Project  string // empty: All
	Run      string // an id; empty: what a reader sees who chose Newest, in queries of variables
	Compare  string
	Scenario string // empty: All
	Endpoint string // empty: All
	From, To time.Time
	Every    time.Duration // length of a point, at least a second
}

var (
	variable = regexp.MustCompile(`\$\{(\w+):regex\}`)
	special  = regexp.MustCompile(`[\\^$*+?.()|\[\]{}/]`)
)

// Bind puts the values into a query's text, as Grafana does: first the variables, then what it knows.
func (v Vars) Bind(query string) string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	values := map[string]string{
		VarProject: or(v.Project, All), VarScenario: or(v.Scenario, All), VarEndpoint: or(v.Endpoint, All),
		VarRun: or(v.Run, Newest), VarRunID: v.Run, VarCompare: or(v.Compare, Previous), VarCompareID: v.Compare,
	}
	query = variable.ReplaceAllStringFunc(query, func(s string) string {
		return special.ReplaceAllString(values[variable.FindStringSubmatch(s)[1]], `\$0`)
	})
	return strings.NewReplacer(
		"v.timeRangeStart", v.From.UTC().Format(time.RFC3339Nano),
		"v.timeRangeStop", v.To.UTC().Format(time.RFC3339Nano),
		"v.windowPeriod", strconv.FormatInt(max(v.Every, time.Second).Milliseconds(), 10)+"ms",
		"v.defaultBucket", `"`+v.Bucket+`"`,
	).Replace(query)
}
