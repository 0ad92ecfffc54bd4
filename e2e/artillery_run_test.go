//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestK6AndArtilleryPrintTheSameLines runs one scenario with both against a target whose answers begin long before they end.
func TestK6AndArtilleryPrintTheSameLines(t *testing.T) {
	b := newBench(t)
	b.artillery()
	const rest = 400 * time.Millisecond // from an answer's first byte to its last
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "begun")
		_ = http.NewResponseController(w).Flush() // the client may be gone
		select {
		case <-time.After(rest):
		case <-r.Context().Done():
		}
		fmt.Fprintln(w, "done")
	}))
	defer api.Close()
	lines := map[string][]string{}
	texts := map[string]string{}
	running := map[string]*Process{}
	for tool, script := range map[string]string{"k6": "same.js", "artillery": "same.yml"} {
		b.Write(script, string(b.read("testdata/artillery/"+script)))
		running[tool] = b.Start(tool, "-s", script, "--id", "by-"+tool, "-e", "BASE_URL="+api.URL)
	}
	for tool, p := range running {
		if o := p.Wait(); o.Exit != 0 {
			t.Fatalf("%s: exit %d\n%s\n%s", o.Command, o.Exit, o.Stdout, o.Stderr)
		}
		texts[tool] = b.OK("runs", "show", "by-"+tool).Stdout
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) +\S`).FindAllStringSubmatch(texts[tool], -1) {
			if m[1] != "warning" { // of a busy machine
				lines[tool] = append(lines[tool], m[1])
			}
		}
	}
	if want := []string{"load", "requests", "codes", "latency", "ttfb", "checks", "thresholds", "ledger", "cpu", "record"}; !slices.Equal(lines["k6"], want) || !slices.Equal(lines["artillery"], want) {
		t.Errorf("lines %q, want %q:\n%s\n%s", lines, want, texts["k6"], texts["artillery"])
	}
	k6, k6Tool := b.Show("by-k6"), b.showTool("by-k6")
	artillery, artilleryTool := b.Show("by-artillery"), b.showTool("by-artillery")
	ms := float64(rest / time.Millisecond)
	if d := k6.Summary.Duration; d == nil || d.Min < ms || artillery.Summary.Duration != nil {
		t.Errorf("http_req_duration is %+v of k6 and %+v of Artillery, which has none", d, artillery.Summary.Duration)
	}
	for _, doc := range []toolDoc{k6Tool, artilleryTool} {
		want := map[string]string{"k6": "http_req_waiting", "artillery": "http.response_time"}[doc.Tool]
		if f := doc.Summary.TTFB; f == nil || f.Metric != want || f.Min >= ms {
			t.Errorf("time to first byte of %s: %+v, want %s below %g ms", doc.Tool, f, want, ms)
		}
		if !regexp.MustCompile(`(?m)^  ttfb .* ` + regexp.QuoteMeta(want) + `$`).MatchString(texts[doc.Tool]) {
			t.Errorf("no line ttfb names %s:\n%s", want, texts[doc.Tool])
		}
	}
	if !strings.Contains(texts["k6"], "http_req_duration") || strings.Contains(texts["artillery"], "http_req_") {
		t.Errorf("http_req_duration is k6's alone:\n%s\n%s", texts["k6"], texts["artillery"])
	}
	for _, doc := range []runDoc{k6, artillery} {
		if doc.Summary.Requests < 15 || len(doc.Checks) != 1 || doc.Checks[0].Passes != doc.Summary.Requests || doc.Checks[0].Fails != 0 {
			t.Errorf("run %s: %d requests, checks %+v", doc.Run, doc.Summary.Requests, doc.Checks)
		}
	}
	b.leftNothing()
}

// TestAnArtilleryRunThatFailsSaysWhyInOneLine has all that Artillery itself ends with 0 or with a code of its own for.
func TestAnArtilleryRunThatFailsSaysWhyInOneLine(t *testing.T) {
	b := newBench(t)
	b.artillery()
	api := newTarget(t)
	b.Write("throws.js", "exports.before = () => { throw new Error('no key'); };\nexports.after = (req, res, context, events, next) => next(new Error('no price'));\n")
	cases := map[string]struct {
		config, flow string
		problem, why string
	}{
		"refused": {"target: " + closedPort(t), "get: { url: / }", "nothing-answered",
			`none of 5 requests got an answer; the target is http://127\.0\.0\.1:\d+; 5 of 5 errors are ECONNREFUSED`},
		"capture": {"target: " + api.URL, "get: { url: /, capture: { json: $.nope, as: nope } }", "vusers-failed",
			"5 virtual users failed, and none got to the end of its scenario; 5 of 5 errors are Failed capture or match"},
		"thrown":  {"processor: ./throws.js\n  target: " + api.URL, "get: { url: /, afterResponse: after }", "vusers-failed", ".*5 of 5 errors are no price"},
		"ensured": {"plugins: { ensure: {} }\n  ensure: { thresholds: [{ vusers.completed: 3 }] }\n  target: " + api.URL, "get: { url: / }", "ensure-failed", "ensure: vusers.completed < 3"},
		"expected": {"plugins: { expect: {} }\n  target: " + api.URL, "get: { url: /status/404, expect: [{ statusCode: 200 }] }", "expect-failed",
			"expect statusCode: 5 of 5 failed"},
	}
	running := map[string]*Process{} // all at once, for each takes seconds to start
	for name, c := range cases {
		b.Write(name+".yml", fmt.Sprintf("config:\n  %s\n  phases: [{ duration: 1, arrivalRate: 5 }]\nscenarios:\n  - flow:\n      - %s\n", c.config, c.flow))
		running[name] = b.Start("artillery", "-s", name+".yml", "--id", name, "--no-preflight")
	}
	for name, c := range cases {
		r := b.problem(running[name].Wait(), c.problem, 17)
		if _, why, _ := strings.Cut(r.Message, "\n"); !regexp.MustCompile("^" + c.why + "$").MatchString(why) {
			t.Errorf("%s says %q, want %q", name, why, c.why)
		}
		if doc := b.Show(name); doc.Exit != 17 || doc.OK || doc.State != "finished" || doc.Ledger.Emitted == nil || *doc.Ledger.Emitted != doc.Ledger.Recorded {
			t.Errorf("%s: %s, exit %d, ledger %+v", name, doc.State, doc.Exit, doc.Ledger)
		}
	}
	b.leftNothing()
}

// TestShippedArtilleryScenariosHoldAgainstTheToyAPI has each with its flow and its checks, and fewer users.
func TestShippedArtilleryScenariosHoldAgainstTheToyAPI(t *testing.T) {
	b := newBench(t)
	b.artillery()
	b.OK("start")
	names := []string{"smoke", "ramp", "spike"}
	var running []*Process
	for _, name := range names {
		running = append(running, b.Start("artillery", "-s", name, "--id", name, "--", "--overrides", `{"config": {"phases": [{"duration": 2, "arrivalRate": 4}]}}`))
	}
	for i, name := range names {
		if o := running[i].Wait(); o.Exit != 0 {
			t.Errorf("%s: exit %d\n%s\n%s", o.Command, o.Exit, o.Stdout, o.Stderr)
		}
		doc := b.Show(name)
		if s := doc.Summary; s.Requests < 16 || *s.Failed != 0 || doc.Load.Iterations != 8 || len(b.showTool(name).Thresholds) < 2 || len(doc.doubts()) > 0 {
			t.Errorf("%s: %+v, %d iterations, %q", name, s, doc.Load.Iterations, doc.doubts())
		}
		if checked := len(doc.Checks) > 0; checked != (name != "spike") {
			t.Errorf("%s has the checks %+v", name, doc.Checks)
		}
	}
	b.leftNothing()
}
