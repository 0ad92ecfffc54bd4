//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestARunInAContainerIsCheckedByTheK6OfThisMachine has a script read here, with what the container is given, and run there.
func TestARunInAContainerIsCheckedByTheK6OfThisMachine(t *testing.T) {
	b := newBench(t)
	b.onEngine()
	b.Write("shop/main.js", `import http from 'k6/http';
import { limits } from './limits.js';
export const options = { scenarios: { buy: { executor: 'shared-iterations', iterations: 3 } }, thresholds: limits[__ENV.LIMITS || 'none'] };
export default function () { http.get(__ENV.BASE_URL + '/fast'); }
`)
	b.Write("shop/limits.js", `export const limits = {
  none: {}, wrong: { http_req_durations: ['p(95)<500'] }, aside: { 'http_req_duration{scenario:by}': ['p(95)<500'] },
};
`)
	run := func(args ...string) Output {
		return b.Ltlab(append([]string{"k6", "-p", "shop", "-s", "main.js", "--debug", "--preflight-timeout", "1m", "--runner", "docker", "-e", "BASE_URL=" + b.service("toy-api")}, args...)...)
	}
	b.problem(run("-e", "LIMITS=wrong"), "threshold-invalid", 104, `no metric name "http_req_durations" found`)
	b.nothingMade()
	b.vars = append(b.vars, "LIMITS=wrong") // which the container is not given
	o := run("-e", "LIMITS=aside", "--id", "aside")
	text := b.said(o.Stderr, `no scenario "by", but buy`)
	if doc := b.Show("aside"); o.Exit != 0 || !strings.HasSuffix(text, doc.warning("threshold-unmatched")) || doc.whole(3) != nil {
		t.Errorf("exit %d, %v, warnings %+v\n%s", o.Exit, doc.whole(3), doc.Warnings, o.Stderr)
	}
	b.vars = append(b.vars, "LTLAB_K6="+b.Dir+"/none")
	o = run("--id", "alone")
	b.said(o.Stderr, "not checked before the run: scenario: there is no ltlab-k6 on this machine")
	doc := b.Show("alone")
	if err := doc.whole(3); err != nil || o.Exit != 0 {
		t.Errorf("exit %d, %v\n%s", o.Exit, err, o.Stderr)
	}
	b.leftNothing()
}

// TestArtillerysEnsureIsCheckedBeforeTheRun has a name that Artillery itself judges only when all load is over.
func TestArtillerysEnsureIsCheckedBeforeTheRun(t *testing.T) {
	b := newBench(t)
	b.artillery()
	api := newTarget(t)
	b.Write("a.yml", `config:
  target: '`+api.URL+`'
  phases: [{ duration: 1, arrivalRate: 3 }]
  plugins: { ensure: {} }
  ensure: { thresholds: [{ http.response_time.p98: 500 }] }
scenarios: [{ flow: [{ get: { url: / } }] }]
`)
	o := b.Ltlab("artillery", "-s", "a.yml", "--id", "ensured", "--preflight-timeout", "1m", "--", "--solo")
	text := b.said(o.Stderr, "ensure checks http.response_time.p98, which Artillery itself does not report")
	b.problem(o, "ensure-failed", 17, "http.response_time.p98 < 500")
	if doc := b.Show("ensured"); !strings.HasSuffix(text, doc.warning("threshold-unmatched")) || doc.Summary.Requests != 1 {
		t.Errorf("%d requests, warnings %+v", doc.Summary.Requests, doc.Warnings)
	}
	b.leftNothing()
}
