//go:build e2e

package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// measureFaults are targets, scenarios and machines with which a run would measure something else than it seems to.
func measureFaults() []Fault {
	return []Fault{
		{"target-silent", "a target that takes connections and never answers", deafTarget("request timeout", silent)},
		{"target-resets", "a target that resets every connection", deafTarget("connection reset by peer|EOF", resetting)},
		{"target-tls-expired", "a target whose TLS certificate has expired", deafTarget("x509: certificate has expired", expired)},
		{"threshold-invalid", "a threshold on a metric that does not exist", thresholdInvalid},
		{"threshold-unevaluated", "a threshold on a tag that no request has, with `--strict` and without", thresholdUnevaluated},
		{"requests-few", "runs of no request, of one, and of requests that all fail", requestsFew},
		{"rate-not-reached", "a target too slow for the rate and the users that the scenario asks for", rateNotReached},
		{"files-short", "a limit of 40 open files, and 60 users", filesShort},
	}
}

// impatient asks three times and waits half a second each.
const impatient = `import http from 'k6/http';
export const options = { vus: 1, iterations: 3 };
export default function () { http.get(__ENV.BASE_URL + '/', { timeout: '500ms' }); }
`

// expired serves under a certificate of yesterday.
func expired(t *testing.T) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// deafTarget is a run of k6 against a target that takes connections and answers none; k6 says one of these.
func deafTarget(says string, target func(*testing.T) *httptest.Server) func(*testing.T, *Bench) Result {
	return func(t *testing.T, b *Bench) Result {
		b.Write("three.js", impatient)
		o := b.Ltlab("k6", "-s", "three.js", "--id", "deaf", "-e", "BASE_URL="+target(t).URL)
		r := b.problem(o, "nothing-answered", 17, "none of 3 requests got an answer")
		said := ""
		for s := range strings.SplitSeq(says, "|") {
			if strings.Contains(o.Stderr, s) {
				said = s
			}
		}
		if s := b.Show("deaf").Summary; said == "" || s.Requests != 3 || s.Unanswered == nil || *s.Unanswered != 3 || s.Duration != nil {
			t.Errorf("k6 says none of %q, or the summary is not of three requests without an answer: %+v\n%s", says, s, o.Stderr)
		}
		r.Message = "k6: " + strings.Split(says, "|")[0] + "\n" + r.Message
		r.Data = "all 3 requests recorded as unanswered; no latency is printed or shown"
		return r
	}
}

func thresholdInvalid(_ *testing.T, b *Bench) Result {
	b.Write("main.js", "export const options = { thresholds: { http_req_durations: ['p(95)<500'] } };\n"+empty)
	b.problem(b.Ltlab("k6", "-s", "main.js", "--no-preflight"), "k6-failed", 104)
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--preflight-timeout", "1m"), "threshold-invalid", 104, `no metric name "http_req_durations" found`)
	r.Data = b.nothingMade()
	return r
}

func thresholdUnevaluated(t *testing.T, b *Bench) Result {
	api := newTarget(t)
	b.Write("main.js", `import http from 'k6/http';
export const options = { vus: 1, iterations: 3, thresholds: { 'http_req_duration{name:chekout}': ['p(95)<500'] } };
export default function () { http.get(__ENV.BASE_URL + '/', { tags: { name: 'checkout' } }); }
`)
	o := b.OK("k6", "-s", "main.js", "--id", "lenient", "-e", "BASE_URL="+api.URL)
	b.said(o.Stdout, "not evaluated")
	if doc := b.Show("lenient"); doc.warning("threshold-not-evaluated") == "" || doc.whole(3) != nil {
		t.Errorf("warnings %+v, %v", doc.Warnings, doc.whole(3))
	}
	r := b.problem(b.Ltlab("k6", "-s", "main.js", "--id", "strict", "--strict", "-e", "BASE_URL="+api.URL), "threshold-not-evaluated", 17, "chekout")
	doc := b.Show("strict")
	if err := doc.whole(3); err != nil || doc.Exit != 17 {
		t.Errorf("exit %d, %v", doc.Exit, err)
	}
	r.Data = "complete: all 3 requests recorded; without `--strict` it is a warning, in the summary, the record and on the board"
	return r
}

func requestsFew(t *testing.T, b *Bench) Result {
	api := newTarget(t)
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(failing.Close)
	b.Write("none.js", empty)
	b.Write("some.js", impatient)
	b.OK("start")
	none := b.OK("k6", "-s", "none.js", "--id", "none")
	one := b.OK("k6", "-s", "some.js", "--id", "one", "-e", "BASE_URL="+api.URL, "--", "-i", "1")
	all := b.OK("k6", "-s", "some.js", "--id", "all", "-e", "BASE_URL="+failing.URL)
	for id, want := range map[string]int64{"none": 0, "one": 1, "all": 3} {
		doc := b.Show(id)
		s := &doc.Summary
		if err := doc.whole(want); err != nil || (s.Duration == nil) != (want == 0) || s.Duration != nil && s.Duration.Count != want {
			t.Errorf("run %s: %+v, %v", id, s, err)
		}
		if id == "all" && (s.Failed == nil || *s.Failed != 3 || *s.FailedRatio != 1 || *s.Unanswered != 0) {
			t.Errorf("run %s: %+v", id, s)
		}
		b.sameOnBoard(id, "finished")
	}
	b.said(none.Stdout, "requests    0")
	b.said(one.Stdout, "requests    1")
	return Result{Message: b.said(all.Stdout, "3 failed (100 %)"), Exit: all.Exit,
		Data: "complete, each of them, in record and board, in less than a window of a second; no latency where there was no request, and that of the errors where all are"}
}

func rateNotReached(t *testing.T, b *Bench) Result {
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(200 * time.Millisecond):
		}
	}))
	t.Cleanup(slow.Close)
	seconds := int64(lasts(2*time.Second, 30*time.Second) / time.Second)
	b.Write("rate.js", fmt.Sprintf(`import http from 'k6/http';
export const options = { scenarios: { rate: { executor: 'constant-arrival-rate', rate: 50, duration: '%ds', preAllocatedVUs: 2, maxVUs: 2 } } };
export default function () { http.get(__ENV.BASE_URL + '/'); }
`, seconds))
	o := b.OK("k6", "-s", "rate.js", "--id", "short", "-e", "BASE_URL="+slow.URL)
	doc := b.Show("short")
	if err := doc.whole(doc.Summary.Requests); err != nil || doc.Load.Dropped == 0 || doc.Load.Iterations != doc.Summary.Requests {
		t.Errorf("%+v, %v", doc.Load, err)
	}
	if asked := doc.Load.Iterations + doc.Load.Dropped; asked < 25*seconds || asked > 50*seconds+5 {
		t.Errorf("%d iterations made and %d dropped, want %d in all, less where the machine was too busy to ask", doc.Load.Iterations, doc.Load.Dropped, 50*seconds)
	}
	message := general(general(b.said(o.Stdout, "load   "), doc.Load.Dropped), doc.Load.Iterations)
	return Result{Message: message, Exit: o.Exit,
		Data: fmt.Sprintf("complete: %d iterations made, %d of the asked ones dropped, and both are said", doc.Load.Iterations, doc.Load.Dropped)}
}

func filesShort(t *testing.T, b *Bench) Result {
	api := newTarget(t)
	b.Write("many.js", `import http from 'k6/http';
import { sleep } from 'k6';
export const options = { vus: 60, duration: '3s' };
export default function () { http.get(__ENV.BASE_URL + '/'); sleep(0.1); }
`)
	limited := func(args ...string) Output {
		return b.start("sh", append([]string{"-c", `ulimit -n 40; exec "$@"`, "sh", b.ltlab}, args...)...).Wait()
	}
	r := b.problem(limited("k6", "-s", "many.js", "--preflight-timeout", "1m", "-e", "BASE_URL="+api.URL), "files-short", 10, "the hard limit is 40 open files")
	b.nothingMade()
	o := limited("k6", "-s", "many.js", "--id", "anyway", "--no-preflight", "-e", "BASE_URL="+api.URL)
	doc := b.Show("anyway")
	s := &doc.Summary
	if s.Unanswered == nil || *s.Unanswered == 0 || doc.Ledger.Emitted == nil || *doc.Ledger.Emitted != doc.Ledger.Recorded || s.Requests-*s.Unanswered != api.count() {
		t.Errorf("exit %d: the target counted %d, summary %+v, ledger %+v\n%s", o.Exit, api.count(), s, doc.Ledger, o.Stderr)
	}
	r.Data = "no run was made; with `--no-preflight` it is: every request is recorded, and those for which there was no file as unanswered"
	return r
}
