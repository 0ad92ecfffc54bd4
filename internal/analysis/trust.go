package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/record"
)

// Incomplete says why a finished run's data is not all there; "" when every sample is accounted for and recorded, the
// record says so itself, and the tool's own count of requests (nil when it gave none) is the same.
func Incomplete(s *Summary, toolRequests *int64) string {
	var why []string
	if s.Damage != nil {
		why = append(why, s.Damage.Error())
	}
	l := s.Ledger
	switch {
	case l.Emitted == nil && s.ToolEnd != nil:
		why = append(why, "the tool ended before its final report; what none of its periods had is not known")
	case l.Emitted == nil:
		why = append(why, "the tool ended without closing its record; what it emitted is not known")
	case !l.Balanced():
		if lost := losses(l); lost != "" {
			why = append(why, lost)
		}
		if gap := *l.Emitted - l.Recorded - l.LostTotal(); gap != 0 {
			why = append(why, fmt.Sprintf("%d of %d samples are unaccounted for", gap, *l.Emitted))
		}
	}
	if toolRequests != nil && *toolRequests != s.Requests {
		what := "requests"
		if *toolRequests == 1 {
			what = "request"
		}
		why = append(why, fmt.Sprintf("the tool counts %d %s, the record %d", *toolRequests, what, s.Requests))
	}
	return strings.Join(why, "\n")
}

func losses(l record.Ledger) string {
	var parts []string
	for _, cause := range slices.Sorted(maps.Keys(l.Lost)) {
		if n := l.Lost[cause]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d samples lost: %s", n, cause))
		}
	}
	return strings.Join(parts, "\n")
}

// Unplaced says what of a run no board shows over time; "" when there is nothing of it. It is in all figures of the run.
func Unplaced(s *Summary) string {
	if s.Ledger.Unplaced == 0 {
		return ""
	}
	return fmt.Sprintf("%d samples are in the run's figures and in no period: Artillery reported no period for them", s.Ledger.Unplaced)
}

// Unevaluated are the thresholds that saw no sample.
func Unevaluated(s *Summary) []string {
	return thresholds(s, func(t record.Threshold) bool { return !t.Evaluated })
}

// Failed are the thresholds that were evaluated and not met.
func Failed(s *Summary) []string {
	return thresholds(s, func(t record.Threshold) bool { return t.Evaluated && !t.OK })
}

func thresholds(s *Summary, pick func(record.Threshold) bool) []string {
	var out []string
	for _, t := range s.Thresholds {
		if pick(t) {
			out = append(out, t.Metric+": "+t.Expression)
		}
	}
	return out
}
