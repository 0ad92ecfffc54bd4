package preflight

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestWhatAScriptOfArtilleryAsksForIsInItsPhases(t *testing.T) {
	const phases = `config:
  phases:
    - { duration: 1min, arrivalRate: 5, rampTo: 50, maxVusers: 100 }
    - { pause: "10s" }
    - { duration: 30, arrivalCount: 60, maxVusers: "200" }
  environments: { long: { phases: [{ duration: 2 hours, arrivalRate: 1 }] } }
`
	for name, c := range map[string]struct {
		script, environment, overrides string
		want                           Asked
	}{
		"phases":                        {phases, "", "", Asked{Opens: 50, Least: 100 * time.Second}},
		"of an environment":             {phases, "long", "", Asked{Opens: 1, Least: 2 * time.Hour}},
		"an environment without phases": {phases, "short", "", Asked{Opens: 50, Least: 100 * time.Second}},
		"overridden":                    {phases, "long", `{"config": {"phases": [{"duration": 5, "arrivalRate": 3, "maxVusers": 7}]}}`, Asked{Opens: 3, Least: 5 * time.Second, MostUsers: 7}},
		"all limited":                   {"config: { phases: [{ duration: 1, maxVusers: 3 }, { duration: 1, maxVusers: 9 }] }", "", "", Asked{Least: 2 * time.Second, MostUsers: 9}},
		"the first without a limit":     {"config: { phases: [{ duration: 1 }, { duration: 1, maxVusers: 9 }] }", "", "", Asked{Least: 2 * time.Second}},
		"of variables":                  {"config: { phases: [{ duration: '{{ $env.LONG }}', arrivalRate: -1 }] }", "", "", Asked{}},
		"none":                          {"scenarios: []", "", "nonsense", Asked{}},
	} {
		got, err := ParseArtillery([]byte(c.script), c.environment, c.overrides)
		if err != nil || got.Opens != c.want.Opens || got.Least != c.want.Least || got.Most != c.want.Least || got.MostUsers != c.want.MostUsers || got.Users != 0 || len(got.Warnings) > 0 {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	if _, err := ParseArtillery([]byte("config: { phases: ["), "", ""); err == nil {
		t.Error("what is no YAML has no error")
	}
}

func TestEnsureMayOnlyCheckWhatIsReported(t *testing.T) {
	got, err := ParseArtillery([]byte(`config:
  plugins: { ensure: {} }
  ensure:
    maxErrorRate: 1
    thresholds:
      - http.response_time.p95: 100
      - http.response_time.p98: 100
      - http.response_time.2xx.median: 100
      - vusers.created_by_name.Buy a book: 1
      - plugins.metrics-by-endpoint.response_time./a.p99: 5
      - shop.http.reqs: 1
    conditions:
      - expression: http.codes.200 / http.request > 0.9 and vusers.failed < 1
        strict: false
`), "", "")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, w := range got.Warnings {
		if w.ID != "threshold-unmatched" {
			t.Errorf("%+v", w)
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(w.Text, "ensure checks "), ",")
		said = append(said, name)
	}
	if want := "http.request http.response_time.p98"; strings.Join(said, " ") != want {
		t.Errorf("%q are not reported, want %q", said, want)
	}
	got, err = ParseArtillery([]byte("config: { plugins: { ensure: { thresholds: [{ vusers.done: 1 }] } } }"), "", "")
	if err != nil || len(got.Warnings) != 1 {
		t.Errorf("below plugins: %v, %v", got.Warnings, err)
	}
}

func TestLengthsThatNobodyCanWaitForStayLong(t *testing.T) {
	for _, phases := range []string{"{ duration: 2000000h, arrivalRate: 1 }, { pause: 2000000h }", `{ duration: "99999999999999999999d", arrivalCount: .inf, maxVusers: 1e300 }, { duration: .nan }`} {
		got, err := ParseArtillery([]byte("config: { phases: ["+phases+"] }"), "", "")
		if err != nil || got.Least != math.MaxInt64 || got.Most != got.Least || got.MostUsers < 0 || got.Opens < 0 || got.Opens > 1 {
			t.Errorf("%s: %+v, %v", phases, got, err)
		}
	}
}
