package runner

import (
	"strings"
	"testing"

	"github.com/ltlab/ltlab/internal/analysis"
	"github.com/ltlab/ltlab/internal/record"
)

func TestAnArtilleryThatDidNotBeginIsExplainedByItsExitCode(t *testing.T) {
	s := &Spec{Binary: "/bin/artillery", Scenario: &Scenario{Name: "a.yml"}}
	flags := &Spec{Binary: "/bin/artillery", Scenario: s.Scenario, Args: []string{"--help", "--key", "s3cret"}}
	for _, c := range []struct {
		spec *Spec
		exit int
		how  string
		id   string
		says string
	}{
		{s, 0, "it cannot be started: no such file", "artillery-unusable", "no such file before its record began"},
		{s, -1, "it ended by signal killed", "artillery-unusable", "/bin/artillery"},
		{s, 0, "", "artillery-unusable", "without a record"},
		{flags, 0, "", "artillery-flag-rejected", "--help --key ***"},
		{flags, 2, "", "artillery-flag-rejected", "--help --key ***"},
		{s, 2, "", "artillery-flag-rejected", "given behind --"},
		{s, 1, "", "artillery-script-invalid", "a.yml"},
		{flags, 1, "", "artillery-script-invalid", "a.yml"},
		{s, 11, "", "artillery-script-failed", "a.yml"},
		{s, 7, "", "artillery-failed", "exit code 7"},
	} {
		wantProblem(t, (&Artillery{}).Unstarted(c.spec, c.exit, c.how), c.id, c.says)
	}
}

func TestTheVerdictOfArtilleryIsTheFirstCauseOfAll(t *testing.T) {
	unmet := []analysis.Check{{Name: "expect statusCode", Passes: 7, Fails: 3}, {Name: "mine", Fails: 1}, {Name: "expect json", Passes: 1}}
	fails := []record.Threshold{{Metric: "ensure", Expression: "p95 < 4", Evaluated: true}, {Metric: "ensure", Expression: "none < 1"}}
	none := int64(10)
	for name, c := range map[string]struct {
		tool    int
		dead    bool
		checks  []analysis.Check
		ensure  []record.Threshold
		id      string
		says    string
		warning string
	}{
		"all is well":                {},
		"ensure failed":              {tool: 1, ensure: fails, id: "ensure-failed", says: "cause: ensure: p95 < 4\n  fix"},
		"expect failed":              {tool: 21, checks: unmet, id: "expect-failed", says: "cause: expect statusCode: 3 of 10 failed\n  fix"},
		"expect failed silently":     {checks: unmet, id: "expect-failed"},
		"both failed":                {tool: 1, checks: unmet, ensure: fails, id: "ensure-failed", warning: "expect statusCode: 3 of 10 failed"},
		"nothing answered":           {dead: true, id: "nothing-answered", says: "none of 10 requests got an answer; the target is http://***@a; 6 of 10 errors are ECONNREFUSED"},
		"nothing answered, and both": {tool: 1, dead: true, checks: unmet, ensure: fails, id: "nothing-answered"},
		"a worker threw":             {tool: 11, dead: true, ensure: fails, id: "artillery-script-failed"},
		"1 for no reason":            {tool: 1, id: "artillery-failed", says: "exit code 1"},
		"21 for no reason":           {tool: 21, id: "artillery-failed"},
		"SIGINT from elsewhere":      {tool: 130, dead: true, id: "artillery-killed", says: "something else told it to end"},
		"SIGTERM from elsewhere":     {tool: 143, id: "artillery-killed"},
		"another code":               {tool: 8, checks: unmet, id: "artillery-failed", says: "exit code 8"},
	} {
		t.Run(name, func(t *testing.T) {
			sum := &analysis.Summary{Tool: "artillery", Requests: 10, Unanswered: new(int64), Checks: c.checks, Thresholds: c.ensure}
			if c.dead {
				sum.Unanswered, sum.Errors = &none, map[string]int64{"ETIMEDOUT": 4, "ECONNREFUSED": 6}
			}
			o := &Outcome{Tool: c.tool, Summary: sum}
			p := (&Artillery{}).Verdict(&Spec{Target: "http://me:pw@a", Scenario: &Scenario{Name: "a.yml"}}, o)
			switch {
			case c.id == "" && p != nil:
				t.Errorf("it is %v", p)
			case c.id != "":
				wantProblem(t, p, c.id, strings.ReplaceAll(c.says, "***", "%2A%2A%2A"))
			}
			if c.warning == "" && len(o.Warnings) > 0 || c.warning != "" && (len(o.Warnings) != 1 || o.Warnings[0].Text != c.warning) {
				t.Errorf("warnings %v, want %q", o.Warnings, c.warning)
			}
		})
	}
}

func TestTheMostFrequentErrorIsNamed(t *testing.T) {
	for want, errors := range map[string]map[string]int64{
		"": {}, "3 of 5 errors are b": {"a": 2, "b": 3}, "2 of 4 errors are a": {"b": 2, "a": 2},
	} {
		if got := mostly(errors); got != want {
			t.Errorf("%v: %q, want %q", errors, got, want)
		}
	}
}

func TestRecordedFlagsOfArtilleryHoldNoSecret(t *testing.T) {
	args := []string{"-v", `{"k":"s3cret"}`, `-v{"k":"s3cret"}`, `--variables={"k":"s3cret"}`, "--overrides", "s3cret", "--key=s3cret", "--key", "s3cret", "-t", "http://u:s3cret@h/?token=s3cret", "--solo", "-e", "stage"}
	got := strings.Join((&Artillery{}).Redact(args), " ")
	if strings.Contains(got, "s3cret") {
		t.Error(got)
	}
	if !strings.HasPrefix(got, "-v *** -v*** --variables=*** --overrides *** --key=*** --key *** -t http://") || !strings.HasSuffix(got, "--solo -e stage") {
		t.Error(got)
	}
	if args[1] != `{"k":"s3cret"}` {
		t.Error("what Artillery is given is redacted, too")
	}
}
