package output

import (
	"maps"
	"slices"
	"strings"

	"go.k6.io/k6/v2/metrics"

	"github.com/ltlab/ltlab/internal/record"
)

// thresholds knows the script's thresholds and which of them any sample has matched.
type thresholds struct {
	on       bool // k6 judges them
	all      []*threshold
	byMetric map[string][]*threshold // those without a sample yet
}

// threshold is the conditions on one metric, or on the part of it that a filter like {status:200,name:login} selects.
type threshold struct {
	name       string // as in the script
	filter     map[string]string
	conditions []*metrics.Threshold // shared with k6, which notes verdicts in them
	seen       bool
}

func newThresholds(on bool) *thresholds {
	return &thresholds{on: on, byMetric: map[string][]*threshold{}}
}

func (t *thresholds) set(all map[string]metrics.Thresholds) {
	if !t.on {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		metric, filter, _ := strings.Cut(name, "{")
		th := &threshold{name: name, filter: parseFilter(strings.TrimSuffix(filter, "}")), conditions: all[name].Thresholds}
		t.all = append(t.all, th)
		t.byMetric[metric] = append(t.byMetric[metric], th)
	}
}

// parseFilter reads a filter's key:value pairs as k6's Metric.AddSubmetric does.
func parseFilter(text string) map[string]string {
	filter := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, ":")
		filter[unquote(k)] = unquote(v)
	}
	return filter
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"'`) }

// observe notes which thresholds a new time series can fulfill or fail.
func (t *thresholds) observe(m *metrics.Metric, tags *metrics.TagSet) {
	waiting, ok := t.byMetric[m.Name]
	if !ok {
		return
	}
	waiting = slices.DeleteFunc(waiting, func(th *threshold) bool {
		th.seen = th.matches(tags)
		return th.seen
	})
	if len(waiting) == 0 {
		delete(t.byMetric, m.Name)
		return
	}
	t.byMetric[m.Name] = waiting
}

func (th *threshold) matches(tags *metrics.TagSet) bool {
	for k, want := range th.filter {
		if have, ok := tags.Get(k); !ok || have != want {
			return false
		}
	}
	return true
}

// verdicts returns k6's judgments, in the order of the metrics' names.
func (t *thresholds) verdicts() []record.Threshold {
	var out []record.Threshold
	for _, th := range t.all {
		for _, c := range th.conditions {
			out = append(out, record.Threshold{Metric: th.name, Expression: c.Source, OK: !c.LastFailed, Evaluated: th.seen})
		}
	}
	return out
}
