package preflight

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestWhatAScenarioOfK6AsksForIsItsPeak(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   Asked
	}{
		"users for a time": {`{"scenarios": {"default": {"executor": "constant-vus", "startTime": null, "vus": 5, "duration": "1m30s"}}, "totalDuration": "2m0s", "maxVUs": 5}`,
			Asked{Users: 5, MostUsers: 5, Least: 90 * time.Second, Most: 2 * time.Minute}},
		"one user, by default": {`{"scenarios": {"default": {"executor": "shared-iterations", "iterations": 3}}, "totalDuration": "10m30s", "maxVUs": 1}`,
			Asked{Users: 1, MostUsers: 1, Most: 630 * time.Second}},
		"a ramp after another": {`{"scenarios": {
			"a": {"executor": "ramping-vus", "startVUs": 40, "stages": [{"duration": "10s", "target": 30}, {"duration": "5s", "target": 0}]},
			"b": {"executor": "ramping-vus", "startTime": "20s", "stages": [{"duration": "1s", "target": 7}]}}, "totalDuration": "51s", "maxVUs": 47}`,
			Asked{Users: 40, MostUsers: 47, Least: 21 * time.Second, Most: 51 * time.Second}},
		"a rate opens connections where they are not kept": {`{"scenarios": {"r": {"executor": "ramping-arrival-rate", "startRate": 60, "timeUnit": "1m", "maxVUs": 500, "stages": [{"duration": "1h", "target": 120}]}},
			"noConnectionReuse": true, "totalDuration": "1h0m30s", "maxVUs": 500}`,
			Asked{MostUsers: 500, Opens: 2, Least: time.Hour, Most: time.Hour + 30*time.Second}},
		"and not where they are": {`{"scenarios": {"r": {"executor": "constant-arrival-rate", "rate": 100, "duration": "1h"}}, "noConnectionReuse": null, "totalDuration": "1h0m30s", "maxVUs": 1}`,
			Asked{MostUsers: 1, Least: time.Hour, Most: time.Hour + 30*time.Second}},
		"a number of ms": {`{"scenarios": {"c": {"executor": "constant-vus", "vus": 1, "duration": 2500}}, "maxVUs": 1}`, Asked{Users: 1, MostUsers: 1, Least: 2500 * time.Millisecond}},
		"without end": {`{"scenarios": {"c": {"executor": "ramping-vus", "startTime": "2000000h", "stages": [{"duration": "2000000h"}, {"duration": 1e300}]}}, "totalDuration": "2000000h", "maxVUs": 1}`,
			Asked{Users: 1, MostUsers: 1, Least: math.MaxInt64, Most: 2000000 * time.Hour}},
		"nothing": {`{}`, Asked{}},
	} {
		c.want.PerUser = k6User
		got, mapped, err := ParseK6([]byte(c.answer))
		if err != nil || mapped || got.Users != c.want.Users || got.MostUsers != c.want.MostUsers || got.Opens != c.want.Opens || got.Least != c.want.Least || got.Most != c.want.Most || got.PerUser != c.want.PerUser {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	if _, _, err := ParseK6([]byte("time=... level=error")); err == nil {
		t.Error("what is no answer has no error")
	}
	for _, answer := range []string{`{"hosts": {"a": "127.0.0.1"}}`, `{"blockHostnames": ["*.example"]}`} {
		if _, mapped, err := ParseK6([]byte(answer)); !mapped || err != nil {
			t.Errorf("%s: %v, %v", answer, mapped, err)
		}
	}
}

func TestAThresholdThatNoSampleCanMeetIsNamed(t *testing.T) {
	for threshold, want := range map[string]string{
		"http_req_duration":                           "",
		"http_req_duration{name:x}":                   "",
		"http_req_duration{mine:x}":                   "",
		"http_req_duration{scenario:a}":               "",
		"http_req_duration{ scenario : 'a' ,name:y}":  "",
		"http_req_duration{scenario:c}":               `no scenario "c", but a, b`,
		"http_req_duration{name:y,scenario:c}":        `no scenario "c"`,
		"http_req_duration{vu:1}":                     "options.systemTags has no vu",
		"http_req_duration{url:http://127.0.0.1/a:b}": "options.systemTags has no url",
	} {
		got, _, err := ParseK6([]byte(`{"scenarios": {"b": {}, "a": {}}, "systemTags": ["name", "scenario"], "thresholds": {"` + threshold + `": ["p(95)<1"]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if want == "" && len(got.Warnings) > 0 || want != "" && (len(got.Warnings) != 1 || got.Warnings[0].ID != "threshold-unmatched" || !strings.Contains(got.Warnings[0].Text, want)) {
			t.Errorf("%s: %v, want %q", threshold, got.Warnings, want)
		}
	}
}

func TestWhatK6SaysOfAThresholdIsTheCause(t *testing.T) {
	p := RefusedThreshold("main.js", "loading\ninvalid threshold defined on mine{a:b}; reason: no metric name \"mine\" found\n")
	if p == nil || p.Exit != 104 || p.Why != `no metric name "mine" found` || !strings.Contains(p.What, "mine{a:b} in main.js") {
		t.Errorf("%+v", p)
	}
	p = RefusedThreshold("main.js", `invalid threshold "p(95)<5" applied on metric http_reqs; reason: unsupported aggregation method p on metric of type counter`)
	if p == nil || !strings.Contains(p.What, "on http_reqs in main.js") || !strings.HasSuffix(p.Why, "counter") {
		t.Errorf("%+v", p)
	}
	if p := RefusedThreshold("main.js", "SyntaxError: invalid"); p != nil {
		t.Errorf("%+v", p)
	}
}
